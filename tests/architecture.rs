//! The architecture, checked on every run.
//!
//! `ARCHITECTURE.md` says what a reader may rely on; the modules here hold it by reading the
//! sources as text. Each check is a function from sources to a list of violations, and each has a
//! self-test that feeds it a small bad source, so that a check which stopped biting is noticed.
//!
//! ```text
//! source     files, with comments, strings and test items blanked; `use` trees flattened
//! layers     who may import whom
//! names      what may be named where: clocks, sockets, disk, spawning, single-owner crates
//! shape      sizes of files and functions, headers, unwrap and its kin
//! manifest   every dependency has its reason
//! tree       no text file names a path of the machine it was written on
//! ```

#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/manifest.rs"]
mod manifest;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/shape.rs"]
mod shape;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/strip.rs"]
mod strip;
#[path = "architecture/tree.rs"]
mod tree;
