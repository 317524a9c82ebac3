//! Which chat people see first when the one that they saw is deleted.

use contract::{Chat, Command};

use super::chat_id;
use crate::tests::{Story, types};

#[test]
fn the_chat_that_was_used_last_is_opened_when_the_open_one_is_deleted() {
    let mut story = Story::begin(&[]);
    let current = |story: &Story| story.world.chats.current().map(ToString::to_string);
    for id in ["a", "b", "c"] {
        let chat = Chat::new(chat_id(id));
        story.send("world", Command::CreateChat(chat)).unwrap();
    }
    let post = |chat: &str| Command::PostMessage {
        chat: chat_id(chat),
        text: "hi".into(),
        in_reply_to: None,
    };
    // `b` and `main` are used, in another order than they began; `a` and `c` never are.
    for chat in ["main", "b", "main"] {
        story.send("guest", post(chat)).unwrap();
    }
    let open = |chat: &str| Command::OpenChat {
        chat: chat_id(chat),
    };
    let delete = |chat: &str| Command::DeleteChat {
        chat: chat_id(chat),
        replacement: Some(Chat::new(chat_id("new"))),
    };
    story.send("guest", open("c")).unwrap();
    // One that is not open is not replaced.
    let events = story.send("guest", delete("a")).unwrap();
    assert_eq!(types(&events), ["chat.deleted"]);
    assert_eq!(current(&story).as_deref(), Some("c"));
    for (deleted, opened) in [("c", "main"), ("main", "b")] {
        let events = story.send("guest", delete(deleted)).unwrap();
        assert_eq!(types(&events), ["chat.deleted", "chat.opened"], "{deleted}");
        assert_eq!(current(&story).as_deref(), Some(opened));
    }
    let events = story.send("guest", delete("b")).unwrap();
    assert_eq!(
        types(&events),
        ["chat.deleted", "chat.created", "chat.opened"]
    );
    assert_eq!(current(&story).as_deref(), Some("new"));
    story.replays();
}
