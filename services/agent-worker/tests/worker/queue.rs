//! Deliveries: each ends exactly once, whatever happens to its worker.

use std::time::Duration;

use agent_worker::Worker;
use contract::run::ATTEMPTS_MAX;
use contract::{RunOutcome, Timestamp};
use futures::StreamExt;
use service_kit::CancellationToken;
use testkit::{Raw, eventually};
use tokio::sync::watch;

use crate::actions::{Scripted, done};
use crate::support::{Harness, config};

#[tokio::test(flavor = "multi_thread")]
async fn echo_returns_its_arguments_without_reading_the_context() {
    let mut harness = Harness::start().await;
    harness.start_built_in().await;
    let ids: Vec<_> = futures::future::join_all((0..200).map(|_| harness.request("echo"))).await;
    for id in ids {
        let output = harness.completed(id).await.output.unwrap();
        assert_eq!(output.get(), format!("\"{id}\""));
    }
    harness.all_acknowledged().await;
    assert_eq!(harness.contexts(), 0);
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
    assert!(harness.outcomes(slow).is_empty());
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
    harness.end_run(id);
    harness
        .bus
        .signals()
        .publish_cancellation(&harness.world, id)
        .await;
    eventually("the run is dropped", async || act.dropped() == 1).await;
    harness.all_acknowledged().await;
    assert!(harness.outcomes(id).is_empty());
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
    assert_eq!((act.started(), harness.outcomes(id).len()), (2, 1));
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
    let act = Scripted::new(|_, _| Box::pin(async { done() }));
    harness.start_worker(act.worker()).await;
    harness.stop_world();
    let id = harness.request("act").await;
    eventually("the run has ended", async || act.dropped() == 1).await;
    assert_eq!(harness.bus.work_queue().open_runs().await.unwrap(), 1);
    harness.start_world().await;
    harness.completed(id).await;
    harness.all_acknowledged().await;
    assert_eq!((act.started(), harness.outcomes(id).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_past_its_deadline_fails() {
    let mut harness = Harness::start().await;
    let act = Scripted::endless();
    harness.start_worker(act.worker()).await;
    let late = harness
        .request_until("act", Timestamp::from_unix_ms(1))
        .await;
    assert_eq!(harness.failed(late).await.0, "deadline");
    assert_eq!(act.started(), 0);
    let soon = Timestamp::now() + Duration::from_millis(200);
    let running = harness.request_until("act", soon).await;
    assert_eq!(harness.failed(running).await.0, "deadline");
    assert_eq!((act.started(), act.dropped()), (1, 1));
    harness.all_acknowledged().await;
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
    harness.end_run(id);
    open.send(true).unwrap();
    harness.all_acknowledged().await;
    assert!(harness.outcomes(id).is_empty());
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
