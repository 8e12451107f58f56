//! Where blocking work runs: the ledger never spawns, it hands its work to whoever owns threads.

/// Runs work that blocks on a disk.
pub trait RunBlocking: Send + Sync {
    /// Runs `job` soon, on a thread that may block; jobs need not keep their order.
    fn run(&self, job: Box<dyn FnOnce() + Send>);
}

/// Runs work at once, on the caller's thread: for commands and tests, where nobody else waits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inline;

impl RunBlocking for Inline {
    fn run(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }
}
