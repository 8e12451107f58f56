//! How things are said on the wire.

pub mod handle;
pub mod http;
