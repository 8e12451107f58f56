//! The acts of a rehearsal: a day without faults, a day with each, an outage, a correction.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde_json::{Value, json};

use super::checklist::Checklist;
use super::probing::Doors;
use crate::access::Token;
use crate::accounting::figures::day_of;
use crate::change::{Hash, statistics_day};
use crate::cli::Failure;
use crate::cli::arguments::Language;
use crate::cli::client::{Client, Target};
use crate::cli::topnode::get;
use crate::server::{Options, rehearsal::Rehearsal};
use crate::topnode::{
    outbox::day_of_period,
    standin::{Fault, Received},
    tables::{Interval, Table},
};

/// How long a day is waited for.
const TRIES_MAX: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// What is waited for after a failure passes in no time: the clock is put ahead.
const NUDGE_MS: u64 = 60_000;

const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PROBE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Probes: one over each protocol.
const PROBED: u64 = 3;

/// How much of what is wrong is shown.
const SHOWN_CHARACTERS: usize = 100;

/// How far a lag may be off: it is asked for a moment after it was looked at.
const LAG_SLACK_S: u64 = 30;

//----------- Play ---------------------------------------------------------------

/// A rehearsal under way.
pub(super) struct Play<'a> {
    pub(super) rehearsal: &'a Rehearsal,
    pub(super) client: Client,
    doors: Doors,
    zone: String,
    pub(super) prefix: String,
    language: Language,
    pub(super) checklist: Checklist,
    /// Requests from outside and those that were found, by day and prefix.
    tally: BTreeMap<(u32, String), [u64; 2]>,
    firms: u32,
    /// Firms that were to be filed.
    pub(super) applications: u32,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        rehearsal: &'a Rehearsal,
        options: &Options,
        language: Language,
    ) -> Result<Self, Failure> {
        let node = rehearsal.node();
        let file = std::fs::read_to_string(node.token_file()).unwrap_or_default();
        let first = |addresses: &[std::net::SocketAddr]| addresses.first().copied();
        let doors = first(node.http_addresses())
            .zip(first(node.handle_addresses()))
            .zip(first(node.dns_addresses()));
        let Some(((http, handle), dns)) = doors else {
            return Err(Failure::new("the node listens nowhere", "try again"));
        };
        let target = Target {
            base: format!("http://{http}"),
            token: Token::parse(&file).ok(),
        };
        let prefix = options.node.secondary_prefixes.first();
        Ok(Self {
            rehearsal,
            client: Client::new(target)?,
            doors: Doors { http, handle, dns },
            zone: options.node.zone.clone(),
            prefix: prefix.map_or_else(String::new, ToString::to_string),
            language,
            checklist: Checklist::default(),
            tally: BTreeMap::new(),
            firms: 0,
            applications: 0,
        })
    }

    /// Plays it through. What went wrong is in the checklist; an error is a rehearsal that could
    /// not go on.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        let first = self.first_day()?;
        self.filings()?;
        self.events()?;
        for fault in Fault::ALL {
            self.day_with(fault)?;
        }
        self.outage()?;
        self.correction(first)?;
        self.books()?;
        self.not_here();
        Ok(())
    }

    //--- Acts

    /// Firms, identifiers, questions and probes; then midnight.
    fn first_day(&mut self) -> Result<u32, Failure> {
        self.tell("T1–T9, M1, M2", "T1 to T9, M1 and M2");
        for _ in 0..2 {
            self.admit_and_register()?;
        }
        let probed = self.probe();
        let firm = (self.today(), self.firm(1));
        self.tally.entry(firm).or_default()[0] += PROBED;
        self.checklist.check(
            "探测：Handle、DNS、HTTP 均解析成功",
            "probes over Handle, DNS and HTTP are answered",
            probed,
        );
        let counted = self.probes_counted();
        self.checklist.check(
            "探测计为探测，不计入对外解析量",
            "probes are counted as probes, and not as from outside",
            counted,
        );
        self.ask()?;
        let day = self.today();
        let told = self.next_day(&[day]);
        self.checklist.check(
            "首日各表按周期报送并被接收",
            "all tables of the first day are told, each at its interval",
            told,
        );
        Ok(day)
    }

    fn day_with(&mut self, fault: Fault) -> Result<(), Failure> {
        self.tell(fault.zh(), fault.name());
        self.rehearsal.standin().set_fault(Some(fault));
        self.admit_and_register()?;
        self.ask()?;
        let day = self.today();
        let asked = self.rehearsal.standin().asked();
        let told = self.next_day(&[day]);
        let times = self.rehearsal.standin().asked() - asked;
        self.rehearsal.standin().set_fault(None);
        let told = told.map(|_| format!("{times} messages"));
        self.checklist.check(
            &format!("故障·{}：不丢、不重、保序", fault.zh()),
            &format!(
                "with {}: nothing lost, nothing twice, in order",
                fault.name()
            ),
            told,
        );
        Ok(())
    }

    /// Two days in which nobody hears: what is due and since when is told true, and made up for.
    fn outage(&mut self) -> Result<(), Failure> {
        self.tell("对端中断两日", "an outage of two days");
        self.rehearsal.standin().is_down = true;
        let mut days = Vec::new();
        for due in 1..=2 {
            self.ask()?;
            days.push(self.today());
            self.rehearsal.put_ahead(self.rehearsal.rest_of_day_ms());
            self.wait(|play| {
                let status = play.status(Table::T8);
                Ok(status["due"] == json!(due))
            })?;
        }
        let status = self.status(Table::T8);
        let (lag_s, due) = (
            status["lag_seconds"].as_u64().unwrap_or_default(),
            &status["due"],
        );
        let ended_ms = self.rehearsal.now_ms() + self.rehearsal.rest_of_day_ms() - 2 * 86_400_000;
        let expected_s = (self.rehearsal.now_ms() - ended_ms) / 1_000;
        let seen = format!("{due} days, {lag_s} s; by the clock {expected_s} s");
        let is_true = lag_s.abs_diff(expected_s) <= LAG_SLACK_S;
        self.checklist.check(
            "中断期间待报天数与滞后如实显示",
            "what is due in an outage, and for how long, is told true",
            if is_true { Ok(seen) } else { Err(seen) },
        );
        self.rehearsal.standin().is_down = false;
        let told = self.told(&days);
        self.checklist.check(
            "中断恢复后补报齐全",
            "what was missed in an outage is made up for",
            told,
        );
        Ok(())
    }

    /// A day that is asked for again comes with its next revision.
    fn correction(&mut self, day: u32) -> Result<(), Failure> {
        self.tell("更正重报", "a correction");
        let path = format!("/api/v1/topnode/reports/T8/{day}");
        let body = json!({ "decision": "resend", "note": "rehearsal" }).to_string();
        let reply = self
            .client
            .wait(self.client.post(&path, "rehearsal", body.into()))?;
        let sent = self.wait(|play| {
            let standin = play.rehearsal.standin();
            let report = standin.books.report(Table::T8, day);
            Ok(report.is_some_and(|report| report.revision == 2 && report.is_whole))
        });
        self.checklist.check(
            "更正重报：以新修订号替换原报",
            "a day that is told again has the next revision",
            sent.map(|()| format!("HTTP {}", reply.status))
                .map_err(|error| error.error),
        );
        Ok(())
    }

    /// What the stand-in has is what the node says of each day, and what was asked.
    fn books(&mut self) -> Result<(), Failure> {
        let mut wrong = Vec::new();
        let mut rows = 0;
        for (table, period, received) in self.daily() {
            let Some(day) = day_of_period(table, period) else {
                continue;
            };
            let name = table.name();
            let path = format!("/api/v1/topnode/tables/{name}?day={day}&limit=1000");
            let said = get(&self.client, &path)?;
            rows += received.rows.len();
            if said["rows"] != json!(received.rows) {
                wrong.push(format!("{name} {day} differs"));
            }
        }
        self.checklist.check(
            "对端所收与本节点台账逐日一致",
            "what was taken is day by day what the ledger says",
            passed(&wrong, format!("{rows} rows")),
        );
        let tallied = self.tallied();
        self.checklist.check(
            "T8 解析请求量与成功量等于实际询问",
            "T8's requests and successes are what was asked",
            tallied,
        );
        let (faults, repeated) = {
            let standin = self.rehearsal.standin();
            (standin.books.faults().to_vec(), standin.books.repeated())
        };
        self.checklist.check(
            "对端账册：无缺号、无重复、无乱序",
            "the books: no gap, nothing twice, nothing out of order",
            passed(
                &faults,
                format!("{repeated} messages came again under their key"),
            ),
        );
        Ok(())
    }

    /// What a rehearsal cannot show.
    fn not_here(&mut self) {
        for (zh, en) in [
            (
                "T4、T5、T10、T11（本版本尚无元数据与应用登记）",
                "T4, T5, T10, T11 (nothing is registered here yet)",
            ),
            (
                "数据托管（附件4）与应急接管",
                "escrow (annex 4) and takeover",
            ),
            (
                "真实接口的地址、报文、签名，备案与监测接口",
                "addresses, messages and signatures of the real interface, of filing and of monitoring",
            ),
        ] {
            self.checklist.leave(zh, en);
        }
    }

    //--- Steps

    pub(super) fn tell(&self, zh: &str, en: &str) {
        match self.language {
            Language::Zh => eprintln!("演练：{zh}"),
            Language::En => eprintln!("rehearsing: {en}"),
        }
    }

    fn today(&self) -> u32 {
        statistics_day(self.rehearsal.now_ms())
    }

    fn firm(&self, number: u32) -> String {
        format!("{}.9{number:03}", self.prefix)
    }

    fn admit_and_register(&mut self) -> Result<(), Failure> {
        self.firms += 1;
        let firm = self.firm(self.firms);
        let body = json!({
            "prefix": firm,
            "org_name": format!("演练企业 {}", self.firms),
            "certificate": { "type": "other", "number": format!("REHEARSAL{:03}", self.firms) },
            "hosting": "hosted",
            "industry": "C35",
            "filing": { "state": "passed", "date": day_of(self.today()).map(|day| day.to_string()) },
        });
        self.post("/api/v1/enterprises", &body)?;
        let items = (0..self.firms + 2).map(|number| {
            json!({
                "identifier": format!("{firm}/P{number:04}"),
                "values": [{ "index": 2000, "type": "URL", "data": "https://example.cn/p" }],
            })
        });
        let items = Value::Array(items.collect());
        self.post("/api/v1/identifiers/batch", &items)
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<(), Failure> {
        let body = body.to_string();
        let key = Hash::of(&[path.as_bytes(), body.as_bytes()]).to_string();
        let reply = self
            .client
            .wait(self.client.post(path, &key, body.into()))?;
        if reply.status.is_success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        Err(Failure::new(
            format!("{path}: {} {said}", reply.status),
            "this is a fault of biaoshi; report it",
        ))
    }

    /// Asks from outside: each firm once over each protocol, and once for what is not there.
    fn ask(&mut self) -> Result<(), Failure> {
        let day = self.today();
        for number in 1..=self.firms {
            let firm = self.firm(number);
            let there = format!("{firm}/P0000");
            let absent = format!("{firm}/NONE");
            let asked = [
                self.doors.handle(OUTSIDE, &there),
                self.doors.dns(OUTSIDE, &there, &self.zone),
                self.doors.http(OUTSIDE, &there),
                self.doors.handle(OUTSIDE, &absent),
            ];
            let tally = self.tally.entry((day, firm)).or_default();
            for found in asked {
                let found = found.map_err(|error| {
                    Failure::new(format!("a question was not answered: {error}"), "try again")
                })?;
                tally[0] += 1;
                tally[1] += u64::from(found);
            }
        }
        Ok(())
    }

    fn probe(&self) -> Result<String, String> {
        let there = format!("{}/P0000", self.firm(1));
        let asked = [
            ("Handle", self.doors.handle(PROBE, &there)),
            ("DNS", self.doors.dns(PROBE, &there, &self.zone)),
            ("HTTP", self.doors.http(PROBE, &there)),
        ];
        for (name, found) in asked {
            match found {
                Ok(true) => {}
                Ok(false) => return Err(format!("{name}: not found")),
                Err(error) => return Err(format!("{name}: {error}")),
            }
        }
        Ok("3 of 3".to_owned())
    }

    /// Looks at the counts before anybody else asks.
    fn probes_counted(&self) -> Result<String, String> {
        let said = get(&self.client, "/api/v1/topnode/tables/T8").map_err(|error| error.error)?;
        let sum = |place: usize| -> u64 {
            let rows = said["rows"].as_array().into_iter().flatten();
            rows.map(|row| row[place].as_u64().unwrap_or(0)).sum()
        };
        // Requests are all that came, successes are those of others.
        let (requests, successes) = (sum(3), sum(4));
        let seen = format!("{requests} requests, {successes} successes");
        if (requests, successes) == (PROBED, 0) {
            Ok(seen)
        } else {
            Err(seen)
        }
    }

    pub(super) fn status(&self, table: Table) -> Value {
        let said = get(&self.client, "/api/v1/topnode/reports").unwrap_or_default();
        let tables = said["tables"].as_array().cloned().unwrap_or_default();
        let mut tables = tables.into_iter();
        tables
            .find(|one| one["table"] == table.name())
            .unwrap_or_default()
    }

    /// Puts the clock to midnight, and waits for what is told then.
    fn next_day(&self, days: &[u32]) -> Result<String, String> {
        self.rehearsal.put_ahead(self.rehearsal.rest_of_day_ms());
        self.told(days)
    }

    /// Waits until all daily tables of some days are there whole.
    fn told(&self, days: &[u32]) -> Result<String, String> {
        let daily = || {
            Table::ALL
                .into_iter()
                .filter(|table| table.is_told() && table.interval() == Interval::Daily)
        };
        let told = self.wait(|play| {
            let standin = play.rehearsal.standin();
            let is_whole = |table, day: &u32| {
                let report = standin.books.report(table, *day);
                report.is_some_and(|report| report.is_whole)
            };
            let are_there = daily().all(|table| days.iter().all(|day| is_whole(table, day)));
            drop(standin);
            let idle = Table::ALL.into_iter().filter(|table| table.is_told());
            // Its acknowledgement may still be on its way.
            Ok(are_there
                && idle
                    .into_iter()
                    .all(|table| play.status(table)["in_flight"].is_null()))
        });
        told.map(|()| format!("{} tables", daily().count() * days.len()))
            .map_err(|error| format!("{}: {}", error.error, self.standing()))
    }

    /// What is still to be told, and why.
    fn standing(&self) -> String {
        let told = Table::ALL.into_iter().filter(|table| table.is_told());
        let open = told.filter_map(|table| {
            let status = self.status(table);
            let is_open = status["due"] != 0 || !status["in_flight"].is_null();
            is_open.then(|| {
                format!(
                    "{} {} {}",
                    table.name(),
                    status["doing"],
                    status["last_failure"]
                )
            })
        });
        let open = open.collect::<Vec<_>>().join("; ");
        open.chars().take(SHOWN_CHARACTERS).collect()
    }

    /// Waits for something; whoever rests after a failure has rested meanwhile.
    pub(super) fn wait(
        &self,
        is_so: impl Fn(&Self) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        for tries in 1..=TRIES_MAX {
            if is_so(self)? {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
            // Not over midnight: that is another act's.
            let has_room = self.rehearsal.rest_of_day_ms() > 60 * 60 * 1_000;
            if tries.is_multiple_of(10) && has_room {
                self.rehearsal.put_ahead(NUDGE_MS);
            }
        }
        Err(Failure::new(
            "it was not told in time",
            "see the node's log",
        ))
    }

    fn daily(&self) -> Vec<(Table, u32, Received)> {
        let standin = self.rehearsal.standin();
        let reports = standin.books.reports();
        let daily = reports.filter(|(table, ..)| table.interval() == Interval::Daily);
        daily
            .map(|(table, period, received)| (table, period, received.clone()))
            .collect()
    }

    fn tallied(&self) -> Result<String, String> {
        let mut found: BTreeMap<(u32, String), [u64; 2]> = BTreeMap::new();
        for (table, period, received) in self.daily() {
            for row in received.rows.iter().filter(|_| table == Table::T8) {
                let numbers = [3, 4].map(|place| row[place].as_u64().unwrap_or_default());
                if numbers != [0, 0] {
                    let firm = row[0].as_str().unwrap_or_default().to_owned();
                    found.insert((period, firm), numbers);
                }
            }
        }
        let days: std::collections::BTreeSet<u32> = found.keys().map(|(day, _)| *day).collect();
        let asked = self.tally.iter().filter(|((day, _), _)| days.contains(day));
        let asked: BTreeMap<_, _> = asked.map(|(key, tally)| (key.clone(), *tally)).collect();
        let requests: u64 = found.values().map(|[requests, _]| requests).sum();
        let successes: u64 = found.values().map(|[_, successes]| successes).sum();
        if found == asked && days.len() == self.days() {
            Ok(format!("{requests} requests, {successes} successes"))
        } else {
            let differs =
                |(key, tally): &(&(u32, String), &[u64; 2])| found.get(*key) != Some(*tally);
            let first = asked.iter().find(differs);
            let told = first.map(|(key, _)| found.get(key));
            Err(format!(
                "{} days; first {first:?}, told {told:?}",
                days.len()
            ))
        }
    }

    /// Days on which something was asked.
    fn days(&self) -> usize {
        let days = self.tally.keys().map(|(day, _)| *day);
        days.collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn passed(wrong: &[String], seen: String) -> Result<String, String> {
    if wrong.is_empty() {
        Ok(seen)
    } else {
        Err(wrong.join("; ").chars().take(SHOWN_CHARACTERS).collect())
    }
}
