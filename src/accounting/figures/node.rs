//! What a node, a secondary prefix or a firm stands at now.

use std::collections::HashSet;

use jiff::{ToSpan, civil::Date};
use serde::Serialize;

use super::{Figures, Period, Scope, Sums, day_of};
use crate::{
    change::{FilingState, PrefixStatus},
    state::directory::PrefixEntry,
};

/// An enterprise node is active that did anything in so many days (rule).
pub const ACTIVE_DAYS: u32 = 30;

//----------- NodeFigures ------------------------------------------------------

/// What a scope stands at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodeFigures {
    /// 接入企业节点数: enterprise prefixes in force whose filing has passed.
    pub enterprise_nodes: u64,
    /// 接入企业数: distinct firms behind them.
    pub connected_firms: u64,
    /// 年度新增: of the nodes, those that were filed this year.
    pub new_enterprise_nodes_this_year: u64,
    /// 活跃企业节点: of the nodes, those that registered or were asked for from outside in the last
    /// [`ACTIVE_DAYS`] days.
    pub active_enterprise_nodes: u64,
    /// 覆盖行业数: major classes of GB/T 4754 of the firms.
    pub industries: u64,
    /// 标识注册总量: live now and hosted here, without tests.
    pub identifiers: u64,
    /// Since the beginning.
    pub cumulative: Sums,
    /// This year.
    pub this_year: Sums,
    /// This month.
    pub this_month: Sums,
    /// This day, so far.
    pub today: Sums,
    /// 日均解析量 of this year: successes for identifiers over the days since it began, or since
    /// the node did.
    pub daily_average_this_year: Average,
}

/// A mean, with what it is the mean of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Average {
    /// The total.
    pub total: u64,
    /// The calendar days that it is divided by.
    pub days: u64,
    /// The quotient, rounded down to two places.
    pub average: f64,
}

impl Average {
    /// A total over so many days, at least one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean is shown to two places")]
    pub fn of(total: u64, days: u64) -> Self {
        let days = days.max(1);
        Self {
            total,
            days,
            average: (total.saturating_mul(100) / days) as f64 / 100.0,
        }
    }
}

impl Figures<'_> {
    /// What a scope stands at on a day.
    #[must_use]
    pub fn now(&self, scope: &Scope, today: Date) -> NodeFigures {
        let first = self
            .first_day()
            .and_then(day_of)
            .unwrap_or(today)
            .min(today);
        let year = Period {
            from: today.first_of_year(),
            to: today,
        };
        let since = |from: Date| self.sums(scope, Period { from, to: today });
        let nodes: Vec<&PrefixEntry> = self.nodes(scope).collect();
        let firms: HashSet<u64> = nodes.iter().map(|node| node.facts.enterprise).collect();
        let industries: HashSet<&str> = firms
            .iter()
            .filter_map(|firm| self.industry(*firm))
            .collect();
        let mut entries = self.directory.prefixes();
        NodeFigures {
            enterprise_nodes: count(nodes.len()),
            connected_firms: count(firms.len()),
            new_enterprise_nodes_this_year: self.filed(scope, year),
            active_enterprise_nodes: self.active(&nodes, today),
            industries: count(industries.len()),
            identifiers: entries
                .try_fold(0_u64, |sum, entry| {
                    let live = if scope.has(entry.whose()) {
                        self.live(entry)
                    } else {
                        0
                    };
                    sum.checked_add(live)
                })
                .unwrap_or(u64::MAX),
            cumulative: since(first),
            this_year: since(year.from),
            this_month: since(today.first_of_month()),
            today: since(today),
            daily_average_this_year: self.daily_average(scope, year),
        }
    }

    /// 日均解析量: successes for identifiers over the days of a period, from the first on which
    /// anything was counted, or from the docking date if that is later.
    #[must_use]
    pub fn daily_average(&self, scope: &Scope, period: Period) -> Average {
        let first = self.first_day().and_then(day_of).unwrap_or(period.from);
        let from = self.docking_date.map_or(first, |docked| docked.max(first));
        if from > period.to {
            return Average::of(0, 0);
        }
        let counted = Period {
            from: period.from.max(from),
            ..period
        };
        let total = self.sums(scope, counted).resolutions.successes;
        Average::of(total, counted.days())
    }

    /// Of the enterprise nodes, those that were filed in a period.
    #[must_use]
    pub fn filed(&self, scope: &Scope, period: Period) -> u64 {
        let nodes = self.nodes(scope);
        count(
            nodes
                .filter(|node| period.has(node.facts.filing.date))
                .count(),
        )
    }

    /// Enterprise prefixes in force whose filing had passed by the end of a day.
    #[must_use]
    pub fn enterprise_nodes(&self, scope: &Scope, day: Date) -> u64 {
        let until = Period {
            from: Date::MIN,
            to: day,
        };
        self.filed(scope, until)
    }

    /// Enterprise prefixes in force whose filing has passed.
    fn nodes<'s>(&'s self, scope: &'s Scope) -> impl Iterator<Item = &'s PrefixEntry> {
        self.directory.prefixes().filter(move |entry| {
            entry.facts.status == PrefixStatus::Active
                && entry.facts.filing.state == FilingState::Passed
                && scope.has(entry.whose())
                && !self.tests.contains(&entry.whose())
        })
    }

    fn active(&self, nodes: &[&PrefixEntry], today: Date) -> u64 {
        let from = today.checked_sub(i64::from(ACTIVE_DAYS - 1).days());
        let period = Period {
            from: from.unwrap_or(today),
            to: today,
        };
        let all = self.by_prefix(period);
        let is_active = |node: &&&PrefixEntry| {
            all.get(&node.whose()).is_some_and(|sums| {
                sums.registrations.registered > 0
                    || sums.resolutions.successes + sums.route_resolutions.successes > 0
            })
        };
        count(nodes.iter().filter(is_active).count())
    }

    /// The major class of a firm: a letter and two digits, or two digits.
    fn industry(&self, firm: u64) -> Option<&str> {
        let code = &*self.directory.enterprise(firm)?.facts.industry;
        let has_letter = code.starts_with(|first: char| first.is_ascii_alphabetic());
        let class = code.get(usize::from(has_letter)..2 + usize::from(has_letter))?;
        class
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(class)
    }
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}
