//! Weights of processors.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use manyworlds_bus::KeptWeights;
use testkit::NatsServer;

use crate::support::{connect, world};

#[tokio::test]
async fn weights_of_any_size_are_stored_once_by_their_hash() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (lobby, other) = (world("lobby"), world("lobby-2"));
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let messages = async || {
        let stream = jetstream.get_stream("KV_mw_weights").await.unwrap();
        stream.cached_info().state.messages
    };
    let mut versions = Vec::new();
    for (size, kept) in [(0, 1), (10, 3), (2_000_000, 7)] {
        let bytes = Bytes::from(vec![7; size]);
        let version = bus.weights().store(&lobby, &bytes).await.unwrap();
        assert_eq!(bus.weights().store(&lobby, &bytes).await.unwrap(), version);
        assert_eq!(messages().await, kept, "of {size} bytes");
        let loaded = bus.weights().load(&lobby, &version).await.unwrap();
        assert_eq!(loaded, Some(bytes));
        assert_eq!(bus.weights().load(&other, &version).await.unwrap(), None);
        versions.push(version);
    }
    assert_eq!(
        versions[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "the SHA-256 of nothing"
    );
    // What is no version is no key either.
    let traversal = format!("{}.0", versions[1]);
    for version in ["", "x", &traversal, "e3b0c442.>"] {
        assert_eq!(bus.weights().load(&lobby, version).await.unwrap(), None);
    }
    let bytes = Bytes::from_static(b"of another world");
    let kept = bus.weights().store(&other, &bytes).await.unwrap();
    bus.weights().remove_all(&lobby).await.unwrap();
    for version in versions {
        assert_eq!(bus.weights().load(&lobby, &version).await.unwrap(), None);
    }
    assert!(bus.weights().load(&other, &kept).await.unwrap().is_some());
}

#[tokio::test]
async fn of_versions_that_nothing_names_only_the_newest_are_kept() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (lobby, other) = (world("lobby"), world("lobby-2"));
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let messages = async || {
        let stream = jetstream.get_stream("KV_mw_weights").await.unwrap();
        stream.cached_info().state.messages
    };
    let mut versions = Vec::new();
    for number in 0..6_u8 {
        // One of two parts, and the others of one.
        let size = if number == 1 { 1_000_000 } else { 10 };
        let bytes = Bytes::from(vec![number; size]);
        versions.push(bus.weights().store(&lobby, &bytes).await.unwrap());
    }
    let elsewhere = Bytes::from_static(b"of another world");
    let elsewhere = bus.weights().store(&other, &elsewhere).await.unwrap();
    let in_use: BTreeSet<String> = [versions[0].clone()].into();
    let keep = |count, age| KeptWeights { count, age };
    let hour = Duration::from_hours(1);
    // Young ones are kept, however many there are.
    let removed = bus.weights();
    let removed = removed.remove_unused(&lobby, &in_use, keep(0, hour)).await;
    assert_eq!(removed.unwrap(), 0);
    // A version that is stored again is the newest one.
    let again = Bytes::from(vec![2; 10]);
    assert_eq!(
        bus.weights().store(&lobby, &again).await.unwrap(),
        versions[2]
    );
    let removed = bus.weights();
    let removed = removed.remove_unused(&lobby, &in_use, keep(2, Duration::ZERO));
    assert_eq!(removed.await.unwrap(), 3);
    for (number, is_kept) in [
        (0, true),
        (1, false),
        (2, true),
        (3, false),
        (4, false),
        (5, true),
    ] {
        let loaded = bus.weights().load(&lobby, &versions[number]).await.unwrap();
        assert_eq!(loaded.is_some(), is_kept, "{number}");
    }
    assert!(
        bus.weights()
            .load(&other, &elsewhere)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(messages().await, 8, "no markers of what was removed");
    // A removal that was not finished is finished by the next one.
    let bucket = jetstream.get_key_value("mw_weights").await.unwrap();
    let half = Bytes::from(vec![9; 1_000_000]);
    let half = bus.weights().store(&lobby, &half).await.unwrap();
    bucket.delete(format!("lobby.{half}")).await.unwrap();
    let removed = bus.weights();
    let removed = removed.remove_unused(&lobby, &in_use, keep(2, Duration::ZERO));
    assert_eq!((removed.await.unwrap(), messages().await), (0, 8));
    // What was removed can be stored again.
    let bytes = Bytes::from(vec![1; 1_000_000]);
    assert_eq!(
        bus.weights().store(&lobby, &bytes).await.unwrap(),
        versions[1]
    );
    let loaded = bus.weights().load(&lobby, &versions[1]).await.unwrap();
    assert_eq!(loaded, Some(bytes));
}

#[tokio::test]
async fn weights_that_are_too_large_are_not_stored() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let bytes = Bytes::from(vec![0; contract::processor::WEIGHTS_BYTES_MAX + 1]);
    let error = bus
        .weights()
        .store(&world("lobby"), &bytes)
        .await
        .unwrap_err();
    assert!(
        matches!(error, manyworlds_bus::Error::TooLarge { .. }) && !error.is_transient(),
        "{error}"
    );
}
