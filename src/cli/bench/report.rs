//! What was measured, in words and as JSON.

use serde_json::{Value, json};

use super::load::Measured;
use super::plan::Plan;
use super::questions::Questions;
use super::tally::Unexpected;
use super::wire::Said;
use crate::cli::arguments::{BenchVia, Order};

/// From this share of its processor on, it may be the loader that is the limit.
const LOADER_BUSY: f64 = 0.9;

//----------- Figures ------------------------------------------------------------

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: u64) -> f64 {
    number as f64
}

impl Measured {
    fn answers_per_second(&self) -> f64 {
        count(self.tally.answered) / self.seconds.max(f64::EPSILON)
    }

    fn cpu_seconds_per_million(&self) -> Option<f64> {
        let answered = count(self.tally.answered.max(1));
        Some(self.server?.cpu_seconds * 1e6 / answered)
    }

    /// Whether the server may be faster than was seen.
    fn is_loader_the_limit(&self, plan: &Plan) -> bool {
        let threads = count(plan.sockets.len() as u64);
        plan.rate.is_none() && self.loader_cpu_seconds > LOADER_BUSY * self.seconds * threads
    }
}

fn via_name(via: BenchVia) -> &'static str {
    match via {
        BenchVia::Dns => "dns",
        BenchVia::Handle => "handle",
        BenchVia::HandleTcp => "handle-tcp",
        BenchVia::Http => "http",
        BenchVia::Echo => "echo",
    }
}

fn order_name(order: Order) -> &'static str {
    match order {
        Order::Uniform => "uniform",
        Order::Zipf => "zipf",
    }
}

//----------- json ---------------------------------------------------------------

/// For scripts.
pub(super) fn json(plan: &Plan, questions: &Questions, measured: &Measured) -> Value {
    let tally = &measured.tally;
    let said: serde_json::Map<String, Value> = Said::ALL
        .into_iter()
        .map(|said| (said.name().to_owned(), tally.said[said as usize].into()))
        .collect();
    json!({
        "via": via_name(plan.via),
        "address": plan.address,
        "identifiers": questions.population(),
        "prepared": questions.len(),
        "left_out": questions.left_out,
        "order": order_name(questions.order),
        "absent_percent": questions.absent_percent,
        "threads": plan.sockets.len(),
        "sockets": plan.sockets(),
        "window": plan.window,
        "rate": plan.rate,
        "seconds": measured.seconds,
        "sent": tally.sent,
        "answered": tally.answered,
        "lost": tally.lost,
        "said": said,
        "unexpected": tally.unexpected,
        "first_unexpected": tally.first_unexpected.map(|first| unexpected(questions, &first)),
        "answers_per_second": measured.answers_per_second(),
        "latency_us": {
            "mean": tally.latency_ns.mean() / 1_000.0,
            "p50": tally.within_us(0.5),
            "p99": tally.within_us(0.99),
            "p99_9": tally.within_us(0.999),
            "max": tally.longest_us(),
        },
        "loader_cpu_seconds": measured.loader_cpu_seconds,
        "is_loader_the_limit": measured.is_loader_the_limit(plan),
        "server": measured.server.map(|server| json!({
            "cpu_seconds": server.cpu_seconds,
            "cpu_seconds_per_million": measured.cpu_seconds_per_million(),
            "rss_bytes": server.rss_bytes,
        })),
    })
}

fn unexpected(questions: &Questions, first: &Unexpected) -> Value {
    json!({
        "identifier": questions.identifier(first.question),
        "expected": first.expected.name(),
        "said": first.said.name(),
    })
}

//----------- text ---------------------------------------------------------------

/// For people.
pub(super) fn text(plan: &Plan, questions: &Questions, measured: &Measured) -> String {
    let tally = &measured.tally;
    let pace = match plan.rate {
        Some(rate) => format!("{rate} a second, whatever comes back"),
        None => "as many as are answered".to_owned(),
    };
    let mut lines = vec![
        format!(
            "{} to {}: {} identifiers, {}, {} % absent",
            via_name(plan.via),
            plan.address,
            questions.population(),
            order_name(questions.order),
            questions.absent_percent,
        ),
        format!(
            "{} sockets, {} at a time on each, {} threads; {pace}; {:.1} s",
            plan.sockets(),
            plan.window,
            plan.sockets.len(),
            measured.seconds,
        ),
        String::new(),
        format!(
            "answered    {} ({:.0}/s)",
            tally.answered,
            measured.answers_per_second()
        ),
        format!("lost        {} of {}", tally.lost, tally.sent),
        format!("said        {}", said_text(&tally.said)),
        format!("unexpected  {}", tally.unexpected),
        format!(
            "latency     mean {}, p50 {}, p99 {}, p99.9 {}, max {}",
            time(tally.latency_ns.mean() / 1_000.0),
            time(tally.within_us(0.5)),
            time(tally.within_us(0.99)),
            time(tally.within_us(0.999)),
            time(tally.longest_us()),
        ),
        format!(
            "loader      {:.2} of a core",
            measured.loader_cpu_seconds / measured.seconds.max(f64::EPSILON)
        ),
    ];
    lines.extend(server_text(measured));
    lines.extend(notes(plan, questions, measured));
    lines.join("\n")
}

fn said_text(said: &[u64; Said::ALL.len()]) -> String {
    let each = Said::ALL
        .into_iter()
        .zip(said)
        .filter(|(_, count)| **count > 0);
    let each: Vec<String> = each
        .map(|(said, count)| format!("{} {count}", said.name()))
        .collect();
    each.join(", ")
}

fn server_text(measured: &Measured) -> Option<String> {
    let server = measured.server?;
    Some(format!(
        "server      {:.2} CPU-seconds a million, {:.2} of a core, {} MiB",
        measured.cpu_seconds_per_million()?,
        server.cpu_seconds / measured.seconds.max(f64::EPSILON),
        server.rss_bytes / (1024 * 1024),
    ))
}

fn notes(plan: &Plan, questions: &Questions, measured: &Measured) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(first) = &measured.tally.first_unexpected {
        notes.push(format!(
            "note: the first unexpected: {} is {}, expected {}",
            questions.identifier(first.question),
            first.said.name(),
            first.expected.name()
        ));
    }
    if questions.left_out > 0 {
        notes.push(format!(
            "note: {} that were drawn cannot be asked for over this protocol",
            questions.left_out
        ));
    }
    if measured.is_loader_the_limit(plan) {
        notes.push(
            "note: the loader had no time to spare: the server may be faster than this".to_owned(),
        );
    }
    notes
}

fn time(us: f64) -> String {
    if us < 1_000.0 {
        format!("{us:.0} µs")
    } else if us < 1_000_000.0 {
        format!("{:.2} ms", us / 1_000.0)
    } else {
        format!("{:.2} s", us / 1_000_000.0)
    }
}
