//! One import: rows in, verdicts out, in constant memory.

use super::batch::{Batch, Pending, State};
use super::prefixes::Prefixes;
use super::report::Report;
use super::send::Sender;
use super::settle::settle;
use super::summary::Summary;
use crate::cli::Failure;
use crate::cli::arguments::Language;
use crate::cli::progress::Progress;
use crate::registry::import::{Row, Step};

//----------- Run ----------------------------------------------------------------

/// An import on its way.
pub(super) struct Run {
    /// Talks to the node.
    pub(super) sender: Sender,
    /// What is not sent yet.
    pub(super) batch: Batch,
    /// Where every row is told, if that was asked for.
    pub(super) report: Option<Report>,
    /// The language of the report.
    pub(super) language: Language,
    /// What the operator sees meanwhile.
    pub(super) progress: Progress,
    /// Rows with a verdict.
    pub(super) summary: Summary,
    /// What the node said of prefixes.
    pub(super) prefixes: Prefixes,
}

impl Run {
    /// Takes a row; sends what has come together when it is enough.
    ///
    /// # Errors
    /// Where the node or the disk of the report refuses; rows counted so far are done.
    pub(super) fn take(&mut self, row: Row) -> Result<(), Failure> {
        let row = self.pending(row)?;
        if let Some(row) = self.batch.add(row) {
            self.flush()?;
            // An empty batch takes any row.
            let _ = self.batch.add(row);
        }
        if self.batch.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// What is to be done with a row.
    fn pending(&mut self, row: Row) -> Result<Pending, Failure> {
        let state = match row.step {
            Step::Skipped(code) => State::judged(code),
            Step::Refused {
                fault,
                ask_node_first,
            } => {
                let standing = match &ask_node_first {
                    Some(prefix) => {
                        let (sender, progress) = (&self.sender, &self.progress);
                        self.prefixes.standing(prefix, sender, progress)?.fault()
                    }
                    None => None,
                };
                match standing {
                    Some(code) => State::Judged {
                        code,
                        field: "identifier".to_owned(),
                        value: row.key,
                    },
                    None => State::Judged {
                        code: fault.code,
                        field: fault.field,
                        value: fault.value,
                    },
                }
            }
            Step::Ready { request, note } => State::Sent { note, request },
        };
        Ok(Pending {
            data_row: row.data_row,
            sheet_line: row.sheet_line,
            state,
        })
    }

    /// Sends what has come together and tells what became of it.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let verdicts = match self.batch.body() {
            Some((body, items)) => self.sender.send(&body, items, &self.progress)?,
            None => Vec::new(),
        };
        let mut verdicts = verdicts.into_iter();
        for row in self.batch.rows() {
            let line = settle(row, &mut verdicts, self.language)
                .expect("the sender returns a verdict for each row that was sent");
            if let Some(report) = &mut self.report {
                report.add(&line).map_err(|error| unwritable(&error))?;
            }
            self.summary.count(&line.code);
        }
        Ok(())
    }

    /// Puts the report in its place; returns what was counted.
    ///
    /// # Errors
    /// As [`Run::take`].
    pub(super) fn finish(mut self) -> Result<Summary, Failure> {
        self.flush()?;
        if let Some(report) = self.report {
            report.finish().map_err(|error| unwritable(&error))?;
        }
        Ok(self.summary)
    }
}

/// The report could not be written.
pub(super) fn unwritable(error: &std::io::Error) -> Failure {
    Failure::new(
        format!("cannot write the report: {error}"),
        "name a file in a folder that you may write to, on a disk with space",
    )
}
