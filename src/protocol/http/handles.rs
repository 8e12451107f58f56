//! `/api/handles/{handle}`: a record in the JSON of Handle.Net's REST interface.

use std::sync::Arc;

use ::url::form_urlencoded;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Value, json};

use super::{
    Api, Reply, caller, counted,
    identifiers::node_for,
    resolved::sites,
    value::{
        ReferenceBody, Times, TtlBody, permissions_reply, references_reply, text_reply, ttl_reply,
    },
};
use crate::{
    accounting::Outcome,
    identifier::{Identifier, url},
    protocol::{
        act_of,
        handle::{MadeUp, ResponseCode, is_type, values_of},
    },
    record::{Data, Text, Ttl, ValueRef},
    resolver::{Found, Resolution},
};

/// The most `type` and `index` conditions of a query: a record has 256 values.
const CONDITIONS_MAX: usize = 256;

//----------- get --------------------------------------------------------------

/// A record, or the values of it that are asked for.
pub(super) async fn get(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = resolve(&api, &parts).unwrap_or_else(IntoResponse::into_response);
    allow_origin(&parts.headers, &mut response);
    response
}

fn resolve(api: &Api, parts: &Parts) -> Reply {
    let node = node_for(api, parts)?;
    let caller = caller::identify(api, parts)?;
    let raw = parts
        .uri
        .path()
        .strip_prefix("/api/handles/")
        .unwrap_or_default();
    let query = url::from_path(raw)
        .map_err(|error| error.to_string())
        .and_then(|text| Identifier::parse_query(&text).map_err(|error| error.to_string()));
    let query = match query {
        Ok(query) => query,
        Err(message) => return Ok(refused(ResponseCode::InvalidHandle, &message)),
    };
    let asked = match Asked::of(&parts.uri) {
        Ok(asked) => asked,
        Err(message) => return Ok(refused(ResponseCode::ProtocolError, message)),
    };
    Ok(node.resolver.resolve(&query, caller, |resolution, whose| {
        let (status, code, body) = answer(&asked, &resolution);
        let act = match code {
            // No data was returned: it does not count as a success.
            ResponseCode::ValuesNotFound => act_of(&resolution, whose).with(Outcome::NotFound),
            _ => counted::act(parts, &resolution, whose),
        };
        let body = AnswerReply {
            response_code: code as u32,
            handle: query.text(),
            body,
        };
        counted::counted(parts, act, send(status, &body, asked.pretty))
    }))
}

/// A request that makes no sense to the protocol.
pub(super) fn refused(code: ResponseCode, message: &str) -> Response {
    let body = json!({ "responseCode": code as u32, "message": message });
    send(StatusCode::BAD_REQUEST, &body, false)
}

pub(super) fn send(status: StatusCode, body: &impl Serialize, pretty: bool) -> Response {
    let bytes = if pretty {
        serde_json::to_vec_pretty(body).map(|mut bytes| {
            bytes.push(b'\n');
            bytes
        })
    } else {
        serde_json::to_vec(body)
    };
    let bytes = bytes.expect("replies are made of strings and numbers");
    let content_type = (header::CONTENT_TYPE, "application/json;charset=UTF-8");
    (status, [content_type], bytes).into_response()
}

/// What a query asks for.
struct Asked {
    types: Vec<String>,
    indexes: Vec<u32>,
    pretty: bool,
}

impl Asked {
    /// Reads the parameters; those that are not known are passed over, as Handle.Net does.
    fn of(uri: &Uri) -> Result<Self, &'static str> {
        let query = uri.query().unwrap_or_default();
        let mut asked = Self {
            types: Vec::new(),
            indexes: Vec::new(),
            pretty: false,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()).take(CONDITIONS_MAX) {
            match name.as_ref() {
                "type" => asked.types.push(value.into_owned()),
                // Passed over, it would leave no condition, and everything would be sent.
                "index" => {
                    let index = value.parse();
                    asked
                        .indexes
                        .push(index.map_err(|_| "an index is a number")?);
                }
                "pretty" => asked.pretty = true,
                _ => {}
            }
        }
        Ok(asked)
    }

    /// Index or type, as the protocol has it; without conditions everything.
    fn wants(&self, index: u32, kind: &str) -> bool {
        (self.types.is_empty() && self.indexes.is_empty())
            || self.indexes.contains(&index)
            || self
                .types
                .iter()
                .any(|wanted| is_type(wanted.as_bytes(), kind))
    }
}

//----------- Answer -----------------------------------------------------------

#[derive(Serialize)]
struct AnswerReply<'a> {
    #[serde(rename = "responseCode")]
    response_code: u32,
    handle: &'a str,
    #[serde(flatten)]
    body: Body<'a>,
}

/// What an answer has besides its code.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Body<'a> {
    Values(Values<'a>),
    Sites(Value),
    Message(&'static str),
    #[serde(untagged)]
    Nothing {},
}

fn answer<'a>(
    asked: &'a Asked,
    resolution: &'a Resolution<'a>,
) -> (StatusCode, ResponseCode, Body<'a>) {
    match resolution {
        Resolution::Found(found) => values(Values::Record(asked, found)),
        Resolution::View(view) => {
            let all = values_of(view).into_iter();
            let wanted = all.filter(|one| asked.wants(one.index, one.kind));
            values(Values::View(wanted.collect()))
        }
        Resolution::Referral(Some(route)) => (
            StatusCode::MULTIPLE_CHOICES,
            ResponseCode::ServiceReferral,
            Body::Sites(sites(route)),
        ),
        Resolution::Referral(None) => (
            StatusCode::SERVICE_UNAVAILABLE,
            ResponseCode::ServerTooBusy,
            Body::Message("the enterprise's own node has no route yet"),
        ),
        Resolution::NotFound(_) | Resolution::Gone { .. } => {
            nothing(StatusCode::NOT_FOUND, ResponseCode::HandleNotFound)
        }
        Resolution::NotResponsible => {
            nothing(StatusCode::BAD_REQUEST, ResponseCode::ServerNotResponsible)
        }
        Resolution::Denied => nothing(StatusCode::UNAUTHORIZED, ResponseCode::AuthenticationNeeded),
    }
}

fn nothing(status: StatusCode, code: ResponseCode) -> (StatusCode, ResponseCode, Body<'static>) {
    (status, code, Body::Nothing {})
}

fn values(values: Values<'_>) -> (StatusCode, ResponseCode, Body<'_>) {
    let code = if values.is_empty() {
        ResponseCode::ValuesNotFound
    } else {
        ResponseCode::Success
    };
    (StatusCode::OK, code, Body::Values(values))
}

/// Values, each written as it is unpacked.
enum Values<'a> {
    /// Those of a record that are asked for.
    Record(&'a Asked, &'a Found<'a>),
    /// A prefix of the directory: its values are made up, so they have no time of change.
    View(Vec<MadeUp<'a>>),
}

impl<'a> Values<'a> {
    fn of_record(asked: &'a Asked, found: &Found<'a>) -> impl Iterator<Item = ValueRef<'a>> {
        found.values_of(|index, kind| asked.wants(index, kind))
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Record(asked, found) => Self::of_record(asked, found).next().is_none(),
            Self::View(values) => values.is_empty(),
        }
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Record(asked, found) => {
                let mut values = serializer.serialize_seq(None)?;
                let mut times = Times::default();
                for value in Self::of_record(asked, found) {
                    // Handle timestamps are whole seconds (RFC 3651 §3.1).
                    let timestamp = times.text(value.timestamp_ms / 1000 * 1000);
                    values.serialize_element(&HandleValueReply::new(&value, timestamp))?;
                }
                values.end()
            }
            Self::View(values) => {
                serializer.collect_seq(values.iter().map(HandleValueReply::made_up))
            }
        }
    }
}

#[derive(Serialize)]
struct HandleValueReply<'a> {
    index: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    data: DataReply<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<String>,
    ttl: TtlBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<ReferenceBody>,
}

#[derive(Serialize)]
#[serde(tag = "format", content = "value", rename_all = "lowercase")]
enum DataReply<'a> {
    #[serde(serialize_with = "text_reply")]
    String(Text<'a>),
    Base64(String),
}

impl<'a> DataReply<'a> {
    fn new(data: &Data<'a>) -> Self {
        let base64 = || Self::Base64(BASE64.encode(&data.to_cow()));
        data.text().map_or_else(base64, Self::String)
    }
}

impl<'a> HandleValueReply<'a> {
    fn new(value: &ValueRef<'a>, timestamp: &'a str) -> Self {
        Self {
            index: value.index,
            kind: value.kind,
            data: DataReply::new(&value.data),
            permissions: permissions_reply(value.permissions),
            ttl: ttl_reply(value.ttl),
            timestamp: Some(timestamp),
            references: references_reply(value),
        }
    }

    fn made_up(value: &'a MadeUp<'_>) -> Self {
        Self {
            index: value.index,
            kind: value.kind,
            data: DataReply::new(&Data::Plain(&value.data)),
            permissions: None,
            ttl: ttl_reply(Ttl::default()),
            timestamp: None,
            references: Vec::new(),
        }
    }
}

//----------- Pages of other sites ---------------------------------------------

/// What a browser asks before a page of another site may ask (Fetch standard, "CORS protocol").
pub(super) async fn preflight(request: Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "X-Requested-With,Origin,Accept,Content-Type",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    allow_origin(request.headers(), &mut response);
    response
}

/// Public records may be read by pages of any site; no credentials are allowed.
pub(super) fn allow_origin(asked: &HeaderMap, response: &mut Response) {
    let headers = response.headers_mut();
    // Also where nobody says where they ask from: a cache would give that answer to who does.
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = asked.get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}
