//! The questions, made before any time is taken.

use super::draw::Draw;
use super::plan::{Length, Plan};
use super::source::Source;
use super::wire::Said;
use super::writer::Writer;
use crate::cli::Failure;
use crate::cli::arguments::{BenchArguments, Order};
use crate::cli::progress::Progress;

/// Questions that are made: more distinct ones than any cache has room for; they are asked round
/// and round.
const PREPARED_MAX: usize = 1 << 20;

/// How often progress is told.
const TELL_EVERY: usize = 16_384;

//----------- Questions ----------------------------------------------------------

/// Messages, and what is expected of each.
#[derive(Debug)]
pub(super) struct Questions {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    expected: Vec<Option<Said>>,
    /// Which of the source's each asks for, to tell about it.
    asked: Vec<u64>,
    source: Source,
    /// Drawn, and without a name over this protocol.
    pub(super) left_out: usize,
    /// How they were drawn.
    pub(super) order: Order,
    /// Of a hundred so many are for what nobody registered.
    pub(super) absent_percent: u32,
}

impl Questions {
    /// Draws and makes them.
    ///
    /// # Errors
    /// Where the file cannot be read, or nothing of it can be asked for.
    pub(super) fn prepare(plan: &Plan, arguments: &BenchArguments) -> Result<Self, Failure> {
        let source = Source::of(arguments)?;
        let count = prepared(plan, arguments.order, source.count());
        let mut questions = Self {
            bytes: Vec::new(),
            ends: Vec::with_capacity(count),
            expected: Vec::with_capacity(count),
            asked: Vec::with_capacity(count),
            source,
            left_out: 0,
            order: arguments.order,
            absent_percent: arguments.absent,
        };
        let writer = Writer::of(plan, arguments)?;
        let mut draw = Draw::new(arguments, questions.source.count());
        let mut progress = Progress::start("preparing", Some("questions"));
        for n in 0..count {
            if n % TELL_EVERY == 0 {
                progress.set(n as u64, count as u64, String::new);
            }
            let (at, is_absent) = draw.next();
            questions.add(&writer, at, is_absent);
        }
        if questions.ends.is_empty() {
            let error = "none of the identifiers can be asked for over this protocol";
            return Err(Failure::usage(error, "ask with --via handle or --via http"));
        }
        Ok(questions)
    }

    fn add(&mut self, writer: &Writer, at: u64, is_absent: bool) {
        let (text, expected) = self.source.identifier(at, is_absent);
        match writer.write(&text, &mut self.bytes) {
            Some(()) => {
                self.ends.push(self.bytes.len());
                self.expected.push(expected);
                self.asked.push(at);
            }
            None => self.left_out += 1,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Identifiers that they were drawn from.
    pub(super) fn population(&self) -> u64 {
        self.source.count()
    }

    /// The bytes of one, and what is expected of its answer.
    pub(super) fn get(&self, at: usize) -> (&[u8], Option<Said>) {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        (&self.bytes[begin..self.ends[at]], self.expected[at])
    }

    /// What one asks for.
    pub(super) fn identifier(&self, at: usize) -> String {
        let is_absent = self.expected[at] == Some(Said::NotFound);
        self.source.identifier(self.asked[at], is_absent).0
    }
}

/// How many are worth making: no more than there are to ask, or to ask for.
fn prepared(plan: &Plan, order: Order, population: u64) -> usize {
    let asked = match (plan.length, plan.rate) {
        (Length::Questions(questions), _) => questions,
        (Length::Time { warm_up, measured }, Some(rate)) => {
            let seconds = (warm_up + measured).as_secs() + 1;
            seconds.saturating_mul(rate.into())
        }
        (Length::Time { .. }, None) => u64::MAX,
    };
    let distinct = match order {
        Order::Uniform => population,
        // How often each is asked for is in how often it is drawn.
        Order::Zipf => u64::MAX,
    };
    usize::try_from(asked.min(distinct)).map_or(PREPARED_MAX, |least| least.min(PREPARED_MAX))
}
