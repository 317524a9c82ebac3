//! Heartbeats, and what is too much for one commit.

use std::collections::BTreeSet;

use contract::chat::{ANSWER_BYTES_MAX, ChatText, TRUNCATION_MARK};
use contract::command::SetTimer;
use contract::fact::MessagePosted;
use contract::{Chat, Command};

use super::chats::{chat_id, with_model};
use super::{Story, types};

#[test]
fn a_heartbeat_posts_at_each_of_its_moments_until_it_is_cancelled() {
    let mut story = Story::begin(&["ada"]);
    let beat = |repeat: &str| {
        Command::SetTimer(SetTimer {
            timer: "beat".parse().unwrap(),
            due: None,
            repeat: Some(repeat.into()),
            zone: None,
            event: None,
            message: Some(ChatText {
                chat: chat_id("main"),
                text: "what is new?".into(),
            }),
        })
    };
    for rubbish in ["", "every day", "* * * * * *", "61 * * * *", "* * *"] {
        let refused = story.send("world", beat(rubbish)).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("repeat"), "{rubbish}");
    }
    story.send("world", beat("*/5 * * * *")).unwrap();
    for _ in 0..3 {
        let due = story.world.next_due().unwrap();
        assert_eq!(due.as_unix_ms() % 300_000, 0);
        story.now = due;
        let events = story.send("world", Command::FireDue).unwrap();
        let expected = [
            "timer.fired",
            "message.posted",
            "timer.set",
            "action.requested",
        ];
        assert_eq!(types(&events), expected);
        story.answer_first("nothing");
    }
    // What was missed is made up for once.
    story.now = story.now + std::time::Duration::from_hours(1);
    story.send("world", Command::FireDue).unwrap();
    story.answer_first("nothing");
    assert_eq!(story.messages("main").len(), 8);
    assert!(story.world.next_due().unwrap() > story.now);
    let timer = "beat".parse().unwrap();
    story.send("world", Command::CancelTimer { timer }).unwrap();
    assert_eq!(story.world.next_due(), None);
}

#[test]
fn a_timer_that_could_not_fire_is_refused() {
    let mut story = Story::begin(&["ada"]);
    let big = |bytes: usize| SetTimer {
        timer: "beat".parse().unwrap(),
        due: None,
        repeat: Some("* * * * *".into()),
        zone: None,
        event: None,
        message: Some(ChatText {
            chat: chat_id("main"),
            text: "x".repeat(bytes),
        }),
    };
    let refused = story
        .send("guest", Command::SetTimer(big(100_000)))
        .unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::TooLarge);
    // The largest that is taken fires, again and again.
    story.send("guest", Command::SetTimer(big(60_000))).unwrap();
    for _ in 0..2 {
        story.now = story.world.next_due().unwrap();
        let events = story.send("world", Command::FireDue).unwrap();
        assert!(types(&events).contains(&"message.posted"));
    }
}

#[test]
fn the_timer_of_somebody_who_has_left_says_nothing_more() {
    let mut story = Story::begin(&["ada", "bob"]);
    let beat = SetTimer {
        timer: "beat".parse().unwrap(),
        due: None,
        repeat: Some("* * * * *".into()),
        zone: None,
        event: None,
        message: Some(ChatText {
            chat: chat_id("main"),
            text: "@bob go".into(),
        }),
    };
    story.send("ada", Command::SetTimer(beat)).unwrap();
    let entity = "ada".parse().unwrap();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    story.now = story.world.next_due().unwrap();
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(types(&events), ["timer.fired"]);
    assert_eq!(story.world.next_due(), None);
}

#[test]
fn what_follows_from_a_command_takes_as_many_commits_as_it_needs() {
    let mut story = Story::begin(&["ada"]);
    for chat in 0..5 {
        let chat = Chat::new(chat_id(&format!("c{chat}")));
        story
            .send("world", Command::CreateChat(chat.clone()))
            .unwrap();
        for _ in 0..201 {
            let post = Command::PostMessage {
                chat: chat.id.clone(),
                text: "hi".into(),
                in_reply_to: None,
            };
            story.send("guest", post).unwrap();
        }
    }
    let entity = "ada".parse().unwrap();
    let mut ended = 0;
    let mut events = story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    while !events.is_empty() {
        assert!(events.len() <= 500, "{} events in a commit", events.len());
        ended += types(&events)
            .iter()
            .filter(|name| **name == "chat.turn_ended")
            .count();
        // What is left is due at once, also after the world is loaded from a snapshot.
        let text = serde_json::to_string(&story.world).unwrap();
        story.world = serde_json::from_str(&text).unwrap();
        events = story.send("world", Command::FireDue).unwrap();
    }
    assert_eq!(ended, 5 * 201);
    assert!(story.world.chats.open_turns() == 0);
    assert_eq!(story.world.next_due(), None);
}

#[test]
fn an_answer_that_is_longer_than_what_is_kept_ends_with_a_mark() {
    let mut story = Story::begin(&["ada"]);
    for (bytes, is_cut) in [(ANSWER_BYTES_MAX, false), (2 * ANSWER_BYTES_MAX, true)] {
        story.say("explain everything");
        let [run] = story.open()[..] else {
            panic!("an answer is open")
        };
        let events = story.answer(run, &"x".repeat(bytes)).unwrap();
        let posted = events
            .iter()
            .find(|event| event.event_type.as_str() == "message.posted")
            .unwrap();
        let posted: MessagePosted = serde_json::from_str(posted.data.get()).unwrap();
        assert_eq!(posted.truncated, is_cut);
        assert_eq!(posted.text.contains(TRUNCATION_MARK.trim()), is_cut);
        assert!(posted.text.len() <= 64 * 1024);
    }
}

#[test]
fn a_message_has_at_most_128_kibibytes() {
    let mut story = Story::begin(&["ada"]);
    let post = |text: String| Command::PostMessage {
        chat: chat_id("main"),
        text,
        in_reply_to: None,
    };
    // Two bytes a character.
    let longest = "\u{e9}".repeat(64 * 1024);
    story.send("guest", post(longest.clone())).unwrap();
    assert_eq!(story.shown(), std::slice::from_ref(&longest));
    let refused = story.send("guest", post(longest + "x")).unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::TooLarge);
    assert_eq!(refused.field.as_deref(), Some("text"));
    story.replays();
}

#[test]
fn a_title_is_requested_once_although_many_turns_end() {
    let mut story = Story::begin(&["ada"]);
    with_model(&mut story, "");
    for text in ["one more thing", "two more things", "three more things"] {
        story.say(text);
    }
    let events = story
        .send(
            "guest",
            Command::StopChat {
                chat: chat_id("main"),
            },
        )
        .unwrap();
    let requested = types(&events)
        .iter()
        .filter(|name| **name == "action.requested")
        .count();
    assert_eq!(requested, 1);
    story
        .send(
            "guest",
            Command::DeleteChat {
                chat: chat_id("main"),
                replacement: None,
            },
        )
        .unwrap();
    assert!(story.open().is_empty(), "the title of a chat that is gone");
}

#[test]
fn a_chat_can_be_renamed_although_one_of_its_agents_has_left() {
    let mut story = Story::begin(&["ada", "bob"]);
    let chat = Chat {
        agents: vec!["ada".parse().unwrap()],
        ..Chat::new(chat_id("side"))
    };
    story.send("world", Command::CreateChat(chat)).unwrap();
    let entity = "ada".parse().unwrap();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    let title = Command::UpdateChat {
        chat: chat_id("side"),
        title: Some("Alone".into()),
        agents: None,
    };
    story.send("guest", title).unwrap();
    assert_eq!(story.chat("side").title, "Alone");
}

#[test]
fn a_removed_entity_may_have_more_runs_than_one_commit_ends() {
    let mut story = Story::begin(&["ada", "bob"]);
    let run = |agent: &str| Command::RequestAction {
        action: "work".parse().unwrap(),
        entity: agent.parse().unwrap(),
        arguments: None,
        deadline: None,
    };
    for _ in 0..2000 {
        story.send("guest", run("ada")).unwrap();
    }
    let of_bob = story.send("guest", run("bob")).unwrap()[0].id.run();
    let entity = "ada".parse().unwrap();
    let remove = Command::RemoveEntity { entity };
    let mut events = story.send("world", remove).unwrap();
    assert!(types(&events).contains(&"entity.removed"));
    // Nothing more comes of those that are still to be cancelled.
    let abandoned = story.world.runs.orphaned().next().unwrap();
    let refused = story.answer(abandoned, "done").unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::AlreadyEnded);
    // Another one of the same name is not meant.
    let namesake = super::entity("ada", contract::EntityKind::Agent);
    let create = Command::CreateEntity(namesake);
    events.extend(story.send("world", create).unwrap());
    let requested = story.send("guest", run("ada")).unwrap();
    let of_namesake = requested[0].id.run();
    events.extend(requested);
    let mut ended = BTreeSet::new();
    while !events.is_empty() {
        let cancelled = events
            .iter()
            .filter(|event| event.event_type.as_str() == "action.cancelled");
        for event in cancelled {
            assert!(ended.insert(event.causation), "cancelled twice");
        }
        let text = serde_json::to_string(&story.world).unwrap();
        story.world = serde_json::from_str(&text).unwrap();
        events = story.send("world", Command::FireDue).unwrap();
    }
    assert_eq!(ended.len(), 2000);
    let left = BTreeSet::from_iter(story.open());
    assert_eq!(left, BTreeSet::from([of_bob, of_namesake]));
    let commits = story.log.iter().map(|commit| commit.events.len());
    assert!(commits.max() < Some(1000));
    assert_eq!(super::hash(&story.replayed()), super::hash(&story.world));
}
