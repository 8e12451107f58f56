//! Records: values in order, within limits.

use super::{
    DATA_BYTES_MAX, REFERENCES_MAX, Reference, TYPE_BYTES_MAX, Ttl, Value, value::HANDLE_BYTES_MAX,
};

/// The most values of a record: a product page has tens.
pub const VALUES_MAX: usize = 256;

/// The most bytes of a record's canonical encoding: a reply stays far below the 256 KiB of a Handle
/// message.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// The version of the canonical encoding.
pub(super) const VERSION: u8 = 1;

/// Bytes of a value besides its type, data and references.
const VALUE_FRAME_BYTES: usize = 4 + 8 + 1 + 4 + 1 + 1 + 4 + 1;

/// Bytes of a reference besides its handle.
const REFERENCE_FRAME_BYTES: usize = 2 + 4;

//----------- Record -----------------------------------------------------------

/// What an identifier resolves to: values in ascending order of index, each index once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    values: Vec<Value>,
}

impl Record {
    /// Makes a record of values in any order.
    ///
    /// # Errors
    /// Where an index comes twice or a limit is broken.
    pub fn new(mut values: Vec<Value>) -> Result<Self, RecordError> {
        if values.len() > VALUES_MAX {
            return Err(RecordError::TooManyValues {
                count: values.len(),
            });
        }
        for value in &values {
            check(value)?;
        }
        values.sort_by_key(|value| value.index);
        if let Some(pair) = values
            .windows(2)
            .find(|pair| pair[0].index == pair[1].index)
        {
            return Err(RecordError::DuplicateIndex {
                index: pair[0].index,
            });
        }
        let record = Self { values };
        let bytes = record.encoded_bytes();
        if bytes > RECORD_BYTES_MAX {
            return Err(RecordError::TooLarge { bytes });
        }
        Ok(record)
    }

    /// The values, in order of index.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The canonical encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_bytes());
        out.extend(header(self.values.len()));
        self.values
            .iter()
            .for_each(|value| encode_value(value, &mut out));
        out
    }

    fn encoded_bytes(&self) -> usize {
        3 + self.values.iter().map(value_bytes).sum::<usize>()
    }
}

/// What the canonical encoding of so many values begins with.
pub(super) fn header(values: usize) -> [u8; 3] {
    let count = u16::try_from(values).expect("a record has at most 256 values");
    let [high, low] = count.to_be_bytes();
    [VERSION, high, low]
}

fn value_bytes(value: &Value) -> usize {
    let reference_bytes = |reference: &Reference| REFERENCE_FRAME_BYTES + reference.handle.len();
    VALUE_FRAME_BYTES
        + value.kind.len()
        + value.data.len()
        + value.references.iter().map(reference_bytes).sum::<usize>()
}

fn encode_value(value: &Value, out: &mut Vec<u8>) {
    const CHECKED: &str = "Record::new checked every length";
    let (ttl_kind, ttl) = match value.ttl {
        Ttl::Relative(seconds) => (0, seconds),
        Ttl::Absolute(seconds) => (1, seconds),
    };
    out.extend(value.index.to_be_bytes());
    out.extend(value.timestamp_ms.to_be_bytes());
    out.push(ttl_kind);
    out.extend(ttl.to_be_bytes());
    out.push(value.permissions.bits());
    out.push(u8::try_from(value.kind.len()).expect(CHECKED));
    out.extend(value.kind.as_bytes());
    out.extend(
        u32::try_from(value.data.len())
            .expect(CHECKED)
            .to_be_bytes(),
    );
    out.extend(&value.data);
    out.push(u8::try_from(value.references.len()).expect(CHECKED));
    for reference in &value.references {
        out.extend(
            u16::try_from(reference.handle.len())
                .expect(CHECKED)
                .to_be_bytes(),
        );
        out.extend(reference.handle.as_bytes());
        out.extend(reference.index.to_be_bytes());
    }
}

fn check(value: &Value) -> Result<(), RecordError> {
    let index = value.index;
    if index == 0 {
        return Err(RecordError::ZeroIndex);
    }
    if value.kind.is_empty() || value.kind.len() > TYPE_BYTES_MAX {
        return Err(RecordError::TypeLength {
            index,
            bytes: value.kind.len(),
        });
    }
    if value.kind.chars().any(char::is_control) {
        return Err(RecordError::TypeCharacter { index });
    }
    if value.data.len() > DATA_BYTES_MAX {
        return Err(RecordError::DataTooLarge {
            index,
            bytes: value.data.len(),
        });
    }
    if value.references.len() > REFERENCES_MAX {
        return Err(RecordError::TooManyReferences {
            index,
            count: value.references.len(),
        });
    }
    let is_legal = |reference: &Reference| {
        !reference.handle.is_empty() && reference.handle.len() <= HANDLE_BYTES_MAX
    };
    if value.references.iter().all(is_legal) {
        Ok(())
    } else {
        Err(RecordError::ReferenceLength { index })
    }
}

//============ Error types =====================================================

/// Why values are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too many values.
    #[error("a record has at most {VALUES_MAX} values, not {count}")]
    TooManyValues {
        /// How many there are.
        count: usize,
    },
    /// Index 0.
    #[error("an index is at least 1")]
    ZeroIndex,
    /// An index that comes twice.
    #[error("the index {index} comes twice; give each value its own")]
    DuplicateIndex {
        /// The index.
        index: u32,
    },
    /// A type without or with too many letters.
    #[error("the type of value {index} has {bytes} bytes; 1 to {TYPE_BYTES_MAX} are possible")]
    TypeLength {
        /// The value.
        index: u32,
        /// How many bytes.
        bytes: usize,
    },
    /// A type with a control character.
    #[error("the type of value {index} has a control character; remove it")]
    TypeCharacter {
        /// The value.
        index: u32,
    },
    /// Too much data.
    #[error("the data of value {index} has {bytes} bytes; at most {DATA_BYTES_MAX} are possible")]
    DataTooLarge {
        /// The value.
        index: u32,
        /// How many bytes.
        bytes: usize,
    },
    /// Too many references.
    #[error("value {index} has {count} references; at most {REFERENCES_MAX} are possible")]
    TooManyReferences {
        /// The value.
        index: u32,
        /// How many.
        count: usize,
    },
    /// A reference without a handle, or with one that is too long.
    #[error("a reference of value {index} names nothing that can be an identifier")]
    ReferenceLength {
        /// The value.
        index: u32,
    },
    /// All values together.
    #[error("the record has {bytes} bytes; at most {RECORD_BYTES_MAX} are possible")]
    TooLarge {
        /// How many bytes.
        bytes: usize,
    },
}

impl RecordError {
    /// The code of `docs/import.md` that comes nearest.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TypeCharacter { .. } => "control_character",
            Self::DataTooLarge { .. } | Self::TooLarge { .. } => "value_too_long",
            _ => "bad_value",
        }
    }
}
