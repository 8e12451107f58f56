//! A rehearsal of docking: a node of its own, a clock that is put ahead, and a stand-in of the
//! national node on this machine.

mod listener;

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use data_encoding::HEXLOWER;

pub use listener::StandinListener;

use super::{
    Options, Server, ServerError,
    clock::{SystemClock, put_ahead},
    options::{Delivery, HttpsOptions, ReportingOptions},
};
use crate::{
    change::rest_of_day_ms,
    disk::{RealDisk, write_whole},
    registry::ReadClock as _,
    topnode::{standin::Standin, wire::Secrets},
};

/// Bytes of the secret that the two share.
const SECRET_BYTES: usize = 16;

/// Where both listen: nobody else hears of a rehearsal.
const HERE: [SocketAddr; 1] = [SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
    0,
)];

//----------- Rehearsal --------------------------------------------------------

/// A node and the stand-in that it reports to.
pub struct Rehearsal {
    server: Server,
    listener: StandinListener,
}

impl Rehearsal {
    /// Begins one in a folder that is its own, with what the options say of the node. Nobody is
    /// internal: who asks from 127.0.0.1 is from outside, and who asks from `probes` is a probe.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub async fn begin(
        mut options: Options,
        folder: &Path,
        probes: ipnet::IpNet,
    ) -> Result<Self, ServerError> {
        let unusable = |what: String| ServerError::DataDir {
            path: folder.display().to_string(),
            what,
        };
        let mut entropy = [0; SECRET_BYTES];
        getrandom::fill(&mut entropy).map_err(|error| unusable(error.to_string()))?;
        let secret = HEXLOWER.encode(&entropy);
        let secret_file = folder.join("secret");
        let written = write_whole(&RealDisk, &secret_file, secret.as_bytes());
        written.map_err(|error| unusable(error.to_string()))?;
        let listener = StandinListener::begin(Secrets {
            token: String::new(),
            secret: secret.into_bytes(),
        });
        let listener = listener
            .await
            .map_err(|error| unusable(error.to_string()))?;
        options.node.data_dir = folder.join("data");
        options.http.listen = HERE.to_vec();
        options.handle.listen = HERE.to_vec();
        options.dns.listen = HERE.to_vec();
        options.metrics.listen = HERE.to_vec();
        options.origins.internal_networks = Vec::new();
        options.origins.probe_networks = vec![probes];
        options.docking_date = None;
        options.reporting = ReportingOptions {
            by: Delivery::Https,
            https: HttpsOptions {
                url: format!("http://{}", listener.address()),
                secret_file: Some(secret_file),
                ..HttpsOptions::default()
            },
            ..ReportingOptions::default()
        };
        let mut server = Server::bind(options, false).await?;
        server.ready().await?;
        Ok(Self { server, listener })
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &Server {
        &self.server
    }

    /// What the stand-in has and does.
    pub fn standin(&self) -> MutexGuard<'_, Standin> {
        self.listener.standin()
    }

    /// Puts the clock ahead, by so many milliseconds.
    pub fn put_ahead(&self, ms: u64) {
        put_ahead(ms);
    }

    /// What the clock says, in milliseconds since the epoch.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        SystemClock.read().wall_ms
    }

    /// How long the statistics day goes on, in milliseconds.
    #[must_use]
    pub fn rest_of_day_ms(&self) -> u64 {
        rest_of_day_ms(self.now_ms())
    }

    /// Ends both.
    pub async fn end(self) {
        self.server.shutdown().await;
        self.listener.end();
    }
}

/// A lock that is taken whatever became of who had it.
fn locked(standin: &Arc<Mutex<Standin>>) -> MutexGuard<'_, Standin> {
    standin.lock().unwrap_or_else(PoisonError::into_inner)
}
