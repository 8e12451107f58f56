//! `resolve`: asks the running node.

use super::{Exit, Failure, Output};
use crate::config::Config;

/// Prints what the identifier resolves to.
pub(super) fn run(_: &Config, identifier: &str, _: &Output) -> Result<Exit, Failure> {
    super::not_built("resolve", identifier.as_ref())
}
