//! Reports against a stand-in that has every fault, over crashes, outages and a year.

mod events;
mod simulated;
mod steps;

use simulated::Simulated;
