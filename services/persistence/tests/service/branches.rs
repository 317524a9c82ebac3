//! Chats that branch off others, and messages that are removed.

use contract::chat::Branch;
use contract::fact::MessageRemoved;
use contract::query::MessagesQuery;
use contract::{Chat, Fact};

use crate::support::{Harness, chat, event, messages_of, post, texts};

pub(crate) async fn a_removed_message_is_deleted_and_a_branch_keeps_its_copy(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let posts: Vec<_> = ["one", "two", "three"]
        .map(|text| post("guest", "main", text))
        .into();
    let message = posts[1].id.message();
    harness.append(&world, posts).await;
    let branch = Chat {
        branch: Some(Branch {
            chat: "main".parse().unwrap(),
            message,
        }),
        ..chat("side")
    };
    // All in one commit, and so in one batch.
    let events = vec![
        event("guest", Some("side"), &Fact::ChatCreated(branch)),
        event(
            "guest",
            Some("main"),
            &Fact::MessageRemoved(MessageRemoved { message }),
        ),
        post("guest", "main", "zwei"),
        post("guest", "side", "drei"),
    ];
    let seq = harness.append(&world, events).await;
    let of = async |chat: &str| {
        let query = MessagesQuery {
            chat: Some(chat.parse().unwrap()),
            ..messages_of(&world, seq)
        };
        let (rows, _) = harness.query(query).await;
        rows
    };
    assert_eq!(texts(&of("main").await), ["one", "zwei"]);
    assert_eq!(texts(&of("side").await), ["one", "two", "drei"]);
    let chats = harness.chats(&world, seq).await;
    let counts: Vec<_> = chats.iter().map(|row| row.messages).collect();
    assert_eq!(counts, [3, 2]);
    assert_eq!(harness.worlds(seq).await[0].agents, 1);
    replica.stop().await;
}
