//! The measurements of the whole system, each beside its control in the same run.
//!
//! Machines are noisy: what counts is the ratio to the control, and the CPU time of all processes
//! for each operation.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that prints its measurements, and stops when it can't measure"
)]

mod behaviours;
mod commits;
mod console;
mod cpu;
mod crowd;
mod fanout;
mod flows;
mod genworlds;
mod passive;
mod report;
mod runs;
mod scaling;
mod streams;
mod turns;
mod views;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use report::Report;
// For its allocator: the driver allocates as the services do.
use service_kit as _;
use system_tests::{Cluster, Shape};
use testkit::{Raw, eventually_within};

/// How long the archive may take for millions of events that were made while it did not run.
const CATCH_UP_MAX: Duration = Duration::from_secs(600);

/// Measure the whole system on this machine, each number beside its control.
#[derive(Parser)]
struct Arguments {
    /// Where to write the numbers as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// The rows to measure: those whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Multiplies the length of each measurement.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut cluster = Cluster::start_with(
        Shape::default(),
        // A bench is one client: it must not be slowed down as if it were a crowd.
        &[
            (
                "gateway:MANYWORLDS_LIMITS__RATE__REQUESTS_PER_SECOND",
                "1000000",
            ),
            ("gateway:MANYWORLDS_LIMITS__RATE__BURST", "1000000"),
            ("world:MANYWORLDS_IDLE_AFTER", "2s"),
        ],
    )
    .await;
    let bus = cluster.bus().await;
    let raw = Raw::connect(&cluster.nats.url()).await;
    let mut report = Report::new(arguments.only, arguments.scale);
    // Nobody reads what the control publishes. So each is measured without the archive first, which
    // otherwise reads every event on the same machine, and then as it is.
    cluster.stop("persistence");
    commits::one_world(&cluster, &bus, &raw, &mut report).await;
    commits::big_commands(&cluster, &bus, &raw, &mut report).await;
    flows::in_commands_of_20(&cluster, &bus, &mut report).await;
    start_archive(&mut cluster).await;
    commits::one_world_archived(&cluster, &bus, &raw, &mut report).await;
    commits::big_commands_archived(&cluster, &bus, &raw, &mut report).await;
    commits::one_command(&cluster, &bus, &raw, &mut report).await;
    streams::one_writer(&cluster, &bus, &mut report).await;
    streams::one_reader(&cluster, &bus, &mut report).await;
    runs::at_64(&cluster, &bus, &mut report).await;
    runs::at_one(&cluster, &bus, &mut report).await;
    behaviours::at_64(&cluster, &bus, &mut report).await;
    behaviours::at_one(&cluster, &bus, &mut report).await;
    behaviours::one_blocking(&cluster, &bus, &mut report).await;
    behaviours::queued(&cluster, &bus, &mut report).await;
    behaviours::idle_machines(&cluster, &bus, &mut report).await;
    behaviours::one_learner(&cluster, &bus, &mut report).await;
    scaling::workers(&cluster, &bus, &mut report).await;
    turns::first_chunk(&cluster, &mut report).await;
    turns::one_world(&cluster, &mut report).await;
    turns::ten_worlds(&cluster, &mut report).await;
    views::one_chat(&cluster, &mut report).await;
    views::one_agent(&cluster, &mut report).await;
    // First, while no connection has left any memory behind that these could use.
    fanout::idle_connections(&cluster, &mut report).await;
    flows::idle(&cluster, &bus, &mut report).await;
    fanout::stopped_readers(&cluster, &bus, &mut report).await;
    fanout::deliveries(&cluster, &bus, &mut report).await;
    genworlds::to_one(&cluster, &bus, &mut report).await;
    genworlds::to_ten(&cluster, &bus, &mut report).await;
    genworlds::to_hundred(&cluster, &bus, &mut report).await;
    genworlds::pipelined(&cluster, &bus, &mut report).await;
    genworlds::echo(&cluster, &bus, &mut report).await;
    flows::of_a_chain(&mut report);
    flows::in_commands_of_20_archived(&cluster, &bus, &mut report).await;
    flows::one_session(&cluster, &bus, &mut report).await;
    flows::many_sessions(&cluster, &bus, &mut report).await;
    flows::beside_blocked_nodes(&bus, &mut report).await;
    flows::round_trip(&cluster, &bus, &mut report).await;
    flows::fifty(&cluster, &bus, &mut report).await;
    console::rows(&cluster, &bus, &mut report).await;
    passive::replay(&cluster, &bus, &mut report).await;
    passive::passive_worlds(&cluster, &bus, &mut report).await;
    report.print();
    if let Some(path) = arguments.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report.rows)?)?;
    }
    Ok(())
}

/// Starts the archive, and waits until it has what was made meanwhile.
async fn start_archive(cluster: &mut Cluster) {
    cluster.restart("persistence");
    cluster.ready_within(CATCH_UP_MAX).await;
    let lag = "manyworlds_persistence_lag_commits";
    eventually_within(CATCH_UP_MAX, "the archive has caught up", async || {
        cluster.metric("persistence", lag).await == Some(0.0)
    })
    .await;
}
