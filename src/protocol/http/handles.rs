//! `/api/handles/{handle}`: a record in the JSON of Handle.Net's REST interface.

use std::sync::Arc;

use ::url::form_urlencoded;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::{
    Api, Reply, caller,
    resolved::sites,
    value::{permissions_reply, references_reply, time_ms, ttl_reply},
};
use crate::{
    accounting::Outcome,
    identifier::{Identifier, url},
    protocol::{
        handle::{MadeUp, ResponseCode, is_type, values_of},
        outcome_of,
    },
    record::ValueRef,
    resolver::{PrefixView, Resolution},
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
    let node = api.node()?;
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
    let (status, body) = node.resolver.resolve(&query, caller, |resolution| {
        let (status, body) = answer(&query, &asked, &resolution);
        let has_none = body["responseCode"] == ResponseCode::ValuesNotFound as u32;
        let outcome = if has_none {
            // No data was returned: it does not count as a success.
            Outcome::NotFound
        } else {
            outcome_of(&resolution)
        };
        caller::count(api, parts, outcome);
        (status, body)
    });
    Ok(send(status, &body, asked.pretty))
}

/// A request that makes no sense to the protocol.
pub(super) fn refused(code: ResponseCode, message: &str) -> Response {
    let body = json!({ "responseCode": code as u32, "message": message });
    send(StatusCode::BAD_REQUEST, &body, false)
}

pub(super) fn send(status: StatusCode, body: &Value, pretty: bool) -> Response {
    let text = if pretty {
        format!("{body:#}\n")
    } else {
        body.to_string()
    };
    let content_type = (header::CONTENT_TYPE, "application/json;charset=UTF-8");
    (status, [content_type], text).into_response()
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

fn answer(query: &Identifier, asked: &Asked, resolution: &Resolution<'_>) -> (StatusCode, Value) {
    let handle = query.text();
    let plain = |status, code: ResponseCode| {
        (
            status,
            json!({ "responseCode": code as u32, "handle": handle }),
        )
    };
    match resolution {
        Resolution::Found(found) => {
            let wanted = found
                .values()
                .filter(|value| asked.wants(value.index, value.kind));
            values(handle, wanted.map(|value| value_json(&value)).collect())
        }
        Resolution::View(view) => values(handle, view_json(view, asked)),
        Resolution::Referral(Some(route)) => {
            let body = json!({
                "responseCode": ResponseCode::ServiceReferral as u32, "handle": handle, "sites": sites(route),
            });
            (StatusCode::MULTIPLE_CHOICES, body)
        }
        Resolution::Referral(None) => {
            let message = "the enterprise's own node has no route yet";
            let body = json!({ "responseCode": ResponseCode::ServerTooBusy as u32, "handle": handle, "message": message });
            (StatusCode::SERVICE_UNAVAILABLE, body)
        }
        Resolution::NotFound(_) | Resolution::Gone { .. } => {
            plain(StatusCode::NOT_FOUND, ResponseCode::HandleNotFound)
        }
        Resolution::NotResponsible => {
            plain(StatusCode::BAD_REQUEST, ResponseCode::ServerNotResponsible)
        }
        Resolution::Denied => plain(StatusCode::UNAUTHORIZED, ResponseCode::AuthenticationNeeded),
    }
}

fn values(handle: &str, values: Vec<Value>) -> (StatusCode, Value) {
    let code = if values.is_empty() {
        ResponseCode::ValuesNotFound
    } else {
        ResponseCode::Success
    };
    let body = json!({ "responseCode": code as u32, "handle": handle, "values": values });
    (StatusCode::OK, body)
}

fn data_json(data: &[u8]) -> Value {
    std::str::from_utf8(data).map_or_else(
        |_| json!({ "format": "base64", "value": BASE64.encode(data) }),
        |text| json!({ "format": "string", "value": text }),
    )
}

fn value_json(value: &ValueRef<'_>) -> Value {
    let data = data_json(&value.data.to_cow());
    let mut body = Map::new();
    body.insert("index".to_owned(), json!(value.index));
    body.insert("type".to_owned(), json!(value.kind));
    body.insert("data".to_owned(), data);
    if let Some(permissions) = permissions_reply(value.permissions) {
        body.insert("permissions".to_owned(), json!(permissions));
    }
    body.insert("ttl".to_owned(), json!(ttl_reply(value.ttl)));
    // Handle timestamps are whole seconds (RFC 3651 §3.1).
    let seconds_ms = value.timestamp_ms / 1000 * 1000;
    body.insert("timestamp".to_owned(), json!(time_ms(seconds_ms)));
    let references = references_reply(value);
    if !references.is_empty() {
        body.insert("references".to_owned(), json!(references));
    }
    Value::Object(body)
}

/// A prefix of the directory as values: they are made up, so they have no time of change.
fn view_json(view: &PrefixView<'_>, asked: &Asked) -> Vec<Value> {
    let value = |one: MadeUp<'_>| {
        let data = data_json(&one.data);
        json!({ "index": one.index, "type": one.kind, "data": data, "ttl": 86_400 })
    };
    let all = values_of(view).into_iter();
    let wanted = all.filter(|one| asked.wants(one.index, one.kind));
    wanted.map(value).collect()
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
