//! Samples through streams.

use std::time::{Duration, Instant};

use bus::{Bus, SampleRange};
use contract::stream::{AppendSamples, PutStream};
use contract::{Command, StreamRef, StreamType, WorldId};
use serde_json::value::RawValue;
use system_tests::Cluster;

use crate::commits::{create, send};
use crate::cpu::Used;
use crate::report::{Report, Row, median, rate};

const DEADLINE: Duration = Duration::from_secs(30);
/// Samples of one command.
const BATCH: usize = 1_000;
const BATCHES: usize = 400;
const ROUNDS: usize = 5;
/// Samples of one read.
const PAGE: u32 = 1_000;

/// One writer, that waits for the answer to a batch before it sends the next.
pub(crate) async fn one_writer(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "samples/s through streams, one writer";
    if !report.wants(name) {
        return;
    }
    let (world, stream) = declare(bus, "streams-writer").await;
    let batches = report.count(BATCHES);
    let (mut ours, mut costs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = Used::now(cluster);
        let took = write(bus, &world, &stream, batches).await;
        costs.push(before.per_operation(cluster, batches * BATCH));
        ours.push(rate(batches * BATCH, took));
    }
    add(
        report,
        name,
        &mut ours,
        median(&mut costs),
        (">= 250,000/s", 250_000.0),
    );
}

/// One reader, from the first sample to the last.
pub(crate) async fn one_reader(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "samples/s read from a stream, one reader";
    if !report.wants(name) {
        return;
    }
    let (world, stream) = declare(bus, "streams-reader").await;
    let batches = report.count(BATCHES);
    write(bus, &world, &stream, batches).await;
    let (mut ours, mut costs) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let before = Used::now(cluster);
        let started = Instant::now();
        let count = read(bus, &world, &stream).await;
        costs.push(before.per_operation(cluster, count));
        ours.push(rate(count, started.elapsed()));
    }
    add(report, name, &mut ours, median(&mut costs), ("", 0.0));
}

fn add(
    report: &mut Report,
    name: &'static str,
    ours: &mut [f64],
    cost: crate::cpu::Cost,
    (bar, at_least): (&'static str, f64),
) {
    let value = median(ours);
    report.add(Row {
        name,
        value: format!("{value:.0}/s"),
        control: format!("{BATCH} samples at once"),
        ratio: if at_least > 0.0 {
            value / at_least
        } else {
            1.0
        },
        bar,
        met: value >= at_least,
        cpu_ms: Some(cost),
    });
}

async fn declare(bus: &Bus, world: &str) -> (WorldId, StreamRef) {
    let world = create(bus, world).await;
    let stream: StreamRef = "ada:readings".parse().unwrap();
    let put = PutStream {
        stream: stream.clone(),
        stream_type: StreamType::Number,
        public: true,
        range: None,
    };
    send(bus, &world, Command::PutStream(put)).await;
    (world, stream)
}

async fn write(bus: &Bus, world: &WorldId, stream: &StreamRef, batches: usize) -> Duration {
    let samples = (0..BATCH).map(|n| RawValue::from_string(format!("{n}.25")).unwrap());
    let samples: Vec<_> = samples.collect();
    let started = Instant::now();
    for _ in 0..batches {
        let append = AppendSamples {
            stream: stream.clone(),
            samples: samples.clone(),
            tags: None,
            interaction: None,
        };
        send(bus, world, Command::AppendSamples(append)).await;
    }
    started.elapsed()
}

/// Reads all samples. How many there were.
async fn read(bus: &Bus, world: &WorldId, stream: &StreamRef) -> usize {
    let mut count = 0;
    let mut range = SampleRange {
        stream: stream.clone(),
        from: 0,
        to: None,
        limit: PAGE,
    };
    loop {
        let read = bus
            .streams()
            .read(world, &range, None, DEADLINE)
            .await
            .unwrap();
        count += read.samples.len();
        range.from = read.next;
        if read.next >= read.length {
            return count;
        }
    }
}
