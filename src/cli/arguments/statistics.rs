//! Arguments of `statistics`.

use clap::{Args, ValueEnum};

use super::{Language, NodeArguments};

pub(super) const STATISTICS_EXAMPLES: &str = "\
Examples:
  biaoshi statistics
  biaoshi statistics days --from 2026-11-01
  biaoshi statistics months --prefix 88.118
  biaoshi statistics prefixes --from 2026-11-01 --to 2026-11-30 --json > november.json

What each figure means is in docs/counting.md. The token is read from admin-token in the node's
data directory, so run it as the node's user, with its --config.";

//----------- StatisticsArguments ------------------------------------------------

/// Arguments of `statistics`.
#[derive(Args, Debug)]
pub struct StatisticsArguments {
    /// What to show
    #[arg(value_enum, default_value = "now")]
    pub what: StatisticsOf,

    /// Of a secondary or an enterprise prefix [default: of the node]
    #[arg(long, value_name = "PREFIX")]
    pub prefix: Option<String>,

    /// The first day [default: a month of days, a year of months, this month of prefixes]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<jiff::civil::Date>,

    /// The last day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub to: Option<jiff::civil::Date>,

    /// The language of the headings [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// What statistics there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum StatisticsOf {
    /// What the node stands at
    Now,
    /// Day by day
    Days,
    /// Month by month
    Months,
    /// Enterprise prefix by enterprise prefix
    Prefixes,
    /// Latency and the most requests in a second, day by day
    Timings,
}
