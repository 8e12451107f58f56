//! Errors as RFC 9457 problems.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{counted::Counted, health::Startup};
use crate::registry::{ReadOnly, ReadOnlyCause, Refusal, RegistryError};

/// After how many seconds to ask again: a queue drains and a restart replays within a few.
const RETRY_AFTER_SECONDS: &str = "2";

/// A person has to make room.
const SPACE_RETRY_AFTER_SECONDS: &str = "60";

//----------- Problem ----------------------------------------------------------

/// An error as the client sees it: never the text of an internal one.
///
/// Boxed, since every handler returns one or a response, and nearly always the response.
#[derive(Debug, Clone)]
pub(super) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(header::HeaderName, &'static str)>,
    counted: Option<Counted>,
}

impl Problem {
    /// A problem with a stable code and a sentence that says what to do.
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts {
            status,
            code,
            detail,
            more: Map::new(),
            headers: Vec::new(),
            counted: None,
        }))
    }

    /// A request that makes no sense.
    pub(super) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// Not now.
    pub(super) fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
            .header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
    }

    /// The ledger is still being replayed.
    pub(super) fn starting(startup: &Startup) -> Self {
        Self::unavailable("starting", format!("the node is starting: {startup}"))
    }

    /// The answer to a query, which counts.
    pub(super) fn counted(mut self, counted: Counted) -> Self {
        self.0.counted = Some(counted);
        self
    }

    /// It resolves and does not register; the reason itself is for the operator, in the log.
    pub(super) fn not_writing(read_only: &ReadOnly) -> Self {
        let (code, detail) = match read_only.cause {
            ReadOnlyCause::NoSpace => (
                "no_space",
                "this node has too little disk space to register; writes resume by themselves",
            ),
            ReadOnlyCause::Clock => (
                "clock",
                "this node does not believe its clock; set it right, or restart with \
                 --accept-clock",
            ),
            ReadOnlyCause::Ledger | ReadOnlyCause::State => (
                "read_only",
                "this node takes no writes until it is restarted; its operator finds the reason \
                 in the log",
            ),
        };
        Self::unavailable(code, detail).with("cause", json!(read_only.cause.name()))
    }

    /// A self-built node that has not said where it is.
    pub(super) fn no_route(identifier: &str) -> Self {
        let detail =
            format!("{identifier} lives at its enterprise's own node, which has no route yet");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_route", detail)
    }

    /// Nobody, or the wrong body, asked.
    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
            .header(header::WWW_AUTHENTICATE, "Bearer realm=\"biaoshi\"")
    }

    /// Nothing of it is for nobody in particular.
    pub(super) fn denied(detail: impl Into<String>) -> Self {
        let mut denied = Self::unauthorized(detail);
        denied.0.code = "denied";
        denied
    }

    /// A job that was refused.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            refusal.code,
            refusal.detail.as_str(),
        )
        .with("field", json!(refusal.field))
    }

    /// Adds a member.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.more.insert(name.to_owned(), value);
        self
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: header::HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, value));
        self
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let detail = error.to_string();
        match error {
            // The reason names files and sequences: it is for the operator, in the log.
            RegistryError::ReadOnly { .. } => Self::unavailable(
                "read_only",
                "this node takes no writes now; its operator finds the reason in the log",
            ),
            RegistryError::NoSpace => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", detail)
                    .header(header::RETRY_AFTER, SPACE_RETRY_AFTER_SECONDS)
            }
            RegistryError::Overloaded => Self::unavailable("overloaded", detail),
            RegistryError::ShuttingDown => Self::unavailable("shutting_down", detail),
            RegistryError::Unknown => Self::unavailable("unknown_outcome", detail),
            RegistryError::KeyReused => Self::new(StatusCode::CONFLICT, "key_reused", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts {
            status,
            code,
            detail,
            more,
            headers,
            counted,
        } = *self.0;
        let mut body = Map::new();
        body.insert(
            "type".to_owned(),
            json!(format!("urn:biaoshi:problem:{}", code)),
        );
        let title = status.canonical_reason().unwrap_or("Error");
        body.insert("title".to_owned(), json!(title));
        body.insert("status".to_owned(), json!(status.as_u16()));
        body.insert("detail".to_owned(), json!(detail));
        body.insert("code".to_owned(), json!(code));
        body.extend(more);
        let mut response = super::json(status, &body);
        let sent = response.headers_mut();
        let problem = HeaderValue::from_static("application/problem+json");
        sent.insert(header::CONTENT_TYPE, problem);
        for (name, value) in headers {
            sent.insert(name, HeaderValue::from_static(value));
        }
        if let Some(counted) = counted {
            response.extensions_mut().insert(counted);
        }
        response
    }
}
