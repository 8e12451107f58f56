//! Batches: many items, a verdict each.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, Uri},
    response::Response,
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Api, Reply,
    body::{self, Kind},
    caller, identifiers,
    problem::Problem,
    value::ValueBody,
};
use crate::{
    access::Action,
    registry::{OPERATIONS_MAX, Operation, Receipt, Refusal, Request as Work, Verdict},
};

//----------- register ---------------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemBody {
    identifier: String,
    values: Vec<ValueBody>,
}

/// Registers up to 2,000 identifiers.
pub(super) async fn register(State(api): State<Arc<Api>>, request: Request) -> Reply {
    let node = api.node()?;
    let (parts, body) = request.into_parts();
    let caller = caller::authorise(&api, &parts, Action::WriteIdentifiers)?;
    let dry_run = is_dry_run(&parts.uri)?;
    let kind = body::kind(&parts.headers)?;
    let bytes = body::read(&parts.headers, body, api.body_bytes_max).await?;
    let idempotency = caller::idempotency(&parts, caller, &bytes)?;
    let (items, jobs) = read(split(&bytes, kind)?, |raw| {
        let item: ItemBody = serde_json::from_slice(raw).map_err(|e| e.to_string())?;
        let values = identifiers::requested(item.values)?;
        Ok((
            item.identifier.clone(),
            Operation::Create {
                identifier: item.identifier,
                values,
            },
        ))
    });
    let work = Work {
        caller,
        idempotency,
        jobs,
        dry_run,
    };
    Ok(reply(
        items,
        node.registry.submit(work).await?,
        Named::Identifier,
    ))
}

/// Whether `?dry_run=true` is set.
pub(super) fn is_dry_run(uri: &Uri) -> Result<bool, Problem> {
    let query = uri.query().unwrap_or_default();
    match url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "dry_run") {
        None => Ok(false),
        Some((_, value)) if value == "true" || value.is_empty() => Ok(true),
        Some((_, value)) if value == "false" => Ok(false),
        Some(_) => Err(Problem::bad_request(
            "bad_query",
            "dry_run is true or false",
        )),
    }
}

//----------- Items ------------------------------------------------------------

/// Splits a body into items, without reading them.
pub(super) fn split(bytes: &[u8], kind: Kind) -> Result<Vec<&[u8]>, Problem> {
    let items: Vec<&[u8]> = match kind {
        Kind::Json => body::parse::<Items<'_>>(bytes)?.0,
        Kind::Lines => bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty())
            .take(OPERATIONS_MAX + 1)
            .collect(),
    };
    if items.len() > OPERATIONS_MAX {
        let detail =
            format!("a batch has at most {OPERATIONS_MAX} items; send the rest in another");
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_items",
            detail,
        ));
    }
    Ok(items)
}

/// The items of a JSON array, of which it keeps one more than there may be.
struct Items<'a>(Vec<&'a [u8]>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array of items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = array.next_element::<&'de RawValue>()? {
                    if items.len() <= OPERATIONS_MAX {
                        items.push(item.get().as_bytes());
                    }
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Bounded)
    }
}

/// An item on its way: whom it names, and what is wrong with it, if it is not handed on.
pub(super) struct Item {
    name: Option<String>,
    fault: Option<Refusal>,
}

/// Reads items into jobs; what is no item is refused by itself.
pub(super) fn read<J>(
    raw: Vec<&[u8]>,
    mut parse: impl FnMut(&[u8]) -> Result<(String, J), String>,
) -> (Vec<Item>, Vec<J>) {
    let mut jobs = Vec::with_capacity(raw.len());
    let items = raw.into_iter().map(|raw| match parse(raw) {
        Ok((name, job)) => {
            jobs.push(job);
            Item {
                name: Some(name),
                fault: None,
            }
        }
        Err(detail) => {
            let fault = Refusal {
                code: "bad_item",
                field: String::new(),
                detail,
            };
            Item {
                name: None,
                fault: Some(fault),
            }
        }
    });
    let items = items.collect();
    (items, jobs)
}

//----------- reply ------------------------------------------------------------

/// What an item is named by.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Identifier,
    Prefix,
}

#[derive(Serialize)]
struct BatchReply {
    results: Vec<ItemReply>,
    summary: Summary,
}

#[derive(Serialize)]
struct ItemReply {
    item: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

#[derive(Default, Serialize)]
struct Summary {
    created: usize,
    unchanged: usize,
    conflict: usize,
    refused: usize,
}

/// The verdicts, in the order of the items.
pub(super) fn reply(items: Vec<Item>, receipt: Receipt, named: Named) -> Response {
    let is_repeated = receipt.is_repeated;
    let mut verdicts = receipt.verdicts.into_iter();
    let mut summary = Summary::default();
    let mut results = Vec::with_capacity(items.len());
    for (item, Item { name, fault }) in items.into_iter().enumerate() {
        let verdict = match fault {
            Some(fault) => Verdict::Refused(fault),
            // The registry gives a verdict to each job.
            None => verdicts.next().unwrap_or(Verdict::NotFound),
        };
        let (identifier, prefix) = match named {
            Named::Identifier => (name, None),
            Named::Prefix => (None, name),
        };
        let mut result = judged(verdict, &mut summary);
        (result.item, result.identifier, result.prefix) = (item, identifier, prefix);
        results.push(result);
    }
    let mut response = super::json(StatusCode::OK, &BatchReply { results, summary });
    if is_repeated {
        let replayed = axum::http::HeaderValue::from_static("true");
        response
            .headers_mut()
            .insert("idempotency-replayed", replayed);
    }
    response
}

/// A verdict as an item says it, counted.
fn judged(verdict: Verdict, summary: &mut Summary) -> ItemReply {
    let mut result = ItemReply {
        item: 0,
        identifier: None,
        prefix: None,
        outcome: "created",
        code: None,
        field: None,
        detail: None,
        position: None,
    };
    match verdict {
        Verdict::Created(position) | Verdict::Replaced(position) | Verdict::Removed(position) => {
            summary.created += 1;
            result.position = Some(position.to_string());
        }
        Verdict::Unchanged(position) => {
            summary.unchanged += 1;
            result.outcome = "unchanged";
            result.position = Some(position.to_string());
        }
        Verdict::Conflict(detail) => {
            summary.conflict += 1;
            result.outcome = "conflict";
            result.detail = Some(detail);
        }
        Verdict::Refused(Refusal {
            code,
            field,
            detail,
        }) => {
            summary.refused += 1;
            result.outcome = "refused";
            result.code = Some(code);
            result.field = (!field.is_empty()).then_some(field);
            result.detail = Some(detail);
        }
        Verdict::NotFound | Verdict::Gone => {
            summary.refused += 1;
            result.outcome = "refused";
            result.code = Some("not_registered");
        }
    }
    result
}
