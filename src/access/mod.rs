//! Who may do what.
//!
//! ```text
//! peer + token ──▶ Gate::identify ──▶ Caller ──▶ Caller::may(Action)
//! ```
//!
//! Until named administrators exist there is one secret, the bootstrap token, and it opens nothing
//! from beyond loopback.

mod caller;
mod token;

pub use caller::{Action, Caller};
pub use token::{Gate, Identified, TOKEN_BYTES, Token, TokenError};
