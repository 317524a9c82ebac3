//! An object with a slow ability. Any number of these workers share its runs.

use std::time::Duration;

use manyworlds_sdk::{
    Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, Worker, schemars,
};
use serde::{Deserialize, Serialize};

/// Count this number.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "counter.count")]
struct Count {
    number: u64,
    /// How long that takes, in milliseconds.
    #[serde(default)]
    takes_ms: u64,
}

/// A number was counted.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "counter.counted")]
struct Counted {
    number: u64,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Counter {}

impl Object for Counter {
    const TYPE: &'static str = "counter";
}

async fn count(
    count: Received<Count>,
    mut counter: ObjectCtx<Counter>,
) -> Result<ObjectCtx<Counter>, Error> {
    tokio::time::sleep(Duration::from_millis(count.takes_ms)).await;
    let number = count.number;
    counter.send(&Counted { number })?;
    Ok(counter)
}

fn main() -> anyhow::Result<()> {
    let counters = ObjectType::default().ability("count", count);
    Worker::builder().object(counters, []).main()
}
