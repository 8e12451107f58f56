//! A node that reports, in simulated time: its ledger, its outbox, and the stand-in.

use std::{collections::VecDeque, sync::Arc};

use jiff::{ToSpan, civil::Date};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::super::{Action, Answer, Ask, Event, Facts, Made, Outbox, day_of_period, due::ended_ms};
use crate::{
    accounting::figures::number_of,
    change::{LedgerId, ReportChange},
    state::{Events, Reports},
    topnode::{
        outbox::{Message, TableStatus},
        standin::{Asked, Done, Standin},
        tables::{Interval, Table, event_log, event_row},
        wire::{Mapping, Secrets, WireReply, answer, request},
    },
};

pub(super) const LEDGER: LedgerId = LedgerId([7; 16]);

pub(super) const FROM: Date = jiff::civil::date(2026, 12, 1);

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// More than follow from any event: five days that are made up for are some hundreds.
const EVENTS_MAX: u32 = 20_000;

/// Rows of a part.
const PAGE: u64 = 10;

pub(super) struct Simulated {
    pub(super) now_ms: u64,
    pub(super) reports: Arc<Reports>,
    /// What happened to the node.
    pub(super) events: Arc<Events>,
    pub(super) control_seq: u64,
    pub(super) outbox: Outbox,
    pub(super) standin: Standin,
    pub(super) rolled_up_until: Option<Date>,
    pub(super) from: Option<Date>,
    /// Nobody hears.
    pub(super) is_down: bool,
    /// It is heard, and hears no answer.
    pub(super) is_deaf: bool,
    /// Of so many actions one is a crash: before it or after it is done.
    pub(super) crash_every: Option<u32>,
    pub(super) crashes: u32,
    /// What enterprises there are: each was changed last at a `control` entry.
    pub(super) firms: Vec<u64>,
    /// What the operator says of the node.
    pub(super) operator: String,
    /// Where it resolves.
    pub(super) services: String,
    /// What is heard next, whatever was said.
    pub(super) heard: Option<Answer>,
    pub(super) rng: StdRng,
    pub(super) sent: Vec<(Table, u32, u16, u32)>,
    mapping: Mapping,
    secrets: Secrets,
}

impl Simulated {
    pub(super) fn new(seed: u64) -> Self {
        let secrets = Secrets {
            token: String::new(),
            secret: b"between us".to_vec(),
        };
        Self {
            now_ms: ended_ms(FROM) - 24 * HOUR_MS,
            reports: Arc::default(),
            events: Arc::default(),
            control_seq: 10,
            outbox: Outbox::new(),
            standin: Standin::new(secrets.clone()),
            rolled_up_until: None,
            from: Some(FROM),
            is_down: false,
            is_deaf: false,
            crash_every: None,
            crashes: 0,
            firms: vec![3, 5, 7],
            operator: "one".to_owned(),
            services: "88.118".to_owned(),
            heard: None,
            rng: StdRng::seed_from_u64(seed),
            sent: Vec::new(),
            mapping: Mapping::default(),
            secrets,
        }
    }

    /// Lets an hour pass, with what happens at its end; days are rolled up soon after midnight.
    pub(super) fn hour(&mut self) {
        let end_ms = (self.now_ms / HOUR_MS + 1) * HOUR_MS;
        self.settle(end_ms);
        self.now_ms = end_ms + 10_000;
        let yesterday = day(end_ms).yesterday().unwrap();
        if self.rolled_up_until != Some(yesterday) && yesterday >= FROM {
            self.rolled_up_until = Some(yesterday);
            self.control_seq += 1;
        }
    }

    /// Looks and acts until a time.
    pub(super) fn settle(&mut self, until_ms: u64) {
        loop {
            let crashes = self.crashes;
            self.run(Event::Look);
            if self.crashes > crashes {
                continue;
            }
            let at_ms = self.outbox.look_at_ms(self.now_ms);
            if at_ms >= until_ms {
                return;
            }
            self.now_ms = at_ms.max(self.now_ms + 1);
        }
    }

    /// Takes an event with all that follows from it.
    pub(super) fn run(&mut self, event: Event) {
        let mut queue = VecDeque::from([event]);
        let mut taken = 0;
        while let Some(event) = queue.pop_front() {
            taken += 1;
            assert!(taken < EVENTS_MAX, "it goes round: {event:?}");
            let (reports, events) = (Arc::clone(&self.reports), Arc::clone(&self.events));
            let entropy = self.rng.random();
            let facts = self.facts(&reports, &events);
            let actions = self.outbox.on(event, &facts, self.now_ms, entropy);
            drop((reports, events));
            for action in actions {
                let crashes = self
                    .crash_every
                    .is_some_and(|every| self.rng.random_ratio(1, every));
                if crashes && self.rng.random() {
                    return self.crash();
                }
                let event = self.act(action);
                if crashes {
                    return self.crash();
                }
                queue.push_back(event);
            }
        }
    }

    /// All that is not in the ledger is gone.
    pub(super) fn crash(&mut self) {
        self.crashes += 1;
        self.outbox = Outbox::new();
    }

    pub(super) fn facts<'a>(&self, reports: &'a Reports, events: &'a Events) -> Facts<'a> {
        Facts {
            ledger_id: LEDGER,
            reports,
            events,
            control_seq: self.control_seq,
            rolled_up_until: self.rolled_up_until,
            from: self.from,
        }
    }

    /// How a table stands.
    pub(super) fn status(&self, table: Table) -> TableStatus {
        let facts = self.facts(&self.reports, &self.events);
        let mut all = self.outbox.status(&facts, self.now_ms).into_iter();
        all.find(|status| status.table == table).unwrap()
    }

    fn act(&mut self, action: Action) -> Event {
        match action {
            Action::Make(ask) => Event::Made(ask.table, Ok(self.made(&ask))),
            Action::Note(table, change) => {
                self.note(&change);
                Event::Noted(table, Ok(()))
            }
            Action::Send(message) => Event::Answered(message.table, self.send(&message)),
        }
    }

    pub(super) fn note(&mut self, change: &ReportChange) {
        self.control_seq += 1;
        Arc::make_mut(&mut self.reports).take(change, self.control_seq, self.now_ms);
    }

    fn send(&mut self, message: &Message) -> Answer {
        let number = message.part.number;
        self.sent
            .push((message.table, message.period, message.revision, number));
        let failed = |reason: &str| Answer::Failed {
            reason: reason.to_owned(),
            retry_after_ms: None,
        };
        if let Some(heard) = self.heard.clone() {
            return heard;
        }
        if self.is_down {
            return failed("refused");
        }
        let said = request(message, &self.mapping, &self.secrets, self.now_ms);
        let asked = Asked {
            method: said.method,
            path: said.path,
            headers: said.headers,
            body: said.body,
        };
        match self.standin.on(&asked, self.now_ms, self.rng.random()) {
            _ if self.is_deaf => failed("time-out"),
            Done::Cut => failed("cut"),
            Done::Reply(reply) => {
                self.now_ms += reply.delay_ms;
                let reply = WireReply {
                    status: reply.status,
                    headers: reply.headers,
                    body: reply.body,
                };
                answer(message, &self.mapping, &self.secrets, &reply, self.now_ms)
            }
        }
    }

    /// Rows as a node would make them: of a day always the same, of the directory as it is now.
    pub(super) fn made(&self, ask: &Ask) -> Made {
        let all: Vec<Vec<Value>> = match ask.table {
            Table::T1 => vec![row(ask.table, &self.operator, 0)],
            Table::T2 => vec![row(ask.table, &self.services, 0)],
            Table::E1 | Table::E2 => {
                let log = event_log(ask.table, &self.events).unwrap();
                let event = log.get(ask.period);
                event
                    .and_then(|event| event_row(LEDGER, ask.table, event))
                    .into_iter()
                    .collect()
            }
            Table::T6 | Table::T7 => {
                let firms = (0..).zip(&self.firms);
                let changed = firms.filter(|(_, changed)| **changed > ask.since);
                let row = |(number, changed): (u64, &u64)| {
                    let mut row = row(ask.table, &format!("88.118.{number}"), *changed);
                    // A route is where the node is.
                    row[3] = json!((ask.table == Table::T7).then_some(&self.services));
                    row
                };
                changed.map(row).collect()
            }
            _ => (0..count_of(ask.period))
                .map(|number| {
                    row(
                        ask.table,
                        &format!("88.118.{number}"),
                        figure(ask.period, number),
                    )
                })
                .collect(),
        };
        let from = usize::try_from(ask.from).unwrap();
        let page = usize::try_from(PAGE).unwrap();
        let next = (all.len() > from + page).then_some(ask.from + PAGE);
        Made {
            rows: all.into_iter().skip(from).take(page).collect(),
            next,
        }
    }

    /// Everything that was told: days complete and right, nothing twice, nothing open.
    pub(super) fn check(&self, until: Date) {
        let books = &self.standin.books;
        assert!(books.faults().is_empty(), "{:?}", books.faults());
        for table in Table::ALL {
            if !table.is_told() {
                assert_eq!(books.reports().filter(|(of, ..)| *of == table).count(), 0);
                continue;
            }
            let mut told: Vec<u32> = Vec::new();
            for (_, period, received) in books.reports().filter(|(of, ..)| *of == table) {
                assert!(received.is_whole, "{table:?} {period}");
                told.push(period);
                if day_of_period(table, period).is_some() {
                    let rows = (0..count_of(period)).map(|number| {
                        row(table, &format!("88.118.{number}"), figure(period, number))
                    });
                    assert_eq!(
                        received.rows,
                        rows.collect::<Vec<_>>(),
                        "{table:?} {period}"
                    );
                }
            }
            if table.interval() == Interval::Daily {
                let days =
                    std::iter::successors(Some(FROM), |day| Some(day.saturating_add(1.day())));
                let days = days.take_while(|day| *day <= until).map(number_of);
                assert_eq!(told, days.collect::<Vec<_>>(), "{table:?}");
            }
        }
        let facts = self.facts(&self.reports, &self.events);
        for status in self.outbox.status(&facts, self.now_ms) {
            assert_eq!((status.due, status.lag_ms), (0, 0), "{status:?}");
        }
    }
}

/// How many rows a day has: some have none, some several parts.
fn count_of(period: u32) -> u64 {
    u64::from(period % 7) * 6
}

fn figure(period: u32, number: u64) -> u64 {
    u64::from(period) * 100 + number
}

fn row(table: Table, subject: &str, number: u64) -> Vec<Value> {
    let mut row = vec![Value::Null; table.fields().len()];
    let place = table
        .fields()
        .iter()
        .position(|field| matches!(field.zh, "标识前缀" | "标识编码" | "标识前缀或范围"));
    row[place.unwrap_or(0)] = json!(subject);
    let count = table
        .fields()
        .iter()
        .position(|field| field.zh.ends_with('量'));
    if let Some(place) = count.filter(|place| table.fields()[*place].source.is_some()) {
        row[place] = json!(number);
    }
    row
}

/// The day of Shanghai of a moment.
pub(super) fn day(time_ms: u64) -> Date {
    let number = crate::change::statistics_day(time_ms);
    crate::accounting::figures::day_of(number).unwrap()
}
