//! Admissions as JSON.

use serde::Deserialize;

use crate::{
    change::{
        Certificate, CertificateType, Filing, FilingState, Hosting, Route, SITES_MAX, Site,
        SiteProtocol,
    },
    registry::{Admission, EnterpriseFacts},
};

/// The most bytes of a site's address: a host name (RFC 1035 §2.3.4).
const ADDRESS_BYTES_MAX: usize = 255;

/// Where name servers are found (RFC 1035 §4.2).
const DNS_PORT: u16 = 53;

//----------- EnterpriseBody ---------------------------------------------------

/// An enterprise to admit, as a client sends it.
#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an enterprise with prefix, org_name, certificate and hosting"
)]
pub(super) struct EnterpriseBody {
    prefix: String,
    org_name: String,
    certificate: CertificateBody,
    hosting: HostingBody,
    #[serde(default)]
    route: Option<RouteBody>,
    #[serde(default)]
    province: String,
    #[serde(default)]
    city: String,
    #[serde(default)]
    industry: String,
    #[serde(default)]
    website: String,
    #[serde(default)]
    filing: Option<FilingBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a certificate with type and number")]
struct CertificateBody {
    #[serde(rename = "type")]
    kind: CertificateKind,
    number: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CertificateKind {
    Uscc,
    Other,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum HostingBody {
    Hosted,
    SelfBuilt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a route with sites")]
struct RouteBody {
    sites: Vec<SiteBody>,
}

#[derive(Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a site with address, protocol and port"
)]
struct SiteBody {
    address: String,
    protocol: ProtocolBody,
    port: u16,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProtocolBody {
    Udp,
    Tcp,
    Http,
    Https,
    Dns,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a filing with state")]
pub(super) struct FilingBody {
    state: FilingStateBody,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FilingStateBody {
    Passed,
    Pending,
    Refused,
    InReview,
}

/// Why a prefix takes registrations before it is filed; null: no longer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a waiver with reason")]
pub(super) struct WaiverBody {
    pub(super) reason: Option<String>,
}

impl EnterpriseBody {
    /// What is asked for, with the prefix it names, or what is wrong with it.
    pub(super) fn into_admission(self) -> Result<(String, Admission), String> {
        let kind = match self.certificate.kind {
            CertificateKind::Uscc => CertificateType::UnifiedSocialCredit,
            CertificateKind::Other => CertificateType::Other,
        };
        let admission = Admission {
            prefix: self.prefix.clone(),
            certificate: Certificate {
                kind,
                number: self.certificate.number.into(),
            },
            hosting: hosting(&self.hosting, self.route)?,
            filing: filing(self.filing)?,
            facts: EnterpriseFacts {
                org_name: self.org_name,
                province: self.province,
                city: self.city,
                industry: self.industry,
                website: self.website,
            },
        };
        Ok((self.prefix, admission))
    }
}

fn hosting(hosting: &HostingBody, route: Option<RouteBody>) -> Result<Hosting, String> {
    match (hosting, route) {
        (HostingBody::Hosted, None) => Ok(Hosting::Hosted),
        (HostingBody::Hosted, Some(_)) => Err("a hosted prefix has no route".to_owned()),
        (HostingBody::SelfBuilt, None) => Ok(Hosting::SelfBuilt(None)),
        (HostingBody::SelfBuilt, Some(route)) => {
            let sites = route
                .sites
                .into_iter()
                .map(site)
                .collect::<Result<Vec<_>, _>>()?;
            if sites.is_empty() || sites.len() > SITES_MAX {
                return Err(format!("a route has 1 to {SITES_MAX} sites"));
            }
            Ok(Hosting::SelfBuilt(Some(Route { sites })))
        }
    }
}

fn site(site: SiteBody) -> Result<Site, String> {
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    let SiteBody {
        address,
        protocol,
        port,
    } = site;
    let is_address =
        (1..=ADDRESS_BYTES_MAX).contains(&address.len()) && address.bytes().all(is_host);
    if !is_address || port == 0 {
        return Err("a site has an address, without brackets, and a port from 1".to_owned());
    }
    let protocol = match protocol {
        ProtocolBody::Udp => SiteProtocol::Udp,
        ProtocolBody::Tcp => SiteProtocol::Tcp,
        ProtocolBody::Http => SiteProtocol::Http,
        ProtocolBody::Https => SiteProtocol::Https,
        ProtocolBody::Dns => SiteProtocol::Dns,
    };
    if protocol == SiteProtocol::Dns && port != DNS_PORT {
        return Err("a site of DNS has port 53: a delegation cannot say another".to_owned());
    }
    Ok(Site {
        address: address.into(),
        protocol,
        port,
    })
}

pub(super) fn filing(filing: Option<FilingBody>) -> Result<Filing, String> {
    let Some(FilingBody {
        state,
        date,
        reason,
    }) = filing
    else {
        return Ok(Filing {
            state: FilingState::Pending,
            date: 0,
            reason: "".into(),
        });
    };
    let date = match date {
        None => 0,
        Some(text) => {
            let wrong = || format!("the filing's date {text:?} is no day such as 2026-11-23");
            let day: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
            let number = |part: i8| u32::try_from(part).unwrap_or_default();
            let year = u32::try_from(day.year()).map_err(|_| wrong())?;
            year * 10_000 + number(day.month()) * 100 + number(day.day())
        }
    };
    let state = match state {
        FilingStateBody::Passed if date == 0 => {
            return Err("a filing that has passed has the date on which it did".to_owned());
        }
        FilingStateBody::Refused => FilingState::Refused,
        FilingStateBody::InReview => FilingState::InReview,
        FilingStateBody::Passed => FilingState::Passed,
        FilingStateBody::Pending => FilingState::Pending,
    };
    Ok(Filing {
        state,
        date,
        reason: reason.into(),
    })
}
