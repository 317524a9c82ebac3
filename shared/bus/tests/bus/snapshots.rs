//! Snapshots of worlds.

use testkit::NatsServer;

use crate::support::{connect, world};

#[tokio::test]
async fn a_snapshot_of_any_size_is_saved_and_replaced() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let world = world("lobby");
    assert!(bus.snapshots().load(&world).await.unwrap().is_none());
    let client = async_nats::connect(nats.url()).await.unwrap();
    let bucket = async_nats::jetstream::new(client);
    let messages = async || {
        let stream = bucket.get_stream("KV_mw_snapshots").await.unwrap();
        stream.cached_info().state.messages
    };
    let sizes = [(1, 10, 1), (2, 3_000_000, 5), (3, 2_000_000, 4), (4, 5, 1)];
    for (seq, size, kept) in sizes {
        let state = bytes::Bytes::from(vec![b'\n'; size]);
        bus.snapshots()
            .save(&world, seq, state.clone())
            .await
            .unwrap();
        assert_eq!(
            bus.snapshots().load(&world).await.unwrap(),
            Some((seq, state))
        );
        assert_eq!(messages().await, kept, "of {size} bytes");
    }
    // The first part of one whose writer died before it was whole.
    let store = bucket.get_key_value("mw_snapshots").await.unwrap();
    store.put("lobby.5.0", "x".into()).await.unwrap();
    bus.snapshots().remove(&world).await.unwrap();
    assert!(bus.snapshots().load(&world).await.unwrap().is_none());
    let marker = 1;
    assert_eq!(messages().await, marker);
}
