//! `/api/v1/statistics`: the figures of the assessment, for administrators.
//!
//! A hundred thousand firms take a while to be summed, so that is done where nobody waits who
//! resolves.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri, request::Parts},
};
use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{
    Api, Node, Reply, caller,
    listing::{number, text},
    problem::Problem,
};
use crate::{
    access::Action,
    accounting::figures::{
        Average, DEFINITIONS, Figures, NodeFigures, Period, PeriodTimings, Scope, ScopeTimings,
        Sums, day_after, day_of,
    },
    change::Partition,
    state::{DATA, directory::PrefixEntry},
};

/// Rows of a page unless asked otherwise: a month of days, and a page of firms.
const DAYS_DEFAULT: usize = 31;
const MONTHS_DEFAULT: usize = 12;
const PREFIXES_DEFAULT: usize = 100;

/// The most rows of a page: days of a year, and some 400 KiB of firms.
const DAYS_MAX: usize = 366;
const MONTHS_MAX: usize = 120;
const PREFIXES_MAX: usize = 1_000;

/// Where a number comes from: measured here, reported by an enterprise's own node, or an opening
/// balance. Numbers of one are never added to those of another.
const MEASURED: &str = "hosted_measured";

//----------- aside ------------------------------------------------------------

/// Runs what may take a while beside those who answer.
pub(super) async fn aside(
    api: Arc<Api>,
    request: Request,
    f: impl FnOnce(&Api, &Parts) -> Reply + Send + 'static,
) -> Reply {
    let (parts, _) = request.into_parts();
    caller::authorise(&api, &parts, Action::ReadStatistics)?;
    let executor = Arc::clone(&api.node()?.accounting.executor);
    let (told, reply) = oneshot::channel();
    executor.run(Box::new(move || {
        let busy = || Problem::unavailable("busy", "others ask for statistics now; ask again");
        let permit = api.statistics.enter().ok_or_else(busy);
        // Whoever asked may have gone.
        let _ = told.send(permit.and_then(|_permit| f(&api, &parts)));
    }));
    let stopping = |_| {
        Err(Problem::unavailable(
            "shutting_down",
            "the node is stopping",
        ))
    };
    reply.await.unwrap_or_else(stopping)
}

//----------- Asked ------------------------------------------------------------

/// What is asked for, and what it is computed from.
pub(super) struct Asked<'a> {
    pub(super) node: &'a Node,
    uri: &'a Uri,
    scope: Scope,
    prefix: Option<String>,
    pub(super) today: Date,
}

impl<'a> Asked<'a> {
    pub(super) fn of(api: &'a Api, parts: &'a Parts) -> Result<Self, Problem> {
        let node = api.node()?;
        let prefix = text(&parts.uri, "prefix");
        let directory = node.state.directory();
        let scope = match &prefix {
            None => Scope::Node,
            Some(prefix) => Scope::of(&directory, prefix).ok_or_else(|| {
                let detail = format!("{prefix} is no prefix of this node");
                Problem::new(StatusCode::NOT_FOUND, "unassigned_prefix", detail)
            })?,
        };
        let today = day_of(node.accounting.counters.today()).ok_or_else(|| {
            let detail = "what was counted cannot be read now; the node's log says why";
            Problem::unavailable("not_counted", detail)
        })?;
        Ok(Self {
            node,
            uri: &parts.uri,
            scope,
            prefix,
            today,
        })
    }

    /// Computes `f` from the figures of now.
    fn compute<R>(&self, f: impl FnOnce(&Figures<'_>) -> R) -> R {
        let directory = self.node.state.directory();
        let accounting = &self.node.accounting;
        let resolutions = accounting.counters.resolutions(&self.node.state);
        let figures = Figures::new(&self.node.state, &directory, resolutions, &accounting.tests);
        f(&figures.docked(accounting.docking_date))
    }

    /// How long the requests of the scope took.
    fn timings(&self) -> ScopeTimings {
        let timings = self.node.accounting.counters.timings();
        ScopeTimings::of(&self.node.state, timings, &self.scope)
    }

    /// What stands in every reply.
    fn reply(&self, rows: Value) -> Reply {
        let state = &self.node.state;
        let heads = [Partition::Control, DATA].map(|partition| {
            let seq = state.at(&partition).head.seq;
            (partition.to_string(), json!(seq))
        });
        let kind = match self.scope {
            Scope::Node => "node",
            Scope::Secondary { .. } => "secondary_prefix",
            Scope::Enterprise(_) => "enterprise_prefix",
        };
        let mut body = json!({
            "definitions": DEFINITIONS,
            "provenance": MEASURED,
            "scope": { "kind": kind, "prefix": self.prefix },
            "today": self.today.to_string(),
            "docking_date": self.node.accounting.docking_date.map(|day| day.to_string()),
            "ledger": serde_json::Map::from_iter(heads),
        });
        if let (Some(body), Value::Object(rows)) = (body.as_object_mut(), rows) {
            body.extend(rows);
        }
        Ok(super::json(StatusCode::OK, &body))
    }

    pub(super) fn limit(&self, default: usize, most: usize) -> Result<usize, Problem> {
        let limit = number(self.uri, "limit")?.unwrap_or(default);
        if (1..=most).contains(&limit) {
            return Ok(limit);
        }
        let detail = format!("limit is 1 to {most}");
        Err(Problem::bad_request("bad_query", detail))
    }

    pub(super) fn day(&self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = text(self.uri, name) else {
            return Ok(None);
        };
        let day = text.parse().map_err(|_| {
            let detail = format!("{name} is a day such as 2026-11-25");
            Problem::bad_request("bad_query", detail)
        })?;
        Ok(Some(day))
    }

    /// The first day of a month that is asked for.
    pub(super) fn month(&self, name: &str) -> Result<Option<Date>, Problem> {
        let Some(text) = text(self.uri, name) else {
            return Ok(None);
        };
        let first = format!("{text}-01").parse().map_err(|_| {
            let detail = format!("{name} is a month such as 2026-11");
            Problem::bad_request("bad_query", detail)
        })?;
        Ok(Some(first))
    }

    /// The days asked for, today at the latest.
    fn period(&self, otherwise_from: Date) -> Result<Period, Problem> {
        let to = self.day("to")?.unwrap_or(self.today).min(self.today);
        let from = self.day("from")?.unwrap_or_else(|| otherwise_from.min(to));
        if from > to {
            let detail = "from is not after to, nor after today";
            return Err(Problem::bad_request("bad_query", detail));
        }
        Ok(Period { from, to })
    }
}

//----------- Now --------------------------------------------------------------

#[derive(Serialize)]
struct Now {
    figures: NodeFigures,
    active_days: u32,
    timings_today: PeriodTimings,
    timings_this_month: PeriodTimings,
}

/// What the node, a secondary prefix or a firm stands at.
pub(super) async fn now(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, now_of).await
}

fn now_of(api: &Api, parts: &Parts) -> Reply {
    let asked = Asked::of(api, parts)?;
    let timings = asked.timings();
    let month = Period {
        from: asked.today.first_of_month(),
        to: asked.today,
    };
    let now = Now {
        figures: asked.compute(|figures| figures.now(&asked.scope, asked.today)),
        active_days: crate::accounting::figures::ACTIVE_DAYS,
        timings_today: timings.sum(Period::day(asked.today)),
        timings_this_month: timings.sum(month),
    };
    asked.reply(json!(now))
}

//----------- Days and months --------------------------------------------------

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    when: When,
    /// Enterprise prefixes whose filing passed then (T3 单日标识注册量).
    enterprise_nodes_filed: u64,
    #[serde(flatten)]
    sums: Sums,
    timings: PeriodTimings,
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_average: Option<Average>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum When {
    Day {
        day: String,
    },
    Month {
        month: String,
        from: String,
        to: String,
    },
}

/// Day by day.
pub(super) async fn days(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, days_of).await
}

fn days_of(api: &Api, parts: &Parts) -> Reply {
    let asked = Asked::of(api, parts)?;
    let limit = asked.limit(DAYS_DEFAULT, DAYS_MAX)?;
    let before = i64::try_from(limit - 1).unwrap_or_default();
    let first = asked.today.checked_sub(before.days());
    let period = asked.period(first.unwrap_or(asked.today))?;
    let (mut rows, mut day) = (Vec::new(), period.from);
    let timings = asked.timings();
    asked.compute(|figures| {
        while day <= period.to && rows.len() < limit {
            let sums = figures.sums(&asked.scope, Period::day(day));
            rows.push(Row {
                when: When::Day {
                    day: day.to_string(),
                },
                enterprise_nodes_filed: figures.filed(&asked.scope, Period::day(day)),
                sums,
                timings: timings.sum(Period::day(day)),
                daily_average: None,
            });
            day = day_after(day);
        }
    });
    let next = (day <= period.to).then(|| day.to_string());
    asked.reply(json!({ "days": rows, "next": next }))
}

/// Month by month; of the first and the last only the days that are asked for.
pub(super) async fn months(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, months_of).await
}

fn months_of(api: &Api, parts: &Parts) -> Reply {
    let asked = Asked::of(api, parts)?;
    let limit = asked.limit(MONTHS_DEFAULT, MONTHS_MAX)?;
    let before = i64::try_from(limit - 1).unwrap_or_default();
    let first = asked.today.first_of_month().checked_sub(before.months());
    let period = asked.period(first.unwrap_or(asked.today))?;
    let (mut rows, mut day) = (Vec::new(), period.from);
    let timings = asked.timings();
    asked.compute(|figures| {
        while day <= period.to && rows.len() < limit {
            let month = Period {
                from: day,
                to: Period::month(day).to.min(period.to),
            };
            let sums = figures.sums(&asked.scope, month);
            rows.push(Row {
                when: When::Month {
                    month: day.strftime("%Y-%m").to_string(),
                    from: month.from.to_string(),
                    to: month.to.to_string(),
                },
                enterprise_nodes_filed: figures.filed(&asked.scope, month),
                sums,
                timings: timings.sum(month),
                daily_average: Some(figures.daily_average(&asked.scope, month)),
            });
            day = day_after(month.to);
        }
    });
    let next = (day <= period.to).then(|| day.to_string());
    asked.reply(json!({ "months": rows, "next": next }))
}

//----------- Prefixes ---------------------------------------------------------

#[derive(Serialize)]
struct OfPrefix<'a> {
    prefix: &'a str,
    enterprise: Option<&'a str>,
    /// Live now, hosted here.
    identifiers: u64,
    #[serde(flatten)]
    sums: Sums,
}

/// Enterprise prefix by enterprise prefix, in the order in which they were assigned.
pub(super) async fn prefixes(State(api): State<Arc<Api>>, request: Request) -> Reply {
    aside(api, request, prefixes_of).await
}

fn prefixes_of(api: &Api, parts: &Parts) -> Reply {
    let asked = Asked::of(api, parts)?;
    let limit = asked.limit(PREFIXES_DEFAULT, PREFIXES_MAX)?;
    let after = number(asked.uri, "after")?.unwrap_or(0);
    let period = asked.period(asked.today.first_of_month())?;
    let directory = asked.node.state.directory();
    let (rows, next) = asked.compute(|figures| {
        let mut sums = figures.by_prefix(period);
        let mut all = directory.prefixes().enumerate().skip(after);
        let (mut rows, mut next) = (Vec::new(), after);
        let in_scope = |entry: &PrefixEntry| asked.scope.has(entry.whose());
        for (place, entry) in all.by_ref() {
            next = place + 1;
            if !in_scope(entry) {
                continue;
            }
            let enterprise = directory.enterprise(entry.facts.enterprise);
            rows.push(json!(OfPrefix {
                prefix: entry.facts.prefix.as_str(),
                enterprise: enterprise.map(|enterprise| &*enterprise.facts.org_name),
                identifiers: figures.live(entry),
                sums: sums.remove(&entry.whose()).unwrap_or_default(),
            }));
            if rows.len() == limit {
                break;
            }
        }
        let is_more = all.any(|(_, entry)| in_scope(entry));
        (rows, is_more.then_some(next))
    });
    asked.reply(json!({
        "from": period.from.to_string(),
        "to": period.to.to_string(),
        "prefixes": rows,
        "next": next,
    }))
}
