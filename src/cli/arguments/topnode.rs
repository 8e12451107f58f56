//! Arguments of `topnode`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Language, NodeArguments};

pub(super) const TOPNODE_EXAMPLES: &str = "\
Examples:
  biaoshi topnode tables
  biaoshi topnode preview T8 --day 2026-11-25
  biaoshi topnode preview T3 --csv > T3.csv
  biaoshi topnode export --day 2026-11-25 --to reports
  biaoshi topnode reports
  biaoshi topnode reports T8
  biaoshi topnode rehearse
  biaoshi topnode file 88.118.8 passed --date 2026-11-25 --reason '2026-1126-0007'
  biaoshi topnode events
  biaoshi topnode fault attack --note 'DNS 反射攻击'
  biaoshi topnode recovered 3 --note '已清洗'
  biaoshi topnode monthly 2026-11 --to reports
  biaoshi topnode waive 88.118.8 --reason 'pilot, filing follows'
  biaoshi topnode settle T8 2026-11-25 --receipt '2026-1126-0007' --proof receipt.pdf
  biaoshi topnode resend T6 2026112513 --reason 'address mended'

The tables are those of the docking guide (国家顶级节点对接服务指南); docs/topnode-tables.md has each
field with where it comes from. Whether and how they are sent is said in [report] of the configuration;
the interface of the national node is not public.";

//----------- TopnodeCommand -----------------------------------------------------

/// What to see.
#[derive(Debug, Subcommand)]
pub enum TopnodeCommand {
    /// List the tables
    Tables(TablesArguments),
    /// Show the rows of a table as they are now
    Preview(PreviewArguments),
    /// Write the tables as files: CSV, and a workbook with a sheet for each
    Export(ExportArguments),
    /// Show how it stands with telling the national node; exit code 1 where a person is waited for
    Reports(ReportsArguments),
    /// Play docking through, with a node of its own and a stand-in of the national node
    Rehearse(RehearseArguments),
    /// Have a period sent again, as its next revision
    Resend(ResendArguments),
    /// Say what the national node decided about the filing (备案) of an enterprise prefix
    File(FileArguments),
    /// Let an enterprise prefix take registrations before its filing has passed; it counts nowhere before
    Waive(WaiveArguments),
    /// Show faults and recoveries, as the national node is told (annex 2, 13 to 18)
    Events(EventsArguments),
    /// Say that there is a fault which the node cannot see, such as an attack
    Fault(FaultArguments),
    /// Say that a fault is over
    Recovered(RecoveredArguments),
    /// Write the monthly report (annex 3), as a workbook and as a page to print
    Monthly(MonthlyArguments),
    /// Say that the national node has a period, with its receipt
    Settle(SettleArguments),
}

/// Arguments of `tables`.
#[derive(Args, Debug)]
pub struct TablesArguments {
    /// The language of the headings [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `preview`.
#[derive(Args, Debug)]
pub struct PreviewArguments {
    /// Which table: T1 to T11, M1, M2, E1 or E2
    pub table: String,

    /// The statistics day of a daily table [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<jiff::civil::Date>,

    /// As CSV with the guide's headings, which Excel opens as it is
    #[arg(long)]
    pub csv: bool,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// Which tables: T1 to T11, M1, M2, E1, E2 [default: all]
    pub tables: Vec<String>,

    /// The statistics day of the daily tables [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub day: Option<jiff::civil::Date>,

    /// The directory to write to; files that are there are replaced
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    pub to: PathBuf,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `reports`.
#[derive(Args, Debug)]
pub struct ReportsArguments {
    /// The periods of this table [default: how all tables stand]
    pub table: Option<String>,

    /// The language of the headings [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `resend`.
#[derive(Args, Debug)]
pub struct ResendArguments {
    /// Which table
    pub table: String,

    /// Which period: a day, or a number as `topnode reports` shows it
    pub period: String,

    /// Why; it is kept in the ledger
    #[arg(long)]
    pub reason: String,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `settle`.
#[derive(Args, Debug)]
pub struct SettleArguments {
    /// Which table
    pub table: String,

    /// Which period: a day, or a number as `topnode reports` shows it
    pub period: String,

    /// The receipt of the national node; it is kept in the ledger
    #[arg(long)]
    pub receipt: String,

    /// A file that proves it: its SHA-256 is kept in the ledger, the file stays with you
    #[arg(long, value_name = "FILE")]
    pub proof: Option<PathBuf>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `rehearse`.
#[derive(Args, Debug)]
pub struct RehearseArguments {
    /// A folder for the node of the rehearsal, which stays [default: one that goes with it]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,

    /// The language of the checklist [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,
}

/// Arguments of `file`.
#[derive(Args, Debug)]
pub struct FileArguments {
    /// The enterprise prefix
    pub prefix: String,

    /// How its filing stands
    #[arg(value_enum)]
    pub state: FilingSaid,

    /// The day of the decision [needed unless it is pending]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<jiff::civil::Date>,

    /// The receipt, or why it was refused; it is kept in the ledger
    #[arg(long, default_value = "")]
    pub reason: String,

    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `waive`.
#[derive(Args, Debug)]
pub struct WaiveArguments {
    /// The enterprise prefix
    pub prefix: String,

    /// Why; it is kept in the ledger
    #[arg(long, required_unless_present = "end", conflicts_with = "end")]
    pub reason: Option<String>,

    /// No longer: new identifiers wait for the filing
    #[arg(long)]
    pub end: bool,

    /// Only say what would happen
    #[arg(long)]
    pub dry_run: bool,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `events`.
#[derive(Args, Debug)]
pub struct EventsArguments {
    /// The language of the headings [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `fault`.
#[derive(Args, Debug)]
pub struct FaultArguments {
    /// What kind of fault
    #[arg(value_enum)]
    pub class: FaultSaid,

    /// The cause, as the national node is to read it
    #[arg(long)]
    pub note: String,

    /// Whose node: an enterprise prefix [default: this node]
    #[arg(long)]
    pub prefix: Option<String>,

    /// When it began, such as 2026-11-25T14:00:00+08:00 [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `recovered`.
#[derive(Args, Debug)]
pub struct RecoveredArguments {
    /// The number of the fault, as `topnode events` shows it
    pub of: u32,

    /// How it was mended
    #[arg(long, default_value = "")]
    pub note: String,

    /// Whose node: an enterprise prefix [default: this node]
    #[arg(long)]
    pub prefix: Option<String>,

    /// When it was over, such as 2026-11-25T16:00:00+08:00 [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// Arguments of `monthly`.
#[derive(Args, Debug)]
pub struct MonthlyArguments {
    /// Which month [default: the last that is over]
    #[arg(value_name = "YYYY-MM")]
    pub month: Option<String>,

    /// The directory to write to; files that are there are replaced
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    pub to: PathBuf,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// What kind of fault (docking guide, annex 2, no. 18).
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum FaultSaid {
    /// 1 网络故障
    Network,
    /// 2 系统异常
    System,
    /// 3 安全攻击
    Attack,
    /// 4 其他
    Other,
}

/// How a filing stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum FilingSaid {
    /// 已备案: it has passed, and counts
    Passed,
    /// 被驳回: it was refused, and may be filed again
    Refused,
    /// 待审核: it is to be filed (again)
    Pending,
    /// 审核中: the national node has it, and has not decided
    InReview,
}
