//! A node's store loses power, and its disk fills up and fails: nothing acknowledged is lost.
//!
//! ```text
//! node      registry, writers, ledger and snapshots over a watched disk, without a network
//! work      clients' requests, upkeep beside them, and notes of what was acknowledged
//! check     what is left of it, against those notes and the chain that was written
//! power     2,000 power cuts, some during the start after one; that they bite
//! backups   what a cut leaves of backups
//! trimmed   what a cut leaves of counters that are trimmed
//! broken    full disks, failed writes and syncs, read-only
//! ```

#[path = "lost_power/backups.rs"]
mod backups;
#[path = "lost_power/broken.rs"]
mod broken;
#[path = "lost_power/check.rs"]
mod check;
mod faults;
#[path = "lost_power/node.rs"]
mod node;
#[path = "lost_power/power.rs"]
mod power;
#[path = "lost_power/trimmed.rs"]
mod trimmed;
#[path = "lost_power/work.rs"]
mod work;
