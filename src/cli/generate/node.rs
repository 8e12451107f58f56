//! Straight into a running node: the firms, then the products, a few batches at a time.
//!
//! No file, no task: what is on its way together waits on the one thread of the client.

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::firms::SECONDARY_PREFIXES;
use super::text::add_item;
use super::{Range, Shape};
use crate::cli::arguments::GenerateArguments;
use crate::cli::client::{Client, Target, TokenUse};
use crate::cli::import::{self, ITEMS_MAX, Outcome, Sender, Verdict};
use crate::cli::progress::{Progress, now};
use crate::cli::{Exit, Failure, Output};
use crate::config::Config;
use crate::registry::import::{FileKind, Request};

/// Batches on their way unless told otherwise: the disk has one, the node the next one at hand,
/// and two are on the wire.
const IN_FLIGHT: u32 = 4;

/// Firms in a request: half of what the node takes.
const FIRMS_AT_A_TIME: u32 = 1_000;

//----------- run ----------------------------------------------------------------

/// Registers a range of the products, and all firms.
pub(super) fn run(
    config: &Config,
    arguments: &GenerateArguments,
    shape: &Shape,
    range: Range,
    output: &Output,
) -> Result<Exit, Failure> {
    let client = Client::new(Target::find(config, &arguments.node, TokenUse::Needed)?)?;
    let sender = Sender::new(client, FileKind::Enterprises, false, import::entropy()?);
    let firms = admit(shape, &sender)?;
    let load = Load {
        shape,
        sender: sender.with_kind(FileKind::Products),
        next: Cell::new(range.start),
        range,
        batch: arguments.batch.map_or(ITEMS_MAX as u64, u64::from),
        counts: RefCell::default(),
        progress: RefCell::new(Progress::start("registering", Some("identifiers"))),
    };
    let start = now();
    let workers = (0..arguments.in_flight.unwrap_or(IN_FLIGHT)).map(|_| load.work());
    let ended = load.sender.wait(try_join_all(workers));
    let seconds = start.elapsed().as_secs_f64();
    let counts = load.counts.into_inner();
    drop(load.progress);
    ended.map_err(|failure| import::stopped(failure, counts.all(), false))?;
    match output.is_json() {
        true => output.json(&counts.to_json(firms, seconds))?,
        false => output.text(&counts.shown(firms, seconds))?,
    }
    Ok(match counts.refused {
        0 => Exit::Done,
        _ => Exit::Refused,
    })
}

//----------- Firms --------------------------------------------------------------

/// Admits all firms; returns how many were not there.
fn admit(shape: &Shape, sender: &Sender) -> Result<u64, Failure> {
    let mut progress = Progress::start("admitting", Some("firms"));
    let today = import::today();
    let (mut created, mut next) = (0, 0);
    while next < shape.firms() {
        let firms = next..shape.firms().min(next + FIRMS_AT_A_TIME);
        next = firms.end;
        let items = firms.clone().map(|firm| {
            let row = shape.enterprise(firm).into_row();
            import::item(&Request::Enterprise(row), Some(&today))
        });
        let body = Bytes::from(format!("[{}]", items.collect::<Vec<_>>().join(",")));
        let note = |text: &str| progress.note(text);
        let verdicts = sender.wait(sender.submit(&body, firms.len(), note))?;
        for (firm, verdict) in firms.zip(verdicts) {
            match verdict.outcome {
                Outcome::Created => created += 1,
                Outcome::Unchanged => {}
                _ => return Err(not_admitted(&shape.enterprise(firm).prefix, &verdict)),
            }
        }
        progress.set(u64::from(next), u64::from(shape.firms()), || {
            format!("{created} of them new")
        });
    }
    Ok(created)
}

fn not_admitted(prefix: &str, verdict: &Verdict) -> Failure {
    if verdict.outcome == Outcome::Conflict {
        return Failure::new(
            format!("{prefix} is another firm's on this node"),
            "generate into a node of its own; for more of the same give the same --seed",
        );
    }
    let what = format!("the node does not admit {prefix}: {}", verdict.detail);
    let hint = match verdict.code.as_str() {
        "foreign_prefix" => {
            let own = SECONDARY_PREFIXES.map(|prefix| format!("\"{prefix}\""));
            let own = own.join(", ");
            format!("set [node] secondary_prefixes = [{own}] for the node and start it again")
        }
        _ => "see whether the node and this command are of the same version".to_owned(),
    };
    Failure::new(what, hint)
}

//----------- Load ---------------------------------------------------------------

/// Products on their way.
struct Load<'a> {
    shape: &'a Shape,
    sender: Sender,
    range: Range,
    /// The first that nobody has taken.
    next: Cell<u64>,
    batch: u64,
    counts: RefCell<Counts>,
    progress: RefCell<Progress>,
}

impl Load<'_> {
    /// Takes batches until none is left.
    async fn work(&self) -> Result<(), Failure> {
        while let Some(range) = self.take() {
            let body = self.body(range.clone());
            let count = usize::try_from(range.end - range.start).unwrap_or(ITEMS_MAX);
            let note = |text: &str| self.progress.borrow().note(text);
            let verdicts = self.sender.submit(&body, count, note).await?;
            self.count(range, verdicts);
        }
        Ok(())
    }

    fn take(&self) -> Option<Range> {
        let start = self.next.get();
        let end = self.range.end.min(start + self.batch);
        self.next.set(end);
        (start < end).then_some(start..end)
    }

    fn body(&self, range: Range) -> Bytes {
        let mut body = Vec::new();
        for n in range {
            body.push(if body.is_empty() { b'[' } else { b',' });
            add_item(self.shape, n, &mut body);
        }
        body.push(b']');
        body.into()
    }

    fn count(&self, range: Range, verdicts: Vec<Verdict>) {
        let mut counts = self.counts.borrow_mut();
        for (n, verdict) in range.zip(verdicts) {
            match verdict.outcome {
                Outcome::Created => counts.created += 1,
                Outcome::Unchanged => counts.unchanged += 1,
                Outcome::Conflict | Outcome::Refused => {
                    counts.refused += 1;
                    let identifier = || (self.shape.identifier(n), verdict);
                    counts.first_refusal.get_or_insert_with(identifier);
                }
            }
        }
        let total = self.range.end - self.range.start;
        let mut progress = self.progress.borrow_mut();
        progress.set(counts.all(), total, || {
            format!("{} refused", counts.refused)
        });
    }
}

//----------- Counts -------------------------------------------------------------

/// What became of the products.
#[derive(Debug, Default)]
struct Counts {
    created: u64,
    unchanged: u64,
    refused: u64,
    /// The first that was refused, and why: the others are so for the same reason, mostly.
    first_refusal: Option<(String, Verdict)>,
}

impl Counts {
    fn all(&self) -> u64 {
        self.created + self.unchanged + self.refused
    }

    /// For scripts.
    fn to_json(&self, firms_created: u64, seconds: f64) -> Value {
        let refusal = |(identifier, verdict): &(String, Verdict)| {
            json!({
                "identifier": identifier,
                "code": code(verdict),
                "detail": verdict.detail,
            })
        };
        json!({
            "firms_created": firms_created,
            "created": self.created,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "seconds": (seconds * 1_000.0).round() / 1_000.0,
            "registrations_per_second": self.per_second(seconds).round(),
            "first_refusal": self.first_refusal.as_ref().map(refusal),
        })
    }

    /// For people.
    fn shown(&self, firms_created: u64, seconds: f64) -> String {
        let Self {
            created,
            unchanged,
            refused,
            ..
        } = self;
        let rate = self.per_second(seconds);
        let mut text = format!(
            "{firms_created} firms admitted\n\
             {created} identifiers created, {unchanged} unchanged, {refused} refused\n\
             {seconds:.1} s, {rate:.0} registrations per second\n"
        );
        if let Some((identifier, verdict)) = &self.first_refusal {
            let (code, detail) = (code(verdict), &verdict.detail);
            text.push_str(&format!("first refused: {identifier}: {code} {detail}"));
        }
        text
    }

    fn per_second(&self, seconds: f64) -> f64 {
        // A clock may say that no time went by.
        self.created as f64 / seconds.max(0.001)
    }
}

/// The code of a refusal; conflicts have none of their own.
fn code(verdict: &Verdict) -> &str {
    match verdict.outcome {
        Outcome::Conflict => "conflict",
        _ => &verdict.code,
    }
}
