//! The identifier systems, as a table.

//----------- System -----------------------------------------------------------

/// An identifier system; its number is in the ledger and in every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum System {
    /// `88.118.8/JXDY2106023`, `86.…`
    Handle = 1,
    /// `1.2.156.3001.5`
    Oid = 2,
    /// GS1 keys and qualifiers, Digital Link.
    Gs1 = 3,
    /// GB/T 31866.
    Ecode = 4,
    /// ISO/IEC 15459, issuing agency VAA.
    Vaa = 5,
    /// W3C decentralised identifiers.
    Did = 6,
}

/// What is to know about a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemRow {
    /// The system.
    pub system: System,
    /// Its name in reports and interfaces.
    pub name: &'static str,
    /// What one looks like.
    pub example: &'static str,
    /// Which spellings are one name.
    pub fold: Fold,
    /// How it becomes a DNS name.
    pub dns: DnsForm,
    /// Whether this release reads it.
    pub is_supported: bool,
}

/// Which spellings are one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// ASCII case does not matter, as in Handle.Net.
    AsciiCase,
    /// Notations of the same arcs.
    Arcs,
    /// Every character matters.
    None,
    /// By the system's own rules, to come with its parser.
    OfSystem,
}

/// How an identifier becomes a DNS name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsForm {
    /// Lowered; a label of its own where it can be one.
    Lowered,
    /// Arcs reversed (ITU-T X.672).
    Arcs,
    /// Never lowered, always base32hex: case matters.
    Encoded,
}

/// The table: handle has a parser, the others are rows until theirs come.
pub static SYSTEMS: [SystemRow; 6] = [
    SystemRow {
        system: System::Handle,
        name: "handle",
        example: "88.118.8/JXDY2106023",
        fold: Fold::AsciiCase,
        dns: DnsForm::Lowered,
        is_supported: true,
    },
    row(
        System::Oid,
        "oid",
        "1.2.156.3001.5",
        Fold::Arcs,
        DnsForm::Arcs,
    ),
    row(
        System::Gs1,
        "gs1",
        "(01)06901234567892(21)12345",
        Fold::None,
        DnsForm::Encoded,
    ),
    row(
        System::Ecode,
        "ecode",
        "0|0001|6901234567892",
        Fold::OfSystem,
        DnsForm::Lowered,
    ),
    row(
        System::Vaa,
        "vaa",
        "VAA08810012345678/abc123",
        Fold::OfSystem,
        DnsForm::Lowered,
    ),
    row(
        System::Did,
        "did",
        "did:bid:efnVUgqQFfYeu97ABf6sGm3WFtVXHZB2",
        Fold::OfSystem,
        DnsForm::Encoded,
    ),
];

/// A system whose parser is to come.
const fn row(
    system: System,
    name: &'static str,
    example: &'static str,
    fold: Fold,
    dns: DnsForm,
) -> SystemRow {
    SystemRow {
        system,
        name,
        example,
        fold,
        dns,
        is_supported: false,
    }
}

impl System {
    /// The system of that number.
    #[must_use]
    pub fn from_tag(tag: u8) -> Option<Self> {
        SYSTEMS
            .iter()
            .map(|row| row.system)
            .find(|system| *system as u8 == tag)
    }
}
