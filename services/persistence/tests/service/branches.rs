//! Chats that branch off others, and messages that are removed.

use contract::chat::Branch;
use contract::fact::MessageRemoved;
use contract::query::{HistoryQuery, MessagesQuery};
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
            &Fact::MessageRemoved(MessageRemoved {
                message,
                kept: None,
            }),
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

pub(crate) async fn a_message_is_found_with_those_before_it(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let posts: Vec<_> = (0..7)
        .map(|number| post("guest", "main", &number.to_string()))
        .collect();
    let ids: Vec<_> = posts.iter().map(|post| post.id.message()).collect();
    let elsewhere = post("guest", "side", "not of this chat");
    let other = elsewhere.id.message();
    let branch = Chat {
        branch: Some(Branch {
            chat: "main".parse().unwrap(),
            message: ids[3],
        }),
        ..chat("copy")
    };
    let mut events = vec![event(
        "guest",
        Some("side"),
        &Fact::ChatCreated(chat("side")),
    )];
    events.push(elsewhere);
    events.extend(posts);
    events.push(event("guest", Some("copy"), &Fact::ChatCreated(branch)));
    let seq = harness.append(&world, events).await;
    let history = async |chat: &str, message, limit| {
        let query = HistoryQuery {
            world: world.clone(),
            chat: chat.parse().unwrap(),
            message,
            limit,
            wait_for: Some(seq),
        };
        let (rows, more) = harness.query(query).await;
        let before: Vec<u64> = rows.iter().map(|row| row.before).collect();
        let texts: Vec<String> = rows.into_iter().map(|row| row.row.message.text).collect();
        (texts.join(" "), before.first().copied(), more)
    };
    for (chat, message, limit, expected) in [
        ("main", ids[0], 3, ("0", Some(0), false)),
        ("main", ids[2], 3, ("0 1 2", Some(2), false)),
        ("main", ids[5], 3, ("3 4 5", Some(5), true)),
        ("main", ids[6], 1, ("6", Some(6), true)),
        ("copy", ids[3], 2, ("2 3", Some(3), true)),
        ("copy", ids[4], 2, ("", None, false)),
        ("main", other, 2, ("", None, false)),
    ] {
        let (texts, before, more) = history(chat, message, limit).await;
        let found = (texts.as_str(), before, more);
        assert_eq!(found, expected, "{chat} {message}");
    }
    replica.stop().await;
}
