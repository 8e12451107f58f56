//! What can be typed. The help texts are the manual of the command line.

mod backup;
mod bench;
mod generate;
mod statistics;
mod topnode;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use backup::{BACKUP_EXAMPLES, RESTORE_EXAMPLES};
pub(super) use backup::{BackupCommand, CreateArguments, RestoreArguments};
use bench::BENCH_EXAMPLES;
pub(super) use bench::{BenchArguments, BenchVia, Order};
use generate::GENERATE_EXAMPLES;
pub(super) use generate::{Form, GenerateArguments, Records};
use statistics::STATISTICS_EXAMPLES;
pub(super) use statistics::{StatisticsArguments, StatisticsOf};
use topnode::TOPNODE_EXAMPLES;
pub(super) use topnode::{
    EventsArguments, ExportArguments, FaultArguments, FaultSaid, FileArguments, FilingSaid,
    MonthlyArguments, RecoveredArguments, RehearseArguments, ReportsArguments, ResendArguments,
    SettleArguments, TopnodeCommand, WaiveArguments,
};

//----------- Arguments ----------------------------------------------------------

/// A secondary node (二级节点) for China's industrial-internet identifier system
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,

    /// The configuration file [default: $BIAOSHI_CONFIG, else ./biaoshi.toml if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print results as JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  biaoshi serve                                   run a node on the defaults
  biaoshi --config config/demo.toml serve         run the demonstration
  biaoshi import products.csv --dry-run           see what an import would do
  biaoshi resolve 88.118.0002/P03202605270000001  ask the running node

Exit codes: 0 done, 1 could not run, 2 wrong arguments or configuration, 3 some rows refused";

//----------- Command ------------------------------------------------------------

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the node until it is told to stop
    #[command(after_help = SERVE_EXAMPLES)]
    Serve {
        /// Believe the clock at this start, though it is far from the last entry of the ledger
        #[arg(long)]
        accept_clock: bool,
    },
    /// Register enterprises or products from a spreadsheet export (CSV) with the running node
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArguments),
    /// Ask the running node what an identifier resolves to
    #[command(after_help = RESOLVE_EXAMPLES)]
    Resolve(ResolveArguments),
    /// Show what the running node counted: firms, registrations, resolutions
    #[command(after_help = STATISTICS_EXAMPLES)]
    Statistics(StatisticsArguments),

    /// See what the national top-level node (国家顶级节点) is told
    #[command(after_help = TOPNODE_EXAMPLES)]
    Topnode {
        /// What to see
        #[command(subcommand)]
        command: TopnodeCommand,
    },
    /// Make data of any size, the same for the same seed: as a file, a zone or in a running node
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(GenerateArguments),
    /// Look after the ledger of a node, running or not
    #[command(after_help = LEDGER_EXAMPLES)]
    Ledger {
        /// What to do with it
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Take, list and verify backups, beside the running node
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup {
        /// What to do with them
        #[command(subcommand)]
        command: BackupCommand,
    },
    /// Restore a data directory from a backup
    #[command(after_help = RESTORE_EXAMPLES)]
    Restore(RestoreArguments),
    /// Ask a server as fast as it answers, or at a fixed rate, and measure
    #[command(after_help = BENCH_EXAMPLES)]
    Bench(Box<BenchArguments>),
    /// Check the configuration and show what the node would run on
    #[command(after_help = CHECK_CONFIG_EXAMPLES)]
    CheckConfig {
        /// Print the commented default file instead
        #[arg(long)]
        defaults: bool,
    },
}

const SERVE_EXAMPLES: &str = "\
Examples:
  biaoshi serve
  biaoshi serve --config /etc/biaoshi.toml
  BIAOSHI_NODE_SECONDARY_PREFIXES=88.118,88.300 biaoshi serve

SIGTERM and Ctrl-C stop it: open requests are finished first.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  biaoshi import enterprises.csv
  biaoshi import products.csv --dry-run
  biaoshi import products.csv --report report.csv --lang zh
  biaoshi import parts.csv --profile parts.toml

What is already there is not registered twice: an import can be repeated. The token is read from
admin-token in the node's data directory, so run it as the node's user, with its --config.
Exit code 3 means that it finished and that some rows were refused.";

const RESOLVE_EXAMPLES: &str = "\
Examples:
  biaoshi resolve 88.118.0002/P03202605270000001
  biaoshi resolve 0.NA/88.118.0002
  biaoshi resolve 88.118.0002/P03202605270000001 --json
  biaoshi resolve --via handle 88.118.0002/P03202605270000001";

const LEDGER_EXAMPLES: &str = "\
Examples:
  biaoshi ledger verify
  biaoshi ledger verify --json
  biaoshi ledger verify --segment /archive/data-1/segment-00000001.sqlite";

const CHECK_CONFIG_EXAMPLES: &str = "\
Examples:
  biaoshi check-config
  biaoshi check-config --config config/production.toml
  biaoshi check-config --defaults > biaoshi.toml";

//----------- ImportArguments ----------------------------------------------------

/// Arguments of `import`.
#[derive(Args, Debug)]
pub struct ImportArguments {
    /// The file: UTF-8 or GB18030, headings in Chinese or English
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Check every row and register nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Write what became of every row, and what to do about it, to this file (CSV)
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Read columns as this profile says, instead of the two that come with the program
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,

    /// Of enterprises: whether their prefixes are filed with the national node, or are to be
    #[arg(long, value_enum, default_value = "passed")]
    pub filing: ImportedFiling,

    /// Rows sent at a time, at most 2000
    #[arg(long, value_name = "N", default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub batch: u32,

    /// The language of the report [default: zh where the locale is Chinese, else en]
    #[arg(long, value_enum)]
    pub lang: Option<Language>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// How the filing of an imported prefix stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ImportedFiling {
    /// 已备案: it has passed, today
    Passed,
    /// 待备案: it takes registrations once it has passed
    Pending,
}

/// A language that reports are written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Language {
    /// 简体中文
    Zh,
    /// English
    En,
}

//----------- ResolveArguments ---------------------------------------------------

/// Arguments of `resolve`.
#[derive(Args, Debug)]
pub struct ResolveArguments {
    /// The identifier, such as 88.118.0002/P03202605270000001
    #[arg(value_name = "IDENTIFIER")]
    pub identifier: String,

    /// How to ask; for `handle` and `dns`, --node is HOST:PORT
    #[arg(long, value_enum, default_value = "http")]
    pub via: Via,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// How a node is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Via {
    /// Over HTTP: shows private values too, where the token is at hand
    Http,
    /// Over the Handle protocol, TCP: what everybody sees
    Handle,
    /// Over DNS, TXT at the identifier's name in [node] zone: what everybody sees
    Dns,
}

//----------- NodeArguments ------------------------------------------------------

/// Which node to talk to.
#[derive(Args, Clone, Debug, Default)]
pub struct NodeArguments {
    /// Where the node listens [default: the first address of [http] listen]
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,

    /// The file of the node's token [default: admin-token in [node] data_dir]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

//----------- LedgerCommand ------------------------------------------------------

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Read the whole ledger and check every hash of its chain, and the snapshots against it
    #[command(after_help = LEDGER_EXAMPLES)]
    Verify {
        /// Check one closed segment instead, wherever it lies
        #[arg(long, value_name = "FILE")]
        segment: Option<PathBuf>,
    },
}
