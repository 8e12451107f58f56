//! On what way messages go.

use std::pin::Pin;

use crate::topnode::outbox::{Answer, Message};

/// What becomes of a message.
pub(in crate::server) type Sending<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Carries messages to the national node. The same message may be handed in any number of times.
pub(in crate::server) trait Transport: Send + Sync {
    /// Whether it carries filings, too.
    fn has_filing(&self) -> bool;

    /// Carries one, and says what became of it.
    fn send(&self, message: Message, now_ms: u64) -> Sending<'_>;
}
