//! Records: what an identifier resolves to.
//!
//! ```text
//! Record     owned, checked, in order of index             owned.rs, value.rs
//! RecordRef  the same over canonical bytes, borrowed       view.rs
//! PackedRef  the same over what an index keeps of it       packed/
//! ```
//!
//! `docs/format/record-v1.md` describes every byte. Pure.

mod data;
mod owned;
pub mod packed;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use data::{DIGITS_MAX, Data, Day, Digits, Made, Middle, Piece, SuffixRef, Text};
pub use owned::{RECORD_BYTES_MAX, Record, RecordError, VALUES_MAX};
pub use value::{
    DATA_BYTES_MAX, Permissions, PermissionsError, REFERENCES_MAX, Reference, TTL_SECONDS_DEFAULT,
    TYPE_BYTES_MAX, Ttl, Value,
};
pub use view::{DecodeError, Frame, RecordRef, ReferenceRef, ValueRef};
