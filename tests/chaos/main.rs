//! The long form of the chaos test: rounds of it, each with a seed of its own.

use std::time::Duration;

use clap::Parser;
use system_tests::chaos::{Plan, run};

/// Kill parts of a whole system at random, under load, and count what went wrong.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first round; each further round has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many rounds.
    #[arg(long, default_value_t = 10)]
    rounds: u64,
    /// How long parts are killed in each round, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
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
        worlds,
        senders,
    } = Arguments::parse();
    for seed in (seed..).take(usize::try_from(rounds)?) {
        let duration = Duration::from_secs(seconds);
        let counts = run(Plan {
            seed,
            duration,
            worlds,
            senders,
        })
        .await;
        anyhow::ensure!(counts.is_clean(), "seed {seed}: {counts}");
    }
    Ok(())
}
