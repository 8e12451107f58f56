//! What is counted, as the fold counts it.
//!
//! The meaning of each figure is in `docs/counting.md`; here are only those that this release can
//! show.

use super::directory::Directory;
use crate::change::FilingState;

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
}

impl DirectoryTotals {
    /// Counts a directory.
    #[must_use]
    pub fn of(directory: &Directory) -> Self {
        let mut firms = std::collections::HashSet::new();
        let mut enterprise_nodes = 0;
        for prefix in directory.prefixes() {
            if prefix.is_in_force() && prefix.facts.filing.state == FilingState::Passed {
                enterprise_nodes += 1;
                firms.insert(prefix.facts.enterprise);
            }
        }
        let connected_firms = u64::try_from(firms.len()).unwrap_or(u64::MAX);
        Self {
            enterprise_nodes,
            connected_firms,
        }
    }
}
