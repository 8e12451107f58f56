//! What is to be done, from what was typed.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use crate::cli::Failure;
use crate::cli::arguments::{BenchArguments, BenchVia};
use crate::cli::resolve::reachable;
use crate::config::Config;

/// Questions under way on a UDP socket, where nothing else is asked for: those of sixteen sockets
/// fit the buffer that Linux gives a server's socket, which would lose others.
const DATAGRAM_WINDOW: u32 = 8;

/// The same on a connection: clients of HTTP do not send the next before the last is answered.
const STREAM_WINDOW: u32 = 1;

/// The same at a fixed rate: enough that it is time that decides, and not a window.
const OPEN_WINDOW: u32 = 1_024;

//----------- Plan ---------------------------------------------------------------

/// A measurement.
#[derive(Debug)]
pub(super) struct Plan {
    /// How the server is asked.
    pub(super) via: BenchVia,
    /// Whom to ask.
    pub(super) address: SocketAddr,
    /// The zone of names in DNS.
    pub(super) zone: String,
    /// Sockets of each thread.
    pub(super) sockets: Vec<u32>,
    /// Questions under way on each socket.
    pub(super) window: u16,
    /// Questions a second, all threads together; none for as many as are answered.
    pub(super) rate: Option<u32>,
    /// How long it takes.
    pub(super) length: Length,
}

/// How long a measurement takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Length {
    /// A time, and one before it that does not count.
    Time {
        /// What does not count.
        warm_up: Duration,
        /// What does.
        measured: Duration,
    },
    /// So many questions.
    Questions(u64),
}

impl Plan {
    /// Makes a plan of the arguments.
    ///
    /// # Errors
    /// Where they do not go together, or nothing says whom to ask.
    pub(super) fn of(config: &Config, arguments: &BenchArguments) -> Result<Self, Failure> {
        let address = address(config, arguments)?;
        if !arguments.remote && !address.ip().is_loopback() {
            let error = format!("{address} is another machine");
            let hint = "add --remote if it is yours and may be loaded to its limit";
            return Err(Failure::usage(error, hint));
        }
        let threads = arguments.threads.min(arguments.sockets);
        // The first threads take one more where they cannot be shared out evenly.
        let share =
            |thread| arguments.sockets / threads + u32::from(thread < arguments.sockets % threads);
        let window = arguments.window.unwrap_or_else(|| window(arguments));
        Ok(Self {
            via: arguments.via,
            address,
            zone: zone(config, arguments),
            sockets: (0..threads).map(share).collect(),
            window: u16::try_from(window).unwrap_or(u16::MAX),
            rate: arguments.rate,
            length: match arguments.questions {
                Some(questions) => Length::Questions(questions),
                None => Length::Time {
                    warm_up: Duration::from_secs_f64(arguments.warm_up_seconds),
                    measured: Duration::from_secs_f64(arguments.seconds),
                },
            },
        })
    }

    /// Sockets of all threads.
    pub(super) fn sockets(&self) -> u32 {
        self.sockets.iter().sum()
    }
}

/// Questions under way on a socket, where nobody says how many.
fn window(arguments: &BenchArguments) -> u32 {
    match arguments.via {
        // In order, and so one at a time.
        BenchVia::Http => STREAM_WINDOW,
        _ if arguments.rate.is_some() => OPEN_WINDOW,
        BenchVia::HandleTcp => STREAM_WINDOW,
        BenchVia::Dns | BenchVia::Handle | BenchVia::Echo => DATAGRAM_WINDOW,
    }
}

/// The zone of names in DNS.
fn zone(config: &Config, arguments: &BenchArguments) -> String {
    let zone = arguments.zone.as_ref();
    zone.unwrap_or(&config.server.node.zone).clone()
}

//----------- Helper functions -----------------------------------------------------

fn address(config: &Config, arguments: &BenchArguments) -> Result<SocketAddr, Failure> {
    let hint = "give --address HOST:PORT, such as 127.0.0.1:8053";
    if let Some(told) = &arguments.address {
        let found = told.to_socket_addrs().ok().and_then(|mut all| all.next());
        return found.ok_or_else(|| Failure::usage(format!("{told:?} is no address"), hint));
    }
    let server = &config.server;
    let listen = match arguments.via {
        BenchVia::Dns => &server.dns.listen,
        BenchVia::Handle | BenchVia::HandleTcp => &server.handle.listen,
        BenchVia::Http => &server.http.listen,
        BenchVia::Echo => return Err(Failure::usage("an echo listens where it was told to", hint)),
    };
    let first = listen.first();
    let address =
        first.ok_or_else(|| Failure::usage("the node does not listen for that protocol", hint))?;
    Ok(reachable(*address))
}
