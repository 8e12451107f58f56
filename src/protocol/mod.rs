//! How things are said on the wire.

pub mod http;
