//! Something to lose, and what is left of it.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use biaoshi::disk::write_whole;
use rusqlite::{Connection, OpenFlags, params};
use tempfile::TempDir;

use crate::faults::{
    disk::FaultyDisk,
    image::{Random, cut, materialize},
    plan::Faults,
    trace::{Event, Recorder, marks},
    vfs::Shim,
};

/// Commits of a workload.
pub(crate) const COMMITS: u64 = 60;

/// Notes above this tell of the file beside the database, those below of commits.
pub(crate) const HEADS: u64 = 1_000;

/// Power cuts that a workload is put through.
pub(crate) const CUTS: u64 = 300;

//----------- Workload ---------------------------------------------------------

/// A folder on a disk that is watched.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) recorder: Recorder,
    pub(crate) faults: Faults,
    pub(crate) shim: Shim,
    pub(crate) disk: FaultyDisk,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let (recorder, faults) = (Recorder::new(), Faults::new());
        Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            shim: Shim::register(&recorder, &faults),
            disk: FaultyDisk::new(&recorder, &faults),
            recorder,
            faults,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn open(&self, synchronous: &str) -> rusqlite::Result<Connection> {
        let db = self.shim.open(&self.path("db.sqlite"))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", synchronous)?;
        // Besides the checkpoints that are asked for, some that come by themselves.
        db.pragma_update(None, "wal_autocheckpoint", 64)?;
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, payload BLOB NOT NULL)",
        )?;
        Ok(db)
    }

    /// An image of the folder after a power cut.
    pub(crate) fn image(&self, events: &[Event], seed: u64) -> TempDir {
        let image = tempfile::tempdir().expect("a folder can be made");
        materialize(events, self.folder.path(), image.path(), seed);
        image
    }
}

/// What entry `seq` holds: up to some pages, which tell if they are mixed up.
pub(crate) fn payload(seq: u64) -> Vec<u8> {
    let mut random = Random::new(seq);
    let bytes = random.below(12_000);
    (0..bytes).map(|at| (at * seq % 251) as u8).collect()
}

pub(crate) fn append(db: &Connection, seq: u64) -> rusqlite::Result<usize> {
    let row = i64::try_from(seq).expect("a test counts to some thousands");
    db.execute(
        "INSERT INTO entry (seq, payload) VALUES (?1, ?2)",
        params![row, payload(seq)],
    )
}

pub(crate) fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        row.get(0)
    })
}

/// Commits and checkpoints, an end in between, and a file that is replaced now and then.
pub(crate) fn run_workload(synchronous: &str) -> Bench {
    let bench = Bench::new();
    let mut db = bench.open(synchronous).expect("the disk works");
    for seq in 1..=COMMITS {
        append(&db, seq).expect("the disk works");
        bench.recorder.mark(seq);
        let mode = match seq {
            12 => "PASSIVE",
            22 => "RESTART",
            41 => "TRUNCATE",
            _ => "",
        };
        if !mode.is_empty() {
            checkpoint(&db, mode).expect("the disk works");
        }
        if seq == 30 {
            drop(db);
            db = bench.open(synchronous).expect("the disk works");
        }
        if seq % 7 == 0 {
            let head = format!("{seq} ").repeat(4_000);
            write_whole(&bench.disk, &bench.path("head"), head.as_bytes()).expect("it works");
            bench.recorder.mark(HEADS + seq);
        }
    }
    bench
}

//----------- Checks -----------------------------------------------------------

/// What is wrong with the database after a power cut, where `acknowledged` commits have to be.
pub(crate) fn check_database(path: &Path, acknowledged: u64) -> Result<(), String> {
    if acknowledged == 0 && !path.exists() {
        return Ok(());
    }
    let read = || -> rusqlite::Result<Vec<(u64, Vec<u8>)>> {
        let db = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), c"unix")?;
        // It is thrown away.
        db.pragma_update(None, "synchronous", "OFF")?;
        let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if sound != "ok" {
            return Ok(vec![(0, sound.into_bytes())]);
        }
        if acknowledged == 0 && !db.table_exists(None, "entry")? {
            return Ok(Vec::new());
        }
        let mut rows = db.prepare("SELECT seq, payload FROM entry ORDER BY seq")?;
        rows.query_map([], |row| {
            let seq: i64 = row.get(0)?;
            Ok((seq.unsigned_abs(), row.get(1)?))
        })?
        .collect()
    };
    let rows = read().map_err(|error| error.to_string())?;
    for (at, (seq, content)) in rows.iter().enumerate() {
        if *seq != at as u64 + 1 || *content != payload(*seq) {
            return Err(format!("entry {at} is {}", content.escape_ascii()));
        }
    }
    let count = rows.len() as u64;
    if (acknowledged..=acknowledged + 1).contains(&count) {
        Ok(())
    } else {
        Err(format!("{acknowledged} acknowledged, {count} there"))
    }
}

/// The same for the file beside it.
pub(crate) fn check_head(path: &Path, acknowledged: u64) -> Result<(), String> {
    let content = match fs::read_to_string(path) {
        Ok(content) => content,
        Err(_) if acknowledged == 0 => return Ok(()),
        Err(error) => return Err(format!("{acknowledged} acknowledged, {error}")),
    };
    let first = content.split(' ').next().unwrap_or_default();
    let seq: u64 = first.parse().map_err(|_| "it is torn".to_owned())?;
    if content != format!("{seq} ").repeat(4_000) {
        return Err("it is torn".to_owned());
    }
    if seq < acknowledged {
        return Err(format!("{acknowledged} acknowledged, {seq} there"));
    }
    Ok(())
}

/// The newest of the notes in a range.
pub(crate) fn newest(events: &[Event], range: Range<u64>) -> u64 {
    let notes = marks(events)
        .into_iter()
        .filter(|note| range.contains(note));
    notes.max().unwrap_or(0)
}

/// What was wrong after power cuts.
#[derive(Default)]
pub(crate) struct Wrong {
    pub(crate) database: Vec<String>,
    pub(crate) head: Vec<String>,
}

impl Wrong {
    pub(crate) fn all(&self) -> Vec<&str> {
        let all = self.database.iter().chain(&self.head);
        all.map(String::as_str).collect()
    }
}

/// Cuts the power at many places of `events`.
pub(crate) fn after_cuts(bench: &Bench, events: &[Event]) -> Wrong {
    let mut wrong = Wrong::default();
    for seed in 0..CUTS {
        let events = cut(events, seed);
        let image = bench.image(events, seed);
        let say = |what: String| format!("seed {seed}, {} events: {what}", events.len());
        let committed = newest(events, 0..HEADS);
        let checked = check_database(&image.path().join("db.sqlite"), committed);
        wrong.database.extend(checked.err().map(say));
        let whole = newest(events, HEADS..2 * HEADS).saturating_sub(HEADS);
        let checked = check_head(&image.path().join("head"), whole);
        wrong.head.extend(checked.err().map(say));
    }
    wrong
}

/// Cuts the power at some places and expects what was acknowledged until then.
pub(crate) fn check_cuts(bench: &Bench, cuts: u64) -> Result<(), String> {
    let events = bench.recorder.events();
    for seed in 0..cuts {
        let events = cut(&events, seed);
        let image = bench.image(events, seed);
        let acknowledged = newest(events, 0..HEADS);
        check_database(&image.path().join("db.sqlite"), acknowledged)
            .map_err(|what| format!("seed {seed}: {what}"))?;
    }
    Ok(())
}
