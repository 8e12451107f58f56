//! Arguments of `bench`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

//----------- BenchArguments -----------------------------------------------------

pub(super) const BENCH_EXAMPLES: &str = "\
Examples:
  biaoshi bench --via dns --identifiers queries.txt --seconds 10
  biaoshi bench --via handle --count 1000000 --order zipf --server-pid $(pidof biaoshi)
  biaoshi bench --via http --count 1000000 --sockets 64 --rate 20000 --json
  taskset -c 1 biaoshi bench --via dns --count 1000000 --absent 10
  taskset -c 0 biaoshi bench --echo 127.0.0.1:7777

Without --rate each socket keeps --window questions under way, and asks the next when one is
answered: that is what the server can do. With --rate questions leave at fixed times, and each
waits from the time at which it was due: that is what clients see at that rate.

--count asks for what `biaoshi generate --count` makes with the same --seed and --firms. A file of
identifiers has one a line, and may say behind a tab what is expected: found or not_found; nothing
is expected of any other word.";

/// Arguments of `bench`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("source").required(true))]
pub struct BenchArguments {
    /// How to ask
    #[arg(long, value_enum, default_value = "dns")]
    pub via: BenchVia,

    /// Whom to ask [default: the first address that the configuration listens on]
    #[arg(long, value_name = "HOST:PORT")]
    pub address: Option<String>,

    /// Ask another machine, which must be yours: this is as good as an attack
    #[arg(long)]
    pub remote: bool,

    /// Ask for the identifiers of this file
    #[arg(long, value_name = "FILE", group = "source")]
    pub identifiers: Option<PathBuf>,

    /// Ask for the first of those that `generate` makes
    #[arg(long, value_name = "N", group = "source",
          value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub count: Option<u64>,

    /// Answer each datagram with itself, on this address: what the machine can do at most
    #[arg(long, value_name = "HOST:PORT", group = "source")]
    pub echo: Option<SocketAddr>,

    /// The firms that they are of, as for `generate`
    #[arg(long, value_name = "N", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub firms: u32,

    /// What they are made from, as for `generate`
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Of a hundred questions so many are for identifiers that nobody registered
    #[arg(long, value_name = "PERCENT", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=100), requires = "count")]
    pub absent: u32,

    /// Which are asked for how often
    #[arg(long, value_enum, default_value = "uniform")]
    pub order: Order,

    /// How much oftener the first than the others, for --order zipf
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = exponent)]
    pub exponent: f64,

    /// What to ask for: over DNS naptr, uri or txt, over Handle a type of values
    /// [default: naptr, all values]
    #[arg(long, value_name = "TYPE")]
    pub ask: Option<String>,

    /// The path to ask for over HTTP
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/api/v1/identifiers/{identifier}"
    )]
    pub path: String,

    /// The zone, over DNS [default: \[node\] zone]
    #[arg(long, value_name = "NAME")]
    pub zone: Option<String>,

    /// Sockets or connections, all threads together
    #[arg(long, value_name = "N", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub sockets: u32,

    /// Threads
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=256))]
    pub threads: u32,

    /// Questions under way on each socket [default: 8 over UDP, 1 over TCP; with --rate 1024]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub window: Option<u32>,

    /// Questions a second, whatever comes back
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate: Option<u32>,

    /// How long to measure
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,

    /// How long to ask before
    #[arg(long, value_name = "S", default_value_t = 1.0, value_parser = seconds)]
    pub warm_up_seconds: f64,

    /// Ask so many questions and stop, without warming up
    #[arg(long, value_name = "N", conflicts_with_all = ["seconds", "warm_up_seconds"],
          value_parser = clap::value_parser!(u64).range(1..))]
    pub questions: Option<u64>,

    /// The process of the server, for its processor time and memory; more than one are added up
    #[arg(long, value_name = "PID")]
    pub server_pid: Vec<u32>,
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum BenchVia {
    /// DNS, UDP
    Dns,
    /// The Handle protocol, UDP
    Handle,
    /// The Handle protocol, TCP
    HandleTcp,
    /// HTTP/1.1 on connections that stay open
    Http,
    /// Questions of DNS that --echo answers
    Echo,
}

/// Which identifiers are asked for how often.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Order {
    /// All alike
    Uniform,
    /// The nth most popular one nth as often
    Zipf,
}

//----------- Values -------------------------------------------------------------

/// The longest measurement: a week.
const SECONDS_MAX: f64 = 604_800.0;

fn seconds(text: &str) -> Result<f64, String> {
    between(text, 0.0, SECONDS_MAX)
}

fn exponent(text: &str) -> Result<f64, String> {
    between(text, 0.01, 10.0)
}

fn between(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(format!("it is not between {least} and {most}"))
    }
}
