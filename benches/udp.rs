//! What a million resolutions over UDP cost the node: its processor time, all threads.
//!
//! ```sh
//! cargo bench --bench udp                   # 100,000 identifiers, one short round
//! cargo bench --bench udp -- 1000000 5      # identifiers, rounds of 500,000 of each kind
//! ```
//!
//! The real node has one core and the loader another. The rounds go from kind to kind, and an echo
//! (one datagram read, the same sent, nothing else) has its turn in each: it is what the kernel
//! takes. The loader keeps a number of questions under way on each of its sockets; the node counts
//! what it answered, and that has to be what the loader asked.

#![expect(
    clippy::disallowed_methods,
    reason = "it measures time, and is the client of its node"
)]

use std::{
    io::{BufRead, BufReader, ErrorKind},
    net::UdpSocket,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use biaoshi::{
    identifier::dns::to_dns_name,
    protocol::{dns::question, handle::resolution_request},
};

mod common;
#[path = "common/real_node.rs"]
mod real_node;

use real_node::{Node, build_ledger, cpu_seconds, folder};

/// Sockets of the loader: the node's workers share them out by address.
const SOCKETS: usize = 16;

/// Questions under way on each.
const WINDOW: u32 = 16;

/// Questions that are made before, for as many identifiers.
const QUESTIONS: usize = 65_536;

/// Spreads questions over the index: neighbours are asked for far apart.
const STRIDE: usize = 7_919;

/// Without an answer for so long, what is under way is lost.
const PATIENCE: Duration = Duration::from_millis(300);

const NODE_CORE: &str = "0";
const LOADER_CORE: &str = "1";

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if arguments.first().is_some_and(|word| word == "echo") {
        echo();
    }
    let number = |at: usize, otherwise| arguments.get(at).map_or(otherwise, |text| parse(text));
    let per_round = if arguments.is_empty() {
        100_000
    } else {
        500_000
    };
    measure(number(0, 100_000), number(1, 1), per_round);
}

fn parse(text: &str) -> usize {
    text.parse().expect("a number")
}

//----------- Rounds -----------------------------------------------------------

fn measure(identifiers: usize, rounds: usize, per_round: usize) {
    let folder = folder();
    build_ledger(folder.path(), identifiers);
    let pinned = ["taskset", "-c", NODE_CORE];
    let mut node = Node::start(folder.path(), "86400", &pinned);
    let mut echo = Echo::start(&pinned);
    pin_loader();
    println!(
        "{identifiers} identifiers, {} MiB; {rounds} rounds of {per_round} of each kind",
        node.memory("VmRSS")
    );
    let kinds = kinds(&node, &echo, identifiers);
    let mut all: Vec<Vec<Cost>> = kinds.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (kind, costs) in kinds.iter().zip(&mut all) {
            let pid = if kind.name == "echo" {
                echo.child.id()
            } else {
                node.pid()
            };
            costs.push(kind.load(pid, per_round));
        }
    }
    println!("kind                 CPU-s/million (best–worst)  answers/s  lost");
    for (kind, costs) in kinds.iter().zip(&mut all) {
        costs.sort_by(|a, b| a.cpu_seconds.total_cmp(&b.cpu_seconds));
        let median = &costs[costs.len() / 2];
        let (best, worst) = (&costs[0], &costs[costs.len() - 1]);
        let lost: usize = costs.iter().map(|cost| cost.lost).sum();
        println!(
            "{:<20} {:>6.2} ({:.2}–{:.2})          {:>9.0}  {lost}",
            kind.name, median.cpu_seconds, best.cpu_seconds, worst.cpu_seconds, median.rate
        );
    }
    for protocol in ["dns", "handle"] {
        let of = kinds
            .iter()
            .zip(&all)
            .filter(|(kind, _)| kind.protocol == protocol);
        let answered: usize = of
            .flat_map(|(_, costs)| costs)
            .map(|cost| cost.answered)
            .sum();
        let name = format!(
            "biaoshi_resolutions_total{{origin=\"internal\",outcome=\"success\",protocol=\"{protocol}\"}}"
        );
        println!(
            "{protocol}: the loader saw {answered} answers, the node counted {}",
            node.metric(&name)
        );
    }
    node.kill();
    echo.child.kill().expect("it runs");
    echo.child.wait().expect("it ends");
}

fn pin_loader() {
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset")
        .args(["-cp", LOADER_CORE, &own])
        .stdout(Stdio::null())
        .status();
    assert!(pinned.is_ok_and(|status| status.success()), "two cores");
}

/// One round of one kind.
struct Cost {
    /// For a million answers.
    cpu_seconds: f64,
    /// Answers a second.
    rate: f64,
    answered: usize,
    lost: usize,
}

//----------- Kinds ------------------------------------------------------------

/// A kind of question.
struct Kind {
    name: &'static str,
    protocol: &'static str,
    address: String,
    questions: Vec<Vec<u8>>,
    /// Where the number of a question stands, in two bytes.
    number_at: usize,
    /// Whether it is the (first) datagram of the answer that was expected.
    is_answer: fn(&[u8]) -> bool,
}

fn kinds(node: &Node, echo: &Echo, identifiers: usize) -> Vec<Kind> {
    let asked: Vec<_> = (0..QUESTIONS)
        .map(|n| common::identifier(n * STRIDE % identifiers))
        .collect();
    let dns = |kind: u16| -> Vec<Vec<u8>> {
        let questions = asked.iter().map(|identifier| {
            let name = to_dns_name(identifier, "id.example").expect("it has a name");
            question(0, &name, kind).expect("it is a name")
        });
        questions.collect()
    };
    let handle = |types: &[&str]| -> Vec<Vec<u8>> {
        let questions = asked
            .iter()
            .map(|identifier| resolution_request(0, &identifier.to_string(), types));
        questions.collect()
    };
    let kind = |name, protocol, address: &str, questions, number_at, is_answer| Kind {
        name,
        protocol,
        address: address.to_owned(),
        questions,
        number_at,
        is_answer,
    };
    vec![
        kind("echo", "echo", &echo.address, dns(NAPTR), 0, |_| true),
        kind("DNS NAPTR", "dns", &node.dns, dns(NAPTR), 0, is_dns_success),
        kind("DNS TXT", "dns", &node.dns, dns(TXT), 0, is_dns_success),
        kind(
            "Handle URL",
            "handle",
            &node.handle,
            handle(&["URL"]),
            10,
            is_handle_success,
        ),
        kind(
            "Handle, all values",
            "handle",
            &node.handle,
            handle(&[]),
            10,
            is_handle_success,
        ),
    ]
}

const NAPTR: u16 = 35;
const TXT: u16 = 16;

/// No error, and records.
fn is_dns_success(answer: &[u8]) -> bool {
    answer[3] & 0x0f == 0 && answer[7] > 0
}

/// The first datagram of a message with the code 1.
fn is_handle_success(answer: &[u8]) -> bool {
    answer[12..16] == [0; 4] && answer[24..28] == [0, 0, 0, 1]
}

//----------- The loader -------------------------------------------------------

/// A socket and what is under way on it.
struct Flight {
    socket: UdpSocket,
    under_way: u32,
}

impl Kind {
    /// Asks `count` questions, and tells what answering cost the process.
    fn load(&self, pid: u32, count: usize) -> Cost {
        let mut flights: Vec<Flight> = (0..SOCKETS).map(|_| self.connect()).collect();
        let (mut sent, mut answered, mut lost) = (0, 0, 0);
        let mut buffer = [0; 4_096];
        let cpu_before = cpu_seconds(pid);
        let began = Instant::now();
        let mut heard = began;
        while answered + lost < count {
            let before = answered;
            for flight in &mut flights {
                answered += self.hear(flight, &mut buffer);
                while flight.under_way < WINDOW && sent < count {
                    self.send(flight, sent);
                    sent += 1;
                }
            }
            if answered > before {
                heard = Instant::now();
            } else if heard.elapsed() > PATIENCE {
                for flight in &mut flights {
                    lost += flight.under_way as usize;
                    flight.under_way = 0;
                }
                heard = Instant::now();
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        let cpu = cpu_seconds(pid) - cpu_before;
        #[expect(clippy::cast_precision_loss, reason = "counts of a bench")]
        let of_answers = answered.max(1) as f64;
        Cost {
            cpu_seconds: cpu * 1_000_000.0 / of_answers,
            rate: of_answers / seconds,
            answered,
            lost,
        }
    }

    fn connect(&self) -> Flight {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        socket.connect(&self.address).expect("it listens");
        socket.set_nonblocking(true).expect("it is a socket");
        Flight {
            socket,
            under_way: 0,
        }
    }

    /// Takes what came; the number of answers.
    fn hear(&self, flight: &mut Flight, buffer: &mut [u8]) -> usize {
        let mut answers = 0;
        loop {
            match flight.socket.recv(buffer) {
                Ok(length) if (self.is_answer)(&buffer[..length]) => {
                    answers += 1;
                    flight.under_way = flight.under_way.saturating_sub(1);
                }
                // Another part of an answer.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return answers,
                Err(error) => panic!("the node is gone: {error}"),
            }
        }
    }

    fn send(&self, flight: &mut Flight, number: usize) {
        let mut question = self.questions[number % QUESTIONS].clone();
        let [.., high, low] = number.to_be_bytes();
        question[self.number_at..self.number_at + 2].copy_from_slice(&[high, low]);
        flight.socket.send(&question).expect("the buffer has room");
        flight.under_way += 1;
    }
}

//----------- The echo ---------------------------------------------------------

struct Echo {
    child: Child,
    address: String,
}

impl Echo {
    fn start(launcher: &[&str]) -> Self {
        let own = std::env::current_exe().expect("it runs");
        let mut child = Command::new(launcher[0])
            .args(&launcher[1..])
            .arg(own)
            .arg("echo")
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        let read = BufReader::new(stdout).read_line(&mut address);
        read.expect("it says where it listens");
        Self {
            child,
            address: address.trim().to_owned(),
        }
    }
}

fn echo() -> ! {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    println!("{}", socket.local_addr().expect("it is bound"));
    let mut buffer = [0; 4_096];
    loop {
        // What cannot be sent is lost, as it is on a network.
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], from);
        }
    }
}
