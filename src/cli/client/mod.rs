//! A small HTTP client for talking to a node, within limits.
//!
//! It has a runtime of one thread: what is asked together runs together on it, and nothing else.
//!
//! Plain HTTP only: the node of this release listens in plain and takes its token from this
//! machine alone.

mod error;
mod problem;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Method, Request, StatusCode, header};
use hyper_util::client::legacy::{Client as Connections, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::access::Token;

pub(super) use error::ClientError;
pub(super) use problem::Problem;
pub(super) use target::{Target, TokenUse};

/// How long to wait for a connection: a node is on this machine or near it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for a whole reply: 2,000 registrations on a slow disk, behind others'.
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest body of a reply: 2,000 verdicts have less than 1 MiB, a record at most a few.
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The longest that a node is believed when it says how long to wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

//----------- Client -------------------------------------------------------------

/// Talks to one node.
pub(super) struct Client {
    /// Scheme, host, port and perhaps a path; no slash at the end.
    base: String,
    token: Option<Token>,
    connections: Connections<HttpConnector, Full<Bytes>>,
    runtime: tokio::runtime::Runtime,
    timeout: Duration,
}

/// What a node replied.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: StatusCode,
    /// How long the node asks to be left alone, at most a minute.
    pub(super) retry_after: Option<Duration>,
    /// The body, at most 16 MiB.
    pub(super) body: Bytes,
}

impl Client {
    /// A client of `target`; it connects when it is asked something.
    ///
    /// # Errors
    /// Where the system refuses what a runtime needs.
    pub(super) fn new(target: Target) -> Result<Self, ClientError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| ClientError::Runtime(error.to_string()))?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        Ok(Self {
            base: target.base,
            token: target.token,
            connections: Connections::builder(TokioExecutor::new()).build(connector),
            runtime,
            timeout: REPLY_TIMEOUT,
        })
    }

    /// Where the node is.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Runs what waits for replies, or for time to pass, to its end.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asks for `path`, which begins with a slash, and waits for the reply.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub(super) fn get(&self, path: &str) -> Result<Reply, ClientError> {
        self.wait(self.fetch(path))
    }

    /// Asks for `path`, which begins with a slash.
    ///
    /// # Errors
    /// Where there is no whole reply within the limits; any status is a reply.
    pub(super) async fn fetch(&self, path: &str) -> Result<Reply, ClientError> {
        self.send(Method::GET, path, None, Bytes::new()).await
    }

    /// Posts JSON under an idempotency key: sent again with the same key it is not done twice.
    ///
    /// # Errors
    /// Where there is no whole reply within the limits; then it may have been done all the same.
    pub(super) async fn post(
        &self,
        path: &str,
        key: &str,
        json: Bytes,
    ) -> Result<Reply, ClientError> {
        self.send(Method::POST, path, Some(key), json).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Reply, ClientError> {
        let uri = format!("{}{path}", self.base);
        let mut request = Request::builder()
            .method(method)
            .uri(&uri)
            .header(header::ACCEPT, "application/json")
            .header(
                header::USER_AGENT,
                concat!("biaoshi/", env!("CARGO_PKG_VERSION")),
            );
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(token) = &self.token {
            let value = format!("Bearer {}", token.reveal());
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| ClientError::BadUrl(uri, error.to_string()))?;
        tokio::time::timeout(self.timeout, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err(ClientError::Timeout(self.base.clone(), self.timeout)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, ClientError> {
        let base = || self.base.clone();
        let response = self.connections.request(request).await.map_err(|error| {
            let what = error::innermost(&error);
            match error.is_connect() {
                true => ClientError::Unreachable(base(), what),
                false => ClientError::Broken(base(), what),
            }
        })?;
        let (head, body) = response.into_parts();
        let body = match Limited::new(body, REPLY_BYTES_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(ClientError::TooLarge(base()));
            }
            Err(error) => return Err(ClientError::Broken(base(), error::innermost(&*error))),
        };
        Ok(Reply {
            status: head.status,
            retry_after: retry_after(&head.headers),
            body,
        })
    }
}

/// The seconds of a `Retry-After` header; a date (RFC 9110 §10.2.3) is not looked at.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let seconds = value.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}
