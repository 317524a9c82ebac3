//! Events, and the messages that are posted with them.

use contract::chat::ChatText;
use contract::command::SetTimer;
use contract::fact::MessagePosted;
use contract::{Command, Event, NewEvent, RejectionCode};
use serde_json::value::RawValue;

use super::chats::chat_id;
use super::{Story, hash, post, types};

/// An event of a type, and the message that is posted with it.
fn event_with_message(event_type: &str, chat: &str, text: &str) -> Command {
    let data = RawValue::from_string("{}".to_owned()).unwrap();
    Command::SendEvents {
        events: vec![NewEvent::new(event_type.parse().unwrap(), data)],
        message: Some(ChatText {
            chat: chat_id(chat),
            text: text.to_owned(),
        }),
    }
}

#[test]
fn a_message_with_an_event_is_in_its_commit_and_is_answered() {
    let mut story = Story::begin(&["ada", "bob"]);
    let events = story.send("guest", event_with_message("app.asked", "main", "@ada hi"));
    let events = events.unwrap();
    let expected = [
        "app.asked",
        "message.posted",
        "chat.updated",
        "action.requested",
    ];
    assert_eq!(types(&events), expected);
    assert_eq!(events[1].sender.as_str(), "guest");
    assert_eq!(events[1].correlation, Some(events[1].id.message().0));
    story.answer_first("hello");
    assert_eq!(story.messages("main").len(), 2);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn an_event_and_its_message_happen_both_or_neither() {
    let mut story = Story::begin(&["ada"]);
    for _ in 0..=500 {
        story.say("@ada hi");
    }
    for (command, code, field) in [
        (
            event_with_message("app.asked", "nowhere", "@ada hi"),
            RejectionCode::UnknownChat,
            "message.chat",
        ),
        (
            event_with_message("app.asked", "main", " "),
            RejectionCode::Invalid,
            "message.text",
        ),
        (
            event_with_message("app.asked", "main", &"x".repeat(140_000)),
            RejectionCode::TooLarge,
            "message.text",
        ),
        (
            event_with_message("app.asked", "main", "@ada hi"),
            RejectionCode::Busy,
            "message",
        ),
        (
            event_with_message("message.posted", "main", "hi, all"),
            RejectionCode::ReservedType,
            "events[0].type",
        ),
    ] {
        let before = hash(&story.world);
        let refused = story.send("guest", command).unwrap_err();
        assert_eq!(refused.code, code, "{refused}");
        assert_eq!(refused.field.as_deref(), Some(field), "{refused}");
        assert_eq!(hash(&story.world), before);
    }
}

/// The senders of the messages in some events, and whether they are marked as agents.
fn speakers(events: &[Event]) -> Vec<(&str, bool)> {
    let posted = events
        .iter()
        .filter(|event| event.event_type.as_str() == "message.posted");
    posted
        .map(|event| {
            let posted: MessagePosted = serde_json::from_str(event.data.get()).unwrap();
            (event.sender.as_str(), posted.from_agent)
        })
        .collect()
}

#[test]
fn a_message_has_the_mark_of_an_agent_as_its_sender() {
    let mut story = Story::begin(&["ada"]);
    assert_eq!(speakers(&story.say("hello")), [("guest", false)]);
    assert_eq!(speakers(&story.answer_first("hello")), [("ada", true)]);
    for (sender, expected) in [("ada", true), ("world", false)] {
        let events = story.send(sender, post("@human good day")).unwrap();
        assert_eq!(speakers(&events), [(sender, expected)]);
    }
    let timer = SetTimer {
        timer: "morning".parse().unwrap(),
        due: Some(story.now),
        repeat: None,
        zone: None,
        event: None,
        message: Some(ChatText {
            chat: chat_id("main"),
            text: "Good morning!".to_owned(),
        }),
    };
    story.send("ada", Command::SetTimer(timer)).unwrap();
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(speakers(&events), [("ada", true)]);
}
