//! Telling a damaged write-ahead log from one that a loss of power cut off.
//!
//! ```text
//! header  magic 4, version 4, page size 4, sequence 4, salts 8, checksum 8        32 bytes
//! frame   page 4, pages of the database 4 or 0, salts 8, checksum 8, page         24 + page size
//! ```
//!
//! (<https://sqlite.org/fileformat2.html#the_write_ahead_log>.) SQLite reads a log up to the first
//! frame that is not what was written, and takes the rest for one that never came to be. That is
//! right for the last commit, whose sync a loss of power cut off. But each commit is synced before
//! the next begins: where another commit stands behind it, what is wrong was acknowledged once.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// The first word of a log, but for its lowest bit: set where checksums are big-endian.
const MAGIC: u32 = 0x377f_0682;

/// SQLite's page sizes.
const PAGE_BYTES: std::ops::RangeInclusive<u32> = 512..=65_536;

//----------- check ------------------------------------------------------------

/// What is wrong with a log beyond what a loss of power leaves; none where there is no log.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn damage(path: &Path) -> io::Result<Option<String>> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        file => damage_in(&mut BufReader::with_capacity(256 * 1024, file?)),
    }
}

fn damage_in(log: &mut impl Read) -> io::Result<Option<String>> {
    let mut header = [0; HEADER_BYTES];
    // A header is synced before the first frame is written: without one there is no commit.
    if read_whole(log, &mut header)?.is_none() || header == [0; HEADER_BYTES] {
        return Ok(None);
    }
    let Some(mut sum) = Checksum::of_header(&header) else {
        return Ok(Some("its header is not what was written".to_owned()));
    };
    let page_bytes = word(&header, 8);
    let salts = &header[16..24];
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes as usize];
    // The first frame that is wrong, and whether the commit it belongs to has ended since.
    let mut wrong: Option<(u64, bool)> = None;
    let mut number = 0_u64;
    while read_whole(log, &mut frame)?.is_some() {
        number += 1;
        // Both salts change with each log: one that is left tells whose frame was hit.
        let is_ours = frame[8..12] == salts[..4] || frame[12..16] == salts[4..];
        let is_commit = is_ours && word(&frame, 4) != 0;
        match wrong {
            None => {
                let is_whole = sum.take_frame(&frame);
                if !(is_whole && frame[8..16] == *salts) {
                    wrong = Some((number, is_commit));
                }
            }
            // Frames of the log before this one are left behind it; they were moved long ago.
            Some(_) if !is_ours => {}
            Some((first, true)) => {
                return Ok(Some(format!(
                    "its frame {first} is not what was written, and commits stand behind it"
                )));
            }
            Some((first, false)) => wrong = Some((first, is_commit)),
        }
    }
    Ok(None)
}

/// Fills `buffer`; none where the file ends before.
fn read_whole(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<()>> {
    match log.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(Some),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4]
        .iter()
        .fold(0, |word, byte| word << 8 | u32::from(*byte))
}

//----------- Checksum ---------------------------------------------------------

/// The checksum that runs from a log's header over all its frames.
struct Checksum {
    is_big_endian: bool,
    sums: [u32; 2],
}

impl Checksum {
    /// Of a header that is what was written; otherwise none.
    fn of_header(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = word(header, 0);
        let mut sum = Self {
            is_big_endian: magic & 1 == 1,
            sums: [0; 2],
        };
        sum.take(&header[..24]);
        let page_bytes = word(header, 8);
        let is_header = magic & !1 == MAGIC
            && PAGE_BYTES.contains(&page_bytes)
            && page_bytes.is_power_of_two()
            && sum.is(&header[24..]);
        is_header.then_some(sum)
    }

    /// Goes on over a frame; whether its own checksum says the same.
    fn take_frame(&mut self, frame: &[u8]) -> bool {
        self.take(&frame[..8]);
        self.take(&frame[FRAME_HEADER_BYTES..]);
        self.is(&frame[16..24])
    }

    fn take(&mut self, bytes: &[u8]) {
        let number = |word: &[u8]| {
            let word = [word[0], word[1], word[2], word[3]];
            if self.is_big_endian {
                u32::from_be_bytes(word)
            } else {
                u32::from_le_bytes(word)
            }
        };
        let [mut first, mut second] = self.sums;
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(number(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(number(&pair[4..])).wrapping_add(first);
        }
        self.sums = [first, second];
    }

    fn is(&self, stored: &[u8]) -> bool {
        self.sums == [word(stored, 0), word(stored, 4)]
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// Bytes of a frame of a database with pages of 512 bytes.
    const FRAME: usize = FRAME_HEADER_BYTES + 512;

    /// A log with some commits, and how many frames each of them has.
    fn log() -> (Vec<u8>, Vec<usize>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "page_size", 512).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.execute_batch("CREATE TABLE t (x BLOB)").unwrap();
        let wal = folder.path().join("db-wal");
        let frames = || (std::fs::read(&wal).unwrap().len() - HEADER_BYTES) / FRAME;
        let mut commits = vec![frames()];
        for n in 1..5 {
            let sql = "INSERT INTO t VALUES (randomblob(?1))";
            db.execute(sql, [n * 700]).unwrap();
            commits.push(frames() - commits.iter().sum::<usize>());
        }
        (std::fs::read(&wal).unwrap(), commits)
    }

    fn check(bytes: &[u8]) -> Option<String> {
        damage_in(&mut &bytes[..]).unwrap()
    }

    #[test]
    fn a_log_is_read_as_sqlite_wrote_it() {
        let (log, commits) = log();
        assert!(commits.iter().all(|frames| *frames > 1), "{commits:?}");
        assert_eq!(check(&log), None);
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[0; 4_096]), None, "a header that never came to be");
    }

    #[test]
    fn a_bit_in_a_commit_that_others_follow_is_damage() {
        let (log, commits) = log();
        let last = commits.iter().take(4).sum::<usize>();
        for at in 0..log.len() {
            let mut hit = log.clone();
            hit[at] ^= 0x10;
            let found = check(&hit);
            let frame = at.checked_sub(HEADER_BYTES).map(|at| at / FRAME);
            match frame {
                None => assert!(found.is_some_and(|what| what.contains("header")), "{at}"),
                Some(frame) if frame < last => {
                    let what = found.unwrap_or_else(|| panic!("byte {at} of frame {frame}"));
                    assert!(
                        what.contains(&format!("frame {} ", frame + 1)),
                        "{at}: {what}"
                    );
                }
                // The last commit, unless it seems to be two now: its sync may have been cut off.
                Some(_) if (4..8).contains(&((at - HEADER_BYTES) % FRAME)) => {}
                Some(_) => assert_eq!(found, None, "{at}"),
            }
        }
    }

    /// A loss of power keeps any part of the last commit, and what the log before left behind.
    #[test]
    fn what_a_loss_of_power_leaves_is_no_damage() {
        let (log, commits) = log();
        let last = commits.iter().take(4).sum::<usize>();
        for frame in last..last + commits[4] {
            let mut torn = log.clone();
            torn[HEADER_BYTES + frame * FRAME..][..FRAME].fill(0);
            assert_eq!(check(&torn), None, "frame {frame} is missing");
        }
        for len in 0..log.len() {
            assert_eq!(check(&log[..len]), None, "cut at {len}");
        }
        let (before, _) = self::log();
        let restarted = [&log, &before[HEADER_BYTES..]].concat();
        assert_eq!(check(&restarted), None, "frames with other salts follow");
    }
}
