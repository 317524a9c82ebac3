//! Who is alive.

use futures::TryStreamExt as _;
use testkit::{NatsServer, eventually};

use crate::support::connect;

#[tokio::test]
async fn a_member_that_leaves_is_removed_at_once_and_one_that_dies_soon() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let [one, two, three] = [(), (), ()].map(|()| bus.membership("test"));
    let seen = one.members();
    let leave = tokio::sync::Notify::new();
    let (one, three) = (
        one.maintain(std::future::pending()),
        three.maintain(std::future::pending()),
    );
    let two = two.maintain(leave.notified());
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
async fn a_member_whose_watch_is_lost_begins_another_before_its_lease_is_over() {
    let nats = NatsServer::start();
    let bus = connect(&nats).await;
    let (member, observer) = (bus.membership("test"), bus.membership("test"));
    let id = member.id().clone();
    let (mut seen, observed) = (member.members(), observer.members());
    let later = bus.membership("test");
    let forever = std::future::pending::<()>;
    let check = async {
        let both = async || seen.borrow().len() == 1 && observed.borrow().len() == 1;
        eventually("the member is seen", both).await;
        seen.mark_unchanged();
        end_watches(&nats).await;
        let join = later.maintain(forever());
        let see_the_later = async {
            // The first is never without itself meanwhile: it would give up all that it owns.
            while seen.borrow_and_update().len() < 2 {
                seen.changed().await.unwrap();
                assert!(seen.borrow().contains(&id));
            }
            eventually("the observer sees both", async || {
                observed.borrow().len() == 2
            })
            .await;
        };
        tokio::select! {
            () = join => unreachable!(),
            () = see_the_later => {}
        }
    };
    tokio::select! {
        () = member.maintain(forever()) => unreachable!(),
        () = observer.observe(forever()) => unreachable!(),
        () = check => {}
    }
}

/// Deletes the consumers behind all watches of leases: their clients do not notice.
async fn end_watches(nats: &NatsServer) {
    let client = async_nats::connect(nats.url()).await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    let stream = jetstream.get_stream("KV_mw_leases").await.unwrap();
    let names: Vec<String> = stream.consumer_names().try_collect().await.unwrap();
    assert!(!names.is_empty());
    for name in names {
        stream.delete_consumer(&name).await.unwrap();
    }
}
