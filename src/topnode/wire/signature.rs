//! Signatures over what is said.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use serde::Deserialize;

//----------- Algorithm --------------------------------------------------------

/// How something is signed. SM3-HMAC and SM2 have their place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// Not at all.
    #[serde(rename = "none")]
    None,
    /// HMAC-SHA256 (RFC 2104), in lower-case hexadecimal.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

//----------- Secrets ----------------------------------------------------------

/// What is shared with the national node.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Said as it is.
    pub token: String,
    /// Signed with.
    pub secret: Vec<u8>,
}

/// Nothing of it is shown.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// The signature of a text; empty where nothing is signed.
#[must_use]
pub fn sign(algorithm: Algorithm, secrets: &Secrets, text: &str) -> String {
    match algorithm {
        Algorithm::None => String::new(),
        Algorithm::HmacSha256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secrets.secret);
            HEXLOWER.encode(hmac::sign(&key, text.as_bytes()).as_ref())
        }
    }
}

/// Whether a text has that signature; compared in constant time.
pub(super) fn is_signed(secrets: &Secrets, text: &str, signature: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secrets.secret);
    let given = HEXLOWER.decode(signature.to_ascii_lowercase().as_bytes());
    given.is_ok_and(|given| hmac::verify(&key, text.as_bytes(), &given).is_ok())
}
