//! Talking to the node until it has answered.
//!
//! A batch is sent again under the same key until there is a reply, so that one whose reply was
//! lost is not done twice: the node remembers the key and repeats its verdicts.

use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hyper::StatusCode;
use serde::Deserialize;

use crate::cli::Failure;
use crate::cli::client::{Client, ClientError, Problem, Reply};
use crate::cli::progress::Progress;
use crate::registry::import::FileKind;

/// How often something is asked: with the pauses between, about a minute, in which a node starts
/// again or a queue drains.
const TRIES_MAX: u32 = 8;

/// The pause after the first try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// The longest pause that is not the node's own wish.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Where batches of a kind are posted.
fn path(kind: FileKind, dry_run: bool) -> &'static str {
    match (kind, dry_run) {
        (FileKind::Products, false) => "/api/v1/identifiers/batch",
        (FileKind::Products, true) => "/api/v1/identifiers/batch?dry_run=true",
        (FileKind::Enterprises, false) => "/api/v1/enterprises",
        (FileKind::Enterprises, true) => "/api/v1/enterprises?dry_run=true",
    }
}

//----------- Verdict ------------------------------------------------------------

/// What the node says of an item.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(super) struct Verdict {
    item: usize,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Why it was refused (`docs/import.md`).
    #[serde(default)]
    pub(super) code: String,
    /// The field at fault.
    #[serde(default)]
    pub(super) field: String,
    /// What is wrong and what to do, in English.
    #[serde(default)]
    pub(super) detail: String,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    /// It was not there and is now.
    Created,
    /// It was there with the same content.
    Unchanged,
    /// It is there with other content, or was removed.
    Conflict,
    /// It cannot be.
    Refused,
}

#[derive(Deserialize)]
struct BatchReply {
    results: Vec<Verdict>,
}

//----------- Sender -------------------------------------------------------------

/// Sends batches of one run, one at a time.
pub(super) struct Sender {
    client: Client,
    kind: FileKind,
    dry_run: bool,
    /// What the keys of this run begin with.
    run: String,
    batches: u64,
    pause: Duration,
    /// A node that never answered is not waited for: it is not there.
    was_answered: bool,
}

impl Sender {
    /// A sender whose keys begin with `run`, random bytes.
    pub(super) fn new(client: Client, kind: FileKind, dry_run: bool, run: [u8; 16]) -> Self {
        Self {
            client,
            kind,
            dry_run,
            run: HEXLOWER.encode(&run),
            batches: 0,
            pause: FIRST_PAUSE,
            was_answered: false,
        }
    }

    /// The same with other pauses, for tests.
    #[cfg(test)]
    pub(super) fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Sends a JSON array of `count` items and returns a verdict for each, in order.
    ///
    /// # Errors
    /// Where the node cannot be reached for long enough, or does not take the batch at all.
    pub(super) fn send(
        &mut self,
        items: &Bytes,
        count: usize,
        progress: &Progress,
    ) -> Result<Vec<Verdict>, Failure> {
        self.batches += 1;
        let key = format!("import-{}-{}", self.run, self.batches);
        let path = path(self.kind, self.dry_run);
        let reply = self.insist(progress, |client| client.post(path, &key, items.clone()))?;
        if reply.status != StatusCode::OK {
            return Err(not_taken(&reply));
        }
        let verdicts = serde_json::from_slice::<BatchReply>(&reply.body).map(|body| body.results);
        verdicts
            .ok()
            .filter(|verdicts| {
                verdicts.len() == count && verdicts.iter().enumerate().all(|(at, v)| v.item == at)
            })
            .ok_or_else(|| {
                Failure::new(
                    format!(
                        "{} did not reply with a verdict per row",
                        self.client.base()
                    ),
                    "see whether it is a node of biaoshi that listens there, and of which version",
                )
            })
    }

    /// Asks for a path until there is a reply that is not "not now".
    ///
    /// # Errors
    /// Where the node cannot be reached for long enough.
    pub(super) fn ask(&mut self, path: &str, progress: &Progress) -> Result<Reply, Failure> {
        self.insist(progress, |client| client.get(path))
    }

    fn insist(
        &mut self,
        progress: &Progress,
        ask: impl Fn(&Client) -> Result<Reply, ClientError>,
    ) -> Result<Reply, Failure> {
        let mut pause = self.pause;
        for attempt in 1.. {
            let (failure, wish) = match ask(&self.client) {
                Ok(reply) if reply.status != StatusCode::SERVICE_UNAVAILABLE => {
                    self.was_answered = true;
                    return Ok(reply);
                }
                Ok(reply) => {
                    self.was_answered = true;
                    let wish = reply.retry_after;
                    (not_taken(&reply), wish)
                }
                Err(error) if error.may_pass() && self.was_answered => (error.into(), None),
                Err(error) => return Err(error.into()),
            };
            if attempt == TRIES_MAX {
                return Err(failure);
            }
            let wait = wish.unwrap_or_default().max(pause);
            progress.note(&format!(
                "{}; trying again in {:.1} s ({attempt} of {TRIES_MAX})",
                failure.error,
                wait.as_secs_f32()
            ));
            self.client.sleep(wait);
            pause = (pause * 2).min(PAUSE_MAX);
        }
        unreachable!("the last try returns")
    }
}

fn not_taken(reply: &Reply) -> Failure {
    let problem = Problem::of(reply);
    let hint = match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "registering needs the node's token: run this on the node's machine, as its user and \
             with its --config, or give --token-file FILE"
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            "send fewer rows at a time (--batch 100), or raise [http] body_bytes_max"
        }
        StatusCode::SERVICE_UNAVAILABLE => "the node's log says what it waits for",
        _ => "see whether the node and this command are of the same version, and the node's log",
    };
    Failure::new(problem.told(reply.status), hint)
}
