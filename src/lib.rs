//! biaoshi (标识): a secondary node of China's industrial-internet identifier resolution system.
//!
//! ```text
//! 7  main  cli  config                               commands, files
//! 6  server                                          sockets, clocks, tasks
//! 5  protocol  topnode                               what is said on the wire, and to the national node
//! 4  resolver  registry  access  accounting  backup  read, write, who may, what was counted, copies
//! 3  state                                           the fold of the ledger
//! 2  ledger  telemetry                               what is durable; what is told
//! 1  record  change                                  what is stored
//! 0  identifier  disk                                names; files that last
//! ```
//!
//! Imports go down. `ARCHITECTURE.md` has the whole map; `tests/architecture.rs` holds it.

pub mod access;
pub mod accounting;
pub mod backup;
pub mod change;
pub mod cli;
pub mod config;
pub mod disk;
pub mod identifier;
pub mod ledger;
pub mod protocol;
pub mod record;
pub mod registry;
pub mod resolver;
pub mod server;
pub mod state;
pub mod telemetry;
pub mod topnode;
