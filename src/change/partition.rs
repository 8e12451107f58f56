//! Partitions and positions: where in the ledger something stands.

use std::fmt;

use super::{DecodeError, cursor::Cursor};

/// The highest number of a data partition: an explicit prefix table chooses among them, and
/// 4,096 is past any split of one node's identifiers (10 billion make 2.4 million each).
pub const DATA_PARTITIONS_MAX: u16 = 4_096;

/// The longest host name of a `counters/<host>` partition, a DNS label (RFC 1035 §2.3.4).
pub const HOST_BYTES_MAX: usize = 63;

//----------- Partition --------------------------------------------------------

/// One ordered log of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partition {
    /// The directory and facts about the national node.
    Control,
    /// Identifiers; numbered from 1 to [`DATA_PARTITIONS_MAX`].
    Data(u16),
    /// Resolution totals of one host.
    Counters(Box<str>),
}

impl Partition {
    /// Reads a partition from its name.
    ///
    /// # Errors
    /// Where the text is no partition's name, exactly as [`fmt::Display`] writes it.
    pub fn parse(name: &str) -> Result<Self, DecodeError> {
        let unknown = || DecodeError::UnknownPartition(name.escape_debug().take(80).collect());
        if name == "control" {
            return Ok(Self::Control);
        }
        if let Some(number) = name.strip_prefix("data/") {
            let parsed: u16 = number.parse().map_err(|_| unknown())?;
            // One name per partition: no sign, no leading zeros.
            let canonical = parsed.to_string() == number;
            return if canonical && (1..=DATA_PARTITIONS_MAX).contains(&parsed) {
                Ok(Self::Data(parsed))
            } else {
                Err(unknown())
            };
        }
        let host = name.strip_prefix("counters/").ok_or_else(unknown)?;
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(legal) {
            Ok(Self::Counters(host.into()))
        } else {
            Err(unknown())
        }
    }

    /// The number that stands for this partition in a [`Position`]; counters have none.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Control => Some(0),
            Self::Data(number) => Some(*number),
            Self::Counters(_) => None,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control => f.write_str("control"),
            Self::Data(number) => write!(f, "data/{number}"),
            Self::Counters(host) => write!(f, "counters/{host}"),
        }
    }
}

//----------- Position ---------------------------------------------------------

/// Where a change stands: partition, sequence and its place in the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// [`Partition::number`].
    pub partition: u16,
    /// The entry's sequence, from 1.
    pub seq: u64,
    /// The change's place in the entry, from 0.
    pub item: u32,
}

impl Position {
    /// Appends the encoding of `docs/format/ledger-v1.md`.
    pub fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.partition.to_be_bytes());
        out.extend_from_slice(&self.seq.to_be_bytes());
        out.extend_from_slice(&self.item.to_be_bytes());
    }

    /// Reads one position.
    pub(crate) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            partition: cursor.u16()?,
            seq: cursor.u64()?,
            item: cursor.u32()?,
        })
    }

    /// Appends an optional position.
    pub(crate) fn encode_optional(position: Option<Self>, out: &mut Vec<u8>) {
        out.push(u8::from(position.is_some()));
        if let Some(position) = position {
            position.encode(out);
        }
    }

    /// Reads an optional position.
    pub(crate) fn decode_optional(cursor: &mut Cursor<'_>) -> Result<Option<Self>, DecodeError> {
        if cursor.flag()? {
            Self::decode(cursor).map(Some)
        } else {
            Ok(None)
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.partition {
            0 => write!(f, "control:{}:{}", self.seq, self.item),
            number => write!(f, "data/{number}:{}:{}", self.seq, self.item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_per_partition() {
        for name in [
            "control",
            "data/1",
            "data/4096",
            "counters/a",
            "counters/node-1",
        ] {
            assert_eq!(Partition::parse(name).unwrap().to_string(), name);
        }
        for name in [
            "",
            "Control",
            "data/0",
            "data/01",
            "data/+1",
            "data/4097",
            "data/70000",
        ] {
            assert!(Partition::parse(name).is_err(), "{name}");
        }
        for name in ["counters/", "counters/A", "counters/a.b", "counters"] {
            assert!(Partition::parse(name).is_err(), "{name}");
        }
        let longest = format!("counters/{}", "a".repeat(HOST_BYTES_MAX));
        assert!(Partition::parse(&longest).is_ok());
        assert!(Partition::parse(&format!("{longest}a")).is_err());
    }

    #[test]
    fn positions_round_trip() {
        let position = Position {
            partition: 7,
            seq: u64::MAX,
            item: 4_095,
        };
        let mut bytes = Vec::new();
        position.encode(&mut bytes);
        assert_eq!(bytes.len(), 14);
        assert_eq!(
            Position::decode(&mut Cursor::new(&bytes)).unwrap(),
            position
        );
    }
}
