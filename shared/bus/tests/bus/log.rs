//! The log and what it publishes.

use contract::{CommandId, Seq};
use futures::StreamExt;
use manyworlds_bus::{AppendError, CommitNotice, Live, Signal};
use serde_json::json;
use testkit::NatsServer;

use crate::support::{commit, connect, world};

#[tokio::test]
async fn only_the_writer_that_knows_the_end_may_append() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let world = world("lobby");
    let first = bus.log().append(&world, &commit("1"), 0).await.unwrap();
    let refused = bus.log().append(&world, &commit("2"), 0).await.unwrap_err();
    assert!(
        matches!(refused, AppendError::Conflict { expected: 0, .. }),
        "{refused:?}"
    );
    bus.log().append(&world, &commit("2"), first).await.unwrap();
    assert_eq!(bus.log().read(&world, 0).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_log_is_read_in_pages_and_holds_one_world_only() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (one, other) = (world("one"), world("other"));
    let (mut one_end, mut other_end) = (0, 0);
    for n in 0..600 {
        one_end = bus
            .log()
            .append(&one, &commit(&n.to_string()), one_end)
            .await
            .unwrap();
        if n % 3 == 0 {
            other_end = bus
                .log()
                .append(&other, &commit("x"), other_end)
                .await
                .unwrap();
        }
    }
    let (mut texts, mut after, mut pages): (Vec<String>, Seq, usize) = (Vec::new(), 0, 0);
    loop {
        let entries = bus.log().read(&one, after).await.unwrap();
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
    assert_eq!(bus.log().last_seq(&one).await.unwrap(), one_end);
    assert_eq!(bus.log().last_seq(&world("none")).await.unwrap(), 0);
    assert!(bus.log().read(&world("none"), 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn tailing_the_log_returns_every_world_in_order() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let a = bus
        .log()
        .append(&world("a"), &commit("1"), 0)
        .await
        .unwrap();
    let b = bus
        .log()
        .append(&world("b"), &commit("2"), 0)
        .await
        .unwrap();
    let tail = bus.log().tail(a - 1).await.unwrap();
    let seqs: Vec<Seq> = tail.take(2).map(|entry| entry.unwrap().seq).collect().await;
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
    bus.event_publisher().publish(notice).await;
    let message = events.next().await.unwrap();
    let header = |name: &str| {
        message
            .headers
            .as_ref()
            .unwrap()
            .get(name)
            .unwrap()
            .as_str()
    };
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
    assert_eq!(message.payload, event.data.get());
}

#[tokio::test]
async fn the_log_republishes_each_commit_with_the_sequence_before_it() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (watched, other) = (world("lobby"), world("other"));
    let mut commits = bus.log().subscribe_commits(&watched).await.unwrap();
    bus.flush().await.unwrap();
    let first = bus.log().append(&watched, &commit("1"), 0).await.unwrap();
    bus.log().append(&other, &commit("2"), 0).await.unwrap();
    let second = bus
        .log()
        .append(&watched, &commit("3"), first)
        .await
        .unwrap();
    for (seq, previous) in [(first, 0), (second, first)] {
        let stored = commits.next().await.unwrap();
        assert_eq!((stored.entry.seq, stored.previous), (seq, previous));
        assert_eq!(stored.entry.commit().unwrap().events.len(), 1);
    }
}

#[tokio::test]
async fn commits_and_signals_arrive_in_the_order_in_which_they_were_sent() {
    let nats = NatsServer::start();
    let (bus, worker) = (connect(&nats).await, connect(&nats).await);
    let watched = world("lobby");
    let mut live = bus.log().subscribe_live(&watched).await.unwrap();
    bus.flush().await.unwrap();
    let (mut last, mut sent) = (0, Vec::new());
    for index in 0..50 {
        let chunk = json!({
            "invocation": CommandId::new().event(0).run(), "attempt": 1, "index": index,
            "agent": "ada", "text": "",
        });
        let chunk = serde_json::from_value(chunk).unwrap();
        worker.signals().publish_chunk(&watched, &chunk).await;
        last = worker
            .log()
            .append(&watched, &commit("1"), last)
            .await
            .unwrap();
        sent.extend([format!("chunk {index}"), format!("commit {last}")]);
    }
    // Only now does the subscriber read: all of it is there.
    let mut received = Vec::new();
    while received.len() < sent.len() {
        received.push(match live.next().await.unwrap() {
            Live::Signal(Signal::Chunk(chunk)) => format!("chunk {}", chunk.index),
            Live::Commit(stored) => format!("commit {}", stored.entry.seq),
        });
    }
    assert_eq!(received, sent);
}
