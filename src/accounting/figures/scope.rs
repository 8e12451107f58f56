//! Whose figures, and of which days.

use std::collections::HashSet;

use jiff::{ToSpan, civil::Date, tz::Offset};

use crate::state::directory::{Directory, Whose};

//----------- Scope ------------------------------------------------------------

/// Whose figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The node's: all of it, what is another node's too.
    Node,
    /// A secondary prefix's, with all enterprise prefixes below it.
    Secondary {
        /// What is directly below it and assigned to nobody.
        own: Whose,
        /// That, and all enterprise prefixes below it.
        all: HashSet<Whose>,
    },
    /// An enterprise prefix's.
    Enterprise(Whose),
}

impl Scope {
    /// The scope of a prefix; none where it is none of this node's.
    #[must_use]
    pub fn of(directory: &Directory, prefix: &str) -> Option<Self> {
        if directory.prefix(prefix).is_some() {
            return directory.whose(prefix).map(Self::Enterprise);
        }
        let own = directory.whose(prefix)?;
        let above = directory.prefix_of(own)?;
        let below = directory
            .prefixes()
            .filter(|entry| entry.facts.prefix.is_at_or_below(above))
            .map(|entry| entry.whose());
        Some(Self::Secondary {
            own,
            all: below.chain([own]).collect(),
        })
    }

    /// Whether something is in it.
    #[must_use]
    pub fn has(&self, whose: Whose) -> bool {
        match self {
            Self::Node => true,
            Self::Secondary { all, .. } => all.contains(&whose),
            Self::Enterprise(one) => *one == whose,
        }
    }

    /// Under what its timings are kept: the node's are nobody's.
    pub(super) fn whose(&self) -> Whose {
        match self {
            Self::Node => Whose::NOBODY,
            Self::Secondary { own: whose, .. } | Self::Enterprise(whose) => *whose,
        }
    }
}

//----------- Period -----------------------------------------------------------

/// Days in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: Date,
    /// The last, not before the first.
    pub to: Date,
}

impl Period {
    /// One day.
    #[must_use]
    pub fn day(day: Date) -> Self {
        Self { from: day, to: day }
    }

    /// The month that a day is in.
    #[must_use]
    pub fn month(day: Date) -> Self {
        Self {
            from: day.first_of_month(),
            to: day.last_of_month(),
        }
    }

    /// How many days.
    #[must_use]
    pub fn days(&self) -> u64 {
        let days = self.to.since(self.from).map_or(0, |span| span.get_days());
        u64::try_from(days).map_or(0, |days| days + 1)
    }

    /// Whether a day (YYYYMMDD) is in it.
    #[must_use]
    pub fn has(&self, day: u32) -> bool {
        (number_of(self.from)..=number_of(self.to)).contains(&day)
    }
}

/// A day as the decimal number YYYYMMDD.
#[must_use]
pub fn number_of(day: Date) -> u32 {
    let [year, month, day] = [day.year().into(), i32::from(day.month()), day.day().into()];
    u32::try_from(year * 10_000 + month * 100 + day).unwrap_or_default()
}

/// The day of a decimal number YYYYMMDD; none where it is none.
#[must_use]
pub fn day_of(number: u32) -> Option<Date> {
    let year = i16::try_from(number / 10_000).ok()?;
    let month = i8::try_from(number / 100 % 100).ok()?;
    let day = i8::try_from(number % 100).ok()?;
    Date::new(year, month, day).ok()
}

/// When a day begins in Shanghai, in milliseconds since the epoch.
#[must_use]
pub fn begins_ms(day: Date) -> u64 {
    let begins = Offset::constant(8).to_timestamp(day.at(0, 0, 0, 0));
    let ms = begins.map_or(0, |begins| begins.as_millisecond());
    u64::try_from(ms).unwrap_or_default()
}

/// The day after; the same at the end of all days.
#[must_use]
pub fn day_after(day: Date) -> Date {
    day.checked_add(1.day()).unwrap_or(day)
}
