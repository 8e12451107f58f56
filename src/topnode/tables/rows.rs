//! Rows of the tables, from the state and the figures.

use core::net::IpAddr;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{
    Table,
    events::{event_log, event_row},
    filing::{certificate_zh, filing_row, is_filing},
};
use crate::{
    accounting::figures::{
        Figures, Period, PeriodTimings, Scope, ScopeTimings, Sums, TimingFigures, number_of,
    },
    change::{FilingState, Hosting, LedgerId, Route, SiteProtocol},
    state::{
        Events,
        directory::{Directory, Enterprise, PrefixEntry},
    },
    topnode::TopnodeOptions,
};

/// The identifier system that a node of this release speaks, in the guide's words.
const SYSTEM: &str = "Handle";

//----------- Material ---------------------------------------------------------

/// What rows are made of.
pub struct Material<'a> {
    /// Who has which prefix.
    pub directory: &'a Directory,
    /// What was counted.
    pub figures: &'a Figures<'a>,
    /// How long the requests of a scope took.
    pub timings: &'a dyn Fn(&Scope) -> ScopeTimings,
    /// The statistics day of daily tables.
    pub day: Date,
    /// What the operator says.
    pub options: &'a TopnodeOptions,
    /// What happened to the node, and to enterprises' nodes.
    pub events: &'a Events,
    /// Whose ledger it is.
    pub ledger_id: LedgerId,
    /// What of it is asked for.
    pub only: Only,
}

/// What is asked for of tables that are not told whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Only {
    /// Of what is told when it changes (T6, T7), what changed behind this `control` entry; 0: all.
    pub since: u64,
    /// Of events (E1, E2), the one of that number; none: all that are kept.
    pub event: Option<u32>,
}

/// Some rows of a table: a value for each field, null where it is not known here.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Vec<Value>>,
    /// The place of the subject with which the next page begins; none where this was the last.
    pub next: Option<usize>,
}

/// Makes the rows of at most `limit` subjects (prefixes, enterprises) from the place `after` on: places
/// are those in the directory, where nothing goes, so that who is told of meanwhile moves nobody.
///
/// T9 is made from the ledger: of it there are none here, see [`super::master_row`].
#[must_use]
pub fn rows(table: Table, material: &Material<'_>, after: usize, limit: usize) -> Page {
    let secondary = || material.directory.secondary().iter().enumerate();
    let paged = Paged { after, limit };
    match table {
        Table::T1 => paged.each(std::iter::once((0, ())), |()| vec![material.t1()]),
        Table::T2 => paged.each(secondary(), |prefix| material.services(prefix.as_str())),
        Table::T3 => paged.each(secondary(), |prefix| {
            material.t3(prefix.as_str()).into_iter().collect()
        }),
        Table::T6 => {
            let all = material.directory.enterprises().enumerate();
            let changed = all.filter(|(_, one)| one.position.seq > material.only.since);
            paged.each(changed, |one| vec![t6(one)])
        }
        Table::T7 => {
            let all = material.prefixes();
            let changed = all.filter(|(_, entry)| entry.position.seq > material.only.since);
            paged.each(changed, |entry| material.t7(entry))
        }
        Table::T8 => {
            let day = Period::day(material.day);
            let sums = material.figures.by_prefix(day);
            let live = material.figures.live_at_end_of(material.day);
            paged.each(material.filed_by_then(), |entry| {
                let sums = sums.get(&entry.whose()).copied().unwrap_or_default();
                let live = live.get(&entry.whose()).copied().unwrap_or_default();
                vec![material.t8(entry, &sums, live)]
            })
        }
        Table::M1 => paged.each(std::iter::once((0, ())), |()| {
            vec![material.monitoring("", &Scope::Node)]
        }),
        Table::M2 => paged.each(material.filed_by_then(), |entry| {
            let scope = Scope::Enterprise(entry.whose());
            vec![material.monitoring(entry.facts.prefix.as_str(), &scope)]
        }),
        Table::E1 | Table::E2 => {
            let log = event_log(table, material.events);
            let all = log.into_iter().flat_map(|log| log.after(0)).enumerate();
            let asked = all.filter(|(_, (number, _))| {
                let event = material.only.event;
                event.is_none_or(|event| event == *number)
            });
            paged.each(asked, |(_, event)| {
                let row = event_row(material.ledger_id, table, event);
                row.into_iter().collect()
            })
        }
        Table::F1 | Table::F2 => {
            let all = material.directory.prefixes().enumerate();
            let filing = all.filter(|(_, entry)| is_filing(table, material.figures, entry));
            paged.each(filing, |entry| {
                vec![filing_row(table, material.directory, entry)]
            })
        }
        // Neither templates nor applications are registered yet.
        Table::T4 | Table::T5 | Table::T9 | Table::T10 | Table::T11 => Page {
            rows: Vec::new(),
            next: None,
        },
    }
}

/// Whether the national node is told of an enterprise prefix: it is filed, not withdrawn and no test.
#[must_use]
pub fn is_told(figures: &Figures<'_>, entry: &PrefixEntry) -> bool {
    let is_filed = entry.facts.filing.state == FilingState::Passed;
    is_filed && entry.resolves() && !figures.is_test(entry.whose())
}

/// Which of the subjects are asked for.
struct Paged {
    after: usize,
    limit: usize,
}

impl Paged {
    /// Subjects come with their places, in order.
    fn each<S>(
        self,
        subjects: impl Iterator<Item = (usize, S)>,
        row: impl Fn(S) -> Vec<Vec<Value>>,
    ) -> Page {
        let mut subjects = subjects.skip_while(|(place, _)| *place < self.after);
        let page = subjects.by_ref().take(self.limit);
        let rows = page.flat_map(|(_, subject)| row(subject)).collect();
        let next = subjects.next().map(|(place, _)| place);
        Page { rows, next }
    }
}

impl Material<'_> {
    /// Enterprise prefixes that the national node is told of, with their places.
    fn prefixes(&self) -> impl Iterator<Item = (usize, &PrefixEntry)> {
        let all = self.directory.prefixes().enumerate();
        all.filter(|(_, entry)| is_told(self.figures, entry))
    }

    /// Those of them that were filed by the day: who came later is in no row of it.
    fn filed_by_then(&self) -> impl Iterator<Item = (usize, &PrefixEntry)> {
        let day = number_of(self.day);
        let all = self.prefixes();
        all.filter(move |(_, entry)| entry.facts.filing.date <= day)
    }

    /// Who runs the node, as far as it was told.
    fn t1(&self) -> Vec<Value> {
        let mut row = vec![Value::Null; Table::T1.fields().len()];
        for (place, said) in &self.options.operator {
            if let Some(field) = row.get_mut(*place) {
                *field = json!(said);
            }
        }
        row
    }

    /// Where a prefix is resolved here: a row for each address.
    fn services(&self, prefix: &str) -> Vec<Vec<Value>> {
        let services = self.options.resolution.iter();
        let rows = services.map(|service| {
            let (address, ports) = (service.address.to_string(), service.ports_text());
            route(prefix, &address, &ports)
        });
        or_unknown(prefix, rows.collect())
    }

    /// Where an enterprise prefix is resolved.
    fn t7(&self, entry: &PrefixEntry) -> Vec<Vec<Value>> {
        let prefix = entry.facts.prefix.as_str();
        let Hosting::SelfBuilt(sites) = &entry.facts.hosting else {
            return self.services(prefix);
        };
        let sites = sites.as_ref().map(by_address).unwrap_or_default();
        let rows = sites.into_iter();
        let rows = rows.map(|(address, ports)| route(prefix, address, &ports.join(";")));
        or_unknown(prefix, rows.collect())
    }

    /// Counts prefixes (T3), and questions for where they are.
    fn t3(&self, prefix: &str) -> Option<Vec<Value>> {
        let scope = Scope::of(self.directory, prefix)?;
        let day = Period::day(self.day);
        let sums = self.figures.sums(&scope, day).route_resolutions;
        Some(vec![
            json!(prefix),
            json!(self.figures.filed(&scope, day)),
            json!(self.figures.enterprise_nodes(&scope, self.day)),
            json!(sums.requests),
            json!(sums.successes),
            Value::Null,
        ])
    }

    /// Counts identifiers (T8). What a self-built node registers and answers is its own to say.
    fn t8(&self, entry: &PrefixEntry, sums: &Sums, live: u64) -> Vec<Value> {
        let prefix = json!(entry.facts.prefix.as_str());
        if entry.facts.hosting != Hosting::Hosted {
            return [vec![prefix], vec![Value::Null; 5]].concat();
        }
        vec![
            prefix,
            json!(sums.registrations.registered),
            json!(live),
            json!(sums.resolutions.requests),
            json!(sums.resolutions.successes),
            Value::Null,
        ]
    }

    fn monitoring(&self, prefix: &str, scope: &Scope) -> Vec<Value> {
        let timings = (self.timings)(scope).sum(Period::day(self.day));
        let PeriodTimings {
            resolution,
            registration,
        } = timings;
        let mut row = vec![json!(prefix)];
        row.extend(latency(resolution.as_ref()));
        let most = resolution.as_ref();
        row.push(json!(most.map(|timing| timing.per_second_max)));
        row.push(json!(
            most.and_then(|timing| timing.per_second_max_at.clone())
        ));
        row.extend(latency(registration.as_ref()));
        row
    }
}

/// Mean, longest with its time, shortest with its time, in the guide's order.
fn latency(timing: Option<&TimingFigures>) -> [Value; 5] {
    let ms = |of: fn(&TimingFigures) -> Option<f64>| json!(timing.and_then(of));
    let at =
        |of: fn(&TimingFigures) -> &Option<String>| json!(timing.and_then(|one| of(one).clone()));
    [
        ms(|one| one.latency_ms_average),
        at(|one| &one.latency_ms_max_at),
        ms(|one| one.latency_ms_max),
        at(|one| &one.latency_ms_min_at),
        ms(|one| one.latency_ms_min),
    ]
}

/// An enterprise, of which the ledger knows eight things.
fn t6(one: &Enterprise) -> Vec<Value> {
    let facts = &one.facts;
    let text = |text: &str| {
        if text.is_empty() {
            Value::Null
        } else {
            json!(text)
        }
    };
    let digits: String = (facts.industry.chars())
        .skip_while(char::is_ascii_alphabetic)
        .take(2)
        .collect();
    let kind = certificate_zh(facts.certificate.kind);
    let mut row = vec![Value::Null; Table::T6.fields().len()];
    for (place, value) in [
        (0, text(&facts.org_name)),
        (3, json!(kind)),
        (4, text(&facts.certificate.number)),
        (9, text(&facts.industry)),
        (10, text(&digits)),
        (16, text(&facts.website)),
        (21, text(&facts.province)),
        (22, text(&facts.city)),
    ] {
        if let Some(field) = row.get_mut(place) {
            *field = value;
        }
    }
    row
}

/// A row of T2 or T7.
fn route(prefix: &str, address: &str, ports: &str) -> Vec<Value> {
    let kind = address.parse::<IpAddr>().ok();
    let kind = kind.map(|ip| if ip.is_ipv4() { "IPv4" } else { "IPv6" });
    vec![
        json!(SYSTEM),
        json!(prefix),
        json!(kind),
        json!(address),
        json!(ports),
    ]
}

/// A prefix is told of also where nobody knows where it is resolved.
fn or_unknown(prefix: &str, rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    if rows.is_empty() {
        let unknown = vec![Value::Null; 3];
        return vec![[vec![json!(SYSTEM), json!(prefix)], unknown].concat()];
    }
    rows
}

/// The sites of a route by address, each as `protocol:port`.
fn by_address(route: &Route) -> BTreeMap<&str, Vec<String>> {
    let mut all: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for site in &route.sites {
        let protocol = match site.protocol {
            SiteProtocol::Tcp => "TCP",
            SiteProtocol::Udp => "UDP",
            SiteProtocol::Http | SiteProtocol::Https => "HTTP",
            // The guide has no word for a name server.
            SiteProtocol::Dns => continue,
        };
        let ports = all.entry(&site.address).or_default();
        ports.push(format!("{protocol}:{}", site.port));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(places: &[usize], after: usize, limit: usize) -> (Vec<Value>, Option<usize>) {
        let subjects = places.iter().map(|place| (*place, *place));
        let page = Paged { after, limit }.each(subjects, |place| vec![vec![json!(place)]]);
        (page.rows.concat(), page.next)
    }

    #[test]
    fn who_comes_in_between_moves_nobody() {
        let before = page(&[1, 4, 6, 9], 0, 2);
        assert_eq!(before, (vec![json!(1), json!(4)], Some(6)));
        // 0 and 5 are told of by now: the next page begins where it would have.
        let after = page(&[0, 1, 4, 5, 6, 9], 6, 2);
        assert_eq!(after, (vec![json!(6), json!(9)], None));
        // Where none is left there is no empty page to follow.
        assert_eq!(page(&[], 0, 2), (vec![], None));
        assert_eq!(page(&[7], 0, 1), (vec![json!(7)], None));
    }
}
