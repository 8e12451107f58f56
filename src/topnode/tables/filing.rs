//! What is asked for the filing (备案) of an enterprise prefix. The guide has no such tables: these are
//! of what the ledger knows.

use serde_json::{Value, json};

use super::{
    Table,
    field::{Field, known},
};
use crate::{
    accounting::figures::Figures,
    change::{CertificateType, FilingState, Hosting},
    state::directory::{Directory, PrefixEntry},
};

/// An application: a row for each prefix that waits to be filed.
pub(super) const F1: [Field; 10] = [
    known(
        "标识前缀",
        "enterprise prefix; not in the guide, as all of F1 and F2",
        "enterprise prefixes of the ledger",
        "88.118.0002",
    ),
    known(
        "单位名称",
        "name",
        "enterprise: org_name",
        "十堰江汉装备制造有限公司",
    ),
    known(
        "单位证件类型",
        "certificate type",
        "enterprise: certificate",
        "统一社会信用代码",
    ),
    known(
        "单位证件号",
        "certificate number",
        "enterprise: certificate",
        "91420300QW9L2G0403",
    ),
    known(
        "单位地址-省",
        "address: province",
        "enterprise: province, GB/T 2260",
        "420000",
    ),
    known(
        "单位地址-市",
        "address: city",
        "enterprise: city, GB/T 2260",
        "420300",
    ),
    known(
        "所属行业",
        "industry, GB/T 4754",
        "enterprise: industry",
        "C35",
    ),
    known(
        "官方网站",
        "web site",
        "enterprise: website",
        "https://e001.example.cn",
    ),
    known(
        "托管或自建",
        "whether it is hosted here",
        "hosting of the prefix",
        "托管",
    ),
    known(
        "备注",
        "what an operator said when it was filed again",
        "filing of the prefix: reason",
        "已补照片",
    ),
];

/// A question: a row for each prefix that is in review.
pub(super) const F2: [Field; 2] = [
    known(
        "标识前缀",
        "enterprise prefix",
        "enterprise prefixes of the ledger",
        "88.118.0002",
    ),
    known(
        "受理编号",
        "receipt of the application",
        "filing of the prefix: reason",
        "2026-1126-0007",
    ),
];

/// Whether a prefix is to be filed (F1), or to be asked about (F2): it is neither withdrawn nor a test.
#[must_use]
pub fn is_filing(table: Table, figures: &Figures<'_>, entry: &PrefixEntry) -> bool {
    let is_so = match table {
        Table::F1 => entry.facts.filing.state == FilingState::Pending,
        Table::F2 => entry.facts.filing.state == FilingState::InReview,
        _ => false,
    };
    is_so && entry.resolves() && !figures.is_test(entry.whose())
}

/// The row of a prefix.
#[must_use]
pub fn filing_row(table: Table, directory: &Directory, entry: &PrefixEntry) -> Vec<Value> {
    let text = |text: &str| json!((!text.is_empty()).then_some(text));
    let facts = &entry.facts;
    let prefix = json!(facts.prefix.as_str());
    let reason = text(&facts.filing.reason);
    if table == Table::F2 {
        return vec![prefix, reason];
    }
    let Some(firm) = directory.enterprise(facts.enterprise) else {
        // A prefix stands behind its enterprise in the ledger.
        return vec![prefix];
    };
    let firm = &firm.facts;
    let hosting = match facts.hosting {
        Hosting::Hosted => "托管",
        Hosting::SelfBuilt(_) => "自建",
    };
    vec![
        prefix,
        text(&firm.org_name),
        json!(certificate_zh(firm.certificate.kind)),
        text(&firm.certificate.number),
        text(&firm.province),
        text(&firm.city),
        text(&firm.industry),
        text(&firm.website),
        json!(hosting),
        reason,
    ]
}

/// The guide's word for a certificate.
pub(super) fn certificate_zh(kind: CertificateType) -> &'static str {
    match kind {
        CertificateType::UnifiedSocialCredit => "统一社会信用代码",
        CertificateType::Other => "其他",
    }
}
