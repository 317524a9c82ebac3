//! The archive as a process of its own.

use clap::{Parser, Subcommand};
use contract::WorldId;

/// The archive of every world, and its queries.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Succeed if the service with this configuration is ready, as containers want it
    Healthcheck,
    /// Delete the rows of these worlds, or of all, fill the tables from the log again, and exit.
    Rebuild {
        /// Only these worlds
        worlds: Vec<WorldId>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        None => service_kit::service_main("persistence", persistence::run),
        Some(Command::Healthcheck) => {
            let config: persistence::Config = service_kit::config::load()?;
            service_kit::check_health(config.listen)
        }
        Some(Command::Rebuild { worlds }) => {
            service_kit::service_main("persistence", |config, shutdown| {
                persistence::rebuild(config, worlds, shutdown)
            })
        }
    }
}
