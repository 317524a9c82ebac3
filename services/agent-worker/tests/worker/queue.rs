//! Deliveries: each ends exactly once, whatever happens to its worker.

use std::time::Duration;

use agent_worker::Worker;
use contract::run::{ATTEMPTS_MAX, RunResult};
use contract::{Command, Request, RequestEnvelope, RunOutcome, Timestamp, WorldId, subject};
use futures::{Stream, StreamExt, stream};
use serde_json::value::to_raw_value;
use service_kit::CancellationToken;
use testkit::{Raw, RawMessage, eventually};
use tokio::sync::watch;

use crate::actions::{Scripted, done};
use crate::support::{Harness, config};

/// The requests to a world, as the broker passes them on.
async fn requests_to(raw: &Raw, world: &WorldId) -> impl Stream<Item = RawMessage> + use<> {
    let to_anyone = raw.listen(&subject::command(world)).await;
    let to_owner = raw.listen(&subject::command_of_owner(world, "*")).await;
    stream::select(to_anyone, to_owner)
}

#[tokio::test(flavor = "multi_thread")]
async fn echo_returns_its_arguments_without_reading_the_context() {
    let mut harness = Harness::start().await;
    let raw = Raw::connect(&harness.nats.url()).await;
    let requests = requests_to(&raw, &harness.world).await;
    harness.start_built_in().await;
    let echoes = (0..200).map(|number| {
        let arguments = to_raw_value(&number).unwrap();
        harness.request_with("echo", Some(arguments), None)
    });
    let ids = futures::future::join_all(echoes).await;
    for (number, id) in ids.into_iter().enumerate() {
        let output = harness.completed(id).await.output.unwrap();
        assert_eq!(output.get(), number.to_string());
    }
    harness.all_acknowledged().await;
    // All of them have arrived, since a result was there before its reply.
    let mut requests = std::pin::pin!(requests);
    let (mut results, mut contexts) = (0, 0);
    while results < 200 {
        let message = requests.next().await.unwrap();
        let envelopes: Vec<RequestEnvelope> = serde_json::from_str(&message.text).unwrap();
        for envelope in envelopes {
            match *envelope.request {
                Request::Context { .. } => contexts += 1,
                Request::Command(request) => {
                    results += usize::from(matches!(request.command, Command::Complete { .. }));
                }
                _ => {}
            }
        }
    }
    assert_eq!((results, contexts), (200, 0));
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_run_does_not_hold_up_others() {
    let mut harness = Harness::start().await;
    let act = Scripted::new(|number, _| {
        Box::pin(async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            done()
        })
    });
    harness.start_worker(act.worker()).await;
    let slow = harness.request("act").await;
    eventually("the slow run has started", async || act.started() == 1).await;
    for _ in 0..5 {
        let quick = harness.request("act").await;
        harness.completed(quick).await;
    }
    assert!(harness.outcomes(slow).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_runs_at_a_time_than_there_are_slots() {
    let mut harness = Harness::start().await;
    let (open, gate) = watch::channel(false);
    let act = Scripted::new(move |_, _| {
        let mut gate = gate.clone();
        Box::pin(async move {
            gate.wait_for(|open| *open).await.unwrap();
            done()
        })
    });
    let mut config = config();
    config.slots_max = 2;
    harness
        .start_worker(Worker::new(config).unwrap().with_action(act.clone()))
        .await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(harness.request("act").await);
    }
    eventually("two runs have started", async || act.started() == 2).await;
    // An echo is queued after them, and has slots of its own.
    let echo = harness.request("echo").await;
    harness.completed(echo).await;
    assert_eq!(act.started(), 2);
    open.send(true).unwrap();
    for id in ids {
        harness.completed(id).await;
    }
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_stops_at_once_and_reports_nothing() {
    let mut harness = Harness::start().await;
    let act = Scripted::endless();
    harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    eventually("the run has started", async || act.started() == 1).await;
    harness.cancel(id).await;
    eventually("the run is dropped", async || act.dropped() == 1).await;
    harness.all_acknowledged().await;
    assert!(harness.outcomes(id).await.is_empty() && harness.is_cancelled(id).await);
    assert_eq!(act.started(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_run_goes_to_another() {
    let mut harness = Harness::start().await;
    let act = Scripted::new(|number, _| {
        Box::pin(async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            done()
        })
    });
    let (_, task, _) = harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    eventually("the first run has started", async || act.started() == 1).await;
    task.abort();
    eventually("the first run is dropped", async || act.dropped() == 1).await;
    harness.start_worker(act.worker()).await;
    harness.completed(id).await;
    harness.all_acknowledged().await;
    let outcomes = harness.outcomes(id).await;
    assert_eq!((act.started(), outcomes.len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn at_shutdown_a_run_may_end() {
    let mut harness = Harness::start().await;
    let (open, gate) = watch::channel(false);
    let act = Scripted::new(move |_, _| {
        let mut gate = gate.clone();
        Box::pin(async move {
            gate.wait_for(|open| *open).await.unwrap();
            done()
        })
    });
    let (shutdown, task, _) = harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    eventually("the run has started", async || act.started() == 1).await;
    shutdown.cancel();
    let late = harness.request("act").await;
    open.send(true).unwrap();
    harness.completed(id).await;
    eventually("the worker has ended", async || task.is_finished()).await;
    assert_eq!(act.started(), 1);
    harness.start_worker(act.worker()).await;
    harness.completed(late).await;
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_exceeds_the_grace_period_is_requeued_at_once() {
    let mut harness = Harness::start().await;
    let act = Scripted::new(|number, _| {
        Box::pin(async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            done()
        })
    });
    let mut config = config();
    config.shutdown_grace = Duration::from_millis(50);
    let stopping = Worker::new(config).unwrap().with_action(act.clone());
    let raw = Raw::connect(&harness.nats.url()).await;
    let requeued = raw.listen("$JS.EVENT.ADVISORY.CONSUMER.MSG_NAKED.>").await;
    let (shutdown, task, _) = harness.start_worker(stopping).await;
    let id = harness.request("act").await;
    eventually("the run has started", async || act.started() == 1).await;
    harness.start_worker(act.worker()).await;
    shutdown.cancel();
    // Requeued at once, not after the ack wait.
    let mut requeued = std::pin::pin!(requeued);
    assert!(requeued.next().await.is_some());
    harness.completed(id).await;
    eventually("the worker has ended", async || task.is_finished()).await;
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failed_attempt() {
    let mut harness = Harness::start().await;
    let act = Scripted::new(|number, _| {
        assert!(number > 0, "outside of the future");
        Box::pin(async move {
            assert!(number > 1, "inside of the future");
            done()
        })
    });
    harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    harness.completed(id).await;
    harness.all_acknowledged().await;
    assert_eq!(act.started(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_never_succeeds_fails_and_becomes_a_dead_letter() {
    let mut harness = Harness::start().await;
    let act = Scripted::failing();
    harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(
        (code.as_str(), reason.as_str()),
        ("attempts_exhausted", "the moon is unavailable")
    );
    harness.all_acknowledged().await;
    assert_eq!(act.started(), ATTEMPTS_MAX as usize);
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_sent_again_until_the_world_replies() {
    let mut harness = Harness::start().await;
    let (open, gate) = watch::channel(false);
    let act = Scripted::new(move |_, _| {
        let mut gate = gate.clone();
        Box::pin(async move {
            gate.wait_for(|open| *open).await.unwrap();
            done()
        })
    });
    harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    eventually("the run has started", async || act.started() == 1).await;
    harness.stop_world().await;
    open.send(true).unwrap();
    eventually("the run has ended", async || act.dropped() == 1).await;
    harness.has_open_runs(1).await;
    assert!(harness.outcomes(id).await.is_empty());
    harness.start_world().await;
    harness.completed(id).await;
    harness.all_acknowledged().await;
    let outcomes = harness.outcomes(id).await;
    assert_eq!((act.started(), outcomes.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_past_its_deadline_fails() {
    let mut harness = Harness::start().await;
    let act = Scripted::endless();
    let soon = || Some(Timestamp::now() + Duration::from_millis(200));
    let late = harness.request_with("act", None, soon()).await;
    harness.has_open_runs(1).await;
    assert_eq!(harness.failed(late).await.0, "deadline");
    harness.start_worker(act.worker()).await;
    harness.all_acknowledged().await;
    assert_eq!(act.started(), 0);
    let running = harness.request_with("act", None, soon()).await;
    assert_eq!(harness.failed(running).await.0, "deadline");
    eventually("the run is dropped", async || act.dropped() == 1).await;
    harness.all_acknowledged().await;
    assert_eq!(act.started(), 1);
    assert_eq!(harness.outcomes(running).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_world_has_ended_is_acknowledged() {
    let mut harness = Harness::start().await;
    let (open, gate) = watch::channel(false);
    let act = Scripted::new(move |_, _| {
        let mut gate = gate.clone();
        Box::pin(async move {
            gate.wait_for(|open| *open).await.unwrap();
            done()
        })
    });
    harness.start_worker(act.worker()).await;
    let id = harness.request("act").await;
    eventually("the run has started", async || act.started() == 1).await;
    // Another worker that had the run as well has ended it. The world cancels nothing then.
    let result = RunResult {
        output: to_raw_value("by another").ok(),
        ..RunResult::default()
    };
    let outcome = RunOutcome::Completed(result);
    harness
        .send("world", Command::Complete { run: id, outcome })
        .await;
    open.send(true).unwrap();
    harness.all_acknowledged().await;
    let outcomes = harness.outcomes(id).await;
    let [RunOutcome::Completed(completed)] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(completed.output.as_ref().unwrap().get(), "\"by another\"");
    assert_eq!(harness.bus.dead_letters().count().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_nats_is_survived() {
    let mut harness = Harness::start().await;
    let act = Scripted::new(|_, _| Box::pin(async { done() }));
    let (_, _, health) = harness.start_worker(act.worker()).await;
    let first = harness.request("act").await;
    harness.completed(first).await;
    harness.nats.kill();
    eventually("the worker is not ready", async || {
        !health.problems().is_empty()
    })
    .await;
    harness.nats.restart();
    eventually("the worker is ready again", async || {
        health.problems().is_empty()
    })
    .await;
    eventually("the queue is available again", async || {
        harness.bus.work_queue().open_runs().await.is_ok()
    })
    .await;
    let second = harness.request("act").await;
    assert!(matches!(
        harness.outcome(second).await,
        RunOutcome::Completed(_)
    ));
    harness.all_acknowledged().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_not_ready_before_nats_is_available() {
    let mut config = config();
    config.nats.url = format!("nats://127.0.0.1:{}", testkit::free_port());
    config.listen = ([127, 0, 0, 1], testkit::free_port()).into();
    let (page, shutdown) = (
        format!("http://{}/readyz", config.listen),
        CancellationToken::new(),
    );
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(agent_worker::run(config, shutdown.clone()));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    eventually("readiness names what is missing", async || {
        let Ok(response) = http.get(&page).send().await else {
            return false;
        };
        response.status() == 503 && response.text().await.unwrap().contains("nats: connecting")
    })
    .await;
    shutdown.cancel();
    tasks.join_next().await.unwrap().unwrap().unwrap();
}
