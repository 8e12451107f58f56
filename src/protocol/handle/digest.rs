//! The digest of a request, by which an answer is known to be of it (reference §1.4).

use md5::Md5;
use sha1::{Digest, Sha1};

use super::Version;
use crate::change::{Hash, put_bytes32};

/// The number of SHA-1, which is spoken from this version on.
const SHA1: u8 = 2;
const SHA1_VERSION: Version = Version { major: 2, minor: 1 };

/// The number of SHA-256, which is spoken from this version on.
const SHA256: u8 = 3;
const SHA256_VERSION: Version = Version { major: 2, minor: 7 };

/// Appends the digest of header and body, as that version has it.
///
/// Before 2.1 digests had no number: MD5 is behind its length, whose first byte is 0.
pub(super) fn put_digest(out: &mut Vec<u8>, version: Version, signed: &[u8]) {
    if version >= SHA256_VERSION {
        out.push(SHA256);
        out.extend(Hash::of(&[signed]).0);
    } else if version >= SHA1_VERSION {
        out.push(SHA1);
        out.extend(Sha1::digest(signed));
    } else {
        put_bytes32(out, &Md5::digest(signed));
    }
}
