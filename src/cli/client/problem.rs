//! What a node says when it does not do what it is asked.

use hyper::StatusCode;
use serde::Deserialize;

use super::Reply;

//----------- Problem ------------------------------------------------------------

/// An RFC 9457 problem, as far as it is told.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Problem {
    /// What kind it is, in a few words.
    pub(in crate::cli) title: String,
    /// What is wrong this time.
    pub(in crate::cli) detail: String,
    /// The kind, for programs.
    pub(in crate::cli) code: String,
}

impl Problem {
    /// The problem of a reply; an empty one where there is none.
    pub(in crate::cli) fn of(reply: &Reply) -> Self {
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// In a line: what is wrong, and its code.
    pub(in crate::cli) fn told(&self, status: StatusCode) -> String {
        let what = [self.detail.as_str(), self.title.as_str()]
            .into_iter()
            .find(|text| !text.is_empty())
            .map_or_else(|| format!("the node replied {status}"), str::to_owned);
        match self.code.as_str() {
            "" => what,
            code => format!("{what} ({code})"),
        }
    }
}
