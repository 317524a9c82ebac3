//! A message that nobody answers says why, at the end of its turn.

use contract::chat::Unanswered;
use contract::command::WorldUpdate;
use contract::run::RunResult;
use contract::world::ChatDialect;
use contract::{AgentConfig, Brain, ChatId, Command, Entity, EntityKind, Event, Fact, RunOutcome};

use super::{Story, entity, post};

use Unanswered::{
    Cancelled, Failed, LimitNotice, LimitReached, MentionInText, NoAgents, NoText, NotAnswering,
    Sender, UnknownMention,
};

/// The turns that end with these events, each with why nobody answered.
fn ended(events: &[Event]) -> Vec<Option<Unanswered>> {
    let facts = events
        .iter()
        .map(|event| Fact::parse(&event.event_type, &event.data));
    let ended = facts.filter_map(|fact| match fact.unwrap() {
        Some(Fact::TurnEnded(ended)) => Some(ended.unanswered),
        _ => None,
    });
    ended.collect()
}

/// What the messages of these events say about it themselves.
fn posted(events: &[Event]) -> Vec<Option<Unanswered>> {
    let facts = events
        .iter()
        .map(|event| Fact::parse(&event.event_type, &event.data));
    let posted = facts.filter_map(|fact| match fact.unwrap() {
        Some(Fact::MessagePosted(posted)) if !posted.notice => Some(posted.unanswered),
        _ => None,
    });
    posted.collect()
}

/// A world of `ada`, `bob`, and `cy`, for whom a client thinks. In the chat `few` only `ada` takes part, in
/// `hers` only `cy`.
fn begin() -> Story {
    let mut story = Story::begin(&["ada", "bob"]);
    let cy = Entity {
        agent: Some(AgentConfig {
            brain: Brain::Client {},
            ..AgentConfig::default()
        }),
        ..entity("cy", EntityKind::Agent)
    };
    let [bell, system] = ["bell", "system"].map(|id| entity(id, EntityKind::Object));
    for entity in [cy, bell, system] {
        let command = Command::CreateEntity(entity);
        story.send("world", command).unwrap();
    }
    for (id, agent) in [("few", "ada"), ("hers", "cy")] {
        let mut chat = contract::Chat::new(id.parse().unwrap());
        chat.agents.push(agent.parse().unwrap());
        story.send("world", Command::CreateChat(chat)).unwrap();
    }
    story
}

fn post_in(chat: &str, text: &str) -> Command {
    Command::PostMessage {
        chat: chat.parse().unwrap(),
        text: text.to_owned(),
        in_reply_to: None,
    }
}

#[test]
fn a_message_that_nobody_answers_gives_the_reason() {
    for (chat, sender, text, expected) in [
        ("main", "guest", "@zed hello", UnknownMention),
        ("main", "guest", "hello\n@zed", UnknownMention),
        ("main", "guest", "ask @ada later", MentionInText),
        ("main", "guest", "ask @zed later", MentionInText),
        ("main", "guest", "write to x@example.com", MentionInText),
        ("main", "guest", "@cy hello", NotAnswering),
        ("main", "guest", "@ada Turn limit reached", LimitNotice),
        ("main", "system", "hello", Sender),
        ("main", "bell", "hello", Sender),
        ("main", "bell", "ask @ada later", Sender),
        ("main", "bell", "@zed hello", UnknownMention),
        ("main", "cy", "hello", Sender),
        // She takes part in other chats only.
        ("few", "guest", "@bob hello", UnknownMention),
        ("hers", "guest", "hello", NotAnswering),
        ("hers", "guest", "@cy hello", NotAnswering),
        ("hers", "cy", "hello", NoAgents),
    ] {
        let mut story = begin();
        let events = story.send(sender, post_in(chat, text)).unwrap();
        assert_eq!(
            ended(&events),
            [Some(expected)],
            "{sender} in {chat}: {text:?}"
        );
        assert_eq!(
            posted(&events),
            [Some(expected)],
            "{sender} in {chat}: {text:?}"
        );
        assert!(story.open().is_empty());
        story.replays();
    }
}

#[test]
fn a_world_without_agents_says_so() {
    for text in ["hello", "@ada hello", "ask @ada later", "x@example.com"] {
        let mut story = Story::begin(&[]);
        let events = story.say(text);
        assert_eq!(ended(&events), [Some(NoAgents)], "{text}");
        story.replays();
    }
}

#[test]
fn a_plain_text_is_answered_or_its_sender_is_no_person() {
    for (sender, text, expected) in [
        ("guest", "write to x@example.com", None),
        ("bell", "@ada hello", Some(Sender)),
        ("cy", "hello", Some(Sender)),
    ] {
        let mut story = begin();
        let plain = WorldUpdate {
            chat_dialect: Some(ChatDialect::Plain),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(plain)).unwrap();
        let events = story.send(sender, post(text)).unwrap();
        assert_eq!(posted(&events), [expected], "{sender}: {text}");
    }
}

#[test]
fn agents_at_their_limit_say_so_and_the_message_too() {
    let mut story = begin();
    let limit = WorldUpdate {
        turn_limit: Some(1),
        ..WorldUpdate::default()
    };
    story.send("world", Command::UpdateWorld(limit)).unwrap();
    story.say("@ada hello");
    story.answer_first("hello");
    for _ in 0..2 {
        let events = story.send("bell", post("@ada hello")).unwrap();
        assert_eq!(ended(&events), [Some(LimitReached)]);
    }
    // It is for nobody, whatever the limit is.
    let events = story.send("bell", post("hello")).unwrap();
    assert_eq!(ended(&events), [Some(Sender)]);
    story.replays();
}

#[test]
fn a_turn_says_why_those_who_were_to_answer_did_not() {
    let completed = |text: &str| {
        RunOutcome::Completed(RunResult {
            message: Some(text.to_owned()),
            ..RunResult::default()
        })
    };
    let failed = || RunOutcome::Failed {
        code: "model".to_owned(),
        reason: "no model".to_owned(),
    };
    for (first, second, expected) in [
        (completed("hello"), completed("hello"), None),
        (completed("hello"), completed(" "), None),
        (completed(" "), completed("hello"), None),
        (failed(), completed("hello"), None),
        (completed("hello"), failed(), None),
        (completed(" "), completed("@bob"), Some(NoText)),
        (failed(), completed(" "), Some(Failed)),
        (completed(" "), failed(), Some(Failed)),
    ] {
        let mut story = Story::begin(&["ada", "bob"]);
        story.say("hello");
        let name = format!("{first:?}, {second:?}");
        let [ada, bob] = story.open()[..] else {
            panic!("both answer")
        };
        let mut events = Vec::new();
        for (run, outcome) in [(ada, first), (bob, second)] {
            let command = Command::Complete { run, outcome };
            events = story.send("world", command).unwrap();
        }
        assert_eq!(ended(&events), [expected], "{name}");
        story.replays();
    }
}

#[test]
fn a_turn_says_that_its_answers_were_cancelled() {
    let chat = || -> ChatId { "main".parse().unwrap() };
    let stop = || Command::StopChat { chat: chat() };
    for (name, commands, expected) in [
        ("stop", vec![stop()], Some(Cancelled)),
        (
            "remove the agents",
            ["ada", "bob"]
                .map(|agent| Command::RemoveEntity {
                    entity: agent.parse().unwrap(),
                })
                .into(),
            Some(Cancelled),
        ),
        (
            "delete the chat",
            vec![Command::DeleteChat {
                chat: chat(),
                replacement: None,
            }],
            Some(Cancelled),
        ),
    ] {
        let mut story = Story::begin(&["ada", "bob"]);
        story.say("hello");
        let mut found = Vec::new();
        for command in commands {
            found.extend(ended(&story.send("world", command).unwrap()));
        }
        assert_eq!(found, [expected], "{name}");
        story.replays();
    }
    // One has failed, the other is stopped: that says more.
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("hello");
    let failed = RunOutcome::Failed {
        code: "model".to_owned(),
        reason: "no model".to_owned(),
    };
    let run = story.open()[0];
    let outcome = failed;
    story
        .send("world", Command::Complete { run, outcome })
        .unwrap();
    assert_eq!(ended(&story.send("world", stop()).unwrap()), [Some(Failed)]);
    // One has answered: nothing is missing.
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("hello");
    story.answer_first("hello");
    assert_eq!(ended(&story.send("world", stop()).unwrap()), [None]);
    story.replays();
}
