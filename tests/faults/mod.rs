//! A disk that loses power, fills up and fails, for tests of what must last.
//!
//! ```text
//! SQLite ──▶ vfs ───┐          ┌─▶ the real disk
//!                   ├─ faults ─┤
//! Disk ────▶ disk ──┘          └─▶ trace ──▶ image: a disk as a power cut could have left it
//! ```

#![allow(dead_code, reason = "shared by tests that use different parts of it")]

pub(crate) mod disk;
pub(crate) mod image;
mod image_file;
pub(crate) mod plan;
pub(crate) mod trace;
pub(crate) mod vfs;
