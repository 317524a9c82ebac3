//! Who is alive.

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
