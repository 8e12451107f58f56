//! biaoshi: arguments, command, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    biaoshi::cli::main(std::env::args_os(), std::env::vars_os())
}
