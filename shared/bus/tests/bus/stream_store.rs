//! Copies of streams.

use bytes::Bytes;
use contract::subject::LOG_STREAM;
use manyworlds_bus::{Config, StreamCopy, StreamExtent, StreamHeader, StreamStore};
use testkit::{NatsServer, eventually};

use crate::support::{commit, connect, world};

async fn store(nats: &NatsServer) -> StreamStore {
    let config = Config {
        url: nats.url(),
        ..Config::default()
    };
    StreamStore::connect(&config, "test").await.unwrap()
}

async fn pieces(copy: &mut StreamCopy) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    while let Some(piece) = copy.next().await.unwrap() {
        pieces.push(piece);
    }
    pieces
}

async fn restore(
    store: &StreamStore,
    header: &StreamHeader,
    pieces: &[Bytes],
) -> Result<StreamExtent, manyworlds_bus::Error> {
    let restored = store.restore(header).await?;
    for piece in pieces {
        restored.send(piece.clone()).await?;
    }
    restored.finish().await
}

#[tokio::test]
async fn a_restored_log_has_its_sequences_and_its_consumers() {
    let (first, second) = (NatsServer::start(), NatsServer::start());
    let (bus, lobby) = (connect(&first).await, world("lobby"));
    let mut end = 0;
    for n in 0..500 {
        let commit = commit(&format!("{n} {}", "x".repeat(2000)));
        end = bus.log().append(&lobby, &commit, end).await.unwrap();
    }
    let consumer = bus.log().dispatcher_consumer().await.unwrap();
    let mut deliveries = consumer.pull().await.unwrap();
    for _ in 0..20 {
        deliveries.next(20).await.unwrap().ack().await.unwrap();
    }
    let source = store(&first).await;
    eventually("20 commits are dispatched", async || {
        source.dispatched_until().await.unwrap() == 20
    })
    .await;
    let mut copy = source.copy(LOG_STREAM).await.unwrap().unwrap();
    // What is written meanwhile may be in the copy or not, and does not disturb it.
    let meanwhile = commit("meanwhile");
    bus.log().append(&lobby, &meanwhile, end).await.unwrap();
    let pieces = pieces(&mut copy).await;
    let extent = copy.header().extent().unwrap();
    assert_eq!((extent.messages, extent.last_seq), (500, end));

    let target = store(&second).await;
    assert_eq!(target.extent(LOG_STREAM).await.unwrap(), None);
    let restored = restore(&target, copy.header(), &pieces).await.unwrap();
    assert!(restored.last_seq >= end, "{restored:?}");
    assert_eq!(target.extent(LOG_STREAM).await.unwrap(), Some(restored));
    assert_eq!(target.dispatched_until().await.unwrap(), 20);
    let again = restore(&target, copy.header(), &pieces).await;
    assert!(again.is_err(), "a stream took the place of another");

    // What expects a sequence goes on.
    let restored = connect(&second).await;
    let before = bus.log().read(&lobby, 0).await.unwrap();
    let after = restored.log().read(&lobby, 0).await.unwrap();
    assert_eq!(before[0].seq, after[0].seq);
    assert_eq!(before[0].payload(), after[0].payload());
    let end = restored.log().last_seq(&lobby).await.unwrap();
    let next = commit("next");
    assert!(restored.log().append(&lobby, &next, end).await.unwrap() > end);
}

#[tokio::test]
async fn a_copy_without_its_end_is_not_restored() {
    let (first, second) = (NatsServer::start(), NatsServer::start());
    let (bus, lobby) = (connect(&first).await, world("lobby"));
    let mut end = 0;
    for n in 0..200 {
        // What can't be compressed: a copy of several pieces.
        let text: String = (0..100).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        let commit = commit(&format!("{n} {text}"));
        end = bus.log().append(&lobby, &commit, end).await.unwrap();
    }
    let source = store(&first).await;
    let mut copy = source.copy(LOG_STREAM).await.unwrap().unwrap();
    let pieces = pieces(&mut copy).await;
    assert!(pieces.len() > 1);
    let target = store(&second).await;
    let torn = &pieces[..pieces.len() / 2];
    assert!(restore(&target, copy.header(), torn).await.is_err());
    // What is left of it is deleted, and all of it restored.
    if target.extent(LOG_STREAM).await.unwrap().is_some() {
        target.delete(LOG_STREAM).await.unwrap();
    }
    let restored = restore(&target, copy.header(), &pieces).await.unwrap();
    assert_eq!(restored.last_seq, end);
    assert!(source.copy("NOTHING").await.unwrap().is_none());
}
