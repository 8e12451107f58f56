//! How an import went, in figures.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

use super::settle::advice;
use crate::cli::arguments::Language;
use crate::registry::import::{Code, Severity};

//----------- Summary ------------------------------------------------------------

/// Rows by what became of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Summary {
    /// All rows that have a verdict.
    pub(super) rows: u64,
    codes: BTreeMap<Code, u64>,
    /// Rows with a code that this release does not know; a newer node may have some.
    unknown: u64,
}

impl Summary {
    /// Counts a row.
    pub(super) fn count(&mut self, code: &str) {
        self.rows += 1;
        match Code::from_name(code) {
            Some(code) => *self.codes.entry(code).or_default() += 1,
            None => self.unknown += 1,
        }
    }

    /// Rows that somebody has to look at.
    pub(super) fn refused(&self) -> u64 {
        self.of(Severity::Refused) + self.unknown
    }

    fn of(&self, severity: Severity) -> u64 {
        let those = self
            .codes
            .iter()
            .filter(|(code, _)| code.severity() == severity);
        those.map(|(_, rows)| rows).sum()
    }

    /// For scripts.
    pub(super) fn to_json(&self, dry_run: bool, report: Option<&Path>) -> Value {
        let mut codes: serde_json::Map<String, Value> = self
            .codes
            .iter()
            .map(|(code, rows)| (code.name().to_owned(), json!(rows)))
            .collect();
        if self.unknown > 0 {
            codes.insert("other".to_owned(), json!(self.unknown));
        }
        json!({
            "rows": self.rows,
            "taken": self.of(Severity::Fine),
            "skipped": self.of(Severity::Skipped),
            "refused": self.refused(),
            "codes": codes,
            "dry_run": dry_run,
            "report": report.map(|report| report.display().to_string()),
        })
    }

    /// For people.
    pub(super) fn shown(&self, dry_run: bool, language: Language) -> Shown<'_> {
        Shown {
            summary: self,
            dry_run,
            language,
        }
    }
}

//----------- Shown --------------------------------------------------------------

/// A summary for people.
pub(super) struct Shown<'a> {
    summary: &'a Summary,
    dry_run: bool,
    language: Language,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.summary;
        writeln!(
            f,
            "{} rows: {} taken, {} skipped, {} refused",
            summary.rows,
            summary.of(Severity::Fine),
            summary.of(Severity::Skipped),
            summary.refused()
        )?;
        if self.dry_run {
            writeln!(f, "this was a dry run: nothing was registered")?;
        }
        for (code, rows) in &summary.codes {
            let line = format!(
                "{rows:>10}  {:<22}  {}",
                code.name(),
                advice(*code, self.language)
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        if summary.unknown > 0 {
            writeln!(f, "{:>10}  other codes of the node", summary.unknown)?;
        }
        Ok(())
    }
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_code_and_class() {
        let mut summary = Summary::default();
        for code in [
            "ok",
            "ok",
            "unchanged",
            "conflict",
            "skipped_total",
            "of_tomorrow",
        ] {
            summary.count(code);
        }
        assert_eq!((summary.rows, summary.refused()), (6, 2));
        let json = summary.to_json(true, Some(Path::new("r.csv")));
        let expected = json!({
            "rows": 6, "taken": 3, "skipped": 1, "refused": 2,
            "codes": {"ok": 2, "unchanged": 1, "conflict": 1, "skipped_total": 1, "other": 1},
            "dry_run": true, "report": "r.csv",
        });
        assert_eq!(json, expected);
        let text = summary.shown(true, Language::En).to_string();
        assert!(text.starts_with("6 rows: 3 taken, 1 skipped, 2 refused\nthis was a dry run"));
        assert!(text.contains("         2  ok\n"), "{text}");
    }
}
