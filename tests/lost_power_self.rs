//! The disk that loses power, tried on what is known to survive it and on what is known not to.
//!
//! ```text
//! bench    something to lose, and what is left of it
//! power    SQLite: what each level of syncing keeps, and that each sync is missed
//! broken   SQLite: no space, failed writes and syncs, read-only
//! files    other files: torn content, names old or new, truncations
//! ```

#[path = "lost_power_self/bench.rs"]
mod bench;
#[path = "lost_power_self/broken.rs"]
mod broken;
mod faults;
#[path = "lost_power_self/files.rs"]
mod files;
#[path = "lost_power_self/power.rs"]
mod power;
