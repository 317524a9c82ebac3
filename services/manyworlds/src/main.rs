//! The `manyworlds` program.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    manyworlds::run(manyworlds::Cli::parse())
}
