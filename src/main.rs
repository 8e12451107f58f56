//! biaoshi: arguments, command, exit code.

fn main() {}
