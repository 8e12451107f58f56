//! Talking to the node until it has answered.
//!
//! A batch is sent again under the same key until there is a reply, so that one whose reply was
//! lost is not done twice: the node remembers the key and repeats its verdicts. Batches that are
//! submitted together are on their way together, on the one thread of the client.

use std::cell::Cell;
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
pub(in crate::cli) struct Verdict {
    item: usize,
    /// What became of it.
    pub(in crate::cli) outcome: Outcome,
    /// Why it was refused (`docs/import.md`).
    #[serde(default)]
    pub(in crate::cli) code: String,
    /// The field at fault.
    #[serde(default)]
    pub(super) field: String,
    /// What is wrong and what to do, in English.
    #[serde(default)]
    pub(in crate::cli) detail: String,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Outcome {
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

/// Sends batches of one run.
pub(in crate::cli) struct Sender {
    client: Client,
    kind: FileKind,
    dry_run: bool,
    /// What the keys of this run begin with.
    run: String,
    batches: Cell<u64>,
    pause: Duration,
    /// A node that never answered is not waited for: it is not there.
    was_answered: Cell<bool>,
}

impl Sender {
    /// A sender whose keys begin with `run`, random bytes.
    pub(in crate::cli) fn new(
        client: Client,
        kind: FileKind,
        dry_run: bool,
        run: [u8; 16],
    ) -> Self {
        Self {
            client,
            kind,
            dry_run,
            run: HEXLOWER.encode(&run),
            batches: Cell::new(0),
            pause: FIRST_PAUSE,
            was_answered: Cell::new(false),
        }
    }

    /// The same with other pauses, for tests.
    #[cfg(test)]
    pub(in crate::cli) fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// The same for items of another kind, in the same run.
    pub(in crate::cli) fn with_kind(self, kind: FileKind) -> Self {
        Self { kind, ..self }
    }

    /// Runs what submits batches to its end.
    pub(in crate::cli) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.client.wait(work)
    }

    /// Sends a JSON array of `count` items and waits for a verdict on each, in order.
    ///
    /// # Errors
    /// As [`Sender::submit`].
    pub(super) fn send(
        &self,
        items: &Bytes,
        count: usize,
        progress: &Progress,
    ) -> Result<Vec<Verdict>, Failure> {
        self.wait(self.submit(items, count, |text| progress.note(text)))
    }

    /// Sends a JSON array of `count` items and returns a verdict for each, in order; `note` is told
    /// what has to be tried again.
    ///
    /// # Errors
    /// Where the node cannot be reached for long enough, or does not take the batch at all.
    pub(in crate::cli) async fn submit(
        &self,
        items: &Bytes,
        count: usize,
        note: impl Fn(&str),
    ) -> Result<Vec<Verdict>, Failure> {
        let batch = self.batches.get() + 1;
        self.batches.set(batch);
        let key = format!("import-{}-{batch}", self.run);
        let path = path(self.kind, self.dry_run);
        let ask = || self.client.post(path, &key, items.clone());
        let reply = self.insist(note, ask).await?;
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
    pub(super) fn ask(&self, path: &str, progress: &Progress) -> Result<Reply, Failure> {
        let ask = || self.client.fetch(path);
        self.wait(self.insist(|text| progress.note(text), ask))
    }

    async fn insist<A>(&self, note: impl Fn(&str), ask: impl Fn() -> A) -> Result<Reply, Failure>
    where
        A: Future<Output = Result<Reply, ClientError>>,
    {
        let mut pause = self.pause;
        for attempt in 1.. {
            let (failure, wish) = match ask().await {
                Ok(reply) if reply.status != StatusCode::SERVICE_UNAVAILABLE => {
                    self.was_answered.set(true);
                    return Ok(reply);
                }
                Ok(reply) => {
                    self.was_answered.set(true);
                    let wish = reply.retry_after;
                    (not_taken(&reply), wish)
                }
                Err(error) if error.may_pass() && self.was_answered.get() => (error.into(), None),
                Err(error) => return Err(error.into()),
            };
            if attempt == TRIES_MAX {
                return Err(failure);
            }
            let wait = wish.unwrap_or_default().max(pause);
            note(&format!(
                "{}; trying again in {:.1} s ({attempt} of {TRIES_MAX})",
                failure.error,
                wait.as_secs_f32()
            ));
            tokio::time::sleep(wait).await;
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
