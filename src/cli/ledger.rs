//! `ledger`: the ledger of a node that is not running.

use super::arguments::LedgerCommand;
use super::{Exit, Failure, Output};
use crate::config::Config;

/// Does what was asked of the ledger.
pub(super) fn run(config: &Config, command: &LedgerCommand, _: &Output) -> Result<Exit, Failure> {
    match command {
        LedgerCommand::Verify => super::not_built("ledger verify", &config.server.node.data_dir),
    }
}
