//! Tests of the log, on a writer that keeps what it is given.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{Format, LINE_BYTES_MAX, LoggingError, Options, subscriber};

//----------- Kept ---------------------------------------------------------------

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written while `events` runs.
fn logged(filter: &str, format: Format, events: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let options = Options::new(filter, format).unwrap();
    let subscriber = subscriber(&options, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, events);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

//----------- Tests --------------------------------------------------------------

#[test]
fn a_stranger_cannot_forge_a_line() {
    let hostile = "x\n2026-01-01 INFO all is well\u{1b}[31m\u{202e}\u{9b}\r\u{2028}";
    for format in [Format::Text, Format::Json] {
        let log = logged("info", format, || {
            tracing::info!(shown = %hostile, quoted = hostile, "asked for {hostile}");
        });
        assert_eq!(log.matches('\n').count(), 1, "{log}");
        let line = log.strip_suffix('\n').unwrap();
        assert!(
            !line.chars().any(|c| c.is_control() || super::reorders(c)),
            "{line:?}"
        );
        assert!(line.contains("x\\n2026-01-01 INFO all is well"), "{line:?}");
        assert!(
            format == Format::Json || line.contains("shown=x\\n2026"),
            "{line:?}"
        );
    }
}

#[test]
fn json_stays_json() {
    let log = logged("info", Format::Json, || {
        tracing::info!(identifier = %"88.118/\u{202e}\n\u{7}液", "resolved");
    });
    let event: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(event["identifier"], "88.118/\u{202e}\n\u{7}液");
    assert_eq!(event["message"], "resolved");
}

#[test]
fn a_long_line_is_cut() {
    let long = "液".repeat(LINE_BYTES_MAX);
    let log = logged("info", Format::Text, || tracing::info!(%long));
    assert!(
        log.len() < LINE_BYTES_MAX + 16 && log.ends_with("cut\n"),
        "{}",
        log.len()
    );
}

#[test]
fn the_filter_decides_what_is_told() {
    let events = || {
        tracing::debug!(target: "biaoshi::ledger", "one");
        tracing::debug!(target: "biaoshi::server", "two");
        tracing::warn!("three");
    };
    let told = |filter: &str| logged(filter, Format::Text, events).lines().count();
    let filters = [
        "info",
        "info,biaoshi::ledger=debug",
        "debug",
        "off",
        "biaoshi::server=debug",
    ];
    let counts = filters.map(told);
    assert_eq!(counts, [1, 2, 3, 0, 1]);
}

#[test]
fn what_warns_of_each_bad_message_is_silent_unless_asked_for() {
    let warn = || tracing::warn!(target: "hickory_proto::rr::rdata::opt", "poorly formatted");
    let told = |filter: &str| logged(filter, Format::Text, warn).lines().count();
    let counts = ["info", "debug", "info,hickory_proto=warn"].map(told);
    assert_eq!(counts, [0, 0, 1]);
}

#[test]
fn a_misspelt_level_is_refused() {
    for filter in [
        "inof",
        "",
        "info,",
        "=info",
        "biaoshi=",
        "a=b=c",
        "3",
        "a b=info",
        "info debug",
    ] {
        let refused = Options::new(filter, Format::Text);
        assert!(
            matches!(refused, Err(LoggingError::NoFilter(_))),
            "{filter:?}"
        );
    }
    for filter in ["INFO", "warn, biaoshi::ledger=trace", "off"] {
        assert_eq!(Options::new(filter, Format::Text).unwrap().filter(), filter);
    }
}
