//! All kinds of questions over all protocols while the node is killed: each counted as what it was.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use biaoshi::{
    accounting::{Kind, Subject},
    protocol::{
        dns::{SaidAnswer, question},
        handle::{ENVELOPE_BYTES, Envelope},
    },
};

use super::{
    ASKED_FOR_MS, ASKED_FOR_VARIABLE, KILLS, KILLS_VARIABLE, NAME, PRODUCT, STRANGER,
    asking::{self, Peer},
    common::{Client, Node, dns, handle},
    counted::{self, Counted},
    node, setting,
};

/// What was removed before anybody asks.
const GONE: &str = "88.118.0002/GONE";

/// What is asked for, and what it counts as: prefix, subject and outcome.
const QUESTIONS: [(&str, &str); 6] = [
    (PRODUCT, "88.118.0002 identifier success"),
    ("88.118.0002/NONE", "88.118.0002 identifier not_found"),
    (GONE, "88.118.0002 identifier gone"),
    ("0.NA/88.118.0002", "88.118.0002 route success"),
    ("88.118.9999/NONE", "88.118 identifier not_found"),
    ("99.1.1/NONE", "- identifier not_responsible"),
];

/// Over DNS there is no question for a prefix; one for an address is none of an identifier.
const NAPTRS: usize = 3;

/// Every so many datagrams one is sent twice.
const TWICE_EVERY: u32 = 7;

/// Questions of DNS from one port, each with a number of its own.
const DNS_NUMBERS: u32 = 1 << 16;

/// A client whose node is killed hears nothing more after this.
const SILENCE: Duration = Duration::from_millis(400);

/// Clients that ask at the same time, each one question after the other.
const CLIENTS: u64 = 5;

/// Kinds of answers: five over DNS, ten over Handle's datagrams, six over its connections, four
/// over HTTP.
const KINDS: usize = 5 + 10 + 6 + 4;

/// How often there was an answer of each kind: prefix, subject, outcome, protocol and origin.
type Tally = BTreeMap<String, u64>;

//----------- Clients ----------------------------------------------------------

/// Asks over all protocols until the node is killed, and says what was answered.
fn until_killed(node: &mut Node, after: Duration, tally: &mut Tally) {
    let (dns, handle, http) = (
        node.dns_address().to_owned(),
        node.handle_address().to_owned(),
        node.address().to_owned(),
    );
    let is_over = AtomicBool::new(false);
    let is_over = &is_over;
    thread::scope(|scope| {
        let clients = [
            scope.spawn(|| over_dns(&dns, is_over)),
            scope.spawn(|| over_handle(&handle, is_over)),
            scope.spawn(|| over_handle(&handle, is_over)),
            scope.spawn(|| over_handle_tcp(&handle, is_over)),
            scope.spawn(|| over_http(&http, is_over)),
        ];
        assert_eq!(clients.len() as u64, CLIENTS);
        thread::sleep(after);
        node.kill();
        is_over.store(true, Ordering::Relaxed);
        for client in clients {
            for (kind, answers) in client.join().expect("a client ends well") {
                *tally.entry(kind).or_default() += answers;
            }
        }
    });
}

/// Counts answers by kind until there is none any more; before the end there has to be one.
fn count(
    is_over: &AtomicBool,
    of: &str,
    mut ask: impl FnMut(u32) -> Option<&'static str>,
) -> Tally {
    let mut tally: BTreeMap<&str, u64> = BTreeMap::new();
    for id in 1.. {
        match ask(id) {
            Some(kind) => *tally.entry(kind).or_default() += 1,
            None if is_over.load(Ordering::Relaxed) => break,
            // It is about to be killed, or has been and this thread is the first to see it.
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
    let named = tally.into_iter();
    named
        .map(|(kind, answers)| (format!("{kind} {of}"), answers))
        .collect()
}

fn silent_peer(node: &str) -> Peer {
    Peer::patient(STRANGER, node, SILENCE)
}

/// The question of a number; one that is repeated has the number of the one before.
fn number(id: u32) -> (u32, bool) {
    if id.is_multiple_of(TWICE_EVERY) {
        (id - 1, true)
    } else {
        (id, false)
    }
}

fn over_dns(node: &str, is_over: &AtomicBool) -> Tally {
    let mut peer = silent_peer(node);
    let mut last = 0;
    let names = QUESTIONS.map(|(what, _)| dns::name_of(what));
    count(is_over, "dns external", |id| {
        let (id, is_again) = number(id);
        let short = u16::try_from(id % DNS_NUMBERS).expect("it is below");
        if short < last {
            // With a number that it had two seconds ago a question would be the same once more.
            peer = silent_peer(node);
        }
        last = short;
        let place = usize::try_from(id).expect("it fits") % (NAPTRS + 1);
        let (name, kind) = match names.get(place).filter(|_| place < NAPTRS) {
            Some(name) => (name.as_deref().expect("it has one"), dns::NAPTR),
            None => (NAME, dns::A),
        };
        let message = question(short, name, kind).expect("it is a name");
        let answer = SaidAnswer::decode(&peer.ask(&message)?).expect("it is an answer");
        assert_eq!((answer.id, answer.answers.is_empty()), (short, place != 0));
        Some(match QUESTIONS.get(place).filter(|_| place < NAPTRS) {
            // Only requests are told apart from those that come again.
            None => "88.118.0002 identifier auxiliary",
            Some(_) if is_again => "88.118.0002 identifier retransmitted",
            Some((_, counts_as)) => counts_as,
        })
    })
}

/// What a Handle question counts as that comes again.
fn again(place: usize) -> &'static str {
    match place {
        3 => "88.118.0002 route retransmitted",
        4 => "88.118 identifier retransmitted",
        5 => "- identifier retransmitted",
        _ => "88.118.0002 identifier retransmitted",
    }
}

fn over_handle(node: &str, is_over: &AtomicBool) -> Tally {
    let peer = silent_peer(node);
    count(is_over, "handle external", |id| {
        let (id, is_again) = number(id);
        let place = usize::try_from(id).expect("it fits") % QUESTIONS.len();
        let (what, counts_as) = QUESTIONS[place];
        let answer = peer.ask(&handle::request(id, what, &[]))?;
        assert_eq!(handle::read(&answer).0, id);
        Some(if is_again { again(place) } else { counts_as })
    })
}

fn over_handle_tcp(node: &str, is_over: &AtomicBool) -> Tally {
    let mut stream = TcpStream::connect(node).ok();
    count(is_over, "handle internal", |id| {
        let (what, counts_as) = QUESTIONS[usize::try_from(id).expect("it fits") % QUESTIONS.len()];
        let stream = stream.as_mut()?;
        stream.write_all(&handle::request(id, what, &[])).ok()?;
        let mut front = [0; ENVELOPE_BYTES];
        stream.read_exact(&mut front).ok()?;
        let envelope = Envelope::decode(&front).expect("it is one");
        let mut payload = vec![0; envelope.length()];
        stream.read_exact(&mut payload).ok()?;
        assert_eq!(envelope.request_id, id);
        Some(counts_as)
    })
}

fn over_http(node: &str, is_over: &AtomicBool) -> Tally {
    let mut client = Client::try_connect(node).ok();
    let previewer = ["User-Agent: facebookexternalhit/1.1"];
    count(is_over, "http internal", |id| {
        let place = usize::try_from(id).expect("it fits") % 4;
        let (what, status, counts_as) = match place {
            0 => (PRODUCT, 200, "88.118.0002 identifier preview"),
            1 => ("88.118.0002/NONE", 404, QUESTIONS[1].1),
            2 => (GONE, 410, QUESTIONS[2].1),
            _ => (PRODUCT, 200, QUESTIONS[0].1),
        };
        let headers = &previewer[..usize::from(place == 0)];
        let path = format!("/api/v1/identifiers/{what}");
        let answer = client.as_mut()?.try_request("GET", &path, headers, b"");
        assert_eq!(answer.ok()?.status, status);
        Some(counts_as)
    })
}

//----------- What was counted -------------------------------------------------

/// A cell of the ledger, as a tally names it.
fn named(cell: &Counted) -> String {
    let prefix = if cell.prefix.is_empty() {
        "-"
    } else {
        &cell.prefix
    };
    let numbers = [cell.subject, cell.protocol, cell.outcome, cell.origin];
    let kind = Kind::from_numbers(numbers).expect("this release wrote it");
    let subject = match kind.subject {
        Subject::Route => "route",
        Subject::Identifier => "identifier",
    };
    let (outcome, protocol, origin) = (kind.outcome, kind.protocol, kind.origin);
    let (outcome, protocol, origin) = (outcome.name(), protocol.name(), origin.name());
    format!("{prefix} {subject} {outcome} {protocol} {origin}")
}

/// A tally without prefixes and subjects, as the metrics have it.
fn without_prefix(tally: &Tally) -> Tally {
    let mut sums = Tally::new();
    for (kind, answers) in tally {
        let words: Vec<&str> = kind.split(' ').skip(2).collect();
        let [outcome, protocol, origin] = words[..] else {
            panic!("{kind} has five words");
        };
        *sums
            .entry(format!("{origin} {outcome} {protocol}"))
            .or_default() += answers;
    }
    sums
}

/// Nothing is counted that was not answered, kind by kind; together at most that much is missing.
#[track_caller]
fn check(counted: &Tally, answered: &Tally, under_way: u64) {
    let mut missing = 0;
    for (kind, total) in counted {
        let answers = answered.get(kind).copied().unwrap_or_default();
        assert!(
            *total <= answers,
            "{kind}: {answers} answers, {total} counted"
        );
    }
    for (kind, answers) in answered {
        missing += answers - counted.get(kind).copied().unwrap_or_default();
    }
    assert!(
        missing <= under_way,
        "{missing} of {answered:?} are missing in {counted:?}"
    );
}

/// Never more than was answered, of any kind, and what is missing was under way when the node was
/// killed.
#[test]
fn counts_outlive_kills() {
    let kills = setting(KILLS_VARIABLE, KILLS);
    let asked_for = Duration::from_millis(setting(ASKED_FOR_VARIABLE, ASKED_FOR_MS));
    let mut node = node();
    asking::put_and_remove(&node, GONE);
    let mut answered = Tally::new();
    for round in 1..=kills {
        until_killed(&mut node, asked_for, &mut answered);
        node.start_again();
        let under_way = u64::from(round) * CLIENTS;
        check(
            &counted::counted(&node),
            &without_prefix(&answered),
            under_way,
        );
    }
    let all: u64 = answered.values().sum();
    println!("{all} answers of {} kinds, {kills} kills", answered.len());
    assert!(all > 100 * u64::from(kills), "{all} answers");
    assert_eq!(answered.len(), KINDS, "{answered:?}");
    assert!(node.stop(), "it ends well when it is asked to");
    let cells = counted::cells(&node.data_dir()).into_iter();
    let in_ledger: Tally = cells.map(|(cell, total)| (named(&cell), total)).collect();
    check(&in_ledger, &answered, u64::from(kills) * CLIENTS);
    node.start_again();
    assert_eq!(counted::counted(&node), without_prefix(&in_ledger));
}
