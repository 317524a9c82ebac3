//! The world service against a real nats-server.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test stops at what it does not expect, and runs what it tests beside itself"
)]

mod contexts;
mod gateways;
mod ordered;
mod recalls;
mod storage;
mod stored_specs;
mod successors;
mod support;
mod upgrades;

use std::time::Duration;

use bus::ViewAt;
use contract::command::SetTimer;
use contract::run::RunResult;
use contract::view::GetWhole;
use contract::{Command, CommandId, EntityId, Fact, RejectionCode, RunId, RunOutcome, Timestamp};
use futures::StreamExt;
use support::{
    DEADLINE, Harness, draft, lost_doubled_reordered, post, request_echo, send_from_many,
};
use testkit::{Raw, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_command_is_in_the_log_and_a_repeat_gets_the_same_answer() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let id = CommandId::new();
    let first = harness
        .send_as(&world, id, "guest", post("main", "hello"))
        .await
        .unwrap();
    let again = harness
        .send_as(&world, id, "guest", post("main", "hello"))
        .await
        .unwrap();
    assert_eq!(first, again);
    let log = harness.log(&world).await;
    let posted = log
        .iter()
        .filter(|event| event.event_type.as_str() == "message.posted")
        .count();
    assert_eq!(posted, 1);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_batch_are_answered_from_a_state_that_is_in_the_log() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let sent = send_from_many(&harness, &world, 16, 50);
    let read = async {
        let mut last = 0;
        for _ in 0..50 {
            let worlds = harness.bus.worlds();
            let read = worlds.view(&world, GetWhole, None, DEADLINE);
            let ViewAt { seq, view } = read.await.unwrap();
            assert_eq!(view.seq, seq);
            assert!(seq >= last, "a read went back from {last} to {seq}");
            last = seq;
        }
    };
    let (accepted, ()) = tokio::join!(sent, read);
    let log = harness.log(&world).await;
    assert_eq!(lost_doubled_reordered(&accepted, &log), (0, 0, 0));
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_events_are_published_on_nats() {
    let harness = Harness::start_with(|config| config.publish_events = true).await;
    let world = harness.create("lobby").await;
    let raw = Raw::connect(&harness.nats.url()).await;
    let mut received = Box::pin(raw.listen("mw.evt.lobby.app.>").await);
    let id = CommandId::new();
    let command = Command::SendEvents {
        events: vec![draft("app.one"), draft("app.two")],
        message: None,
    };
    let accepted = harness.send_as(&world, id, "guest", command).await.unwrap();
    for (index, name) in [(0, "app.one"), (1, "app.two")] {
        let event = received.next().await.unwrap();
        assert_eq!(event.subject, format!("mw.evt.lobby.{name}"));
        assert_eq!(event.headers["ce-id"], id.event(index).to_string());
        let place = format!("{}.{}", accepted.seq, accepted.first + index);
        assert_eq!(event.headers["ce-sequence"], place);
        assert_eq!(event.text, "{}");
    }
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_rule_and_its_field() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let refused = |command| harness.send(&world, "guest", command);
    let table = [
        (
            post("nowhere", "hello"),
            RejectionCode::UnknownChat,
            Some("chat"),
        ),
        (post("main", "  "), RejectionCode::Invalid, Some("text")),
        (
            Command::SendEvents {
                events: vec![draft("app.ok"), draft("world.created")],
                message: None,
            },
            RejectionCode::ReservedType,
            Some("events[1].type"),
        ),
        (
            request_echo("nobody"),
            RejectionCode::UnknownEntity,
            Some("agent"),
        ),
    ];
    for (command, code, field) in table {
        let rejection = refused(command).await.unwrap_err();
        assert_eq!((rejection.code, rejection.field.as_deref()), (code, field));
    }
    let unknown = harness
        .send(&world, "stranger", post("main", "hello"))
        .await
        .unwrap_err();
    assert_eq!(unknown.code, RejectionCode::UnknownEntity);
    let nowhere = "nowhere".parse().unwrap();
    let unknown = harness
        .send(&nowhere, "guest", post("main", "hello"))
        .await
        .unwrap_err();
    assert_eq!(unknown.code, RejectionCode::UnknownWorld);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_dispatched_and_ends_once() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    harness
        .send(&world, "guest", post("main", "@ada hello"))
        .await
        .unwrap();
    let consumer = harness
        .bus
        .work_queue()
        .run_consumer(&"respond".parse().unwrap())
        .await
        .unwrap();
    let mut deliveries = consumer.pull().await.unwrap();
    let delivery = deliveries.next(1).await.unwrap();
    let run: contract::Run = delivery.read().unwrap();
    let context = harness
        .bus
        .worlds()
        .context(&world, run.id, Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(context.messages.last().unwrap().text, "@ada hello");
    let complete = |run: RunId| Command::Complete {
        run,
        outcome: RunOutcome::Completed(RunResult {
            message: Some("hello yourself".into()),
            ..RunResult::default()
        }),
    };
    harness
        .send(&world, "world", complete(run.id))
        .await
        .unwrap();
    let late = harness
        .send(&world, "world", complete(run.id))
        .await
        .unwrap_err();
    assert_eq!(late.code, RejectionCode::AlreadyEnded);
    delivery.ack().await.unwrap();
    let types: Vec<String> = harness
        .log(&world)
        .await
        .iter()
        .map(|event| event.event_type.to_string())
        .collect();
    assert_eq!(
        types[types.len() - 6..],
        [
            "message.posted",
            "chat.updated",
            "action.requested",
            "message.posted",
            "action.completed",
            "chat.turn_ended"
        ]
    );
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_the_past_can_be_read_again() {
    const COUNT: usize = 150;
    // Twice as many snapshots as are kept.
    let harness = Harness::start_with(|config| config.snapshot_every = 1).await;
    let world = harness.create("lobby").await;
    let mut seqs = Vec::new();
    for n in 0..COUNT {
        let text = format!("@nobody {n}");
        seqs.push(
            harness
                .send(&world, "guest", post("main", &text))
                .await
                .unwrap()
                .seq,
        );
    }
    let newest = harness
        .bus
        .past_snapshots()
        .load_until(&world, seqs[COUNT - 1]);
    assert!(newest.await.unwrap().is_some_and(|(seq, _)| seq > seqs[0]));
    for (n, seq) in seqs.iter().enumerate() {
        let state = harness.state(&world, Some(*seq)).await.unwrap();
        assert_eq!(state["seq"], *seq);
        assert_eq!(
            state["chats"]["main"]["messages"].as_array().unwrap().len(),
            n + 1
        );
    }
    let future = harness
        .state(&world, Some(seqs[COUNT - 1] + 1_000_000))
        .await
        .unwrap_err();
    assert_eq!(future.code, RejectionCode::InFuture);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_before_a_world_is_that_of_its_first_commit() {
    let harness = Harness::start().await;
    let early = harness.create("early").await;
    harness
        .send(&early, "guest", post("main", "hello"))
        .await
        .unwrap();
    let late = harness.create("late").await;
    let start = harness.bus.log().start(&late).await.unwrap().unwrap();
    assert_eq!(start.earlier_deleted_at, None);
    harness
        .send(&late, "guest", post("main", "@nobody"))
        .await
        .unwrap();
    for at in [0, 1, start.first - 1, start.first] {
        let state = harness.state(&late, Some(at)).await.unwrap();
        assert_eq!(state["seq"], start.first, "{at}");
        assert_ne!(state["deleted"], true, "{at}");
    }
    // What is before the new world, of an earlier one of its id, is not read either.
    harness
        .send(&early, "world", Command::DeleteWorld)
        .await
        .unwrap();
    harness.create("early").await;
    let start = harness.bus.log().start(&early).await.unwrap().unwrap();
    let deleted_at = start.earlier_deleted_at.unwrap();
    let before = harness.state(&early, Some(deleted_at - 1)).await;
    assert_eq!(before.unwrap_err().code, RejectionCode::UnknownWorld);
    let state = harness.state(&early, Some(start.first)).await.unwrap();
    assert_eq!(state["seq"], start.first);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_wakes_a_world_that_sleeps() {
    let harness = Harness::start_with(|config| config.idle_after = Duration::ZERO).await;
    let world = harness.create("lobby").await;
    let timer = Command::SetTimer(SetTimer {
        timer: "tea".parse().unwrap(),
        due: Some(Timestamp::now() + Duration::from_millis(1500)),
        repeat: None,
        zone: None,
        message: None,
        event: Some(draft("app.tea_is_ready")),
    });
    harness.send(&world, "guest", timer).await.unwrap();
    eventually("the timer fired", async || {
        harness
            .log(&world)
            .await
            .iter()
            .any(|event| event.event_type.as_str() == "app.tea_is_ready")
    })
    .await;
    let fired = harness
        .log(&world)
        .await
        .iter()
        .filter(|event| {
            matches!(
                Fact::parse(&event.event_type, &event.data),
                Ok(Some(Fact::TimerFired(_)))
            )
        })
        .count();
    assert_eq!(fired, 1);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_sleeps_and_wakes_with_the_same_state() {
    let harness = Harness::start_with(|config| config.idle_after = Duration::ZERO).await;
    let world = harness.create("lobby").await;
    for n in 0..20 {
        harness
            .send(&world, "guest", post("main", &format!("@nobody {n}")))
            .await
            .unwrap();
        eventually("a snapshot is kept", async || {
            harness
                .bus
                .snapshots()
                .load(&world)
                .await
                .unwrap()
                .is_some()
        })
        .await;
    }
    let state = harness.state(&world, None).await.unwrap();
    assert_eq!(
        state["chats"]["main"]["messages"].as_array().unwrap().len(),
        20
    );
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_world_is_purged_and_its_id_is_free_again() {
    let harness = Harness::start_with(|config| config.deleted_kept = Duration::ZERO).await;
    let world = harness.create("lobby").await;
    harness
        .send(&world, "world", Command::DeleteWorld)
        .await
        .unwrap();
    eventually("the log is purged", async || {
        harness.bus.log().last_seq(&world).await.unwrap() == 0
    })
    .await;
    harness.create("lobby").await;
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_world_leaves_no_schedules_and_no_wakes() {
    let harness = Harness::start_with(|config| config.deleted_kept = Duration::ZERO).await;
    let raw = testkit::Raw::connect(&harness.nats.url()).await;
    let world = harness.create("lobby").await;
    let count = async || {
        raw.count("MW_TIMERS", "*.*.*.lobby.>").await + raw.count("MW_TIMERS", "*.*.*.lobby").await
    };
    for due in [Duration::from_millis(200), Duration::from_hours(1)] {
        let request = Command::RequestAction {
            action: "nobody-offers-this".parse().unwrap(),
            entity: EntityId::try_from("ada").unwrap(),
            arguments: None,
            deadline: Some(Timestamp::now() + due),
        };
        harness.send(&world, "guest", request).await.unwrap();
    }
    eventually("a wake was due, and another is scheduled", async || {
        count().await >= 2
    })
    .await;
    harness
        .send(&world, "world", Command::DeleteWorld)
        .await
        .unwrap();
    eventually("the log is purged", async || {
        harness.bus.log().last_seq(&world).await.unwrap() == 0
    })
    .await;
    eventually("nothing of the world is left", async || count().await == 0).await;
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_both_serve_a_world_never_both_write() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let second = harness.start_replica().await;
    let accepted = support::send_from_many(&harness, &world, 8, 50).await;
    second.stop().await;
    let log = harness.log(&world).await;
    assert_eq!(support::lost_doubled_reordered(&accepted, &log), (0, 0, 0));
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_on_when_nats_was_killed() {
    let mut harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let bus = harness.bus.clone();
    let sending = {
        let world = world.clone();
        tokio::task::spawn(async move { support::send_many(&bus, &world, 0, 200).await })
    };
    eventually("some are sent", async || {
        harness.log(&world).await.len() > 20
    })
    .await;
    harness.nats.restart();
    let accepted = sending.await.unwrap();
    let log = harness.log(&world).await;
    assert_eq!(
        support::lost_doubled_reordered(&[accepted], &log),
        (0, 0, 0)
    );
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_no_worker_takes_fails_at_its_deadline() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let request = Command::RequestAction {
        action: "nobody-offers-this".parse().unwrap(),
        entity: EntityId::try_from("ada").unwrap(),
        arguments: None,
        deadline: Some(Timestamp::now() + Duration::from_millis(200)),
    };
    harness.send(&world, "guest", request).await.unwrap();
    eventually("it failed", async || {
        harness
            .log(&world)
            .await
            .iter()
            .any(|event| event.event_type.as_str() == "action.failed")
    })
    .await;
    harness.stop().await;
}
