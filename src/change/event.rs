//! What happened to the node, or to an enterprise's: starts, stops, faults and recoveries.

use super::{
    DecodeError, NOTE_BYTES_MAX,
    cursor::{Cursor, put_bytes8, put_bytes16},
    decode_optional_prefix,
};
use crate::identifier::Prefix;

//----------- EventChange ------------------------------------------------------

/// Something that happened; times are milliseconds since the epoch, and may be long before the entry's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventChange {
    /// The node is ready to answer.
    Started {
        /// When.
        at_ms: u64,
        /// Where the process before was not stopped, when it was last known to be alive; else 0.
        alive_until_ms: u64,
    },
    /// The node was told to stop.
    Stopped {
        /// When.
        at_ms: u64,
    },
    /// 异常.
    Fault {
        /// Its number and whose node it is about.
        event: NumberedEvent,
        /// What kind of fault.
        class: FaultClass,
    },
    /// 恢复正常.
    Recovered {
        /// Its number and whose node it is about.
        event: NumberedEvent,
        /// The number of the fault that is over.
        of: u32,
    },
}

/// An event that is told to the national node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedEvent {
    /// From 1, this node's and enterprises' nodes' apart.
    pub number: u32,
    /// Whose node; none: this one.
    pub prefix: Option<Prefix>,
    /// When it happened.
    pub at_ms: u64,
    /// The cause, or how it was mended; at most [`NOTE_BYTES_MAX`] bytes.
    pub note: Box<str>,
}

/// 异常类型 (docking guide, annex 2, no. 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FaultClass {
    /// 网络故障.
    Network = 1,
    /// 系统异常.
    System = 2,
    /// 安全攻击.
    Attack = 3,
    /// 其他.
    Other = 4,
}

mod kind {
    pub(super) const STARTED: u8 = 1;
    pub(super) const STOPPED: u8 = 2;
    pub(super) const FAULT: u8 = 3;
    pub(super) const RECOVERED: u8 = 4;
}

impl FaultClass {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Network, Self::System, Self::Attack, Self::Other];

    /// For programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::System => "system",
            Self::Attack => "attack",
            Self::Other => "other",
        }
    }

    fn from_byte(value: u8) -> Result<Self, DecodeError> {
        let mut all = Self::ALL.into_iter();
        let field = "class";
        all.find(|class| *class as u8 == value)
            .ok_or(DecodeError::UnknownValue { field, value })
    }
}

impl NumberedEvent {
    fn put_head(&self, kind: u8, out: &mut Vec<u8>) {
        out.push(kind);
        out.extend_from_slice(&self.at_ms.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        let prefix = self.prefix.as_ref().map_or("", Prefix::as_str);
        put_bytes8(out, prefix.as_bytes());
    }

    /// Reads one whose note comes behind what is its own.
    fn decode<T>(
        at_ms: u64,
        cursor: &mut Cursor<'_>,
        own: impl FnOnce(&mut Cursor<'_>) -> Result<T, DecodeError>,
    ) -> Result<(Self, T), DecodeError> {
        let illegal = |field| Err(DecodeError::IllegalField { field });
        let number = cursor.u32()?;
        if number == 0 {
            return illegal("number");
        }
        let prefix = decode_optional_prefix(cursor)?;
        let own = own(cursor)?;
        let note: Box<str> = cursor.str16()?.into();
        if note.len() > NOTE_BYTES_MAX {
            return illegal("note");
        }
        let event = Self {
            number,
            prefix,
            at_ms,
            note,
        };
        Ok((event, own))
    }
}

impl EventChange {
    /// The event that is told of, if it is one.
    #[must_use]
    pub fn numbered(&self) -> Option<&NumberedEvent> {
        match self {
            Self::Fault { event, .. } | Self::Recovered { event, .. } => Some(event),
            Self::Started { .. } | Self::Stopped { .. } => None,
        }
    }

    pub(super) fn encode_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Started {
                at_ms,
                alive_until_ms,
            } => {
                out.push(kind::STARTED);
                out.extend_from_slice(&at_ms.to_be_bytes());
                out.extend_from_slice(&alive_until_ms.to_be_bytes());
            }
            Self::Stopped { at_ms } => {
                out.push(kind::STOPPED);
                out.extend_from_slice(&at_ms.to_be_bytes());
            }
            Self::Fault { event, class } => {
                event.put_head(kind::FAULT, out);
                out.push(*class as u8);
                put_bytes16(out, event.note.as_bytes());
            }
            Self::Recovered { event, of } => {
                event.put_head(kind::RECOVERED, out);
                out.extend_from_slice(&of.to_be_bytes());
                put_bytes16(out, event.note.as_bytes());
            }
        }
    }

    pub(super) fn decode_body(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let (kind, at_ms) = (cursor.u8()?, cursor.u64()?);
        Ok(match kind {
            kind::STARTED => Self::Started {
                at_ms,
                alive_until_ms: cursor.u64()?,
            },
            kind::STOPPED => Self::Stopped { at_ms },
            kind::FAULT => {
                let class = |cursor: &mut Cursor<'_>| FaultClass::from_byte(cursor.u8()?);
                let (event, class) = NumberedEvent::decode(at_ms, cursor, class)?;
                Self::Fault { event, class }
            }
            kind::RECOVERED => {
                let (event, of) = NumberedEvent::decode(at_ms, cursor, |cursor| cursor.u32())?;
                Self::Recovered { event, of }
            }
            value => {
                let field = "kind";
                return Err(DecodeError::UnknownValue { field, value });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;

    const AT_MS: u64 = 1_795_492_800_000;

    fn event(number: u32, prefix: Option<&str>, note: &str) -> NumberedEvent {
        NumberedEvent {
            number,
            prefix: prefix.map(|text| Prefix::parse(text).unwrap()),
            at_ms: AT_MS,
            note: note.into(),
        }
    }

    #[test]
    fn events_are_written_as_the_page_says() {
        let at = AT_MS.to_be_bytes();
        let cases = [
            (
                EventChange::Started {
                    at_ms: AT_MS,
                    alive_until_ms: 7,
                },
                [&[10, 1, 1][..], &at, &7_u64.to_be_bytes()].concat(),
            ),
            (
                EventChange::Stopped { at_ms: AT_MS },
                [&[10, 1, 2][..], &at].concat(),
            ),
            (
                EventChange::Fault {
                    event: event(3, None, "盘满"),
                    class: FaultClass::System,
                },
                [
                    &[10, 1, 3][..],
                    &at,
                    &[0, 0, 0, 3, 0, 2, 0, 6],
                    "盘满".as_bytes(),
                ]
                .concat(),
            ),
            (
                EventChange::Recovered {
                    event: event(4, Some("88.118.8"), ""),
                    of: 3,
                },
                [
                    &[10, 1, 4][..],
                    &at,
                    &[0, 0, 0, 4, 8],
                    b"88.118.8",
                    &[0, 0, 0, 3, 0, 0],
                ]
                .concat(),
            ),
        ];
        for (event, bytes) in cases {
            let change = Change::Event(Box::new(event));
            assert_eq!(change.encode(), bytes);
            assert_eq!(Change::decode(&bytes), Ok(change));
            for length in 2..bytes.len() {
                let cut = Change::decode(&bytes[..length]);
                assert_eq!(cut, Err(DecodeError::Truncated), "{length}");
            }
        }
    }

    #[test]
    fn what_is_no_event_is_not_read() {
        let fault = EventChange::Fault {
            event: event(3, None, ""),
            class: FaultClass::Other,
        };
        let bytes = Change::Event(Box::new(fault)).encode();
        for (at, value, why) in [(2, 5, "there are four kinds"), (16, 5, "four classes")] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            assert!(Change::decode(&bytes).is_err(), "{why}");
        }
        let mut unnumbered = bytes;
        unnumbered[14] = 0;
        assert!(Change::decode(&unnumbered).is_err(), "numbers begin at 1");
        let long = "长".repeat(NOTE_BYTES_MAX);
        let recovered = EventChange::Recovered {
            event: event(3, None, &long),
            of: 2,
        };
        let bytes = Change::Event(Box::new(recovered)).encode();
        assert!(Change::decode(&bytes).is_err(), "a note has its limit");
    }
}
