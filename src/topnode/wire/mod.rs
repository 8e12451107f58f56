//! How a message is said over HTTP, as a mapping file has it, and what a reply means.
//!
//! The interface of the national node is not public: paths, names, headers and signatures are read
//! from a file (`docs/topnode-mapping.md`), so that the real one is configuration and not a release.
//! Pure: bytes and the time in, bytes and an answer out.

mod mapping;
mod reply;
mod request;
mod signature;
mod template;
#[cfg(test)]
mod tests;

pub use mapping::{Mapping, MappingError, TableMapping};
pub use reply::{WireReply, answer};
pub use request::{WireRequest, request};
pub use signature::{Algorithm, Secrets, sign};
pub use template::{Template, TemplateError};
