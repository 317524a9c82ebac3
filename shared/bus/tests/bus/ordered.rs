//! Ordered batches: what has no answer is repeated as one, in its order.

use std::collections::VecDeque;
use std::time::Duration;

use contract::{
    Accepted, Command, CommandId, CommandRequest, Rejection, RejectionCode, Reply, Seq,
};
use manyworlds_bus::{Bus, CommandError, IncomingRequest};
use testkit::NatsServer;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{connect, world};

fn commands(count: usize) -> Vec<CommandRequest> {
    let command = |_| CommandRequest {
        id: CommandId::new(),
        sender: "ada".parse().unwrap(),
        command: Command::DeleteWorld,
        trace: None,
        run: None,
        principal: None,
    };
    (0..count).map(command).collect()
}

fn ids(commands: &[CommandRequest]) -> Vec<CommandId> {
    commands.iter().map(|command| command.id).collect()
}

fn accepted(seq: Seq) -> Reply {
    Reply::Accepted(Accepted {
        seq,
        first: 0,
        events: 1,
    })
}

fn refused() -> Reply {
    Reply::Rejected(Rejection::new(RejectionCode::Invalid, "no", None))
}

fn unavailable() -> Reply {
    let reason = "moved".to_owned();
    Reply::Unavailable { reason }
}

/// Answers each batch with the next replies, or not at all when there are none, and passes on the ids that
/// came.
async fn serve(bus: Bus, mut script: VecDeque<Vec<Reply>>, came: mpsc::Sender<Vec<CommandId>>) {
    let owner = "this".into();
    let requests = bus
        .responder()
        .subscribe_requests(world("lobby").partition(), &owner);
    let mut requests = requests.await.unwrap();
    bus.flush().await.unwrap();
    while let Some(batch) = requests.next_batch().await {
        let positions = batch.iter().map(|incoming: &IncomingRequest| {
            let position = incoming.position.as_ref().unwrap();
            position.batch[position.index]
        });
        came.send(positions.collect()).await.unwrap();
        let replies = script.pop_front().unwrap();
        for (incoming, reply) in batch.into_iter().zip(replies) {
            incoming.reply.send(&reply).await;
        }
    }
}

#[tokio::test]
async fn what_has_no_answer_is_repeated_as_one_with_the_same_ids() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let script = [
        // The answer is lost.
        vec![],
        vec![
            accepted(1),
            refused(),
            unavailable(),
            unavailable(),
            unavailable(),
        ],
        vec![refused(), unavailable(), unavailable()],
        vec![accepted(2), accepted(3)],
    ];
    let (sender, mut came) = mpsc::channel(script.len());
    let mut serving = JoinSet::new();
    serving.spawn(serve(connect(&nats).await, script.into(), sender));
    let commands = commands(5);
    let ids = ids(&commands);
    let (worlds, lobby) = (bus.worlds(), world("lobby"));
    let deadline = Duration::from_secs(30);
    let replies = worlds.ordered_commands(&lobby, commands, deadline).await;
    let decided = replies.decided.iter();
    let decided: Vec<Option<Seq>> = decided
        .map(|reply| reply.as_ref().ok().map(|accepted| accepted.seq))
        .collect();
    assert_eq!(decided, [Some(1), None, None, Some(2), Some(3)]);
    assert!(replies.error.is_none());
    for first in [0, 0, 2, 3] {
        assert_eq!(came.recv().await.unwrap(), ids[first..]);
    }
    serving.shutdown().await;
}

#[tokio::test]
async fn after_the_deadline_what_was_decided_is_known_and_the_rest_is_not() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let deadline = Duration::from_millis(300);
    let worlds = bus.worlds();
    let lobby = world("lobby");
    let replies = worlds.ordered_commands(&lobby, commands(3), deadline).await;
    assert_eq!(replies.decided.len(), 0);
    assert!(matches!(
        replies.error,
        Some(CommandError::Unavailable { .. })
    ));
    let replies = vec![accepted(1), unavailable(), unavailable()];
    // The second attempt is not answered.
    let script = [replies, vec![]];
    let (sender, mut came) = mpsc::channel(script.len());
    let mut serving = JoinSet::new();
    serving.spawn(serve(connect(&nats).await, script.into(), sender));
    let commands = commands(3);
    let ids = ids(&commands);
    let deadline = Duration::from_secs(3);
    let replies = worlds.ordered_commands(&lobby, commands, deadline).await;
    assert_eq!(replies.decided.len(), 1);
    assert!(matches!(replies.error, Some(CommandError::Timeout { .. })));
    assert_eq!(came.recv().await.unwrap(), ids);
    assert_eq!(came.recv().await.unwrap(), ids[1..]);
    serving.shutdown().await;
}
