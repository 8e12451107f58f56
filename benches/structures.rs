//! The index beside what else could hold identifiers, under the same mixes.
//!
//! ```text
//! cargo bench --bench structures -- --structure own --count 10000000 [--set unique] [--removed]
//! ```
//!
//! One structure in each process, so that what the process takes is what it takes. Prints one line
//! of `name=value`: nanoseconds of each operation, of CPU time where it loads, and bytes of memory.
//! `benches/structures.sh` runs all of them for the table of `docs/adr/0001-index.md`.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock itself")]

use std::{
    hash::RandomState,
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use biaoshi::{
    identifier::Key,
    state::index::{IndexWriter, Slot},
};
use dashmap::DashMap;
use rand::{RngExt, SeedableRng, distr::Distribution, rngs::SmallRng};

#[path = "common/sample.rs"]
mod sample;

use sample::Set;

/// Look-ups of each kind.
const LOOKUPS: usize = 1 << 20;

/// Keys that are looked up together.
const BATCH: usize = 64;

/// Registrations that are made before they are put in, outside of what is timed: of an entry of the
/// ledger there are no more, and they are as near when they are applied.
const MADE: usize = 1_000;

/// What a writer does beside readers.
const WRITES: usize = 500_000;

//----------- Structures -------------------------------------------------------

/// What is measured. A look-up reads eight bytes of what it finds.
trait Structure: Sync {
    fn put(&self, key: &Key, slot: Slot);
    fn get(&self, key: &[u8]) -> u64;
    fn get_batch(&self, keys: &[&[u8]]) -> u64 {
        keys.iter()
            .fold(0, |sum, key| sum.wrapping_add(self.get(key)))
    }
    fn parts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

struct Own(IndexWriter);

impl Structure for Own {
    fn put(&self, key: &Key, slot: Slot) {
        self.0.replace(key, &slot, |_| ());
    }

    fn get(&self, key: &[u8]) -> u64 {
        let found = self.0.index().with(key, |slot| slot.position().seq);
        found.unwrap_or_default()
    }

    fn get_batch(&self, keys: &[&[u8]]) -> u64 {
        let mut sum = 0_u64;
        self.0.index().with_batch(keys, |_, slot| {
            sum = sum.wrapping_add(slot.map_or(0, |slot| slot.position().seq));
        });
        sum
    }

    fn parts(&self) -> Vec<(&'static str, u64)> {
        self.0.index().bytes().parts().to_vec()
    }
}

/// The first eight bytes, as a look-up reads them.
fn first(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Spelling, position and record in one piece, as a map would hold them.
fn whole(slot: &Slot) -> Box<[u8]> {
    let mut bytes = slot.position.seq.to_be_bytes().to_vec();
    bytes.extend(slot.spelling.as_bytes());
    bytes.extend(slot.record().map_or(&[][..], |record| record.bytes()));
    bytes.into()
}

struct Dash(DashMap<Box<[u8]>, Box<[u8]>, RandomState>);

impl Structure for Dash {
    fn put(&self, key: &Key, slot: Slot) {
        self.0.insert(key.as_bytes().into(), whole(&slot));
    }

    fn get(&self, key: &[u8]) -> u64 {
        self.0.get(key).map_or(0, |bytes| first(&bytes))
    }
}

struct Papaya(papaya::HashMap<Box<[u8]>, Box<[u8]>, RandomState>);

impl Structure for Papaya {
    fn put(&self, key: &Key, slot: Slot) {
        self.0.pin().insert(key.as_bytes().into(), whole(&slot));
    }

    fn get(&self, key: &[u8]) -> u64 {
        self.0.pin().get(key).map_or(0, |bytes| first(bytes))
    }
}

//----------- Keys -------------------------------------------------------------

/// Keys one behind the other, so that reading them costs next to nothing.
struct Keys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    fn new(numbers: impl Iterator<Item = usize>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for n in numbers {
            bytes.extend(sample::key(n).as_bytes());
            ends.push(bytes.len());
        }
        Self { bytes, ends }
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.bytes[start..*end])
    }
}

//----------- Measures ---------------------------------------------------------

fn per_lookup(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e9 / LOOKUPS as f64
}

fn single(structure: &dyn Structure, keys: &Keys) -> f64 {
    let since = Instant::now();
    let mut sum = 0_u64;
    for key in keys.iter() {
        sum = sum.wrapping_add(structure.get(key));
    }
    black_box(sum);
    per_lookup(since)
}

fn batch(structure: &dyn Structure, keys: &Keys) -> f64 {
    let all: Vec<&[u8]> = keys.iter().collect();
    let (mut sum, mut spent) = (0_u64, Duration::ZERO);
    let mut near = Vec::new();
    for keys in all.chunks(BATCH) {
        // Keys are near, as those of datagrams are that were just received.
        near.clear();
        near.extend(keys.iter().map(|key| key.to_vec()));
        let keys: Vec<&[u8]> = near.iter().map(Vec::as_slice).collect();
        let since = Instant::now();
        sum = sum.wrapping_add(structure.get_batch(&keys));
        spent += since.elapsed();
    }
    black_box(sum);
    spent.as_secs_f64() * 1e9 / LOOKUPS as f64
}

/// Puts all in; nanoseconds of CPU time of each, without making them.
fn load(structure: &dyn Structure, set: Set, count: usize) -> f64 {
    let mut spent = Duration::ZERO;
    for from in (0..count).step_by(MADE) {
        let all = from..count.min(from + MADE);
        let made: Vec<(Key, Slot)> = all
            .map(|n| (sample::key(n), sample::slot(set, n)))
            .collect();
        let since = cpu();
        for (key, slot) in made {
            structure.put(&key, slot);
        }
        spent += cpu() - since;
    }
    spent.as_secs_f64() * 1e9 / count as f64
}

/// What a writer does beside readers.
#[derive(Clone, Copy)]
enum Mix {
    /// Registers what is new.
    Inserts,
    /// Registers five, changes four, removes one.
    All,
}

/// [`MADE`] of what a writer does, from the `from`th on.
fn writes(mix: Mix, count: usize, from: usize, random: &mut SmallRng) -> Vec<(Key, Slot)> {
    let mut write = |nth: usize| match (mix, nth % 10) {
        (Mix::Inserts, _) => (2 * count + nth, false),
        (Mix::All, 0..5) => (3 * count + nth, false),
        (Mix::All, 5..9) => (random.random_range(0..count), false),
        (Mix::All, _) => (random.random_range(0..count), true),
    };
    let made = (from..from + MADE).map(|nth| {
        let (n, is_removed) = write(nth);
        let slot = if is_removed {
            sample::removed(n)
        } else {
            sample::slot(Set::Sample, n)
        };
        (sample::key(n), slot)
    });
    made.collect()
}

/// A reader beside a writer: nanoseconds of a look-up, of the slowest of ten thousand, and what
/// the writer did in a second.
fn beside(structure: &dyn Structure, keys: &Keys, mix: Mix, count: usize) -> (f64, f64, f64) {
    let is_done = AtomicBool::new(false);
    let mut took = hdrhistogram::Histogram::<u64>::new(3).expect("three digits are possible");
    let mut per_second = 0.0;
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut random = SmallRng::seed_from_u64(9);
            let mut spent = Duration::ZERO;
            for from in (0..WRITES).step_by(MADE) {
                let writes = writes(mix, count, from, &mut random);
                let since = Instant::now();
                for (key, slot) in writes {
                    structure.put(&key, slot);
                }
                spent += since.elapsed();
            }
            is_done.store(true, Ordering::Relaxed);
            WRITES as f64 / spent.as_secs_f64()
        });
        let mut all = keys.iter().collect::<Vec<_>>().into_iter().cycle();
        while !is_done.load(Ordering::Relaxed) {
            for key in all.by_ref().take(100) {
                let since = Instant::now();
                black_box(structure.get(key));
                let ns = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
                took.saturating_record(ns);
            }
        }
        per_second = writer.join().expect("the writer does not panic");
    });
    let slow = took.value_at_quantile(0.9999) as f64;
    (took.mean(), slow, per_second)
}

/// CPU time of the process.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// What the process holds in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut fields = status
        .lines()
        .filter_map(|line| line.strip_prefix("VmRSS:"));
    let kib = fields
        .next()
        .and_then(|text| text.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.parse::<usize>().ok())
        .unwrap_or_default()
        * 1_024
}

fn argument(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == name)?;
    arguments.next()
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let count: usize =
        argument("--count").map_or(100_000, |count| count.parse().expect("a number"));
    let set = match argument("--set").as_deref() {
        Some("unique") => Set::Unique,
        _ => Set::Sample,
    };
    let name = argument("--structure").unwrap_or_else(|| "own".to_owned());
    let mut random = SmallRng::seed_from_u64(1);
    let hits = Keys::new((0..LOOKUPS).map(|_| random.random_range(0..count)));
    let zipf = Keys::new(some_often(count, &mut random));
    let misses = Keys::new((0..LOOKUPS).map(|n| 4 * count + n * 13));
    let before = resident();
    let structure: Box<dyn Structure> = match name.as_str() {
        "dashmap" => Box::new(Dash(DashMap::with_hasher_and_shard_amount(
            RandomState::new(),
            1_024,
        ))),
        "papaya" => Box::new(Papaya(papaya::HashMap::with_hasher(RandomState::new()))),
        _ => Box::new(Own(IndexWriter::new())),
    };
    let put = load(&*structure, set, count);
    let bytes = resident().saturating_sub(before) as f64 / count as f64;
    println!("{name} count={count} put_cpu_ns={put:.0} bytes={bytes:.1}");
    print_parts(&*structure, &name, count);
    if let Some(times) = argument("--batches") {
        // For a profile.
        for _ in 0..times.parse().expect("a number") {
            println!("{name} batch_hit_ns={:.0}", batch(&*structure, &hits));
        }
        return;
    }
    let figures = [
        ("hit_ns", single(&*structure, &hits)),
        ("hit_zipf_ns", single(&*structure, &zipf)),
        ("miss_ns", single(&*structure, &misses)),
        ("batch_hit_ns", batch(&*structure, &hits)),
        ("batch_zipf_ns", batch(&*structure, &zipf)),
        ("batch_miss_ns", batch(&*structure, &misses)),
    ];
    for (figure, value) in figures {
        println!("{name} {figure}={value:.0}");
    }
    if std::env::args().any(|argument| argument == "--removed") {
        remove_all(&*structure, &name, count);
        return;
    }
    for (called, mix) in [("inserts", Mix::Inserts), ("mix", Mix::All)] {
        let (mean, slow, written) = beside(&*structure, &hits, mix, count);
        println!(
            "{name} beside={called} hit_ns={mean:.0} hit_p9999_ns={slow:.0} writes_per_s={written:.0}"
        );
    }
}

/// Removes all, and says what memory that takes or gives back.
fn remove_all(structure: &dyn Structure, name: &str, count: usize) {
    let before = resident();
    (0..count).for_each(|n| structure.put(&sample::key(n), sample::removed(n)));
    let bytes = (resident() as f64 - before as f64) / count as f64;
    println!("{name} removed_all_bytes_change={bytes:.1}");
    print_parts(structure, name, count);
}

/// Where the memory of a structure goes, for each identifier.
fn print_parts(structure: &dyn Structure, name: &str, count: usize) {
    for (part, bytes) in structure.parts() {
        println!(
            "{name} part={part} bytes={:.1}",
            bytes as f64 / count as f64
        );
    }
}

/// Numbers of which some come often (Zipf).
#[expect(
    clippy::cast_possible_truncation,
    reason = "ranks are whole numbers below the count"
)]
fn some_often(count: usize, random: &mut SmallRng) -> impl Iterator<Item = usize> {
    let zipf = rand_distr::Zipf::new(count as f64, 1.0).expect("a distribution");
    (0..LOOKUPS).map(move |_| zipf.sample(random) as usize * 7_919 % count)
}
