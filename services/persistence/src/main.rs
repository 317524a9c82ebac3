//! The archive as a process of its own.

use clap::{Parser, Subcommand};

/// The archive of every world, and its queries.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Empty the tables, fill them from the log, and exit.
    Rebuild,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        None => service_kit::service_main("persistence", persistence::run),
        Some(Command::Rebuild) => service_kit::service_main("persistence", persistence::rebuild),
    }
}
