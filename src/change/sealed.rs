//! Personal data in the ledger: only ever sealed.

use super::{
    DecodeError,
    cursor::{Cursor, put_bytes16},
};

/// AES-256-GCM (NIST SP 800-38D), the one algorithm of version 1.
const AES_256_GCM: u8 = 1;

/// The most sealed fields of an enterprise: contact, telephone, legal person and their papers
/// come to fewer.
pub(crate) const SEALED_FIELDS_MAX: usize = 64;

//----------- Sealed -----------------------------------------------------------

/// A ciphertext whose key lives outside the ledger: destroying the key erases the data.
///
/// The associated data is `ledger_id ‖ enterprise ‖ field`, so that it opens nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The enterprise's data key, in the keystore.
    pub key_id: u64,
    /// Never used twice with one key.
    pub nonce: [u8; 12],
    /// Ciphertext and tag, at most 65,535 bytes.
    pub ciphertext: Vec<u8>,
}

impl Sealed {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(AES_256_GCM);
        out.extend_from_slice(&self.key_id.to_be_bytes());
        out.extend_from_slice(&self.nonce);
        put_bytes16(out, &self.ciphertext);
    }

    pub(super) fn decode(cursor: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        match cursor.u8()? {
            AES_256_GCM => Ok(Self {
                key_id: cursor.u64()?,
                nonce: cursor.array()?,
                ciphertext: cursor.bytes16()?.to_vec(),
            }),
            value => Err(DecodeError::UnknownValue {
                field: "sealed algorithm",
                value,
            }),
        }
    }
}

//----------- SealedField ------------------------------------------------------

/// A sealed field of an enterprise and which one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedField {
    /// The field's number; part of the associated data.
    pub field: u8,
    /// What it holds.
    pub sealed: Sealed,
}

impl SealedField {
    pub(super) fn encode_all(fields: &[Self], out: &mut Vec<u8>) {
        debug_assert!(fields.len() <= SEALED_FIELDS_MAX);
        out.push(u8::try_from(fields.len()).expect("an enterprise has at most 64 sealed fields"));
        for field in fields {
            out.push(field.field);
            field.sealed.encode(out);
        }
    }

    pub(super) fn decode_all(cursor: &mut Cursor<'_>) -> Result<Vec<Self>, DecodeError> {
        let count = usize::from(cursor.u8()?);
        if count > SEALED_FIELDS_MAX {
            return Err(DecodeError::TooLarge {
                what: "list of sealed fields",
                bytes: count,
            });
        }
        (0..count)
            .map(|_| {
                Ok(Self {
                    field: cursor.u8()?,
                    sealed: Sealed::decode(cursor)?,
                })
            })
            .collect()
    }
}
