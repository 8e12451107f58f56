//! Arguments of `generate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::NodeArguments;

pub(super) const GENERATE_EXAMPLES: &str = "\
Examples:
  biaoshi generate --as enterprises-csv --output enterprises.csv
  biaoshi generate --count 1000000 --as products-csv --output products.csv
  biaoshi generate --count 100000000 --as node --dry-run
  biaoshi generate --count 1000000 --as node            the firms first, then the products
  biaoshi generate --count 1000000 --skip 1000000 --as node    another million
  biaoshi generate --count 100000 --as zone --records naptr --output id.example.zone
  biaoshi generate --count 5 --as identifiers

A record depends on the seed and its own number alone: a larger count begins with the same records,
on every machine. Straight into a node it is registered as an import of both files would; the node's
secondary prefixes are to be 88.101, 88.118, 88.300, 88.488, 88.709 and 88.800. It is for measuring
and trying, never for the node of a registry: what is registered stays in the ledger.";

/// Forms that are about identifiers, by the argument's name: all but the firms.
const NEED_A_COUNT: [(&str, &str); 6] = [
    ("form", "products-csv"),
    ("form", "ndjson"),
    ("form", "zone"),
    ("form", "identifiers"),
    ("form", "absent"),
    ("form", "node"),
];

/// Arguments of `generate`.
#[derive(Args, Debug)]
pub struct GenerateArguments {
    /// How many identifiers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000),
          required_if_eq_any = NEED_A_COUNT)]
    pub count: Option<u64>,

    /// How many firms, one in six of them self-built and without products
    #[arg(long, value_name = "M", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub firms: u32,

    /// Another seed, other data
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,

    /// Begin behind so many identifiers
    #[arg(long, value_name = "K", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(..1_000_000_000))]
    pub skip: u64,

    /// What to make of them
    #[arg(long = "as", value_enum, value_name = "FORM")]
    pub form: Form,

    /// Write to this file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Say how many, how large and which, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// zone: its name [default: [node] zone]
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,

    /// zone: the types of records, separated by commas [default: all]
    #[arg(long, value_enum, value_name = "TYPES", value_delimiter = ',')]
    pub records: Vec<Records>,

    /// node: identifiers sent at a time, at most 2000 [default: 2000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub batch: Option<u32>,

    /// node: batches on their way at a time, at most 256 [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub in_flight: Option<u32>,

    /// The node to talk to
    #[command(flatten)]
    pub node: NodeArguments,
}

/// What is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Form {
    /// Products for `import`
    ProductsCsv,
    /// Their firms, for `import`
    EnterprisesCsv,
    /// A JSON object per line, for POST /api/v1/identifiers/batch
    Ndjson,
    /// A master file of the names and records that the node answers with over DNS
    Zone,
    /// An identifier per line
    Identifiers,
    /// A line for each that looks the same and is never registered
    Absent,
    /// Registered with the running node
    Node,
}

/// Types of records in a zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Records {
    /// One for the URL
    Naptr,
    /// One for the URL
    Uri,
    /// One for each value
    Txt,
}
