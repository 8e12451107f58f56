//! Entries: changes that stand or fall together.

use super::{
    CHANGE_BYTES_MAX, Change, DecodeError, Hash, Header, Kind, LedgerId, Partition, chain,
    cursor::{Cursor, put_bytes32},
    leaf, merkle_root,
};

/// The most bytes of payload, uncompressed: an entry is read, hashed and applied as a whole.
pub const PAYLOAD_BYTES_MAX: u32 = 1024 * 1024;

/// The most changes in an entry: bounds the writer's overlay and a reader's vector.
pub const CHANGES_MAX: u32 = 4_096;

/// Bytes before each change in the payload.
const LENGTH_BYTES: usize = 4;

//----------- Entry ------------------------------------------------------------

/// An entry with its place in the chain.
///
/// An `Entry` is always whole: its header, payload and hash agree, whether it was built here or
/// read from a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    header: Header,
    payload: Vec<u8>,
    root: Hash,
    hash: Hash,
}

impl Entry {
    /// Reads an entry from its stored parts and checks all of it against its predecessor's hash.
    ///
    /// `expected` is the hash that was stored with it.
    ///
    /// # Errors
    /// Where any byte of it is not what was written: the header, the payload or the chain.
    pub fn verify(
        previous: Hash,
        header: &[u8],
        payload: Vec<u8>,
        expected: Hash,
    ) -> Result<Self, DecodeError> {
        let decoded = Header::decode(header)?;
        if u32::try_from(payload.len()) != Ok(decoded.raw_len) {
            return Err(DecodeError::PayloadMismatch("its length differs"));
        }
        let mut leaves = Vec::new();
        for change in split(&payload, decoded.count) {
            leaves.push(leaf(change?));
        }
        let root = merkle_root(&leaves);
        let hash = chain(previous, header, root);
        if hash != expected {
            return Err(DecodeError::PayloadMismatch("the hash differs"));
        }
        Ok(Self {
            header: decoded,
            payload,
            root,
            hash,
        })
    }

    /// What is hashed besides the changes.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The changes as stored, uncompressed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The Merkle root of the changes.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root
    }

    /// This entry's hash: the head, once it is in the ledger.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The encoded changes, in order.
    pub fn encoded_changes(&self) -> impl Iterator<Item = Result<&[u8], DecodeError>> {
        split(&self.payload, self.header.count)
    }

    /// The changes, in order.
    pub fn changes(&self) -> impl Iterator<Item = Result<Change, DecodeError>> {
        self.encoded_changes().map(|change| Change::decode(change?))
    }
}

/// Splits a payload into `count` changes; an error ends it.
fn split(payload: &[u8], count: u32) -> impl Iterator<Item = Result<&[u8], DecodeError>> {
    let mut cursor = Cursor::new(payload);
    let mut left = count;
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed {
            return None;
        }
        if left == 0 {
            failed = !cursor.is_empty();
            return failed.then_some(Err(DecodeError::PayloadMismatch("it has more changes")));
        }
        left -= 1;
        let change = cursor.bytes32();
        failed = change.is_err();
        Some(change)
    })
}

//----------- Draft ------------------------------------------------------------

/// An entry being built: what a writer adds changes to.
#[derive(Debug)]
pub struct Draft {
    place: Place,
    payload: Vec<u8>,
    leaves: Vec<Hash>,
}

/// Where and when a draft will stand, known before its changes are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The ledger.
    pub ledger_id: LedgerId,
    /// The partition.
    pub partition: Partition,
    /// The sequence it will have.
    pub seq: u64,
    /// The hash of the entry before it.
    pub previous: Hash,
    /// Its time, in milliseconds since the epoch.
    pub time_ms: u64,
    /// The `control` sequence it is validated against.
    pub control_at: u64,
    /// What kind of entry it is.
    pub kind: Kind,
}

impl Draft {
    /// Starts an entry without changes.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self {
            place,
            payload: Vec::new(),
            leaves: Vec::new(),
        }
    }

    /// Where it will stand.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The item that the next change will be.
    #[must_use]
    pub fn next_item(&self) -> u32 {
        u32::try_from(self.leaves.len()).expect("push keeps the count below CHANGES_MAX")
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Whether `count` changes of `bytes` in all still fit.
    #[must_use]
    pub fn has_room(&self, count: usize, bytes: usize) -> bool {
        let limit = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
        self.leaves.len() + count <= limit(CHANGES_MAX)
            && self.payload.len() + bytes + count * LENGTH_BYTES <= limit(PAYLOAD_BYTES_MAX)
    }

    /// Adds a change.
    ///
    /// # Errors
    /// Where it does not fit, or is over [`CHANGE_BYTES_MAX`]; then nothing was added.
    pub fn push(&mut self, change: &Change) -> Result<(), DecodeError> {
        let encoded = change.encode();
        if encoded.len() > CHANGE_BYTES_MAX || !self.has_room(1, encoded.len()) {
            return Err(DecodeError::TooLarge {
                what: "change",
                bytes: encoded.len(),
            });
        }
        put_bytes32(&mut self.payload, &encoded);
        self.leaves.push(leaf(&encoded));
        Ok(())
    }

    /// Notes the `control` sequence that its changes were validated against: told at the end, since
    /// `control` may go on while an entry is built.
    pub fn validated_against(&mut self, control_at: u64) {
        self.place.control_at = control_at;
    }

    /// Closes the entry.
    #[must_use]
    pub fn finish(self) -> Entry {
        let Place {
            ledger_id,
            partition,
            seq,
            previous,
            time_ms,
            control_at,
            kind,
        } = self.place;
        let count = u32::try_from(self.leaves.len()).expect("push keeps it below CHANGES_MAX");
        let raw_len = u32::try_from(self.payload.len()).expect("push keeps it below 1 MiB");
        let header = Header {
            ledger_id,
            partition,
            seq,
            time_ms,
            control_at,
            kind,
            count,
            raw_len,
        };
        let root = merkle_root(&self.leaves);
        let hash = chain(previous, &header.encode(), root);
        Entry {
            header,
            payload: self.payload,
            root,
            hash,
        }
    }
}
