//! `entries.bsb`: entries one after the other, under one hash (`docs/format/backup-v1.md`).

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use super::BackupError;
use crate::{
    change::{Hash, LedgerId, PAYLOAD_BYTES_MAX, Partition},
    ledger::{Codec, Head, StoredEntry},
};

const MAGIC: [u8; 8] = *b"BSENTRIE";
const VERSION: u16 = 1;

/// A header has some hundred bytes; nothing larger is read into memory.
const HEADER_BYTES_MAX: usize = 4 * 1024;

/// A payload as it is, or the little more that one has that does not compress.
const PAYLOAD_ROOM_BYTES: usize = PAYLOAD_BYTES_MAX as usize + 64 * 1024;

const END: u8 = 0;
const PARTITION: u8 = 1;
const ENTRY: u8 = 2;
const HEAD: u8 = 3;

//----------- EntriesWriter ----------------------------------------------------

/// Writes entries.
pub(super) struct EntriesWriter<W> {
    out: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write> EntriesWriter<W> {
    pub(super) fn begin(out: W, ledger_id: LedgerId) -> io::Result<Self> {
        let mut writer = Self {
            out,
            hasher: Sha256::new(),
            bytes: 0,
        };
        writer.put(&[&MAGIC, &VERSION.to_be_bytes(), &ledger_id.0])?;
        Ok(writer)
    }

    /// Begins a partition, whose first entry was appended behind `begin`.
    pub(super) fn partition(&mut self, partition: &Partition, begin: Head) -> io::Result<()> {
        let name = partition.to_string();
        let length = u8::try_from(name.len()).map_err(|_| too_large())?;
        let seq = begin.seq.to_be_bytes();
        self.put(&[&[PARTITION, length], name.as_bytes(), &seq, &begin.hash.0])
    }

    pub(super) fn entry(&mut self, stored: &StoredEntry) -> io::Result<()> {
        let header = u16::try_from(stored.header.len()).map_err(|_| too_large())?;
        let payload = u32::try_from(stored.payload.len()).map_err(|_| too_large())?;
        self.put(&[
            &[ENTRY],
            &stored.hash.0,
            &[stored.codec as u8],
            &header.to_be_bytes(),
            &stored.header,
            &payload.to_be_bytes(),
            &stored.payload,
        ])
    }

    /// Ends a partition.
    pub(super) fn head(&mut self, head: Head) -> io::Result<()> {
        self.put(&[&[HEAD], &head.seq.to_be_bytes(), &head.hash.0])
    }

    /// Ends it all; its length.
    pub(super) fn end(mut self) -> io::Result<(W, u64)> {
        self.put(&[&[END]])?;
        let hash: [u8; 32] = self.hasher.finalize().into();
        self.out.write_all(&hash)?;
        self.out.flush()?;
        Ok((self.out, self.bytes + hash.len() as u64))
    }

    fn put(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        for part in parts {
            self.hasher.update(part);
            self.out.write_all(part)?;
            self.bytes += part.len() as u64;
        }
        Ok(())
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an entry is larger than any")
}

//----------- EntriesReader ----------------------------------------------------

/// Reads entries back; what it gives is to be believed only once the end was met.
pub(super) struct EntriesReader<R> {
    from: R,
    hasher: Sha256,
    /// What a person knows it by.
    name: String,
    pub(super) ledger_id: LedgerId,
}

/// What stands next.
#[derive(Debug, PartialEq)]
pub(super) enum Record {
    Partition(Partition, Head),
    Entry(StoredEntry),
    Head(Head),
    /// The last: everything before it is what was written.
    End,
}

impl<R: Read> EntriesReader<R> {
    pub(super) fn open(from: R, name: String) -> Result<Self, BackupError> {
        let mut reader = Self {
            from,
            hasher: Sha256::new(),
            name,
            ledger_id: LedgerId([0; 16]),
        };
        let magic: [u8; 8] = reader.array()?;
        if magic != MAGIC {
            return Err(reader.damaged("it does not begin as one"));
        }
        let version = u16::from_be_bytes(reader.array()?);
        if version != VERSION {
            let what = format!("it has version {version}; use a newer biaoshi");
            return Err(reader.damaged(&what));
        }
        reader.ledger_id = LedgerId(reader.array()?);
        Ok(reader)
    }

    pub(super) fn next(&mut self) -> Result<Record, BackupError> {
        let [kind] = self.array()?;
        match kind {
            PARTITION => {
                let [length] = self.array()?;
                let name = String::from_utf8(self.bytes(usize::from(length))?);
                let partition = name.ok().and_then(|name| Partition::parse(&name).ok());
                let partition = partition.ok_or_else(|| self.damaged("a partition has no name"));
                Ok(Record::Partition(partition?, self.read_head()?))
            }
            ENTRY => Ok(Record::Entry(self.stored()?)),
            HEAD => Ok(Record::Head(self.read_head()?)),
            END => self.read_end(),
            _ => Err(self.damaged("a record is of no known kind")),
        }
    }

    /// Refuses bytes behind the end.
    pub(super) fn check_end(&mut self) -> Result<(), BackupError> {
        let mut byte = [0];
        match self.from.read(&mut byte) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("bytes follow its end")),
            Err(error) => Err(BackupError::io(&self.name, &error)),
        }
    }

    /// Which file or stream it is, and what is wrong with it.
    pub(super) fn damaged(&self, what: &str) -> BackupError {
        BackupError::Damaged {
            name: self.name.clone(),
            what: what.to_owned(),
        }
    }

    fn stored(&mut self) -> Result<StoredEntry, BackupError> {
        let hash = Hash(self.array()?);
        let [codec] = self.array()?;
        let codec = Codec::from_byte(codec);
        let codec = codec.ok_or_else(|| self.damaged("an entry has no known codec"))?;
        let header = usize::from(u16::from_be_bytes(self.array()?));
        if header > HEADER_BYTES_MAX {
            return Err(self.damaged("a header is larger than any"));
        }
        let header = self.bytes(header)?;
        let payload = usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX);
        if payload > PAYLOAD_ROOM_BYTES {
            return Err(self.damaged("a payload is larger than any"));
        }
        Ok(StoredEntry {
            header,
            hash,
            codec,
            payload: self.bytes(payload)?,
        })
    }

    fn read_head(&mut self) -> Result<Head, BackupError> {
        let seq = u64::from_be_bytes(self.array()?);
        let hash = Hash(self.array()?);
        Ok(Head { seq, hash })
    }

    fn read_end(&mut self) -> Result<Record, BackupError> {
        let expected: [u8; 32] = self.hasher.clone().finalize().into();
        let mut stored = [0; 32];
        self.fill(&mut stored)?;
        if stored != expected {
            return Err(self.damaged("its hash is another"));
        }
        Ok(Record::End)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BackupError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        self.hasher.update(bytes);
        Ok(bytes)
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = vec![0; count];
        self.fill(&mut bytes)?;
        self.hasher.update(&bytes);
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), BackupError> {
        self.from.read_exact(bytes).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                self.damaged("it ends too early")
            } else {
                BackupError::io(&self.name, &error)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: LedgerId = LedgerId([7; 16]);

    fn stored(n: u8) -> StoredEntry {
        StoredEntry {
            header: vec![n; 60],
            hash: Hash([n; 32]),
            codec: Codec::Zstd,
            payload: vec![n; 200],
        }
    }

    fn head(n: u8) -> Head {
        Head {
            seq: u64::from(n),
            hash: Hash([n; 32]),
        }
    }

    fn written() -> Vec<u8> {
        let mut writer = EntriesWriter::begin(Vec::new(), ID).unwrap();
        writer.partition(&Partition::Data(1), head(4)).unwrap();
        writer.entry(&stored(5)).unwrap();
        writer.entry(&stored(6)).unwrap();
        writer.head(head(6)).unwrap();
        let (bytes, length) = writer.end().unwrap();
        assert_eq!(bytes.len() as u64, length);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<Record>, BackupError> {
        let mut reader = EntriesReader::open(bytes, "it".to_owned())?;
        assert_eq!(reader.ledger_id, ID);
        let mut records = Vec::new();
        loop {
            match reader.next()? {
                Record::End => return Ok(records),
                record => records.push(record),
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let records = read(&written()).unwrap();
        assert_eq!(
            records,
            [
                Record::Partition(Partition::Data(1), head(4)),
                Record::Entry(stored(5)),
                Record::Entry(stored(6)),
                Record::Head(head(6)),
            ]
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let bytes = written();
        // The ledger's id is compared by whoever reads it.
        for at in (0..bytes.len()).filter(|at| !(10..26).contains(at)) {
            let mut hit = bytes.clone();
            hit[at] ^= 0x04;
            assert!(read(&hit).is_err(), "byte {at}");
        }
        for len in 0..bytes.len() {
            assert!(read(&bytes[..len]).is_err(), "cut at {len}");
        }
    }

    #[test]
    fn what_follows_the_end_is_refused() {
        let bytes = [written(), vec![0]].concat();
        let mut reader = EntriesReader::open(bytes.as_slice(), "it".to_owned()).unwrap();
        while reader.next().unwrap() != Record::End {}
        let error = reader.check_end().unwrap_err();
        assert!(error.to_string().contains("bytes follow"), "{error}");
    }

    #[test]
    fn sizes_that_nobody_writes_are_not_read() {
        let mut writer = EntriesWriter::begin(Vec::new(), ID).unwrap();
        let large = StoredEntry {
            payload: vec![0; PAYLOAD_ROOM_BYTES + 1],
            ..stored(1)
        };
        writer.entry(&large).unwrap();
        let error = read(&writer.end().unwrap().0).unwrap_err();
        assert!(error.to_string().contains("larger than any"), "{error}");
    }
}
