//! Records as they lie in memory and in the ledger: borrowed views over canonical bytes.

use super::{
    DATA_BYTES_MAX, Data, Permissions, RECORD_BYTES_MAX, REFERENCES_MAX, Record, Reference, Ttl,
    VALUES_MAX, Value, owned::VERSION, value::HANDLE_BYTES_MAX,
};

/// Bytes before the first value: version and count.
pub(super) const HEADER_BYTES: usize = 3;

/// Bytes of a value before its type: index, time, time to live, permissions and length of the type.
const VALUE_HEAD_BYTES: usize = 4 + 8 + 5 + 1 + 1;

//----------- RecordRef --------------------------------------------------------

/// A record over its canonical encoding.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'a> {
    bytes: &'a [u8],
}

impl<'a> RecordRef<'a> {
    /// Checks that bytes are the canonical encoding of a record.
    ///
    /// # Errors
    /// Where they are not: every rule and limit of the format holds for what is returned.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(DecodeError::TooLarge);
        }
        let (header, mut rest) = bytes
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(DecodeError::Truncated)?;
        let [version, count @ ..] = *header;
        if version != VERSION {
            return Err(DecodeError::UnknownVersion(version));
        }
        let count = u16::from_be_bytes(count);
        if usize::from(count) > VALUES_MAX {
            return Err(DecodeError::TooLarge);
        }
        let mut last = 0;
        for _ in 0..count {
            let value = ValueRef::take(&mut rest).ok_or(DecodeError::Truncated)?;
            value.check()?;
            if value.index <= last {
                return Err(DecodeError::OutOfOrder);
            }
            last = value.index;
        }
        if rest.is_empty() {
            Ok(Self { bytes })
        } else {
            Err(DecodeError::TrailingBytes)
        }
    }

    /// A view over bytes that were checked before; of other bytes it shows as many values as it
    /// can read.
    #[must_use]
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The values, in order of index.
    pub fn values(&self) -> impl Iterator<Item = ValueRef<'a>> + use<'a> {
        let mut rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        std::iter::from_fn(move || ValueRef::take(&mut rest))
    }

    /// Whether both have the same values but for when they were changed.
    #[must_use]
    pub fn same_content(&self, other: &RecordRef<'_>) -> bool {
        self.bytes.len() == other.bytes.len()
            && self
                .values()
                .zip(other.values())
                .all(|(one, other)| one.same_content(&other))
            && self.values().count() == other.values().count()
    }

    /// The canonical bytes with every timestamp 0: what the content digest sees.
    #[must_use]
    pub fn content_bytes(&self) -> Vec<u8> {
        let mut out = self.bytes.to_vec();
        let total = out.len();
        let mut rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        loop {
            let at = total - rest.len();
            if ValueRef::take(&mut rest).is_none() {
                return out;
            }
            out[at + 4..at + 12].fill(0);
        }
    }

    /// An owned record.
    ///
    /// # Errors
    /// Where the bytes were never checked and break a rule.
    pub fn to_record(&self) -> Result<Record, super::RecordError> {
        Record::new(self.values().map(|value| value.to_value()).collect())
    }
}

//----------- ValueRef ---------------------------------------------------------

/// A value over its canonical encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueRef<'a> {
    /// Its number in the record.
    pub index: u32,
    /// Its type.
    pub kind: &'a str,
    /// Its data.
    pub data: Data<'a>,
    /// How long it may be cached.
    pub ttl: Ttl,
    /// Who may read and write it.
    pub permissions: Permissions,
    /// When it was last changed, milliseconds since the epoch.
    pub timestamp_ms: u64,
    reference_count: u8,
    /// The encoded references.
    references: &'a [u8],
}

/// A value without its data: what values at one place of many records have alike.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Its number in the record.
    pub index: u32,
    /// Its type.
    pub kind: &'a str,
    /// How long it may be cached.
    pub ttl: Ttl,
    /// Who may read and write it.
    pub permissions: Permissions,
}

/// A reference over its canonical encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceRef<'a> {
    /// The identifier.
    pub handle: &'a str,
    /// The index of its value.
    pub index: u32,
}

impl<'a> ValueRef<'a> {
    /// What it refers to.
    pub fn references(&self) -> impl Iterator<Item = ReferenceRef<'a>> + use<'a> {
        let mut rest = self.references;
        std::iter::from_fn(move || take_reference(&mut rest))
    }

    /// Whether both are the same but for when they were changed.
    #[must_use]
    pub fn same_content(&self, other: &ValueRef<'_>) -> bool {
        self.index == other.index
            && self.kind == other.kind
            && self.data == other.data
            && self.ttl == other.ttl
            && self.permissions == other.permissions
            && self.references == other.references
    }

    /// An owned value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let owned = |reference: ReferenceRef<'_>| Reference {
            handle: reference.handle.into(),
            index: reference.index,
        };
        Value {
            index: self.index,
            kind: self.kind.into(),
            data: self.data.to_vec().into(),
            ttl: self.ttl,
            permissions: self.permissions,
            timestamp_ms: self.timestamp_ms,
            references: self.references().map(owned).collect(),
        }
    }

    /// A value that refers to nothing.
    pub(super) fn plain(frame: Frame<'a>, data: Data<'a>, timestamp_ms: u64) -> Self {
        Self {
            index: frame.index,
            kind: frame.kind,
            data,
            ttl: frame.ttl,
            permissions: frame.permissions,
            timestamp_ms,
            reference_count: 0,
            references: &[],
        }
    }

    /// All of it but its data, its time and its references.
    pub(super) fn frame(&self) -> Frame<'a> {
        Frame {
            index: self.index,
            kind: self.kind,
            ttl: self.ttl,
            permissions: self.permissions,
        }
    }

    /// Appends its canonical encoding.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        let (ttl_kind, ttl) = raw_ttl(self.ttl);
        out.extend_from_slice(&self.index.to_be_bytes());
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out.push(ttl_kind);
        out.extend_from_slice(&ttl.to_be_bytes());
        out.extend_from_slice(&[self.permissions.bits(), count(self.kind.len())]);
        out.extend_from_slice(self.kind.as_bytes());
        out.extend_from_slice(&count::<u32>(self.data.len()).to_be_bytes());
        self.data.append_to(out);
        out.push(self.reference_count);
        out.extend_from_slice(self.references);
    }

    /// Takes one value from the front; `None` at the end or where the bytes make no sense.
    #[inline]
    pub(super) fn take(rest: &mut &'a [u8]) -> Option<Self> {
        let raw = RawValue::take(rest)?;
        let before = *rest;
        for _ in 0..raw.reference_count {
            take_reference(rest)?;
        }
        let references = &before[..before.len() - rest.len()];
        Some(Self {
            index: raw.index,
            kind: std::str::from_utf8(raw.kind).ok()?,
            data: Data::Plain(raw.data),
            ttl: match raw.ttl {
                (0, seconds) => Ttl::Relative(seconds),
                (1, seconds) => Ttl::Absolute(seconds),
                _ => return None,
            },
            permissions: Permissions::from_bits(raw.permissions)?,
            timestamp_ms: raw.timestamp_ms,
            reference_count: raw.reference_count,
            references,
        })
    }

    /// Checks the limits that taking it apart does not.
    fn check(&self) -> Result<(), DecodeError> {
        if self.kind.is_empty() || self.kind.chars().any(char::is_control) {
            return Err(DecodeError::IllegalType);
        }
        let has_long_handle = || {
            let bytes = |reference: ReferenceRef<'_>| reference.handle.len();
            self.references()
                .map(bytes)
                .any(|bytes| bytes == 0 || bytes > HANDLE_BYTES_MAX)
        };
        if self.data.len() > DATA_BYTES_MAX
            || usize::from(self.reference_count) > REFERENCES_MAX
            || has_long_handle()
        {
            return Err(DecodeError::TooLarge);
        }
        Ok(())
    }
}

//----------- RawValue ---------------------------------------------------------

/// A value but for its references, as it stands in the bytes: nothing of it is checked.
#[derive(Debug)]
pub(super) struct RawValue<'a> {
    pub(super) index: u32,
    pub(super) timestamp_ms: u64,
    /// The kind of time to live, and seconds.
    pub(super) ttl: (u8, u32),
    pub(super) permissions: u8,
    pub(super) kind: &'a [u8],
    pub(super) data: &'a [u8],
    pub(super) reference_count: u8,
}

impl<'a> RawValue<'a> {
    /// Takes it from the front; `None` where the bytes end.
    #[inline]
    pub(super) fn take(rest: &mut &'a [u8]) -> Option<Self> {
        // All that has always the same length, at once.
        let head: [u8; VALUE_HEAD_BYTES] = take_array(rest)?;
        let [i0, i1, i2, i3, t0, t1, t2, t3, t4, t5, t6, t7, ..] = head;
        let [.., ttl_kind, s0, s1, s2, s3, permissions, kind_bytes] = head;
        let kind = take(rest, usize::from(kind_bytes))?;
        let data_bytes = u32::from_be_bytes(take_array(rest)?);
        let data = take(rest, usize::try_from(data_bytes).ok()?)?;
        let [reference_count] = take_array(rest)?;
        Some(Self {
            index: u32::from_be_bytes([i0, i1, i2, i3]),
            timestamp_ms: u64::from_be_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            ttl: (ttl_kind, u32::from_be_bytes([s0, s1, s2, s3])),
            permissions,
            kind,
            data,
            reference_count,
        })
    }
}

//----------- Helper functions -------------------------------------------------

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

/// A time to live as it is encoded: its kind, and seconds.
pub(super) fn raw_ttl(ttl: Ttl) -> (u8, u32) {
    match ttl {
        Ttl::Relative(seconds) => (0, seconds),
        Ttl::Absolute(seconds) => (1, seconds),
    }
}

/// A length that the limits of a record keep within its field.
fn count<T: TryFrom<usize> + Default>(length: usize) -> T {
    T::try_from(length).unwrap_or_default()
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk::<N>()?;
    *rest = left;
    Some(*taken)
}

fn take_reference<'a>(rest: &mut &'a [u8]) -> Option<ReferenceRef<'a>> {
    let bytes = u16::from_be_bytes(take_array(rest)?);
    let handle = std::str::from_utf8(take(rest, usize::from(bytes))?).ok()?;
    Some(ReferenceRef {
        handle,
        index: u32::from_be_bytes(take_array(rest)?),
    })
}

//============ Error types =====================================================

/// Why bytes are not the canonical encoding of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A record of a later release.
    #[error("record version {0} is not known to this release; use a newer biaoshi")]
    UnknownVersion(u8),
    /// The bytes end inside a value, or a value makes no sense.
    #[error("the bytes end inside a value, or a field has an illegal value")]
    Truncated,
    /// Bytes follow the last value.
    #[error("bytes follow the last value")]
    TrailingBytes,
    /// Values are not in ascending order of index.
    #[error("values are not in ascending order of index, from 1")]
    OutOfOrder,
    /// A type that is empty or has control characters.
    #[error("a type is empty or has control characters")]
    IllegalType,
    /// Over a limit of the format.
    #[error("the record is over a limit of the format")]
    TooLarge,
}
