//! The clock of a world in memory: timers, deadlines, and what actions wait for.

use std::time::Duration;

use manyworlds_sdk::contract::Command;
use serde_json::json;

use crate::support::{Rings, lab, output, ring, worker};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_timer_fires_at_its_time() {
    let mut world = lab();
    let event = json!({"type": "bell.rings", "data": {"times": 1}});
    let timer = json!({"timer": "hourly", "repeat": "0 * * * *", "event": event});
    let command: Command = serde_json::from_value(json!({"set_timer": timer})).unwrap();
    world.command("bell", command).unwrap();
    world.advance(59 * MINUTE);
    assert!(world.events_of::<Rings>().unwrap().is_empty());
    world.advance(2 * 60 * MINUTE);
    let rings = world.events().into_iter();
    let rings = rings.filter(|row| row.event.event_type.as_str() == "bell.rings");
    let times: Vec<String> = rings.map(|row| row.at.to_string()).collect();
    assert_eq!(
        times,
        ["2030-01-01T01:00:00.000Z", "2030-01-01T02:00:00.000Z"]
    );
    assert_eq!(world.now().to_string(), "2030-01-01T02:59:00.000Z");
}

#[test]
fn a_run_that_no_worker_takes_fails_at_its_deadline() {
    let mut world = lab();
    world.request_action("bell", "ring", &()).unwrap();
    let deadline = world.waiting_runs()[0].deadline;
    world.advance(deadline.since(world.now()));
    assert_eq!(world.failures()[0].code, "deadline");
    assert!(world.waiting_runs().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_action_that_never_returns_fails_at_its_deadline() {
    let worker = worker("hang", |_| Box::pin(std::future::pending()));
    let mut world = lab();
    world.request_action("bell", "hang", &()).unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(world.failures()[0].code, "deadline");
}

#[tokio::test(start_paused = true)]
async fn an_action_may_sleep_without_cost() {
    let worker = worker("nap", |_| {
        Box::pin(async {
            tokio::time::sleep(MINUTE).await;
            Ok(output(&"rested"))
        })
    });
    let mut world = lab();
    world.request_action("bell", "nap", &()).unwrap();
    world.run(&worker).await.unwrap();
    assert_eq!(world.outputs::<String>().unwrap(), ["rested"]);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_not_executed() {
    let worker = worker("ring", |_| Box::pin(async { Ok(ring(1)) }));
    let mut world = lab();
    let run = world.request_action("bell", "ring", &()).unwrap();
    let cancel = Command::CancelRun { run };
    world.command("world", cancel).unwrap();
    world.run(&worker).await.unwrap();
    assert!(world.events_of::<Rings>().unwrap().is_empty());
}
