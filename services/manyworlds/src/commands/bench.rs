//! `manyworlds bench`.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use client::{Client, World};
use contract::http::{CreateWorldRequest, PostMessageRequest, SendEventsRequest};
use contract::{ChatId, EntityId, NewEvent, WorldId};
use serde::Serialize;
use serde_json::json;
use serde_json::value::to_raw_value;
use tokio::task::JoinSet;
use uuid::Uuid;

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

/// What the clients request.
#[derive(Debug, Clone)]
enum Work {
    SendEvents(SendEventsRequest),
    /// Each client in a chat of its own.
    PostMessages(PostMessageRequest),
}

impl Work {
    async fn request(&self, world: &World<'_>, chat: &ChatId) -> Result<(), client::Error> {
        match self {
            Self::SendEvents(request) => world.events().send(request).await.map(drop),
            Self::PostMessages(request) => world.messages(chat).post(request).await.map(drop),
        }
    }
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
    let request: CreateWorldRequest = serde_json::from_value(json!({
        "id": world,
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "echo", "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}},
        ],
        "chats": (0..options.clients).map(|n| json!({"id": format!("chat-{n}")})).collect::<Vec<_>>(),
    }))?;
    client.worlds().create(&request).await?;
    let measured = measure_all(&options, client, &world, output).await;
    let deleted = client.world(&world).delete().await;
    deleted.context("delete the bench's world")?;
    measured
}

async fn measure_all(
    options: &Options,
    client: &Client,
    world: &WorldId,
    output: Output,
) -> anyhow::Result<()> {
    let guest: EntityId = "guest".parse()?;
    let data = to_raw_value(&json!({"text": "x".repeat(180)}))?;
    let events = Work::SendEvents(SendEventsRequest {
        sender: guest.clone(),
        events: vec![NewEvent::new("bench.happened".parse()?, data)],
    });
    show(
        measure("events, durable", options, client, world, &events).await?,
        output,
    )?;
    let turns = Work::PostMessages(PostMessageRequest {
        sender: guest,
        text: "hello".to_owned(),
        in_reply_to: None,
        stream: false,
        wait: true,
    });
    show(
        measure("chat turns, whole", options, client, world, &turns).await?,
        output,
    )
}

/// Repeats each client's request until the time is up.
async fn measure(
    name: &'static str,
    options: &Options,
    client: &Client,
    world: &WorldId,
    work: &Work,
) -> anyhow::Result<Measured> {
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for n in 0..options.clients {
        let (client, world, work) = (client.clone(), world.clone(), work.clone());
        let chat: ChatId = format!("chat-{n}").parse()?;
        asking.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let request_started = Instant::now();
                work.request(&client.world(&world), &chat).await?;
                times.push(request_started.elapsed());
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
