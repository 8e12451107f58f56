//! What the ledger holds: changes, and the entries that carry them.
//!
//! ```text
//! Change   one decision: this identifier now resolves to that       directory.rs, item.rs, counters.rs
//! Entry    changes that stand or fall together, chained by hash     entry.rs, header.rs, hash.rs
//! ```
//!
//! Pure: bytes in, values out. `docs/format/ledger-v1.md` describes every byte and was written
//! first; what these bytes mean for counts and answers is `crate::state`.

mod counters;
mod cursor;
mod day;
mod directory;
mod entry;
mod event;
mod hash;
mod header;
mod item;
mod partition;
mod proof;
mod report;
mod roll_up;
mod sealed;
#[cfg(test)]
mod tests;
mod timings;

pub use counters::{CELLS_MAX, CounterCell, CounterTotals};
pub use day::{rest_of_day_ms, statistics_day};
pub use directory::{
    Certificate, CertificateType, EnterpriseChange, Filing, FilingState, Hosting, PrefixChange,
    PrefixStatus, Route, SITES_MAX, Site, SiteProtocol,
};
pub use entry::{CHANGES_MAX, Draft, Entry, PAYLOAD_BYTES_MAX, Place};
pub use event::{EventChange, FaultClass, NumberedEvent};
pub use hash::{Hash, chain, leaf, merkle_root};
pub use header::{Header, Kind, LedgerId};
pub use item::{Class, PutChange, RemoveChange, RequestChange, RequestOutcome};
pub use partition::{DATA_PARTITIONS_MAX, HOST_BYTES_MAX, Partition, Position};
pub use proof::{inclusion_path, root_from_path};
pub use report::{NOTE_BYTES_MAX, Part, ReportChange, ReportStep};
pub use roll_up::RollUp;
pub use sealed::{Sealed, SealedField};
pub use timings::{TIMING_CELLS_MAX, Timing, TimingCell, TimingTotals};

pub(crate) use cursor::{Cursor, put_bytes16, put_bytes32};
pub(crate) use item::decode_identifier;

use cursor::put_bytes8;

use crate::identifier::Prefix;

/// The largest encoded change: a record of 64 KiB and its frame, with room for later fields.
pub const CHANGE_BYTES_MAX: usize = 128 * 1024;

/// The fold rule of this release: handle identifiers fold ASCII case.
pub const FOLD_RULE: u16 = 1;

/// The version of a change's body in this release, but for a roll-up's that has timings and a prefix's
/// that has a waiver.
const VERSION: u8 = 1;

//----------- Change -----------------------------------------------------------

/// One change of the node, as the ledger keeps it for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The first change of a ledger: names it and fixes how identifiers fold.
    Genesis {
        /// Random, and in the header of every entry.
        ledger_id: LedgerId,
        /// [`FOLD_RULE`] of the release that began the ledger.
        fold_rule: u16,
    },
    /// Takes the place of an entry whose fate was unknown.
    Marker {
        /// Random, so that no two markers are equal.
        nonce: [u8; 16],
    },
    /// A secondary prefix that this node serves.
    SecondaryPrefix(Prefix),
    /// An enterprise as it is from now on.
    Enterprise(Box<EnterpriseChange>),
    /// An enterprise prefix as it is from now on.
    Prefix(Box<PrefixChange>),
    /// A prefix closed to writers, or opened again, ahead of a change in `control`.
    PrefixGate {
        /// The prefix.
        prefix: Prefix,
        /// Whether it is closed from here on.
        closed: bool,
        /// Pairs a gate with the control change it is for.
        nonce: [u8; 16],
    },
    /// An operator accepted the clock.
    ClockAccepted {
        /// What the clock said, in milliseconds since the epoch.
        time_ms: u64,
    },
    /// What a day of a host has come to.
    RollUp(Box<RollUp>),
    /// What became of a report to the national node.
    Report(Box<ReportChange>),
    /// What happened to the node.
    Event(Box<EventChange>),
    /// An identifier registered or replaced.
    Put(Box<PutChange>),
    /// An identifier removed.
    Remove(Box<RemoveChange>),
    /// A request that will be recognised when it comes again.
    Request(RequestChange),
    /// How many answers a host gave in its life.
    CounterTotals(CounterTotals),
    /// How long a host took.
    Timings(TimingTotals),
}

/// The first byte of an encoded change.
mod tag {
    pub(super) const GENESIS: u8 = 1;
    pub(super) const MARKER: u8 = 2;
    pub(super) const SECONDARY_PREFIX: u8 = 3;
    pub(super) const ENTERPRISE: u8 = 4;
    pub(super) const PREFIX: u8 = 5;
    pub(super) const PREFIX_GATE: u8 = 6;
    pub(super) const CLOCK_ACCEPTED: u8 = 7;
    pub(super) const ROLL_UP: u8 = 8;
    pub(super) const REPORT: u8 = 9;
    pub(super) const EVENT: u8 = 10;
    pub(super) const PUT: u8 = 16;
    pub(super) const REMOVE: u8 = 17;
    pub(super) const REQUEST: u8 = 18;
    pub(super) const COUNTER_TOTALS: u8 = 32;
    pub(super) const TIMINGS: u8 = 33;
}

impl Change {
    /// The bytes of this change, as hashed and stored.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.tag(), self.version()];
        match self {
            Self::Genesis {
                ledger_id,
                fold_rule,
            } => {
                out.extend_from_slice(&ledger_id.0);
                out.extend_from_slice(&fold_rule.to_be_bytes());
            }
            Self::Marker { nonce } => out.extend_from_slice(nonce),
            Self::SecondaryPrefix(prefix) => put_bytes8(&mut out, prefix.as_str().as_bytes()),
            Self::Enterprise(change) => change.encode_body(&mut out),
            Self::Prefix(change) => change.encode_body(&mut out),
            Self::PrefixGate {
                prefix,
                closed,
                nonce,
            } => {
                put_bytes8(&mut out, prefix.as_str().as_bytes());
                out.push(if *closed { 1 } else { 2 });
                out.extend_from_slice(nonce);
            }
            Self::ClockAccepted { time_ms } => out.extend_from_slice(&time_ms.to_be_bytes()),
            Self::RollUp(change) => change.encode_body(&mut out),
            Self::Report(change) => change.encode_body(&mut out),
            Self::Event(change) => change.encode_body(&mut out),
            Self::Put(change) => change.encode_body(&mut out),
            Self::Remove(change) => change.encode_body(&mut out),
            Self::Request(change) => change.encode_body(&mut out),
            Self::CounterTotals(change) => change.encode_body(&mut out),
            Self::Timings(change) => change.encode_body(&mut out),
        }
        out
    }

    /// Reads one change from exactly its bytes.
    ///
    /// # Errors
    /// Where the bytes are not a change this release knows; nothing is skipped.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > CHANGE_BYTES_MAX {
            return Err(DecodeError::TooLarge {
                what: "change",
                bytes: bytes.len(),
            });
        }
        let mut cursor = Cursor::new(bytes);
        let (tag, version) = (cursor.u8()?, cursor.u8()?);
        let change = match (tag, version) {
            (tag::ROLL_UP, roll_up::VERSION_TIMED) => {
                Self::RollUp(Box::new(RollUp::decode_timed(&mut cursor)?))
            }
            (tag::PREFIX, directory::VERSION_WAIVED) => {
                Self::Prefix(Box::new(PrefixChange::decode_waived(&mut cursor)?))
            }
            (_, VERSION) => Self::decode_body(tag, &mut cursor)?,
            _ => return Err(DecodeError::UnknownChange { tag, version }),
        };
        cursor.end()?;
        Ok(change)
    }

    fn decode_body(tag: u8, cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(match tag {
            tag::GENESIS => Self::Genesis {
                ledger_id: LedgerId(cursor.array()?),
                fold_rule: cursor.u16()?,
            },
            tag::MARKER => Self::Marker {
                nonce: cursor.array()?,
            },
            tag::SECONDARY_PREFIX => Self::SecondaryPrefix(decode_prefix(cursor)?),
            tag::ENTERPRISE => Self::Enterprise(Box::new(EnterpriseChange::decode_body(cursor)?)),
            tag::PREFIX => Self::Prefix(Box::new(PrefixChange::decode_body(cursor)?)),
            tag::PREFIX_GATE => Self::PrefixGate {
                prefix: decode_prefix(cursor)?,
                closed: match cursor.u8()? {
                    1 => true,
                    2 => false,
                    value => {
                        return Err(DecodeError::UnknownValue {
                            field: "gate",
                            value,
                        });
                    }
                },
                nonce: cursor.array()?,
            },
            tag::CLOCK_ACCEPTED => Self::ClockAccepted {
                time_ms: cursor.u64()?,
            },
            tag::ROLL_UP => Self::RollUp(Box::new(RollUp::decode_body(cursor)?)),
            tag::REPORT => Self::Report(Box::new(ReportChange::decode_body(cursor)?)),
            tag::EVENT => Self::Event(Box::new(EventChange::decode_body(cursor)?)),
            tag::PUT => Self::Put(Box::new(PutChange::decode_body(cursor)?)),
            tag::REMOVE => Self::Remove(Box::new(RemoveChange::decode_body(cursor)?)),
            tag::REQUEST => Self::Request(RequestChange::decode_body(cursor)?),
            tag::COUNTER_TOTALS => Self::CounterTotals(CounterTotals::decode_body(cursor)?),
            tag::TIMINGS => Self::Timings(TimingTotals::decode_body(cursor)?),
            _ => {
                return Err(DecodeError::UnknownChange {
                    tag,
                    version: VERSION,
                });
            }
        })
    }

    fn tag(&self) -> u8 {
        match self {
            Self::Genesis { .. } => tag::GENESIS,
            Self::Marker { .. } => tag::MARKER,
            Self::SecondaryPrefix(_) => tag::SECONDARY_PREFIX,
            Self::Enterprise(_) => tag::ENTERPRISE,
            Self::Prefix(_) => tag::PREFIX,
            Self::PrefixGate { .. } => tag::PREFIX_GATE,
            Self::ClockAccepted { .. } => tag::CLOCK_ACCEPTED,
            Self::RollUp(_) => tag::ROLL_UP,
            Self::Report(_) => tag::REPORT,
            Self::Event(_) => tag::EVENT,
            Self::Put(_) => tag::PUT,
            Self::Remove(_) => tag::REMOVE,
            Self::Request(_) => tag::REQUEST,
            Self::CounterTotals(_) => tag::COUNTER_TOTALS,
            Self::Timings(_) => tag::TIMINGS,
        }
    }

    fn version(&self) -> u8 {
        match self {
            Self::RollUp(change) if !change.timings.cells.is_empty() => roll_up::VERSION_TIMED,
            Self::Prefix(change) if change.is_waived() => directory::VERSION_WAIVED,
            _ => VERSION,
        }
    }
}

/// Reads a prefix that may be empty: none, then.
fn decode_optional_prefix(cursor: &mut Cursor<'_>) -> Result<Option<Prefix>, DecodeError> {
    match cursor.str8()? {
        "" => Ok(None),
        text => Prefix::parse(text)
            .map(Some)
            .map_err(|_| DecodeError::IllegalField { field: "prefix" }),
    }
}

/// Reads a prefix and refuses one that is not well formed.
fn decode_prefix(cursor: &mut Cursor<'_>) -> Result<Prefix, DecodeError> {
    Prefix::parse(cursor.str8()?).map_err(|_| DecodeError::IllegalField { field: "prefix" })
}

//============ Error types =====================================================

/// Why bytes are not a change, a header or an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end inside a field.
    #[error("the bytes end inside a field")]
    Truncated,
    /// Bytes follow the last field.
    #[error("{0} bytes follow the last field")]
    TrailingBytes(usize),
    /// A text field is not UTF-8.
    #[error("a text field is not UTF-8")]
    NotUtf8,
    /// Over a limit of the format.
    #[error("the {what} has {bytes} bytes, over the format's limit")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it says it is.
        bytes: usize,
    },
    /// An entry of a later release.
    #[error("entry format {0} is not known to this release; use a newer biaoshi")]
    UnknownFormat(u8),
    /// A change of a later release.
    #[error("change {tag} version {version} is not known to this release; use a newer biaoshi")]
    UnknownChange {
        /// The change's tag.
        tag: u8,
        /// Its version.
        version: u8,
    },
    /// A value that the format does not list.
    #[error("the field {field} has the unknown value {value}")]
    UnknownValue {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u8,
    },
    /// A field that breaks its own rules.
    #[error("the field {field} is not well formed")]
    IllegalField {
        /// The field.
        field: &'static str,
    },
    /// Not a partition's name.
    #[error("no partition is named {0:?}")]
    UnknownPartition(String),
    /// The number of changes or bytes in the payload is not what the header says.
    #[error("the payload does not match its header: {0}")]
    PayloadMismatch(&'static str),
}
