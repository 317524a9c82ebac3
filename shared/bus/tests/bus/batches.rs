//! Batches in which one side knows more than the other: a rolling update of worlds and their clients.

use std::time::Duration;

use async_nats::Client;
use contract::{
    Accepted, Command, CommandId, CommandRequest, Rejection, RejectionCode, Reply, WorldId, subject,
};
use futures::StreamExt;
use futures::future::join_all;
use manyworlds_bus::{Bus, CommandError, Error};
use serde_json::{Value, json};
use testkit::NatsServer;
use tokio::task::JoinSet;

use crate::support::{connect, rejection, world};

const DEADLINE: Duration = Duration::from_secs(30);

/// A client of NATS that knows nothing of our messages.
async fn raw_client(nats: &NatsServer) -> Client {
    async_nats::connect(nats.url()).await.unwrap()
}

/// Serves a world whose commands are all accepted. All else it refuses.
async fn accept_commands(bus: Bus, world: WorldId) {
    let owner = "this".into();
    let requests = bus
        .responder()
        .subscribe_requests(world.partition(), &owner);
    let mut requests = requests.await.unwrap();
    bus.flush().await.unwrap();
    while let Some(incoming) = requests.next().await {
        let reply = match *incoming.request {
            contract::Request::Command(_) => Reply::Accepted(Accepted {
                seq: 7,
                first: 0,
                events: 1,
            }),
            _ => Reply::Rejected(Rejection {
                code: RejectionCode::Invalid,
                detail: "not served".to_owned(),
                field: None,
                cause: None,
            }),
        };
        incoming.reply.send(&reply).await;
    }
}

fn command() -> CommandRequest {
    CommandRequest {
        id: CommandId::new(),
        sender: "ada".parse().unwrap(),
        command: Command::DeleteWorld,
        trace: None,
        run: None,
        principal: None,
    }
}

#[tokio::test]
async fn an_unknown_request_is_refused_by_itself_and_the_others_are_served() {
    let nats = NatsServer::start();
    let world = world("lobby");
    let mut serving = JoinSet::new();
    serving.spawn(accept_commands(connect(&nats).await, world.clone()));
    let client = raw_client(&nats).await;
    let known = json!({"request": {"command": command()}});
    let unknown = json!({"request": {"from_the_future": {"agent": "ada"}}});
    let unknown_command = json!({"request": {"command": {"id": CommandId::new(), "sender": "ada", "command": "fly"}}});
    let batch = json!([known, unknown, known, unknown_command, 7, known]).to_string();
    let replies: Vec<Value> = loop {
        let reply = client.request(subject::command(&world), batch.clone().into());
        // Until the world is served.
        if let Ok(reply) = reply.await {
            break serde_json::from_slice(&reply.payload).unwrap();
        }
    };
    let codes: Vec<Option<&str>> = replies
        .iter()
        .map(|reply| reply["rejected"]["code"].as_str())
        .collect();
    let invalid = Some("invalid");
    assert_eq!(codes, [None, invalid, None, invalid, invalid, None]);
    for accepted in [0, 2, 5] {
        assert_eq!(replies[accepted]["accepted"]["seq"], 7);
    }
    let detail = replies[1]["rejected"]["detail"].as_str().unwrap();
    assert!(detail.contains("from_the_future"), "{detail}");
    serving.shutdown().await;
}

#[tokio::test]
async fn an_unknown_reply_fails_its_own_caller_only() {
    let nats = NatsServer::start();
    let (bus, world) = (connect(&nats).await, world("lobby"));
    let client = raw_client(&nats).await;
    let mut messages = client.subscribe(subject::command(&world)).await.unwrap();
    client.request("nobody", "".into()).await.unwrap_err();
    let accepted = json!({"accepted": {"seq": 7, "first": 0, "events": 1}});
    let replies = json!([
        accepted,
        {"from_the_future": {"seq": 8}},
        {"rejected": {"code": "from_the_future", "detail": "not on a sunday"}},
        {"rejected": {"code": "unknown_chat", "detail": "there is none"}},
        accepted,
    ])
    .to_string();
    let serve = async {
        let message = messages.next().await.unwrap();
        let requests: Vec<Value> = serde_json::from_slice(&message.payload).unwrap();
        let reply = message.reply.unwrap();
        client.publish(reply, replies.into()).await.unwrap();
        requests.len()
    };
    let commands = join_all((0..5).map(|_| bus.worlds().command(&world, command(), DEADLINE)));
    let (batch_size, mut answers) = tokio::join!(serve, commands);
    assert_eq!(batch_size, 5);
    let last = answers.pop().unwrap();
    assert_eq!(last.unwrap().seq, 7);
    let known = rejection(answers.pop().unwrap());
    assert_eq!(known.code, RejectionCode::UnknownChat);
    let newer = rejection(answers.pop().unwrap());
    assert_eq!(
        (newer.code, newer.detail.as_str()),
        (RejectionCode::Other, "not on a sunday")
    );
    let unknown = answers.pop().unwrap().unwrap_err();
    assert!(!unknown.is_transient(), "{unknown:?}");
    let CommandError::Transport { source, .. } = unknown else {
        panic!("{unknown:?}")
    };
    assert!(matches!(source, Error::Decode { .. }), "{source:?}");
    assert_eq!(answers.pop().unwrap().unwrap().seq, 7);
}

#[tokio::test]
async fn an_error_distinguishes_an_unavailable_world_from_a_silent_one() {
    let nats = NatsServer::start();
    let (bus, world) = (connect(&nats).await, world("lobby"));
    let deadline = Duration::from_millis(200);
    let unavailable = bus.worlds().command(&world, command(), deadline).await;
    let unavailable = unavailable.unwrap_err();
    assert!(
        matches!(unavailable, CommandError::Unavailable { .. }),
        "{unavailable:?}"
    );
    assert!(unavailable.is_transient());
    let client = raw_client(&nats).await;
    let _silent = client.subscribe(subject::command(&world)).await.unwrap();
    client.request("nobody", "".into()).await.unwrap_err();
    let timeout = bus.worlds().command(&world, command(), deadline).await;
    let timeout = timeout.unwrap_err();
    assert!(
        matches!(timeout, CommandError::Timeout { .. }),
        "{timeout:?}"
    );
    assert!(timeout.is_transient());
}
