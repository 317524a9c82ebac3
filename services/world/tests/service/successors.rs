//! Worlds that are deleted and created again at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::{
    Command, CommandId, Fact, RejectionCode, RunId, RunOutcome, Seq, Timestamp, WorldId,
};

use crate::support::{Harness, post, request_echo};

/// What is left of the log of a world: where its deletion and its creation are, and the events behind them.
struct Found {
    deleted: Option<(Seq, Timestamp)>,
    created: Seq,
    first: Seq,
    posted: Vec<CommandId>,
}

async fn read(harness: &Harness, world: &WorldId) -> Found {
    let mut found = Found {
        deleted: None,
        created: 0,
        first: 0,
        posted: Vec::new(),
    };
    let mut after = 0;
    loop {
        let entries = harness.bus.log().read(world, after).await.unwrap();
        let Some(last) = entries.last() else {
            return found;
        };
        after = last.seq;
        for entry in entries {
            if found.first == 0 {
                found.first = entry.seq;
            }
            let commit = entry.commit().unwrap();
            for event in &commit.events {
                match event.event_type.as_str() {
                    "world.deleted" => found.deleted = Some((entry.seq, commit.at)),
                    "world.created" => found.created = entry.seq,
                    "message.posted" => found.posted.push(CommandId(event.id.0)),
                    _ => {}
                }
            }
        }
    }
}

fn sent_at(id: CommandId) -> u128 {
    let (seconds, nanoseconds) = id.0.get_timestamp().unwrap().to_unix();
    u128::from(seconds) * 1000 + u128::from(nanoseconds) / 1_000_000
}

async fn delete(harness: &Harness, world: &WorldId) -> CommandId {
    let id = CommandId::new();
    let deleted = harness.send_as(world, id, "world", Command::DeleteWorld);
    deleted.await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_is_deleted_and_created_at_once_while_others_send() {
    let harness = Arc::new(Harness::start().await);
    let world = harness.create("lobby").await;
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..8)
        .map(|_| {
            let (harness, world, stop) = (harness.clone(), world.clone(), stop.clone());
            tokio::spawn(async move {
                let mut accepted = 0;
                while !stop.load(Ordering::Relaxed) {
                    match harness
                        .send(&world, "guest", post("main", "@nobody hi"))
                        .await
                    {
                        Ok(_) => accepted += 1,
                        Err(refused) => assert!(
                            matches!(
                                refused.code,
                                RejectionCode::WorldDeleted | RejectionCode::Expired
                            ) || refused.code == RejectionCode::Busy,
                            "{refused:?}"
                        ),
                    }
                }
                accepted
            })
        })
        .collect();
    for round in 0..20 {
        delete(&harness, &world).await;
        harness.create("lobby").await;
        // Something happens in it, before it goes.
        let posted = harness
            .send(&world, "guest", post("main", "@nobody mine"))
            .await;
        posted.unwrap();
        let found = read(&harness, &world).await;
        let (deleted, at) = found.deleted.unwrap();
        assert_eq!(found.first, deleted, "round {round}: something old is left");
        assert!(deleted < found.created);
        for id in &found.posted {
            let at = u128::try_from(at.as_unix_ms()).unwrap();
            assert!(sent_at(*id) > at, "round {round}: a late command was taken");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut accepted = 0;
    for sender in senders {
        accepted += sender.await.unwrap();
    }
    assert!(accepted > 0);
    let state = harness.state(&world, None).await.unwrap();
    assert_eq!(state["deleted"], false);
    let harness = Arc::into_inner(harness).unwrap();
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_ends_between_deletion_and_creation_loses_nothing() {
    let mut harness = Harness::start().await;
    let world = harness.create("lobby").await;
    harness
        .send(&world, "guest", post("main", "old"))
        .await
        .unwrap();
    let old = harness.bus.log().last_seq(&world).await.unwrap();
    let deletion = delete(&harness, &world).await;
    let deleted = harness.bus.log().last_seq(&world).await.unwrap();
    // It ended while it cleared the log, or before.
    for purged in [false, true] {
        if purged {
            harness.bus.log().purge(&world, deleted - 1).await.unwrap();
        }
        harness.restart().await;
        let refused = harness.send(&world, "guest", post("main", "late")).await;
        assert_eq!(refused.unwrap_err().code, RejectionCode::WorldDeleted);
    }
    harness.create("lobby").await;
    harness.restart().await;
    // A repeated deletion gets its answer, and deletes nothing.
    let again = harness.send_as(&world, deletion, "world", Command::DeleteWorld);
    assert_eq!(again.await.unwrap().seq, deleted);
    let state = harness.state(&world, None).await.unwrap();
    assert_eq!(state["deleted"], false);
    assert_eq!(
        state["chats"]["main"]["messages"].as_array().unwrap().len(),
        0
    );
    // The past of the old world is not that of the new one.
    for at in [1, old] {
        let past = harness.state(&world, Some(at)).await.unwrap_err();
        assert_eq!(past.code, RejectionCode::UnknownWorld);
    }
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_a_run_of_the_old_world_changes_nothing() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let id = CommandId::new();
    let requested = harness.send_as(&world, id, "guest", request_echo("ada"));
    requested.await.unwrap();
    let run: RunId = id.event(0).run();
    delete(&harness, &world).await;
    let cancelled = harness.log(&world).await.into_iter().any(|event| {
        let fact = Fact::parse(&event.event_type, &event.data).unwrap();
        matches!(fact, Some(Fact::ActionCancelled(cancelled)) if cancelled.run == run)
    });
    assert!(cancelled);
    harness.create("lobby").await;
    let outcome = RunOutcome::Completed(Default::default());
    let command = Command::Complete { run, outcome };
    let sent = harness.send_as(&world, run.completion(), "world", command);
    assert_eq!(sent.await.unwrap_err().code, RejectionCode::AlreadyEnded);
    let log = harness.log(&world).await;
    assert!(
        log.iter()
            .all(|event| event.event_type.as_str() != "action.completed")
    );
    harness.stop().await;
}
