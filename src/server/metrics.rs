//! The metrics listener: `GET /metrics`, for the operator's monitoring.

use std::{
    sync::{Arc, Mutex, OnceLock, Weak},
    time::Duration,
};

use axum::{Router, http::header, response::IntoResponse, routing::get};

use super::{options::HttpOptions, reporting::Reporting, upkeep::blocking};
use crate::{
    accounting::{
        Counters,
        figures::{Period, Scope, ScopeTimings, day_of},
    },
    change::{Partition, PrefixStatus},
    protocol::http::Api,
    registry::{ReadOnlyCause, WeakRegistry},
    state::{DATA, HOSTINGS, State},
    telemetry::{Metrics, Standing},
};

/// The text format's name, with its version.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A few collectors and a curious operator.
const CONNECTIONS_MAX: usize = 32;

/// Collectors ask every few seconds, and keep their connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// A request without a body fits one packet.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

const MS_PER_SECOND: f64 = 1_000.0;

//----------- Scrape -----------------------------------------------------------

/// What a scrape is answered from.
pub(super) struct Scrape {
    pub(super) metrics: Arc<Metrics>,
    api: Weak<Api>,
    counters: Arc<Counters>,
    reporting: Arc<Reporting>,
    rendering: Mutex<()>,
    /// Set once the node is ready; it must not keep the writers going.
    node: OnceLock<(WeakRegistry, Arc<State>)>,
}

impl Scrape {
    pub(super) fn new(api: &Arc<Api>, counters: Arc<Counters>, reporting: Arc<Reporting>) -> Self {
        let partitions = [Partition::Control, DATA].map(|partition| partition.to_string());
        let partitions = partitions.each_ref().map(String::as_str);
        let causes = ReadOnlyCause::ALL.map(ReadOnlyCause::name);
        Self {
            metrics: Arc::new(Metrics::new(&partitions, &causes)),
            api: Arc::downgrade(api),
            counters,
            reporting,
            rendering: Mutex::default(),
            node: OnceLock::new(),
        }
    }

    /// The node is ready.
    pub(super) fn open(&self, registry: WeakRegistry, state: Arc<State>) {
        // It is opened once.
        let _ = self.node.set((registry, state));
    }

    /// The metrics now; one collector at a time.
    fn render(&self) -> String {
        let _alone = self.rendering.lock();
        let metrics = &self.metrics;
        if let Some(api) = self.api.upgrade() {
            let (done, total) = api.startup.get();
            metrics.set_replay(done, total);
        }
        if let Some((registry, state)) = self.node.get() {
            for partition in [Partition::Control, DATA] {
                let seq = state.at(&partition).head.seq;
                metrics.set_head(&partition.to_string(), seq);
            }
            let totals = state.data_totals();
            metrics
                .figures
                .set_identifiers(totals.live, totals.registrations);
            let totals = state.directory_totals();
            metrics
                .figures
                .set_connected(totals.enterprise_nodes, totals.connected_firms);
            for status in PrefixStatus::ALL {
                for (hosting, count) in HOSTINGS.iter().zip(totals.prefixes[status as usize]) {
                    metrics
                        .figures
                        .set_enterprises(status.name(), hosting, count);
                }
            }
            metrics.set_index_bytes(&state.index().bytes().parts());
            let causes = registry.read_only_causes();
            for cause in ReadOnlyCause::ALL {
                metrics.set_read_only(cause.name(), causes.contains(&cause));
            }
            // Until now they lacked what was counted before this start.
            let counts = self.counters.each().into_iter();
            metrics
                .figures
                .set_resolutions(counts.map(|(protocol, outcome, origin, count)| {
                    ([protocol.name(), outcome.name(), origin.name()], count)
                }));
            metrics
                .figures
                .set_counting(self.counters.is_kept(), self.counters.untold());
            self.set_timings(state);
            self.set_reports(state);
        }
        let malformed = self.counters.each_malformed();
        metrics
            .figures
            .set_malformed(malformed.map(|(protocol, count)| (protocol.name(), count)));
        metrics.render()
    }
}

impl Scrape {
    /// How it stands with telling the national node.
    fn set_reports(&self, state: &State) {
        for status in self.reporting.status(state) {
            let standing = Standing {
                watermark: status.told_until.unwrap_or_default(),
                due: status.due,
                lag_ms: status.lag_ms,
                refused: status.refused,
                failures: status.failures,
            };
            let table = status.table.name();
            self.metrics.reports.set(table, &standing);
        }
    }

    /// How long it took today, of the node.
    fn set_timings(&self, state: &State) {
        let Some(today) = day_of(self.counters.today()) else {
            return;
        };
        let timings = ScopeTimings::of(state, self.counters.timings(), &Scope::Node);
        let today = timings.sum(Period::day(today));
        for (activity, figures) in [
            ("resolution", today.resolution),
            ("registration", today.registration),
        ] {
            let ms = figures.as_ref().map(|figures| {
                [
                    figures.latency_ms_average,
                    figures.latency_ms_min,
                    figures.latency_ms_max,
                ]
            });
            let seconds = ms.unwrap_or_default().map(|ms| Some(ms? / MS_PER_SECOND));
            let most = figures.map_or(0, |figures| figures.per_second_max);
            self.metrics.figures.set_timings(activity, seconds, most);
        }
    }
}

/// The routes of the listener.
pub(super) fn router(scrape: Arc<Scrape>) -> Router {
    let answer = move || async move {
        // A hundred thousand firms' counters take a while to be summed: others answer meanwhile.
        let text = blocking(move || scrape.render()).await.unwrap_or_default();
        ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
    };
    Router::new().route("/metrics", get(answer))
}

/// The listener's limits.
pub(super) fn http_options(listen: Vec<std::net::SocketAddr>, node: &HttpOptions) -> HttpOptions {
    HttpOptions {
        listen,
        connections_max: CONNECTIONS_MAX,
        header_timeout: HEADER_TIMEOUT,
        idle_timeout: IDLE_TIMEOUT,
        body_bytes_max: 0,
        shutdown_timeout: node.shutdown_timeout,
    }
}
