//! Files of enterprises and products, row by row.
//!
//! ```text
//! bytes ─▶ encoding ─▶ lines ─▶ csv ─▶ Row ─▶ fields by profile ─▶ Step: ready | refused | skipped
//! ```
//!
//! Pure: takes a reader and a profile, touches no file, socket or clock; the command line and the
//! console hand it files and send what is ready to the node. Memory does not grow with the file.
//! `docs/import.md` is the interface, with the closed list of codes.

mod code;
mod encoding;
mod field;
mod lines;
mod profile;
mod reader;
mod row;
#[cfg(test)]
mod tests;

pub use code::{Code, Severity};
pub use encoding::{Encoding, EncodingError, detect};
pub use field::USCC_ALPHABET;
pub use lines::RECORD_BYTES_MAX;
pub use profile::{Column, ENTERPRISES, FieldKind, FileKind, PRODUCTS, Profile, ProfileError};
pub use reader::{ImportError, Notice, Rows};
pub use row::{EnterpriseRow, Fault, HostingWord, ProductRow, ProductValue, Request, Row, Step};
