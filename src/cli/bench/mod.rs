//! `bench`: asks a server as fast as it answers, or at a fixed rate, and says what came back.
//!
//! ```text
//! file or generate ─▶ questions ─▶ threads ─▶ sockets ─▶ the server
//!                     made before    │ slots: what is under way, since when
//!                                    ▼
//!                                  tally ─▶ report
//! ```
//!
//! | | asks when | an answer took the time from |
//! |---|---|---|
//! | closed loop | one of a socket's window is free | its sending |
//! | open loop (`--rate`) | it is due | when it was due, however late it was sent: no omission is coordinated with the server |
//!
//! A question that is not answered within a second is lost. What an answer says is held against
//! what was expected.

mod datagrams;
mod draw;
mod echo;
mod line;
mod load;
mod plan;
mod process;
mod questions;
mod report;
mod slots;
mod source;
mod streams;
mod tally;
mod watch;
mod wire;
mod worker;
mod writer;

use super::arguments::BenchArguments;
use super::{Exit, Failure, Output};
use crate::config::Config;

/// Measures, and prints what was measured.
pub(super) fn run(
    config: &Config,
    arguments: &BenchArguments,
    output: &Output,
) -> Result<Exit, Failure> {
    if let Some(address) = arguments.echo {
        return echo::run(address, output);
    }
    let plan = plan::Plan::of(config, arguments)?;
    let questions = questions::Questions::prepare(&plan, arguments)?;
    let measured = load::load(&plan, &questions, &arguments.server_pid)?;
    if measured.tally.answered == 0 {
        let error = format!("no answer from {}", plan.address);
        return Err(Failure::new(
            error,
            "see whether a server listens there for that protocol",
        ));
    }
    if output.is_json() {
        output.json(&report::json(&plan, &questions, &measured))?;
    } else {
        output.text(&report::text(&plan, &questions, &measured))?;
    }
    Ok(Exit::Done)
}
