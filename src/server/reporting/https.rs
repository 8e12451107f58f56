//! Messages over HTTPS, as the mapping has them.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Incoming};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use super::{
    settings::{ReportingError, Wire},
    transport::{Sending, Transport},
};
use crate::{
    registry::ReadClock as _,
    server::{clock::SystemClock, options::HttpsOptions, tls},
    topnode::{
        outbox::{Answer, Message},
        wire::{WireReply, WireRequest, answer, request},
    },
};

/// How long a message may take: a thousand rows on a bad line, and a busy node at its end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest reply: a receipt, or a proxy's page.
const REPLY_BYTES_MAX: usize = 64 * 1024;

/// Tables are told side by side, each message on a connection of its own.
const IDLE_CONNECTIONS_MAX: usize = 4;

//----------- Https ------------------------------------------------------------

/// A client of the national node.
pub(super) struct Https {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    wire: Wire,
}

impl Https {
    pub(super) fn new(options: &HttpsOptions, wire: Wire) -> Result<Self, ReportingError> {
        let [authority, certificate, key] = [
            &options.ca_file,
            &options.certificate_file,
            &options.key_file,
        ]
        .map(Option::as_deref);
        let connector = tls::connector(authority, certificate, key)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            // It may have arrived: whether to say it again is for the outbox to decide.
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self {
            client,
            url: options.url.trim_end_matches('/').to_owned(),
            wire,
        })
    }

    async fn reply(&self, said: WireRequest) -> Result<WireReply, String> {
        let mut request = Request::builder()
            .method(said.method.as_str())
            .uri(format!("{}{}", self.url, said.path));
        for (name, value) in &said.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(said.body)));
        let request = request.map_err(|error| error.to_string())?;
        let reply = self.client.request(request).await;
        let reply = reply.map_err(|error| with_causes(&error))?;
        read(reply).await
    }
}

impl Transport for Https {
    fn has_filing(&self) -> bool {
        self.wire.mapping.has_filing()
    }

    fn send(&self, message: Message, now_ms: u64) -> Sending<'_> {
        Box::pin(async move {
            let said = request(&message, &self.wire.mapping, &self.wire.secrets, now_ms);
            let reply = tokio::time::timeout(TIMEOUT, self.reply(said)).await;
            let failed = |reason: String| Answer::Failed {
                reason,
                retry_after_ms: None,
            };
            match reply {
                Err(_) => failed(format!("no reply in {} s", TIMEOUT.as_secs())),
                Ok(Err(reason)) => failed(reason),
                Ok(Ok(reply)) => {
                    let now_ms = SystemClock.read().wall_ms;
                    answer(
                        &message,
                        &self.wire.mapping,
                        &self.wire.secrets,
                        &reply,
                        now_ms,
                    )
                }
            }
        })
    }
}

async fn read(reply: Response<Incoming>) -> Result<WireReply, String> {
    let (parts, body) = reply.into_parts();
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value)));
    let headers = headers.collect();
    let body = Limited::new(body, REPLY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    Ok(WireReply {
        status: parts.status.as_u16(),
        headers,
        body: body.to_vec(),
    })
}

/// An error with what it comes from: "client error (Connect)" alone helps nobody.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
