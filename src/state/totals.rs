//! What is counted, as the fold counts it.
//!
//! The meaning of each figure is in `docs/counting.md`; here are only those that this release can
//! show.

use super::directory::Directory;
use crate::change::{FilingState, Hosting, PrefixStatus};

//----------- DataTotals -------------------------------------------------------

/// Counts of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataTotals {
    /// Live now (标识注册总量).
    pub live: u64,
    /// Registered here, each once in its life (累计注册量).
    pub registrations: u64,
    /// Removed now: tombstones.
    pub removed: u64,
}

//----------- DirectoryTotals --------------------------------------------------

/// Counts of firms and their prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirectoryTotals {
    /// Enterprise prefixes in force whose filing has passed (接入企业节点数).
    pub enterprise_nodes: u64,
    /// Distinct firms behind them (接入企业数).
    pub connected_firms: u64,
    /// Enterprise prefixes, whatever their filing, by status and by where they are hosted.
    pub prefixes: [[u64; HOSTINGS.len()]; PrefixStatus::ALL.len()],
}

/// Where a prefix is hosted, in the order in which they are counted.
pub const HOSTINGS: [&str; 2] = ["hosted", "self_built"];

impl DirectoryTotals {
    /// Counts a directory.
    #[must_use]
    pub fn of(directory: &Directory) -> Self {
        let mut firms = std::collections::HashSet::new();
        let mut enterprise_nodes = 0;
        let mut prefixes = [[0; HOSTINGS.len()]; PrefixStatus::ALL.len()];
        for prefix in directory.prefixes() {
            let is_self_built = matches!(prefix.facts.hosting, Hosting::SelfBuilt(_));
            prefixes[prefix.facts.status as usize][usize::from(is_self_built)] += 1;
            if prefix.is_in_force() && prefix.facts.filing.state == FilingState::Passed {
                enterprise_nodes += 1;
                firms.insert(prefix.facts.enterprise);
            }
        }
        let connected_firms = u64::try_from(firms.len()).unwrap_or(u64::MAX);
        Self {
            enterprise_nodes,
            connected_firms,
            prefixes,
        }
    }
}
