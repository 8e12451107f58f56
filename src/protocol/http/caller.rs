//! Who is asking.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

use super::{Api, Peer, problem::Problem};
use crate::{
    access::{Action, Caller, Identified},
    registry::Idempotency,
};

/// The most characters of an idempotency key: a UUID has 36.
const KEY_CHARACTERS_MAX: usize = 255;

/// Headers by which a proxy says that it passes a request on.
const FORWARDED: [HeaderName; 3] = [
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// The caller of a request.
pub(super) fn identify(api: &Api, parts: &Parts) -> Result<Caller, Problem> {
    match api.gate.identify(bearer(&parts.headers)?, is_here(parts)) {
        Identified::As(caller) => Ok(caller),
        Identified::UnknownToken => Err(Problem::unauthorized(
            "this token is not known; it is in <data_dir>/admin-token",
        )),
        Identified::NotFromThere => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_from_there",
            "this token opens nothing from beyond this machine",
        )),
    }
}

/// Whether a request comes from this machine.
fn is_here(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<Peer>();
    // Whoever a proxy on this machine passes on is not on this machine.
    peer.is_some_and(is_loopback) && !is_passed_on(parts)
}

fn is_loopback(peer: &Peer) -> bool {
    peer.address.to_canonical().is_loopback()
}

/// Whether a proxy on this machine passed a request on: for whom is not known.
///
/// From elsewhere anybody may say so, and is who the connection is with.
pub(super) fn is_passed_on(parts: &Parts) -> bool {
    let is_forwarded = FORWARDED
        .iter()
        .any(|name| parts.headers.contains_key(name));
    is_forwarded && parts.extensions.get::<Peer>().is_none_or(is_loopback)
}

/// The caller of a request that only some may make.
pub(super) fn authorise(api: &Api, parts: &Parts, action: Action) -> Result<Caller, Problem> {
    let caller = identify(api, parts)?;
    if caller.may(action) {
        return Ok(caller);
    }
    Err(Problem::unauthorized(
        "this needs `Authorization: Bearer <token>`; the token is in <data_dir>/admin-token",
    ))
}

/// The token of an `Authorization` header (RFC 6750 §2.1); none where there is no header.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let Some(value) = first else {
        return Ok(None);
    };
    let unknown = || Problem::unauthorized("only `Authorization: Bearer <token>` is understood");
    let (scheme, token) = value
        .to_str()
        .ok()
        .filter(|_| second.is_none())
        .and_then(|text| text.split_once(' '))
        .ok_or_else(unknown)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token))
    } else {
        Err(unknown())
    }
}

/// The idempotency key of a request, with what it asks.
pub(super) fn idempotency(
    parts: &Parts,
    caller: Caller,
    body: &[u8],
) -> Result<Option<Idempotency>, Problem> {
    let Some(value) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let is_legal = |key: &&str| {
        (1..=KEY_CHARACTERS_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(is_legal).ok_or_else(|| {
        let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters";
        Problem::bad_request("bad_idempotency_key", detail)
    })?;
    // The same bytes sent elsewhere ask for something else.
    let condition = parts
        .headers
        .get(header::IF_NONE_MATCH)
        .map_or(&b""[..], |v| v.as_bytes());
    let target = parts.uri.to_string();
    let asked = [
        parts.method.as_str().as_bytes(),
        target.as_bytes(),
        condition,
        body,
    ]
    .join(&b'\n');
    Ok(Some(Idempotency::new(caller, key, &asked)))
}

/// Marks an answer that was given before.
pub(super) fn mark_replayed(response: &mut Response, is_repeated: bool) {
    if is_repeated {
        let replayed = HeaderValue::from_static("true");
        response
            .headers_mut()
            .insert("idempotency-replayed", replayed);
    }
}
