//! The bus against a real nats-server.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod batches;
mod support;

use std::time::Duration;

use bus::{AppendError, Bus, CommitNotice, Error, Resource, ServerRequest};
use contract::command::View;
use contract::tool::{McpServer, McpServerStatus, RESOURCE_BYTES_MAX, ReadResource};
use contract::{Rejection, RejectionCode, Reply, Request, Run, RunId, Seq, Timestamp, WorldId};
use futures::StreamExt;
use support::{commit, connect, world};
use testkit::{NatsServer, eventually};
use tokio::task::JoinSet;
use uuid::Uuid;

#[tokio::test]
async fn only_the_writer_that_knows_the_end_may_append() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let world = world("lobby");
    let first = bus.append(&world, &commit("1"), 0).await.unwrap();
    let refused = bus.append(&world, &commit("2"), 0).await.unwrap_err();
    assert!(
        matches!(refused, AppendError::Conflict { expected: 0, .. }),
        "{refused:?}"
    );
    bus.append(&world, &commit("2"), first).await.unwrap();
    assert_eq!(bus.read(&world, 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_log_is_read_in_pages_and_holds_one_world_only() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (one, other) = (world("one"), world("other"));
    let (mut one_end, mut other_end) = (0, 0);
    for n in 0..600 {
        one_end = bus
            .append(&one, &commit(&n.to_string()), one_end)
            .await
            .unwrap();
        if n % 3 == 0 {
            other_end = bus.append(&other, &commit("x"), other_end).await.unwrap();
        }
    }
    let (mut texts, mut after, mut pages): (Vec<String>, Seq, usize) = (Vec::new(), 0, 0);
    loop {
        let entries = bus.read(&one, after).await.unwrap();
        let Some(last) = entries.last() else { break };
        (after, pages) = (last.seq, pages + 1);
        texts.extend(
            entries
                .iter()
                .map(|e| e.commit().unwrap().events[0].data.get().to_owned()),
        );
    }
    let expected: Vec<String> = (0..600).map(|n| format!("{{\"text\": \"{n}\"}}")).collect();
    assert_eq!(texts, expected);
    assert!(pages > 1);
    assert_eq!(bus.last_seq(&one).await.unwrap(), one_end);
    assert_eq!(bus.last_seq(&world("none")).await.unwrap(), 0);
    assert!(bus.read(&world("none"), 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_follower_gets_every_world_in_the_order_of_the_log() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let a = bus.append(&world("a"), &commit("1"), 0).await.unwrap();
    let b = bus.append(&world("b"), &commit("2"), 0).await.unwrap();
    let followed = bus.follow(a - 1).await.unwrap();
    let seqs: Vec<Seq> = followed
        .take(2)
        .map(|entry| entry.unwrap().seq)
        .collect()
        .await;
    assert_eq!(seqs, [a, b]);
}

#[tokio::test]
async fn an_event_is_published_as_it_is_and_shows_gaps() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let world = world("lobby");
    let client = async_nats::connect(nats.url()).await.unwrap();
    let mut events = client.subscribe("mw.evt.lobby.>").await.unwrap();
    // Whatever the server answers after it knows the subscription; a flush asks for no answer.
    client.request("nobody", "".into()).await.unwrap_err();
    let commit = commit("hello");
    let notice = CommitNotice {
        world: &world,
        seq: 7,
        previous: 3,
        commit: &commit,
    };
    bus.publish_commit(notice).await;
    let heard = events.next().await.unwrap();
    let header = |name: &str| heard.headers.as_ref().unwrap().get(name).unwrap().as_str();
    let event = &commit.events[0];
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", &event.id.to_string()),
        ("ce-type", event.event_type.as_str()),
        ("ce-source", "/worlds/lobby/entities/ada"),
        ("ce-time", &commit.at.to_string()),
        ("ce-sequence", "7.0"),
        ("content-type", "application/json"),
        ("mw-seq", "7"),
        ("mw-previous", "3"),
        ("mw-count", "1"),
    ] {
        assert_eq!(header(name), value, "{name}");
    }
    assert_eq!(heard.payload, event.data.get());
}

#[tokio::test]
async fn the_log_passes_each_commit_on_and_tells_which_was_before() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (watched, other) = (world("lobby"), world("other"));
    let mut commits = bus.commits(&watched).await.unwrap();
    bus.flush().await.unwrap();
    let first = bus.append(&watched, &commit("1"), 0).await.unwrap();
    bus.append(&other, &commit("2"), 0).await.unwrap();
    let second = bus.append(&watched, &commit("3"), first).await.unwrap();
    for (seq, previous) in [(first, 0), (second, first)] {
        let stored = commits.next().await.unwrap();
        assert_eq!((stored.entry.seq, stored.previous), (seq, previous));
        assert_eq!(stored.entry.commit().unwrap().events.len(), 1);
    }
}

#[tokio::test]
async fn a_second_dispatch_of_an_invocation_is_dropped() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let invocation = Run {
        id: RunId(Uuid::now_v7()),
        world: world("lobby"),
        action: "echo".parse().unwrap(),
        entity: "ada".parse().unwrap(),
        ability: None,
        arguments: None,
        chat: None,
        message: None,
        turn: None,
        deadline: Timestamp::MAX,
    };
    bus.dispatch(&invocation, None).await.unwrap();
    bus.dispatch(&invocation, None).await.unwrap();
    let consumer = bus.invocations(&invocation.action).await.unwrap();
    let mut deliveries = consumer.pulls().await.unwrap();
    let first = deliveries.next(10).await.unwrap();
    assert_eq!((first.attempt, first.waiting), (1, 0));
    first.retry_after(Duration::ZERO).await.unwrap();
    let again = deliveries.next(10).await.unwrap();
    assert_eq!(again.attempt, 2);
    again.reject("invocation", "it is no good").await.unwrap();
    assert_eq!(bus.dead_letters().await.unwrap(), 1);
}

#[tokio::test]
async fn one_claimant_has_a_run_even_if_the_broker_is_killed() {
    let mut nats = NatsServer::start();
    let bus = connect(&nats).await;
    let run = RunId(Uuid::now_v7());
    let claimants: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    let claims = claimants.iter().map(|claimant| bus.claim(run, *claimant));
    let first: Vec<bool> = futures::future::try_join_all(claims).await.unwrap();
    assert_eq!(first.iter().filter(|first| **first).count(), 1, "{first:?}");
    nats.restart();
    let bus = connect(&nats).await;
    for (claimant, first) in claimants.iter().zip(first) {
        assert_eq!(bus.claim(run, *claimant).await.unwrap(), first);
    }
    let other = RunId(Uuid::now_v7());
    assert!(bus.claim(other, claimants[0]).await.unwrap());
}

#[tokio::test]
async fn a_snapshot_of_any_size_is_kept_and_replaced() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let world = world("lobby");
    assert!(bus.snapshot(&world).await.unwrap().is_none());
    let client = async_nats::connect(nats.url()).await.unwrap();
    let bucket = async_nats::jetstream::new(client);
    let messages = async || {
        let stream = bucket.get_stream("KV_mw_snapshots").await.unwrap();
        stream.cached_info().state.messages
    };
    let sizes = [(1, 10, 1), (2, 3_000_000, 5), (3, 2_000_000, 4), (4, 5, 1)];
    for (seq, size, kept) in sizes {
        let state = bytes::Bytes::from(vec![b'\n'; size]);
        bus.keep_snapshot(&world, seq, state.clone()).await.unwrap();
        assert_eq!(bus.snapshot(&world).await.unwrap(), Some((seq, state)));
        assert_eq!(messages().await, kept, "of {size} bytes");
    }
    // The first part of one whose writer died before it was whole.
    let store = bucket.get_key_value("mw_snapshots").await.unwrap();
    store.put("lobby.5.0", "x".into()).await.unwrap();
    bus.remove_snapshot(&world).await.unwrap();
    assert!(bus.snapshot(&world).await.unwrap().is_none());
    let marker = 1;
    assert_eq!(messages().await, marker);
}

/// Serves a world whose state is a text of as many bytes as the commit of the question says. All else
/// it refuses, with as many words.
async fn tell_states(bus: Bus, world: WorldId) {
    let mut requests = bus.serve(world.partition()).await.unwrap();
    while let Some(incoming) = requests.next().await {
        let reply = match *incoming.request {
            Request::State {
                at: Some(bytes), ..
            } => {
                let text = "x".repeat(usize::try_from(bytes).unwrap());
                let state = serde_json::value::to_raw_value(&text).unwrap();
                Reply::State { seq: bytes, state }
            }
            _ => Reply::Rejected(Rejection {
                code: RejectionCode::Invalid,
                detail: "x".repeat(3_000_000),
                field: None,
            }),
        };
        incoming.answer.send(&reply).await;
    }
}

#[tokio::test]
async fn an_answer_of_any_size_comes_in_as_many_messages_as_it_takes() {
    let nats = NatsServer::start();
    let (bus, world) = (connect(&nats).await, world("lobby"));
    let mut serving = JoinSet::new();
    serving.spawn(tell_states(connect(&nats).await, world.clone()));
    let told = async |bytes: Seq| {
        let state = bus.state(&world, Some(bytes), View::Whole, Duration::from_secs(30));
        state.await.unwrap()
    };
    for bytes in [10, 1_048_576, 3_000_000, 20_000_000] {
        let (seq, state) = told(bytes).await.unwrap();
        let text: String = serde_json::from_str(state.get()).unwrap();
        assert_eq!((seq, text.len() as Seq), (bytes, bytes));
    }
    // Two at once do not mix.
    let (one, two) = tokio::join!(told(5_000_000), told(4_000_000));
    assert_eq!((one.unwrap().0, two.unwrap().0), (5_000_000, 4_000_000));
    let refused = told(40_000_000).await.unwrap_err();
    assert_eq!(refused.code, RejectionCode::TooLarge);
    // What is asked together with others is asked again alone.
    let context = bus.context(&world, RunId(Uuid::now_v7()), Duration::from_secs(30));
    let (context, state) = tokio::join!(context, told(10));
    assert_eq!(context.unwrap().unwrap_err().detail.len(), 3_000_000);
    assert_eq!(state.unwrap().0, 10);
    serving.shutdown().await;
}

#[tokio::test]
async fn a_member_that_leaves_is_missed_at_once_and_one_that_dies_soon() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let [one, two, three] = [(), (), ()].map(|()| bus.membership("test"));
    let seen = one.members();
    let leave = tokio::sync::Notify::new();
    let (one, three) = (
        one.keep(std::future::pending()),
        three.keep(std::future::pending()),
    );
    let two = two.keep(leave.notified());
    let mut one = Box::pin(one);
    let mut three = Some(Box::pin(three));
    let all = async {
        eventually("three members", async || seen.borrow().len() == 3).await;
        leave.notify_one();
        eventually("two members", async || seen.borrow().len() == 2).await;
    };
    tokio::select! {
        () = async { tokio::join!(&mut one, two, three.as_mut().unwrap()); } => unreachable!(),
        () = all => {}
    }
    // The third is not polled any more: it is as good as dead.
    three = None;
    assert!(three.is_none());
    tokio::select! {
        () = &mut one => unreachable!(),
        () = eventually("one member", async || seen.borrow().len() == 1) => {}
    }
}

#[tokio::test]
async fn every_worker_says_which_servers_of_tools_it_knows() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    assert!(bus.mcp_servers().await.unwrap().is_empty());
    let mut workers = JoinSet::new();
    for id in ["00000001", "00000002"] {
        let status: McpServerStatus = serde_json::from_value(serde_json::json!({
            "id": id, "name": "files", "transport": "stdio", "status": "closed", "worlds": [],
        }))
        .unwrap();
        let mut requests = bus.server_requests().await.unwrap();
        workers.spawn(async move {
            while let Some(request) = requests.next().await {
                match request {
                    ServerRequest::List(told) => told.tell(&vec![status.clone()]).await,
                    ServerRequest::Restart(restart, told) => {
                        told.tell(&(restart.id == status.id)).await;
                    }
                    ServerRequest::Read(read, told) => {
                        let resource = Resource {
                            mime: "text/plain".to_owned(),
                            bytes: read.uri.into(),
                        };
                        told.tell_resource(Ok(resource)).await;
                    }
                }
            }
        });
    }
    let mut ids: Vec<_> = bus.mcp_servers().await.unwrap();
    ids.sort_by(|one, other| one.id.cmp(&other.id));
    let ids: Vec<_> = ids.iter().map(|status| status.id.as_str()).collect();
    assert_eq!(ids, ["00000001", "00000002"]);
    assert!(bus.restart_mcp_server("00000002").await.unwrap());
    assert!(!bus.restart_mcp_server("00000003").await.unwrap());
    let read = |uri: String| ReadResource {
        world: world("lobby"),
        name: "files".to_owned(),
        server: McpServer::Http {
            url: "https://tools.example".to_owned(),
        },
        uri,
    };
    let deadline = Duration::from_secs(5);
    let resource = bus
        .read_resource(&read("x".into()), deadline)
        .await
        .unwrap();
    assert_eq!(
        (resource.mime.as_str(), &resource.bytes[..]),
        ("text/plain", &b"x"[..])
    );
    let large = read("x".repeat(RESOURCE_BYTES_MAX + 1));
    let refused = bus.read_resource(&large, deadline).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused:?}");
}
