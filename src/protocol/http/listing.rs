//! `/api/v1/identifiers?prefix=` and `/api/handles?prefix=`: the identifiers of a prefix.
//!
//! A listing is a cut: what it says was so at one moment. Of a firm's products in their order it
//! says much, so it is for administrators.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ::url::form_urlencoded;
use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    Api, Reply, caller,
    handles::{allow_origin, refused, send},
    problem::Problem,
    value::time_ms,
};
use crate::{
    access::Action,
    change::Hosting,
    protocol::handle::ResponseCode,
    state::{DATA, Listed, PinError, PrefixView, State as Fold, directory::Belongs},
};

/// Listings at one time: each holds a pin, of which there are few, and a snapshot needs one.
const LISTINGS_MAX: usize = 2;

/// Identifiers of a page unless it says otherwise.
const PAGE_DEFAULT: usize = 100;

/// The most identifiers of a page: some 100 KiB of reply.
const PAGE_MAX: usize = 1_000;

/// Identifiers that one request looks at to fill a page: removed ones are passed over.
const LOOKED_AT_MAX: usize = 20_000;

/// The most handles of a page in Handle.Net's JSON, whose clients ask for all at once.
const HANDLES_MAX: usize = 10_000;

/// Identifiers that are passed over to find a page by its number, where some were removed: a request
/// must not hold a thread for long.
const PASSED_OVER_MAX: u64 = 200_000;

//----------- Permits ----------------------------------------------------------

/// How many listings there are now.
#[derive(Debug, Default)]
pub(super) struct Listings(AtomicUsize);

/// One of them, until dropped.
pub(super) struct Permit<'a>(&'a Listings);

impl Listings {
    pub(super) fn enter(&self) -> Option<Permit<'_>> {
        let permit = Permit(self);
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        (before < LISTINGS_MAX).then_some(permit)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn busy() -> Problem {
    Problem::unavailable("busy", "others list identifiers now; ask again in a moment")
}

//----------- Version 1 --------------------------------------------------------

/// Lists the identifiers of a prefix from a cursor on.
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, _) = request.into_parts();
    caller::authorise(&api, &parts, Action::ReadPrivate)?;
    let prefix = text(&parts.uri, "prefix")
        .ok_or_else(|| Problem::bad_request("bad_query", "say which prefix: ?prefix=88.118.8"))?;
    let cursor = number(&parts.uri, "cursor")?.unwrap_or(0);
    let limit = number(&parts.uri, "limit")?.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        let detail = format!("limit is 1 to {PAGE_MAX}");
        return Err(Problem::bad_request("bad_query", detail));
    }
    let with_removed = match text(&parts.uri, "removed").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            let detail = "removed is true or false";
            return Err(Problem::bad_request("bad_query", detail));
        }
    };
    let cursor = u32::try_from(cursor)
        .map_err(|_| Problem::bad_request("bad_query", "no cursor is so large"))?;
    let prefix = hosted(&node.state, &prefix)?;
    let _permit = api.listings.enter().ok_or_else(busy)?;
    let view = node.state.pin_prefix(&prefix).map_err(|_| busy())?;
    let (identifiers, next) =
        page(&view, cursor, limit, with_removed, LOOKED_AT_MAX).map_err(|_| busy())?;
    let counts = view.counts();
    let body = json!({
        "prefix": prefix,
        "registered": counts.listed,
        "live": counts.live,
        "seq": view.view().at(&DATA).head.seq,
        "identifiers": identifiers,
        "next": next,
    });
    Ok(super::json(StatusCode::OK, &body))
}

/// A page, and the cursor of the next where there is one; no more than `looked_at_max` are looked at.
pub(super) fn page(
    view: &PrefixView,
    cursor: u32,
    limit: usize,
    with_removed: bool,
    looked_at_max: usize,
) -> Result<(Vec<Value>, Option<u32>), PinError> {
    let (mut identifiers, mut looked_at, mut next) = (Vec::new(), 0, cursor);
    view.each(cursor, |listed| {
        looked_at += 1;
        next = listed.ordinal() + 1;
        let removed_at = listed.removed_at_ms();
        if with_removed || removed_at.is_none() {
            identifiers.push(item(&listed, removed_at));
        }
        identifiers.len() < limit && looked_at < looked_at_max
    })?;
    Ok((identifiers, (next < view.counts().listed).then_some(next)))
}

fn item(listed: &Listed<'_>, removed_at: Option<u64>) -> Value {
    let mut item = Map::new();
    item.insert("identifier".to_owned(), json!(listed.spelling()));
    item.insert("position".to_owned(), json!(listed.position().to_string()));
    if let Some(at) = removed_at {
        item.insert("removed_at".to_owned(), json!(time_ms(at)));
    }
    Value::Object(item)
}

/// A prefix whose identifiers are here.
fn hosted(state: &Fold, prefix: &str) -> Result<String, Problem> {
    let directory = state.directory();
    let not_found = |code, detail| Err(Problem::new(StatusCode::NOT_FOUND, code, detail));
    let unassigned = || {
        not_found(
            "unassigned_prefix",
            format!("{prefix} is assigned to no enterprise"),
        )
    };
    match directory.belongs(prefix) {
        // Withdrawn: what resolves no more is not listed either.
        Belongs::Assigned(entry) if !entry.resolves() => unassigned(),
        Belongs::Assigned(entry) if matches!(entry.facts.hosting, Hosting::SelfBuilt(_)) => {
            not_found(
                "self_built",
                format!(
                    "the identifiers of {prefix} are at its enterprise's own node; list them there"
                ),
            )
        }
        Belongs::Assigned(_) => Ok(prefix.to_owned()),
        Belongs::Unassigned(_) => unassigned(),
        Belongs::Elsewhere => Err(Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "foreign_prefix",
            format!("{prefix} is not a prefix of this node"),
        )),
    }
}

/// A text of the query.
pub(super) fn text(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// A number of the query.
pub(super) fn number(uri: &Uri, name: &str) -> Result<Option<usize>, Problem> {
    let Some(value) = text(uri, name) else {
        return Ok(None);
    };
    let number = value
        .parse()
        .map_err(|_| Problem::bad_request("bad_query", format!("{name} is a whole number")))?;
    Ok(Some(number))
}

//----------- Handle.Net -------------------------------------------------------

/// Lists the handles of a prefix as Handle.Net's REST interface does: those that are live.
pub(super) async fn handles(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = handles_reply(&api, &parts).unwrap_or_else(IntoResponse::into_response);
    allow_origin(&parts.headers, &mut response);
    response
}

fn handles_reply(api: &Api, parts: &axum::http::request::Parts) -> Reply {
    let node = api.node()?;
    if !caller::identify(api, parts)?.may(Action::ReadPrivate) {
        let code = ResponseCode::AuthenticationNeeded as u32;
        let mut response = send(
            StatusCode::UNAUTHORIZED,
            &json!({ "responseCode": code }),
            false,
        );
        let bearer = header::HeaderValue::from_static("Bearer realm=\"biaoshi\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, bearer);
        return Ok(response);
    }
    let Some(asked) = text(&parts.uri, "prefix") else {
        let message = "say which prefix: ?prefix=0.NA/88.118.8";
        return Ok(refused(ResponseCode::ProtocolError, message));
    };
    let bare = match asked.split_at_checked(5) {
        Some((view, bare)) if view.eq_ignore_ascii_case("0.NA/") => bare,
        _ => asked.as_str(),
    };
    let Ok(prefix) = hosted(&node.state, bare) else {
        let code = ResponseCode::ServerNotResponsible;
        return Ok(refused(
            code,
            &format!("{bare} has no identifiers at this node"),
        ));
    };
    let part = match Part::of(&parts.uri) {
        Ok(part) => part,
        Err(message) => return Ok(refused(ResponseCode::ProtocolError, &message)),
    };
    let _permit = api.listings.enter().ok_or_else(busy)?;
    let view = node.state.pin_prefix(&prefix).map_err(|_| busy())?;
    let total = view.counts().live;
    if part == Part::All && total > as_u64(HANDLES_MAX) {
        let message =
            format!("there are more than {HANDLES_MAX}; ask for them by page and pageSize");
        return Ok(refused(ResponseCode::ProtocolError, &message));
    }
    let (skip, count) = part.range();
    let Some(handles) = live(&view, skip, count, PASSED_OVER_MAX).map_err(|_| busy())? else {
        let message = "this page is too far behind removed handles; list with a cursor, at /api/v1/identifiers";
        return Ok(refused(ResponseCode::ProtocolError, message));
    };
    let mut body = json!({
        "responseCode": ResponseCode::Success as u32,
        "prefix": asked,
        "totalCount": total.to_string(),
    });
    if let Part::Page { number, size } = part {
        body["page"] = json!(number);
        body["pageSize"] = json!(size);
    }
    body["handles"] = json!(handles);
    Ok(send(
        StatusCode::OK,
        &body,
        text(&parts.uri, "pretty").is_some(),
    ))
}

/// What of the handles is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Everything.
    All,
    /// A page, numbered from 0; of no size where only the count is asked for.
    Page { number: u64, size: usize },
}

impl Part {
    /// Reads the parameters as Handle.Net does: where one is missing or negative, all are meant,
    /// and a size of 0 means the count alone. Its clients ask for that without a page too.
    fn of(uri: &Uri) -> Result<Self, String> {
        let read = |name| match text(uri, name).map(|value| value.parse::<i64>()) {
            None => Ok(None),
            Some(Ok(number)) => Ok(u64::try_from(number).ok()),
            Some(Err(_)) => Err("page and pageSize are whole numbers".to_owned()),
        };
        let (page, size) = (read("page")?, read("pageSize")?);
        let number = match (page, size) {
            (page, Some(0)) => page.unwrap_or(0),
            (Some(page), Some(_)) => page,
            _ => return Ok(Self::All),
        };
        let size = size.and_then(|size| usize::try_from(size).ok());
        match size.filter(|size| *size <= HANDLES_MAX) {
            Some(size) => Ok(Self::Page { number, size }),
            None => Err(format!("pageSize is at most {HANDLES_MAX}")),
        }
    }

    /// How many handles come before it, and how many it has at the most.
    fn range(self) -> (u64, usize) {
        match self {
            Self::All => (0, HANDLES_MAX),
            Self::Page { number, size } => (number.saturating_mul(as_u64(size)), size),
        }
    }
}

/// So many live identifiers behind the first `skip`; none where more than `looked_at_max` would
/// be looked at.
pub(super) fn live(
    view: &PrefixView,
    skip: u64,
    count: usize,
    looked_at_max: u64,
) -> Result<Option<Vec<String>>, PinError> {
    let counts = view.counts();
    if count == 0 || skip >= counts.live {
        return Ok(Some(Vec::new()));
    }
    // Without removed ones, the number of a page says where it begins.
    let from = if counts.live == u64::from(counts.listed) {
        skip
    } else {
        0
    };
    let (mut passed, mut found) = (from, Vec::new());
    let mut looked_at = 0;
    let first = u32::try_from(from).unwrap_or(u32::MAX);
    view.each(first, |listed| {
        looked_at += 1;
        if listed.removed_at_ms().is_none() {
            if passed >= skip {
                found.push(listed.spelling());
            }
            passed += 1;
        }
        // Behind the last live one there may be many that were removed.
        found.len() < count && passed < counts.live && looked_at < looked_at_max
    })?;
    let is_cut_off = found.len() < count && passed < counts.live && looked_at >= looked_at_max;
    Ok((!is_cut_off).then_some(found))
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
