//! Prefixes as the directory shows them.

use serde_json::{Value, json};

use super::resolved::sites;
use crate::{
    access::{Action, Caller},
    change::{CertificateType, Filing, Hosting, PrefixStatus},
    resolver::PrefixView,
    state::directory::{Enterprise, PrefixEntry},
};

/// The reply to `0.NA/<prefix>`.
pub(super) fn reply(view: &PrefixView<'_>, caller: Caller) -> Value {
    match view {
        PrefixView::Secondary(prefix) => {
            json!({ "prefix": prefix, "secondary": true, "status": "active" })
        }
        PrefixView::Enterprise { entry, enterprise } => prefix(entry, *enterprise, caller),
    }
}

/// An enterprise prefix; who may not admit does not see certificates.
pub(super) fn prefix(
    entry: &PrefixEntry,
    enterprise: Option<&Enterprise>,
    caller: Caller,
) -> Value {
    let facts = &entry.facts;
    let (hosting, route) = match &facts.hosting {
        Hosting::Hosted => ("hosted", Value::Null),
        Hosting::SelfBuilt(None) => ("self-built", Value::Null),
        Hosting::SelfBuilt(Some(route)) => ("self-built", json!({ "sites": sites(route) })),
    };
    json!({
        "prefix": facts.prefix.as_str(),
        "secondary": false,
        "status": status(facts.status),
        "hosting": hosting,
        "route": route,
        "enterprise": enterprise.map(|enterprise| firm(enterprise, caller)),
        "filing": filing(&facts.filing),
        "waiver": facts.is_waived().then_some(&facts.waiver),
        "position": entry.position.to_string(),
    })
}

fn firm(enterprise: &Enterprise, caller: Caller) -> Value {
    let facts = &enterprise.facts;
    let mut firm = json!({
        "org_name": facts.org_name,
        "province": facts.province,
        "city": facts.city,
        "industry": facts.industry,
        "website": facts.website,
    });
    if caller.may(Action::Admit) {
        let kind = match facts.certificate.kind {
            CertificateType::UnifiedSocialCredit => "uscc",
            CertificateType::Other => "other",
        };
        firm["certificate"] = json!({ "type": kind, "number": facts.certificate.number });
    }
    firm
}

fn filing(filing: &Filing) -> Value {
    let state = filing.state.name();
    let (year, month, day) = (
        filing.date / 10_000,
        filing.date / 100 % 100,
        filing.date % 100,
    );
    let date = (filing.date != 0).then(|| format!("{year:04}-{month:02}-{day:02}"));
    json!({ "state": state, "date": date, "reason": filing.reason })
}

fn status(status: PrefixStatus) -> &'static str {
    match status {
        PrefixStatus::Suspended => "suspended",
        PrefixStatus::Active => "active",
        PrefixStatus::Withdrawn => "withdrawn",
        PrefixStatus::Rejected => "rejected",
        PrefixStatus::Submitted => "submitted",
        PrefixStatus::InReview => "in_review",
    }
}
