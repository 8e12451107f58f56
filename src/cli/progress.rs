//! How far a long command is, told on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a log, a pipe or a scheduler's mail gets a line: enough to see that it moves.
const LINE_EVERY: Duration = Duration::from_secs(5);

//----------- Progress -----------------------------------------------------------

/// A bar on a terminal, a line now and then elsewhere.
pub(super) struct Progress {
    kind: Kind,
}

enum Kind {
    Bar(ProgressBar),
    Lines { what: &'static str, last: Instant },
}

impl Progress {
    /// Starts telling about `what`, such as "reading the ledger"; `unit` is what is counted, or
    /// nothing for bytes.
    pub(super) fn start(what: &'static str, unit: Option<&str>) -> Self {
        let kind = if std::io::stderr().is_terminal() {
            Kind::Bar(bar(what, unit))
        } else {
            Kind::Lines { what, last: now() }
        };
        Self { kind }
    }

    /// Tells that `done` of `total` are done; `detail` is asked for only where it is shown.
    pub(super) fn set(&mut self, done: u64, total: u64, detail: impl FnOnce() -> String) {
        match &mut self.kind {
            Kind::Bar(bar) => {
                bar.set_length(total);
                bar.set_position(done);
                bar.set_message(detail());
            }
            Kind::Lines { what, last } if last.elapsed() >= LINE_EVERY => {
                *last = now();
                // Nobody is left to be told if standard error is closed.
                let line = format!("{what}: {} %, {}", percent(done, total), detail());
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            Kind::Lines { .. } => {}
        }
    }

    /// Tells something that is not progress, without disturbing the bar.
    pub(super) fn note(&self, text: &str) {
        let text = text.replace(char::is_control, " ");
        let write = || {
            // Nobody is left to be told if standard error is closed.
            let _ = writeln!(std::io::stderr(), "{text}");
        };
        match &self.kind {
            Kind::Bar(bar) => bar.suspend(write),
            Kind::Lines { .. } => write(),
        }
    }
}

/// A bar leaves nothing behind: what comes after it is the result.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, unit: Option<&str>) -> ProgressBar {
    let amount = match unit {
        Some(unit) => format!("{{human_pos}}/{{human_len}} {unit}"),
        None => "{bytes}/{total_bytes}".to_owned(),
    };
    let template = format!("{{prefix}} [{{bar:30}}] {{percent}} % {amount} {{msg}} ({{eta}} left)");
    let style = ProgressStyle::with_template(&template).expect("the template is well-formed");
    let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
    bar.with_prefix(what)
}

fn percent(done: u64, total: u64) -> u64 {
    done.saturating_mul(100)
        .checked_div(total)
        .map_or(100, |percent| percent.min(100))
}

/// The clock that progress is told by.
#[expect(
    clippy::disallowed_methods,
    reason = "a command has nobody above it who reads the clock, and decides nothing by it"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_past_the_whole() {
        assert_eq!(percent(0, 0), 100);
        assert_eq!(percent(1, 3), 33);
        assert_eq!(percent(9, 3), 100);
        assert_eq!(percent(u64::MAX, u64::MAX), 1);
    }

    #[test]
    fn templates_are_well_formed() {
        let _ = bar("importing", None);
        let _ = bar("reading", Some("entries"));
    }
}
