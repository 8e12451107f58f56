//! The docking checklist, line by line.

use serde_json::{Value, json};

use crate::cli::arguments::Language;

//----------- Line ---------------------------------------------------------------

/// How a line came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// Nobody here can say: the interface is not public, or it is not for this node to do.
    NotVerified,
}

impl Verdict {
    fn said(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Passed, Language::Zh) => "通过",
            (Self::Failed, Language::Zh) => "失败",
            (Self::NotVerified, Language::Zh) => "未验证(接口未公开)",
            (Self::Passed, Language::En) => "passed",
            (Self::Failed, Language::En) => "FAILED",
            (Self::NotVerified, Language::En) => "not verified (interface not public)",
        }
    }
}

/// What was looked at, in both languages, and how it came out.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) zh: String,
    pub(super) en: String,
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) seen: String,
}

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Checklist {
    pub(super) lines: Vec<Line>,
}

impl Checklist {
    /// Notes a line that was looked at.
    pub(super) fn check(&mut self, zh: &str, en: &str, passed: Result<String, String>) {
        let (verdict, seen) = match passed {
            Ok(seen) => (Verdict::Passed, seen),
            Err(seen) => (Verdict::Failed, seen),
        };
        self.push(zh, en, verdict, seen);
    }

    /// Notes a line that nobody here can look at.
    pub(super) fn leave(&mut self, zh: &str, en: &str) {
        self.push(zh, en, Verdict::NotVerified, String::new());
    }

    fn push(&mut self, zh: &str, en: &str, verdict: Verdict, seen: String) {
        self.lines.push(Line {
            zh: zh.to_owned(),
            en: en.to_owned(),
            verdict,
            seen,
        });
    }

    pub(super) fn has_failed(&self) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.verdict == Verdict::Failed)
    }

    pub(super) fn text(&self, language: Language) -> String {
        let lines = self.lines.iter().map(|line| {
            let name = match language {
                Language::Zh => &line.zh,
                Language::En => &line.en,
            };
            let said = line.verdict.said(language);
            match line.seen.as_str() {
                "" => format!("[{said}] {name}"),
                seen => format!("[{said}] {name} · {seen}"),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn to_json(&self) -> Value {
        let lines = self.lines.iter().map(|line| {
            let verdict = match line.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
                Verdict::NotVerified => "not_verified",
            };
            json!({ "zh": line.zh, "en": line.en, "verdict": verdict, "seen": line.seen })
        });
        json!({ "checklist": lines.collect::<Vec<_>>() })
    }
}
