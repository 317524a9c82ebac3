//! Ordered batches: decided in order, also when they are repeated.

use std::ops::Range;

use bus::OrderedReplies;
use contract::{
    Accepted, Command, CommandId, CommandRequest, Entity, EntityId, EntityKind, Rejection,
    RejectionCode, WorldId,
};

use crate::support::{DEADLINE, Harness, draft};

fn request(sender: &str, command: Command) -> CommandRequest {
    CommandRequest {
        id: CommandId::new(),
        sender: EntityId::try_from(sender).unwrap(),
        command,
        trace: None,
        run: None,
        principal: None,
    }
}

fn send_event(sender: &str, event_type: &str) -> CommandRequest {
    let events = vec![draft(event_type)];
    request(
        sender,
        Command::SendEvents {
            events,
            message: None,
        },
    )
}

async fn send(
    harness: &Harness,
    world: &WorldId,
    batch: &[CommandRequest],
) -> Vec<Result<Accepted, Rejection>> {
    let worlds = harness.bus.worlds();
    let replies = worlds.ordered_commands(world, batch.to_vec(), DEADLINE);
    let OrderedReplies { decided, error } = replies.await;
    assert!(error.is_none(), "{error:?}");
    decided
}

/// The numbers of the events `app.n0`, `app.n1`, ... in the order of the log.
async fn numbers(harness: &Harness, world: &WorldId) -> Vec<usize> {
    let log = harness.log(world).await;
    let types = log
        .iter()
        .filter_map(|event| event.event_type.as_str().strip_prefix("app.n"));
    types.map(|number| number.parse().unwrap()).collect()
}

fn numbered(range: Range<usize>) -> Vec<CommandRequest> {
    range
        .map(|n| send_event("guest", &format!("app.n{n}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_accepted_after_the_commands_behind_it() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let late = Entity::new("late".parse().unwrap(), EntityKind::User);
    let batch = [
        send_event("guest", "app.n0"),
        send_event("late", "app.n1"),
        request("world", Command::CreateEntity(late)),
        send_event("late", "app.n2"),
        send_event("nobody", "app.n3"),
    ];
    let first = send(&harness, &world, &batch).await;
    let outcomes: Vec<bool> = first.iter().map(Result::is_ok).collect();
    assert_eq!(outcomes, [true, false, true, true, false]);
    // As after a lost answer. The sender of the second one exists by now.
    let again = send(&harness, &world, &batch).await;
    let lost = again[1].as_ref().unwrap_err();
    assert_eq!(lost.code, RejectionCode::Expired);
    for index in [0, 2, 3] {
        assert_eq!(again[index], first[index]);
    }
    // Nothing behind it was accepted: it is decided anew.
    let refused = again[4].as_ref().unwrap_err();
    assert_eq!(refused.code, first[4].as_ref().unwrap_err().code);
    assert_eq!(numbers(&harness, &world).await, [0, 2]);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_an_earlier_batch_says_nothing_about_those_before_it() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let mut keyed = send_event("guest", "app.n0");
    keyed.id = CommandId::from_key(&["k"]);
    let first = send(
        &harness,
        &world,
        &[keyed.clone(), send_event("guest", "app.n1")],
    )
    .await;
    let batch = [
        send_event("guest", "app.n2"),
        keyed,
        send_event("guest", "app.n3"),
    ];
    let second = send(&harness, &world, &batch).await;
    assert_eq!(second[1], first[0]);
    assert_eq!(numbers(&harness, &world).await, [0, 1, 2, 3]);
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_keep_their_order_over_many_commits_while_replicas_come_and_go() {
    let harness = Harness::start().await;
    let world = harness.create("lobby").await;
    let sending = async {
        for batch in 0..40 {
            let batch = numbered(batch * 100..(batch + 1) * 100);
            let replies = send(&harness, &world, &batch).await;
            assert!(replies.iter().all(Result::is_ok));
        }
    };
    let moving = async {
        for _ in 0..3 {
            harness.start_replica().await.stop().await;
        }
    };
    tokio::join!(sending, moving);
    assert!(numbers(&harness, &world).await.into_iter().eq(0..4000));
    harness.stop().await;
}
