//! Where blocking work runs.

use crate::ledger::RunBlocking;

//----------- BlockingPool -----------------------------------------------------

/// The runtime's threads for work that blocks on a disk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BlockingPool;

impl RunBlocking for BlockingPool {
    #[expect(clippy::disallowed_methods, reason = "this is the server's executor")]
    fn run(&self, job: Box<dyn FnOnce() + Send>) {
        // Each job tells its own result; the handle would only tell that it ended.
        drop(tokio::task::spawn_blocking(job));
    }
}
