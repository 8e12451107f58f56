//! Sockets, clocks and tasks.
