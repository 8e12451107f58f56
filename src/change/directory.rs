//! Changes of the directory: enterprises and their prefixes.

use super::{
    DecodeError, Position, SealedField,
    cursor::{Cursor, put_bytes8, put_bytes16},
    decode_prefix,
};
use crate::identifier::Prefix;

/// The most sites of a route: a self-built node runs a handful.
pub const SITES_MAX: usize = 16;

//----------- EnterpriseChange -------------------------------------------------

/// An enterprise as it is from this change on.
///
/// Texts are at most 255 bytes, `org_name` and `website` at most 65,535; callers hold them to
/// less. Empty texts are "not given".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterpriseChange {
    /// Its number in this ledger, from 1.
    pub enterprise: u64,
    /// Its previous change.
    pub prev: Option<Position>,
    /// What makes it the same firm.
    pub certificate: Certificate,
    /// 企业名称.
    pub org_name: Box<str>,
    /// GB/T 2260 code of the province.
    pub province: Box<str>,
    /// GB/T 2260 code of the city.
    pub city: Box<str>,
    /// GB/T 4754 code, major class first.
    pub industry: Box<str>,
    /// Its web site.
    pub website: Box<str>,
    /// Personal data, sealed.
    pub sealed: Vec<SealedField>,
}

impl EnterpriseChange {
    pub(crate) fn encode_body(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.enterprise.to_be_bytes());
        Position::encode_optional(self.prev, out);
        self.certificate.encode(out);
        self.encode_facts(out);
    }

    /// What the content digest sees besides the certificate: no number, no positions.
    pub(crate) fn encode_facts(&self, out: &mut Vec<u8>) {
        put_bytes16(out, self.org_name.as_bytes());
        put_bytes8(out, self.province.as_bytes());
        put_bytes8(out, self.city.as_bytes());
        put_bytes8(out, self.industry.as_bytes());
        put_bytes16(out, self.website.as_bytes());
        SealedField::encode_all(&self.sealed, out);
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            enterprise: cursor.u64()?,
            prev: Position::decode_optional(cursor)?,
            certificate: Certificate::decode(cursor)?,
            org_name: cursor.str16()?.into(),
            province: cursor.str8()?.into(),
            city: cursor.str8()?.into(),
            industry: cursor.str8()?.into(),
            website: cursor.str16()?.into(),
            sealed: SealedField::decode_all(cursor)?,
        })
    }
}

//----------- Certificate ------------------------------------------------------

/// The paper that identifies a firm: one certificate, one enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Certificate {
    /// Which paper.
    pub kind: CertificateType,
    /// Its number, at most 32 characters (SNMS `orgCrtCode`).
    pub number: Box<str>,
}

impl Certificate {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.kind as u8);
        put_bytes8(out, self.number.as_bytes());
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let kind = match cursor.u8()? {
            1 => CertificateType::UnifiedSocialCredit,
            2 => CertificateType::Other,
            value => {
                return Err(DecodeError::UnknownValue {
                    field: "certificate_type",
                    value,
                });
            }
        };
        Ok(Self {
            kind,
            number: cursor.str8()?.into(),
        })
    }
}

/// Which paper identifies a firm (SNMS `orgCrtType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CertificateType {
    /// 统一社会信用代码, GB 32100.
    UnifiedSocialCredit = 1,
    /// Any other.
    Other = 2,
}

//----------- PrefixChange -----------------------------------------------------

/// The version of a prefix change with a waiver.
pub(super) const VERSION_WAIVED: u8 = 2;

/// An enterprise prefix as it is from this change on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixChange {
    /// The prefix, one segment below a secondary prefix.
    pub prefix: Prefix,
    /// Its previous change.
    pub prev: Option<Position>,
    /// The number of the enterprise it belongs to.
    pub enterprise: u64,
    /// Whether it is in use.
    pub status: PrefixStatus,
    /// Where its identifiers live.
    pub hosting: Hosting,
    /// Its filing with the national top-level node.
    pub filing: Filing,
    /// Why it takes registrations before its filing has passed, at most 255 bytes; empty: it does not.
    pub waiver: Box<str>,
}

impl PrefixChange {
    pub(crate) fn encode_body(&self, out: &mut Vec<u8>) {
        put_bytes8(out, self.prefix.as_str().as_bytes());
        Position::encode_optional(self.prev, out);
        out.extend_from_slice(&self.enterprise.to_be_bytes());
        out.push(self.status as u8);
        self.hosting.encode(out);
        self.filing.encode(out);
        if self.is_waived() {
            put_bytes8(out, self.waiver.as_bytes());
        }
    }

    /// Whether it takes registrations before its filing has passed.
    #[must_use]
    pub fn is_waived(&self) -> bool {
        !self.waiver.is_empty()
    }

    pub(super) fn decode_waived(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let change = Self::decode_body(cursor)?;
        let waiver: Box<str> = cursor.str8()?.into();
        if waiver.is_empty() {
            // It has one form, that of version 1.
            return Err(DecodeError::IllegalField { field: "waiver" });
        }
        Ok(Self { waiver, ..change })
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            prefix: decode_prefix(cursor)?,
            prev: Position::decode_optional(cursor)?,
            enterprise: cursor.u64()?,
            status: PrefixStatus::from_byte(cursor.u8()?)?,
            hosting: Hosting::decode(cursor)?,
            filing: Filing::decode(cursor)?,
            waiver: "".into(),
        })
    }
}

/// Whether a prefix is in use, by the numbers of the SNMS interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum PrefixStatus {
    /// 停用: no writes; what is registered still resolves.
    Suspended = 0,
    /// 启用.
    Active = 1,
    /// 待删除: withdrawn, neither writes nor resolution.
    Withdrawn = 2,
    /// 被驳回.
    Rejected = 3,
    /// 待审核.
    Submitted = 4,
    /// 审核中.
    InReview = 5,
}

impl PrefixStatus {
    /// All of them, by number.
    pub const ALL: [Self; 6] = [
        Self::Suspended,
        Self::Active,
        Self::Withdrawn,
        Self::Rejected,
        Self::Submitted,
        Self::InReview,
    ];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
            Self::Submitted => "submitted",
            Self::InReview => "in_review",
        }
    }

    fn from_byte(value: u8) -> Result<Self, DecodeError> {
        Ok(match value {
            0 => Self::Suspended,
            1 => Self::Active,
            2 => Self::Withdrawn,
            3 => Self::Rejected,
            4 => Self::Submitted,
            5 => Self::InReview,
            value => {
                return Err(DecodeError::UnknownValue {
                    field: "status",
                    value,
                });
            }
        })
    }
}

//----------- Hosting ----------------------------------------------------------

/// Where the identifiers of a prefix live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hosting {
    /// 托管: here.
    Hosted,
    /// 自建: at the enterprise's own node; no route until it says where that is.
    SelfBuilt(Option<Route>),
}

impl Hosting {
    fn encode(&self, out: &mut Vec<u8>) {
        let sites = match self {
            Self::Hosted => {
                out.push(1);
                &[]
            }
            Self::SelfBuilt(route) => {
                out.push(2);
                route.as_ref().map_or(&[][..], |route| &route.sites)
            }
        };
        debug_assert!(sites.len() <= SITES_MAX);
        out.push(u8::try_from(sites.len()).expect("a route has at most 16 sites"));
        for site in sites {
            put_bytes8(out, site.address.as_bytes());
            out.push(site.protocol as u8);
            out.extend_from_slice(&site.port.to_be_bytes());
        }
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let hosting = cursor.u8()?;
        let count = usize::from(cursor.u8()?);
        if count > SITES_MAX {
            return Err(DecodeError::TooLarge {
                what: "route",
                bytes: count,
            });
        }
        let sites = (0..count)
            .map(|_| Site::decode(cursor))
            .collect::<Result<Vec<_>, _>>()?;
        match (hosting, sites.is_empty()) {
            (1, true) => Ok(Self::Hosted),
            (1, false) => Err(DecodeError::IllegalField { field: "route" }),
            (2, true) => Ok(Self::SelfBuilt(None)),
            (2, false) => Ok(Self::SelfBuilt(Some(Route { sites }))),
            (value, _) => Err(DecodeError::UnknownValue {
                field: "hosting",
                value,
            }),
        }
    }
}

/// Where a self-built node answers (解析路由); at least one site, at most [`SITES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its sites, in order of preference.
    pub sites: Vec<Site>,
}

/// One address of a self-built node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// An IPv4 or IPv6 address, or a host name; at most 255 bytes.
    pub address: Box<str>,
    /// What is spoken there.
    pub protocol: SiteProtocol,
    /// The port.
    pub port: u16,
}

impl Site {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            address: cursor.str8()?.into(),
            protocol: match cursor.u8()? {
                0 => SiteProtocol::Udp,
                1 => SiteProtocol::Tcp,
                2 => SiteProtocol::Http,
                3 => SiteProtocol::Https,
                4 => SiteProtocol::Dns,
                value => {
                    return Err(DecodeError::UnknownValue {
                        field: "protocol",
                        value,
                    });
                }
            },
            port: cursor.u16()?,
        })
    }
}

/// What a site speaks: 0 to 3 by the numbers of HS_SITE interfaces, which have no DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum SiteProtocol {
    /// Handle over UDP.
    Udp = 0,
    /// Handle over TCP.
    Tcp = 1,
    /// HTTP.
    Http = 2,
    /// HTTPS.
    Https = 3,
    /// DNS over UDP and TCP, on port 53: a delegation cannot say another.
    Dns = 4,
}

impl SiteProtocol {
    /// Its name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Https => "https",
            Self::Dns => "dns",
        }
    }
}

//----------- Filing -----------------------------------------------------------

/// The filing (备案) of a prefix with the national top-level node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filing {
    /// Whether it has passed.
    pub state: FilingState,
    /// The statistics day of that state as the number YYYYMMDD; 0 where none is known.
    pub date: u32,
    /// Why, in a few words; at most 255 bytes.
    pub reason: Box<str>,
}

impl Filing {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.state as u8);
        out.extend_from_slice(&self.date.to_be_bytes());
        put_bytes8(out, self.reason.as_bytes());
    }

    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let value = cursor.u8()?;
        let field = "filing state";
        let state = FilingState::ALL.get(usize::from(value)).copied();
        Ok(Self {
            state: state.ok_or(DecodeError::UnknownValue { field, value })?,
            date: cursor.u32()?,
            reason: cursor.str8()?.into(),
        })
    }
}

/// Whether a filing has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FilingState {
    /// Not yet.
    Pending = 0,
    /// 已备案: the prefix counts.
    Passed = 1,
    /// 被驳回: it may be filed again.
    Refused = 2,
    /// 审核中: the national node has it, and has not decided.
    InReview = 3,
}

impl FilingState {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Passed, Self::Refused, Self::InReview];

    /// Its name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::InReview => "in_review",
        }
    }
}
