//! Messages that are older than what the state keeps of a chat: edited and removed with what the archive has.

use contract::chat::ChatMessage;
use contract::fact::{MessagePosted, MessageRemoved};
use contract::{Command, Event, MessageId, RejectionCause, RejectionCode};

use super::chats::chat_id;
use super::{Story, types};
use crate::RecalledMessage;

/// All messages of `main` as an archive has them, if none was removed.
fn archived(story: &Story) -> Vec<ChatMessage> {
    let mut messages = Vec::new();
    for commit in &story.log {
        for event in &commit.events {
            if event.event_type.as_str() != "message.posted" {
                continue;
            }
            let posted: MessagePosted = serde_json::from_str(event.data.get()).unwrap();
            messages.push(ChatMessage {
                id: event.id.message(),
                sender: event.sender.clone(),
                from_agent: posted.from_agent,
                answerers: Vec::new(),
                text: posted.text,
                at: commit.at,
                turn: posted.turn,
                in_reply_to: posted.in_reply_to,
            });
        }
    }
    messages
}

fn remove(message: MessageId) -> Command {
    Command::RemoveMessage {
        chat: chat_id("main"),
        message,
    }
}

fn edit(message: MessageId, text: &str) -> Command {
    Command::EditMessage {
        chat: chat_id("main"),
        message,
        text: text.into(),
    }
}

/// Sends a command with what the archive has of the message at `place`.
fn send_recalled(
    story: &mut Story,
    archive: &[ChatMessage],
    place: usize,
    command: Command,
) -> Result<Vec<Event>, contract::Rejection> {
    let (chat, message) = story.world.message_to_recall(&command).unwrap();
    assert_eq!((chat.as_str(), message), ("main", archive[place].id));
    let first = place.saturating_sub(RecalledMessage::BEFORE_MAX);
    story.world.set_recalled_message(Some(RecalledMessage {
        chat: chat_id("main"),
        message: archive[place].clone(),
        count: place as u64,
        before: archive[first..place].to_vec(),
    }));
    let sent = story.send("guest", command);
    story.world.set_recalled_message(None);
    sent
}

fn texts(story: &Story) -> Vec<String> {
    let messages = story.messages("main").into_iter();
    messages.map(|(_, text)| text).collect()
}

fn count(story: &Story) -> u64 {
    let chat = story.world.chats.get(&chat_id("main"));
    chat.unwrap().message_count()
}

#[test]
fn an_old_message_is_removed_with_all_that_followed_it() {
    for (place, kept) in [
        (0, 0..0),
        (1, 0..1),
        (5, 0..5),
        (230, 30..230),
        (249, 49..249),
    ] {
        let mut story = Story::begin(&[]);
        for number in 0..450 {
            story.say(&number.to_string());
        }
        let archive = archived(&story);
        let message = archive[place].id;
        // Without the archive nobody knows it.
        let unknown = story.send("guest", remove(message)).unwrap_err();
        assert_eq!(unknown.code, RejectionCode::UnknownMessage, "{place}");
        let removals = story.world.removals();
        let events = send_recalled(&mut story, &archive, place, remove(message)).unwrap();
        assert_eq!(types(&events), ["message.removed"], "{place}");
        let expected: Vec<String> = kept.map(|number| number.to_string()).collect();
        assert_eq!(texts(&story), expected, "{place}");
        assert_eq!(count(&story), place as u64);
        assert_ne!(story.world.removals(), removals);
        story.replays();
        // What is left can be removed as ever, and what is gone is gone.
        assert!(story.send("guest", remove(message)).is_err());
        story.say("again");
        let last = story.message("main", expected.len().min(199));
        story.send("guest", remove(last)).unwrap();
        assert_eq!(count(&story), place as u64);
        story.replays();
    }
}

#[test]
fn an_old_message_is_edited_and_its_place_is_the_end() {
    let mut story = Story::begin(&[]);
    for number in 0..300 {
        story.say(&number.to_string());
    }
    let archive = archived(&story);
    let command = edit(archive[50].id, "fifty");
    let events = send_recalled(&mut story, &archive, 50, command).unwrap();
    assert_eq!(types(&events)[..2], ["message.removed", "message.posted"]);
    let texts = texts(&story);
    assert_eq!(
        (texts.len(), texts[49].as_str(), texts[50].as_str()),
        (51, "49", "fifty")
    );
    assert_eq!(count(&story), 51);
    story.replays();
}

#[test]
fn what_is_left_of_a_chat_of_long_messages_fits_in_its_event() {
    let mut story = Story::begin(&[]);
    let long = "\u{1}".repeat(12_000);
    for _ in 0..40 {
        story.say(&long);
    }
    for _ in 0..201 {
        story.say("short");
    }
    let archive = archived(&story);
    let command = edit(archive[30].id, &"x".repeat(128 * 1024));
    let events = send_recalled(&mut story, &archive, 30, command).unwrap();
    let removed: MessageRemoved = serde_json::from_str(events[0].data.get()).unwrap();
    let kept = removed.kept.unwrap();
    assert_eq!((kept.count, kept.messages.len()), (30, 1));
    assert!(events[0].data.get().len() < 100 * 1024);
    assert_eq!(count(&story), 31);
    story.replays();
}

#[test]
fn answers_to_what_was_removed_are_cancelled_and_older_ones_go_on() {
    let mut story = Story::begin(&["ada"]);
    for number in 0..210 {
        story.say(&number.to_string());
    }
    let archive = archived(&story);
    let message = archive[3].id;
    let events = send_recalled(&mut story, &archive, 3, remove(message)).unwrap();
    assert!(!types(&events).contains(&"action.cancelled"), "{events:?}");
    for text in ["0", "1", "2"] {
        assert_eq!(story.shown().last().map(String::as_str), Some(text));
        story.answer_first("yes");
    }
    assert!(story.open().is_empty());
    while story.world.chats.has_work() {
        story.send("world", Command::FireDue).unwrap();
    }
    assert_eq!(story.world.chats.open_turns(), 0);
    // The one that is answered is cancelled, when it is the one that is removed.
    story.say("a");
    for number in 0..210 {
        story.say(&number.to_string());
    }
    let archive = archived(&story);
    let place = archive
        .iter()
        .position(|message| message.text == "a")
        .unwrap();
    let command = remove(archive[place].id);
    let events = send_recalled(&mut story, &archive, place, command).unwrap();
    assert!(types(&events).contains(&"action.cancelled"));
    while story.world.chats.has_work() {
        story.send("world", Command::FireDue).unwrap();
    }
    assert!(story.open().is_empty());
    assert_eq!(story.world.chats.open_turns(), 0);
    story.replays();
}

#[test]
fn only_messages_of_people_are_recalled_for_a_removal() {
    let mut story = Story::begin(&["ada"]);
    story.say("one");
    story.answer_first("I");
    for _ in 0..210 {
        story.say("@nobody more");
    }
    let archive = archived(&story);
    assert!(archive[1].from_agent);
    let command = edit(archive[1].id, "mine");
    let refused = send_recalled(&mut story, &archive, 1, command).unwrap_err();
    assert_eq!(refused.cause, Some(RejectionCause::NotMessageOfPerson));
    // What the state has needs no archive, and neither does a chat that is not there.
    let known = remove(story.message("main", 0));
    assert_eq!(story.world.message_to_recall(&known), None);
    let nowhere = Command::RemoveMessage {
        chat: chat_id("nowhere"),
        message: archive[0].id,
    };
    assert_eq!(story.world.message_to_recall(&nowhere), None);
}
