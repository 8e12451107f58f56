//! One operation many times, for `valgrind --tool=callgrind` to count: `instructions NAME COUNT`.
//!
//! The instructions of one operation are the difference between two counts, divided: what starting
//! up costs falls out. `benches/instructions.sh` does that for every name (`instructions list`).

use std::{hint::black_box, sync::Arc};

use biaoshi::{
    accounting::{
        Act, Activity, Counters, Origin, Outcome, Protocol, Request, Subject, Timings, Totals,
        TotalsOptions,
    },
    change::Partition,
    identifier::Identifier,
    ledger::{Append, Head, Inline, Ledger, MemoryLedger, SqliteLedger, SqliteOptions},
    record::RecordRef,
    state::{DATA, directory::Whose, index::IndexWriter},
};

#[path = "common/asking.rs"]
mod asking;
mod common;
#[path = "common/sample.rs"]
mod sample;
#[path = "common/worst.rs"]
mod worst;

use asking::Asking;

const TEXT: &str = "88.118.0002/P03202605270000001";

/// Names of operations that are no answers.
const PLAIN: [&str; 11] = [
    "parse_query",
    "parse_registration",
    "record_parse",
    "record_encode",
    "index_get",
    "index_put_200",
    "append_1",
    "append_100",
    "apply_100",
    "count",
    "time",
];

/// Registrations before those that are counted, and how many of these there may be.
const PUT_FIRST: usize = 2_000;
const PUT_MAX: usize = 110 * 200;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    match (arguments.next(), arguments.next()) {
        // `cargo bench` runs it too, without anything to count.
        (None, _) => {}
        (Some(_), None) => list(),
        (Some(name), Some(count)) => {
            run(&name, count.parse().expect("a number of operations"));
        }
    }
}

/// Every name, with the bytes of its input where they matter.
fn list() {
    for name in PLAIN {
        println!("{name}");
    }
    for (name, _) in asking::KINDS {
        println!("{name}");
    }
    for (name, make) in worst::KINDS {
        for part in worst::PARTS {
            println!("{name}/{part} {}", make(part).bytes);
        }
    }
}

fn run(name: &str, count: usize) {
    let mut work = operation(name);
    for _ in 0..count {
        work();
    }
}

fn operation(name: &str) -> Box<dyn FnMut()> {
    if let Some((name, part)) = name.split_once('/') {
        let part = part.parse().expect("a part of the largest");
        let found = worst::KINDS.iter().find(|(known, _)| *known == name);
        let mut case = found.expect("a name that is listed").1(part);
        return Box::new(move || {
            black_box((case.work)());
        });
    }
    if let Some((kind, make)) = asking::KINDS.iter().find(|(known, _)| *known == name) {
        let asking = Asking::new(1_000);
        let question = make(&common::identifier(500));
        let mut out = Vec::with_capacity(4_096);
        return Box::new(move || {
            out.clear();
            black_box(asking.answer(kind, black_box(&question), &mut out));
        });
    }
    plain(name)
}

fn plain(name: &str) -> Box<dyn FnMut()> {
    let product = common::product(1);
    match name {
        "parse_query" => Box::new(|| {
            let _ = black_box(Identifier::parse_query(black_box(TEXT)));
        }),
        "parse_registration" => Box::new(|| {
            let _ = black_box(Identifier::parse_registration(black_box(TEXT)));
        }),
        "record_parse" => {
            let bytes = product.encode();
            Box::new(move || {
                let _ = black_box(RecordRef::parse(black_box(&bytes)));
            })
        }
        "record_encode" => Box::new(move || {
            black_box(black_box(&product).encode());
        }),
        "index_get" => {
            let state = common::state(1_000);
            // Many of them: how far one is from its place depends on the secret of the hash.
            let keys: [_; 100] = std::array::from_fn(|n| common::identifier(n * 10).key());
            let mut asked = 0;
            Box::new(move || {
                asked = (asked + 1) % keys.len();
                let key = black_box(keys[asked].as_bytes());
                black_box(state.index().with(key, |slot| slot.position().seq));
            })
        }
        "index_put_200" => {
            let index = IndexWriter::new();
            let slot = |n| (sample::key(n), sample::slot(sample::Set::Sample, n));
            // What repeats is known by then.
            for (key, slot) in (0..PUT_FIRST).map(slot) {
                index.replace(&key, &slot, |_| ());
            }
            // Made before they are counted.
            let slots: Box<[_]> = (PUT_FIRST..PUT_FIRST + PUT_MAX).map(slot).collect();
            let mut next = slots.into_iter();
            Box::new(move || {
                // So many that the secret of the index's hash, by which tables grow, matters little.
                for (key, slot) in next.by_ref().take(200) {
                    black_box(index.replace(&key, &slot, |_| ()));
                }
            })
        }
        "append_1" => append(1),
        "append_100" => append(100),
        "apply_100" => {
            let state = common::state(0);
            let mut first = 0;
            Box::new(move || {
                let entry = common::registrations(state.at(&DATA).head, first, 100);
                state.apply(&entry).expect("it is the next");
                first += 100;
            })
        }
        "count" => count(),
        "time" => time(),
        _ => panic!("no operation is named {name}; see `list`"),
    }
}

/// Times one answer of a second, without the reads of the clock.
fn time() -> Box<dyn FnMut()> {
    let lane = Timings::default().lane();
    let request = Request {
        whose: Whose::NOBODY,
        is_answered: true,
    };
    Box::new(move || lane.add(black_box(7), Activity::Resolution, 20, [black_box(request)]))
}

/// Counts one answer, as a thread does that has counted such answers before.
fn count() -> Box<dyn FnMut()> {
    let state = Arc::new(common::state(0));
    let counters = Arc::new(Counters::new());
    let options = TotalsOptions {
        partition: Partition::parse("counters/node-1").expect("it is its name"),
        last_ms: 0,
        accept_clock: true,
        read_clock: Box::new(common::Stopped),
        path: None,
        threads: 2,
    };
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let opening = Totals::open(ledger, Arc::clone(&counters), Arc::clone(&state), options);
    let opened = runtime.expect("a runtime of one thread").block_on(opening);
    opened.expect("it is new");
    let whose = state.directory().whose("88.118.0002");
    let act = Act {
        whose: whose.expect("it is assigned"),
        subject: Subject::Identifier,
        outcome: Outcome::Success,
    };
    Box::new(move || counters.count(black_box(act), Protocol::Dns, Origin::External))
}

/// Makes an entry of so many registrations, and makes it durable.
fn append(registrations: usize) -> Box<dyn FnMut()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder can be made");
    let options = SqliteOptions::default();
    let ledger = SqliteLedger::open(folder.path(), options, Arc::new(Inline)).expect("it is new");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime of one thread");
    let (mut head, mut first) = (Head::default(), 0);
    Box::new(move || {
        // It goes when the operation does.
        let _ = &folder;
        let entry = common::registrations(head, first, registrations);
        let appended = runtime.block_on(ledger.append(head, &entry));
        assert_eq!(appended, Ok(Append::Committed(Head::after(&entry))));
        head = Head::after(&entry);
        first += registrations;
    })
}
