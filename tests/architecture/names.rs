//! What may be named where.
//!
//! An invariant is an absence: the pure modules name no clock, nothing but `server` spawns, one
//! module knows read-side sections. Test items are exempt except where a rule says otherwise.

use crate::source::{Source, line_of, product, use_paths, words, written};

//----------- Rule ---------------------------------------------------------------

/// Names that stand only where they may.
struct Rule {
    /// Identifiers or paths, matched as whole words, in `use` trees too.
    names: &'static [&'static str],
    /// Where the rule holds: folders, or files without `.rs`; the empty place is everywhere.
    within: &'static [&'static str],
    /// Where it does not.
    except: &'static [&'static str],
    /// Does it hold in test items as well?
    tests: bool,
    /// Why, for whoever meets it.
    reason: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        names: &[
            "tokio",
            "hyper",
            "rustix",
            "socket2",
            "std::net",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "std::fs",
            "File::",
            "std::env",
            "std::process",
            "std::thread",
            "Instant",
            "SystemTime",
            "Timestamp::now",
            "Zoned::now",
            "getrandom",
            "rand",
            "OsRng",
            "RandomState",
        ],
        within: &[
            "identifier",
            "record",
            "change",
            "protocol/handle",
            "protocol/dns",
            "topnode",
        ],
        except: &[],
        tests: false,
        reason: "pure: bytes, time and entropy are arguments, a decision is the result",
    },
    Rule {
        names: &[
            "tokio::spawn",
            "task::spawn",
            "thread::spawn",
            "thread::Builder",
            "thread::scope",
            "spawn_blocking",
            "spawn_local",
            "JoinSet",
            "TaskTracker",
            "runtime::Handle",
            "Handle::current",
            "Handle::try_current",
        ],
        within: &[""],
        // The loader is no server: its threads end before the command does.
        except: &["server", "cli/bench"],
        tests: false,
        reason: "only server spawns: a task that it does not know outlives the shutdown",
    },
    Rule {
        names: &[
            "std::fs",
            "tokio::fs",
            "File::",
            "OpenOptions",
            "memmap2",
            ".read_dir(",
            ".canonicalize(",
            ".try_exists(",
            ".symlink_metadata(",
        ],
        within: &[""],
        except: &[
            "disk",
            "ledger",
            "state/snapshot",
            "accounting/mapping",
            "accounting/log",
            "access/keystore",
            "access/blobs",
            "backup",
            "config",
            "cli",
            "server/tls",
            "server/lock",
            "server/token",
            "server/health",
            "server/reporting",
        ],
        tests: false,
        reason: "the disk is touched by few, so that a crash can be reasoned about",
    },
    Rule {
        names: &["rusqlite"],
        within: &[""],
        except: &["ledger"],
        tests: true,
        reason: "the engine is known to its adapter alone",
    },
    Rule {
        names: &["unsafe"],
        within: &[""],
        except: &["accounting/mapping", "state/index"],
        tests: true,
        reason: "memory safety is argued for in two places only",
    },
    Rule {
        names: &["crossbeam_epoch"],
        within: &[""],
        except: &["state/index"],
        tests: true,
        reason: "a read-side section that is held for long keeps all that was replaced since",
    },
    Rule {
        names: &["rustls", "tokio_rustls"],
        within: &[""],
        except: &["server/tls"],
        tests: true,
        reason: "its next release moves every type; two providers in one process panic",
    },
    Rule {
        names: &["prometheus"],
        within: &[""],
        except: &["telemetry"],
        tests: true,
        reason: "metrics are one documented struct, its crate an inside of telemetry",
    },
];

//----------- The check ----------------------------------------------------------

fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for rule in RULES {
            let holds = rule.within.iter().any(|place| source.is_in(place))
                && !rule.except.iter().any(|place| source.is_in(place));
            if holds {
                let code = if rule.tests {
                    &source.code
                } else {
                    &source.product
                };
                found.extend(broken(source, code, rule));
            }
        }
    }
    found
}

/// Where the code names what the rule forbids, each line once.
fn broken(source: &Source, code: &str, rule: &Rule) -> Vec<String> {
    let paths = use_paths(code);
    let mut lines = Vec::new();
    for name in rule.names {
        let named = words(code, name)
            .into_iter()
            .map(|at| (line_of(code, at), *name));
        let used = paths
            .iter()
            .filter(|(_, path)| !words(path, name).is_empty());
        lines.extend(named.chain(used.map(|(line, _)| (*line, *name))));
    }
    lines.sort_unstable();
    lines.dedup_by_key(|(line, _)| *line);
    let say = |(line, name)| source.violation(line, format!("{name}: {}", rule.reason));
    lines.into_iter().map(say).collect()
}

//----------- Tests --------------------------------------------------------------

#[test]
fn names_stand_where_they_may() {
    let found = violations(&product());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_name_out_of_place_is_found() {
    let bad = [
        ("identifier/mod.rs", "use std::time::{Duration, Instant};"),
        ("record/mod.rs", "fn f() { std::time::SystemTime::now(); }"),
        ("change/entry.rs", "use tokio::sync::mpsc;"),
        ("protocol/dns/mod.rs", "fn f(s: &std::net::UdpSocket) {}"),
        ("protocol/handle.rs", "fn f() { getrandom::fill(&mut []); }"),
        ("registry/writer.rs", "fn f() { tokio::spawn(async {}); }"),
        (
            "ledger/sqlite.rs",
            "use tokio::task::{spawn_blocking, yield_now};",
        ),
        ("cli/import/mod.rs", "fn f() { std::thread::spawn(|| ()); }"),
        ("state/mod.rs", "use std::{fs, path::Path};"),
        ("server/http.rs", "fn f() { std::fs::File::open(\"x\"); }"),
        ("state/snapshot.rs", "use rusqlite::Connection;"),
        ("record/mod.rs", "fn f() { unsafe { g() } }"),
        ("state/directory.rs", "use crossbeam_epoch::pin;"),
        (
            "state/pin.rs",
            "#[cfg(test)]\nmod tests { use crossbeam_epoch::pin; }",
        ),
        ("protocol/http/mod.rs", "use rustls::ServerConfig;"),
        ("server/mod.rs", "use prometheus::IntCounter;"),
    ];
    for (path, text) in bad {
        assert_eq!(
            violations(&written(&[(path, text)])).len(),
            1,
            "{path}: {text}"
        );
    }
}

#[test]
fn a_name_in_its_place_is_left_alone() {
    let good = [
        (
            "identifier/mod.rs",
            "// an Instant is not ours\nfn operand() {}",
        ),
        (
            "identifier/mod.rs",
            "#[cfg(test)]\nmod tests { use std::fs; }",
        ),
        ("server/mod.rs", "fn f() { tokio::spawn(async {}); }"),
        ("server/lock.rs", "use std::fs::File;"),
        ("ledger/sqlite.rs", "use rusqlite::Connection;"),
        ("state/index/read.rs", "use crossbeam_epoch::pin;"),
        ("protocol/http/mod.rs", "use std::time::Duration;"),
    ];
    for (path, text) in good {
        let found = violations(&written(&[(path, text)]));
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}
