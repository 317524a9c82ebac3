//! `manyworlds bench`.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use contract::WorldId;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::client::Client;
use crate::output::{Output, Style};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How long each measurement takes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Clients that ask at the same time, each one thing after the other
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1024))]
    clients: u64,
}

/// What came of one measurement.
#[derive(Debug, Serialize)]
struct Measured {
    name: &'static str,
    clients: u64,
    done: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures a running system through its gateway, in a world of its own that is deleted afterwards.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let world: WorldId = format!("bench-{}", Uuid::now_v7().simple()).parse()?;
    let spec = json!({
        "id": world,
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "echo", "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}},
        ],
        "chats": (0..options.clients).map(|n| json!({"id": format!("chat-{n}")})).collect::<Vec<_>>(),
    });
    client
        .call::<Value>(Method::POST, "/v1/worlds", Some(&spec))
        .await?;
    let measured = measure_all(&options, client, &world, output).await;
    let path = format!("/v1/worlds/{world}");
    client
        .call::<Value>(Method::DELETE, &path, None)
        .await
        .context("delete the bench's world")?;
    measured
}

async fn measure_all(
    options: &Options,
    client: &Client,
    world: &WorldId,
    output: Output,
) -> anyhow::Result<()> {
    let event = json!({
        "sender": "guest",
        "events": [{"type": "bench.happened", "data": {"text": "x".repeat(180)}}],
    });
    let events = |_| (format!("/v1/worlds/{world}/events"), event.clone());
    show(
        measure("events, durable", options, client, events).await?,
        output,
    )?;
    let turns = |n| {
        let path = format!("/v1/worlds/{world}/chats/chat-{n}/messages");
        (path, json!({"sender": "guest", "text": "hello"}))
    };
    show(
        measure("chat turns, whole", options, client, turns).await?,
        output,
    )
}

/// Repeats each client's request until the time is up.
async fn measure(
    name: &'static str,
    options: &Options,
    client: &Client,
    request: impl Fn(u64) -> (String, Value),
) -> anyhow::Result<Measured> {
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for n in 0..options.clients {
        let ((path, body), client) = (request(n), client.clone());
        asking.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let asked = Instant::now();
                client
                    .call::<Value>(Method::POST, &path, Some(&body))
                    .await?;
                times.push(asked.elapsed());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = asking.join_next().await {
        times.extend(ended.context("a client panicked")??);
    }
    let took = started.elapsed();
    times.sort_unstable();
    let at = |percent: usize| {
        let index = times.len().saturating_sub(1) * percent / 100;
        times
            .get(index)
            .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let done = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
    Ok(Measured {
        name,
        clients: options.clients,
        done: times.len(),
        per_second: done / took.as_secs_f64(),
        p50_ms: at(50),
        p99_ms: at(99),
    })
}

fn show(measured: Measured, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        output.json(&serde_json::to_value(measured)?)?;
        return Ok(());
    }
    let Measured {
        name,
        clients,
        done,
        per_second,
        p50_ms,
        p99_ms,
    } = measured;
    let title = output.paint(Style::Bold, name);
    output.line(&format!(
        "{title}: {per_second:.0}/s by {clients} clients ({done} in all), p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms"
    ))?;
    Ok(())
}
