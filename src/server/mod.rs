//! Sockets, clocks and tasks.

pub mod options;

pub use options::Options;
