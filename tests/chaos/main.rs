//! The long form of the chaos test: rounds of it, each with a seed of its own.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use system_tests::chaos::{FaultKind, Limits, Plan, run};

/// Put faults into a whole system at random, under load, and count what went wrong.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first round; each further round has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many rounds.
    #[arg(long, default_value_t = 10)]
    rounds: u64,
    /// How long faults come in each round at least, in seconds. Each kind comes once, however long that takes.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Which kinds of faults, joined by commas. Without it, all of them.
    #[arg(long, value_enum, value_delimiter = ',')]
    faults: Vec<FaultKind>,
    /// A folder with the binaries of an earlier build: the system starts with them, and `upgrade` replaces them.
    #[arg(long)]
    upgrade_from: Option<PathBuf>,
    /// How many NATS servers, each with a copy of everything.
    #[arg(long, default_value_t = 1)]
    nats_servers: usize,
    /// How many worlds.
    #[arg(long, default_value_t = 4)]
    worlds: usize,
    /// How many people talk in each world.
    #[arg(long, default_value_t = 4)]
    senders: usize,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        seed,
        rounds,
        seconds,
        faults,
        upgrade_from,
        nats_servers,
        worlds,
        senders,
    } = Arguments::parse();
    let faults = match faults.is_empty() {
        true => FaultKind::all(),
        false => faults,
    };
    for seed in (seed..).take(usize::try_from(rounds)?) {
        let plan = Plan {
            seed,
            duration: Duration::from_secs(seconds),
            worlds,
            senders,
            faults: faults.clone(),
            limits: Limits::BARS,
            nats_servers,
            upgrade_from: upgrade_from.clone(),
        };
        let counts = run(&plan).await;
        anyhow::ensure!(counts.is_clean(), "seed {seed}: {counts}");
    }
    Ok(())
}
