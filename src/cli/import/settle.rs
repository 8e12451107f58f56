//! From verdicts to lines of the report.

use std::borrow::Cow;

use super::batch::{Pending, State, cell, subject};
use super::report::Line;
use super::send::{Outcome, Verdict};
use crate::cli::arguments::Language;
use crate::registry::import::Code;

//----------- settle -------------------------------------------------------------

/// The line of a row, with the node's verdict if it was sent.
///
/// Nothing where a row was sent and has no verdict: rows and verdicts do not belong together.
pub(super) fn settle(
    row: Pending,
    verdicts: &mut impl Iterator<Item = Verdict>,
    language: Language,
) -> Option<Line> {
    let (code, field, value, what) = match row.state {
        State::Judged { code, field, value } => {
            (Cow::Borrowed(code.name()), field, value, String::new())
        }
        State::Sent { note, request } => {
            let verdict = verdicts.next()?;
            let code = match verdict.outcome {
                Outcome::Created => Cow::Borrowed(note.name()),
                Outcome::Unchanged => Cow::Borrowed(Code::Unchanged.name()),
                Outcome::Conflict => Cow::Borrowed(Code::Conflict.name()),
                Outcome::Refused => Cow::Owned(verdict.code),
            };
            let field = match verdict.outcome {
                Outcome::Created | Outcome::Unchanged => String::new(),
                Outcome::Conflict => subject(&request).to_owned(),
                Outcome::Refused => verdict.field,
            };
            let value = cell(&request, &field).to_owned();
            (code, field, value, verdict.detail)
        }
    };
    let what_to_do = what_to_do(&code, what, language);
    Some(Line {
        data_row: row.data_row,
        sheet_line: row.sheet_line,
        code,
        field,
        value,
        what_to_do,
    })
}

/// What a clerk does about it: of a known code its advice, in the clerk's language.
fn what_to_do(code: &str, detail: String, language: Language) -> Cow<'static, str> {
    match Code::from_name(code) {
        Some(code) => Cow::Borrowed(advice(code, language)),
        // A newer node's code: what it says itself is better than nothing.
        None => Cow::Owned(detail),
    }
}

/// What to do about a code; empty where there is nothing to say.
pub(super) fn advice(code: Code, language: Language) -> &'static str {
    match language {
        Language::Zh => code.advice_zh(),
        Language::En => code.advice_en(),
    }
}
