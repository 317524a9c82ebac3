//! An object whose ability takes a while: start as many of these workers as you have to count.

use std::time::Duration;

use sdk::{Error, Event, JsonSchema, Kind, Me, Object, Received, Worker, schemars};
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
    const KIND: &'static str = "counter";
}

async fn count(count: Received<Count>, mut me: Me<Counter>) -> Result<Me<Counter>, Error> {
    tokio::time::sleep(Duration::from_millis(count.takes_ms)).await;
    let number = count.number;
    me.send(&Counted { number })?;
    Ok(me)
}

fn main() -> anyhow::Result<()> {
    let kind = Kind::default().ability("count", count);
    Worker::builder().object(kind, []).main()
}
