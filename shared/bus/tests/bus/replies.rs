//! Replies that are larger than a message.

use std::time::Duration;

use contract::view::{EncodedView, ViewRequest};
use contract::{Rejection, RejectionCode, Reply, Request, RunId, Seq, WorldId};
use manyworlds_bus::Bus;
use testkit::NatsServer;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::{connect, rejection, world};

/// Serves a world whose state is a text of as many bytes as the requested commit. All else is rejected,
/// in a large reply.
async fn serve_states(bus: Bus, world: WorldId) {
    let owner = "this".into();
    let requests = bus
        .responder()
        .subscribe_requests(world.partition(), &owner);
    let mut requests = requests.await.unwrap();
    while let Some(incoming) = requests.next().await {
        let reply = match *incoming.request {
            Request::State {
                at: Some(bytes), ..
            } => {
                let text = "x".repeat(usize::try_from(bytes).unwrap());
                Reply::View(EncodedView::new(bytes, &text).unwrap())
            }
            _ => Reply::Rejected(Rejection {
                code: RejectionCode::Invalid,
                detail: "x".repeat(3_000_000),
                field: None,
                cause: None,
            }),
        };
        incoming.reply.send(&reply).await;
    }
}

#[tokio::test]
async fn a_reply_of_any_size_comes_in_as_many_messages_as_it_takes() {
    let nats = NatsServer::start();
    let (bus, world) = (connect(&nats).await, world("lobby"));
    let mut serving = JoinSet::new();
    serving.spawn(serve_states(connect(&nats).await, world.clone()));
    let state_of = async |bytes: Seq| {
        let worlds = bus.worlds();
        let deadline = Duration::from_secs(30);
        let view = worlds.encoded_view(&world, ViewRequest::Whole, Some(bytes), deadline);
        view.await
    };
    for bytes in [10, 1_048_576, 3_000_000, 20_000_000] {
        let view = state_of(bytes).await.unwrap();
        let text: String = view.decode().unwrap();
        assert_eq!((view.seq, text.len() as Seq), (bytes, bytes));
    }
    // The chunks of two replies do not mix.
    let (one, two) = tokio::join!(state_of(5_000_000), state_of(4_000_000));
    assert_eq!((one.unwrap().seq, two.unwrap().seq), (5_000_000, 4_000_000));
    let refused = rejection(state_of(40_000_000).await);
    assert_eq!(refused.code, RejectionCode::TooLarge);
    // What is too large for a batch is requested again by itself.
    let worlds = bus.worlds();
    let context = worlds.context(&world, RunId(Uuid::now_v7()), Duration::from_secs(30));
    let (context, state) = tokio::join!(context, state_of(10));
    assert_eq!(rejection(context).detail.len(), 3_000_000);
    assert_eq!(state.unwrap().seq, 10);
    serving.shutdown().await;
}
