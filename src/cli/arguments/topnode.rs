//! Arguments of `topnode`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Language, NodeArguments};

pub(super) const TOPNODE_EXAMPLES: &str = "\
Examples:
  biaoshi topnode tables
  biaoshi topnode preview T8 --day 2026-11-25
  biaoshi topnode preview T3 --csv > T3.csv
  biaoshi topnode export --day 2026-11-25 --to reports

The tables are those of the docking guide (国家顶级节点对接服务指南); docs/topnode-tables.md has each
field with where it comes from. Nothing is sent.";

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
    /// Which table: T1 to T11, M1 or M2
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
    /// Which tables: T1 to T11, M1, M2 [default: all]
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
