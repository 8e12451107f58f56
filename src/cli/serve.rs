//! `serve`: the node, until it is told to stop.

use std::time::Duration;

use super::{Exit, Failure, Output};
use crate::config::Config;
use crate::server::{Server, ServerError, Signals};
use crate::telemetry::logging;

/// Signals within this time are one: far below a person's second thought.
const SAME_MOMENT: Duration = Duration::from_millis(500);

/// Runs the node.
pub(super) fn run(config: &Config, accept_clock: bool, output: &Output) -> Result<Exit, Failure> {
    logging::install(&config.log).map_err(|error| {
        Failure::new(
            format!("cannot set up the log: {error}"),
            "see [log] in docs/configuration.md",
        )
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(
                format!("cannot start the node's threads: {error}"),
                "are too many processes running?",
            )
        })?;
    let ended = runtime.block_on(serve(config, accept_clock, output));
    // What is still running had its time: a second signal, or the end of the shutdown's.
    runtime.shutdown_background();
    ended
}

async fn serve(config: &Config, accept_clock: bool, output: &Output) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| {
        Failure::new(format!("cannot listen for signals: {error}"), "try again")
    })?;
    let mut server = Server::bind(config.server.clone(), accept_clock).await?;
    output.text(&welcome(&server))?;
    tokio::select! {
        ready = server.ready() => {
            ready?;
            signals.next().await;
        }
        () = signals.next() => {}
    }
    tokio::select! {
        () = server.shutdown() => {}
        () = once_more(&mut signals) => tracing::warn!("stopped at once by a second signal"),
    }
    Ok(Exit::Done)
}

/// Waits for somebody who has lost patience.
///
/// A terminal sends Ctrl-C to a script and to the node, and the script passes it on: what comes
/// within the same moment is the first signal still.
async fn once_more(signals: &mut Signals) {
    let same = async {
        loop {
            signals.next().await;
        }
    };
    // It ends by its time-out alone.
    let _: Result<(), _> = tokio::time::timeout(SAME_MOMENT, same).await;
    signals.next().await;
}

/// Where to look.
fn welcome(server: &Server) -> String {
    let addresses = server.http_addresses().iter();
    let addresses: Vec<_> = addresses
        .map(|address| format!("http://{address}"))
        .collect();
    let token = server.token_file().display();
    let metrics = server.metrics_addresses().iter();
    let metrics: Vec<_> = metrics
        .map(|address| format!("; metrics at http://{address}/metrics"))
        .collect();
    let handle = server.handle_addresses().iter();
    let handle: Vec<_> = handle
        .map(|address| format!("; Handle on {address}, UDP and TCP"))
        .collect();
    let dns = server.dns_addresses().iter();
    let dns: Vec<_> = dns
        .map(|address| format!("; DNS on {address}, UDP and TCP"))
        .collect();
    format!(
        "listening on {}; the token is in {token}{}{}{}",
        addresses.join(", "),
        handle.concat(),
        dns.concat(),
        metrics.concat()
    )
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let hint = match &error {
            ServerError::DataDir { .. } => "set [node] data_dir or BIAOSHI_NODE_DATA_DIR",
            ServerError::InUse { .. } => {
                "stop the other node, or set [node] data_dir to another directory"
            }
            ServerError::Listen { .. } => {
                "set [http] listen or the other listeners' (BIAOSHI_HTTP_LISTEN, \
                 BIAOSHI_HANDLE_LISTEN, BIAOSHI_DNS_LISTEN, BIAOSHI_METRICS_LISTEN) to addresses that are free"
            }
            ServerError::Zone(_) => "set [node] zone to a shorter name, or see [dns] name_servers",
            ServerError::Reporting(_) => "see [report] in docs/configuration.md",
            ServerError::Startup(_) => "`biaoshi ledger verify` tells what is whole",
        };
        Self::new(error.to_string(), hint)
    }
}
