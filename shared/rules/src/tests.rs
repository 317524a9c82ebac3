//! The rules as tables: a story of commands, and the events that each makes.

mod abilities;
mod audit;
mod behaviours;
mod chats;
mod clients;
mod dialect;
mod events;
mod flows;
mod interactions;
mod limits;
mod properties;
mod quota;
mod reasoning;
mod recalled;
mod spec;
mod story;
mod streams;
mod successor;
mod tools;
mod unanswered;
mod views;

use std::time::Duration;

use contract::command::SetTimer;
use contract::{
    Chat, Command, CommandId, CommandRequest, Entity, EntityKind, Timestamp, WorldSpec,
};

use self::story::{Story, entity, hash, post, types};
use super::{World, context, replay, step};

#[test]
fn who_answers_a_message() {
    let table: &[(&str, usize)] = &[
        ("hello", 3),
        ("@ada hello", 1),
        ("hi @ADA\n@bob you too", 2),
        ("hello, what does @ada say", 0),
        ("@nobody hello", 0),
        ("mail me at x@ada", 0),
    ];
    for (text, answerers) in table {
        let mut story = Story::begin(&["ada", "bob", "eve"]);
        story.say(text);
        assert_eq!(story.open().len(), *answerers, "{text}");
    }
}

#[test]
fn a_turn_in_which_nobody_answers_ends_at_once() {
    let mut story = Story::begin(&[]);
    assert_eq!(
        types(&story.say("hello")),
        ["message.posted", "chat.turn_ended"]
    );
    assert_eq!(
        types(&story.say("what is this?")),
        ["message.posted", "chat.updated", "chat.turn_ended"]
    );
}

#[test]
fn an_agent_answers_one_message_after_the_other() {
    let mut story = Story::begin(&["ada"]);
    story.say("one");
    assert_eq!(types(&story.say("two")), ["message.posted"]);
    let [first] = story.open()[..] else {
        panic!("one invocation")
    };
    assert_eq!(
        context(&story.world, first)
            .unwrap()
            .messages
            .last()
            .unwrap()
            .text,
        "one"
    );
    let events = story.answer(first, "I").unwrap();
    assert_eq!(
        types(&events),
        [
            "message.posted",
            "action.completed",
            "action.requested",
            "chat.turn_ended"
        ]
    );
    let [second] = story.open()[..] else {
        panic!("one invocation")
    };
    assert_eq!(
        context(&story.world, second)
            .unwrap()
            .messages
            .last()
            .unwrap()
            .text,
        "two"
    );
    assert_eq!(
        types(&story.answer(second, "II").unwrap()).last(),
        Some(&"chat.turn_ended")
    );
}

#[test]
fn a_run_ends_once() {
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    let [run] = story.open()[..] else {
        panic!("one invocation")
    };
    story.answer(run, "hi").unwrap();
    assert!(story.answer(run, "hi again").is_err());
    assert!(story.send("guest", Command::CancelRun { run }).is_err());
}

#[test]
fn agents_that_mention_one_another_stop_at_the_turn_limit() {
    let mut story = Story::begin(&["ada", "bob"]);
    story.say("@ada go");
    let mut answers = 0;
    while let [run, ..] = story.open()[..] {
        story.answer(run, "@ada @bob and now you").unwrap();
        answers += 1;
        assert!(answers < 100, "an endless loop");
    }
    assert_eq!(answers, 5 + 5);
    assert!(story.world.chats.open_turns() == 0);
}

#[test]
fn whatever_stops_an_answer_ends_its_turn() {
    let chat = || "main".parse().unwrap();
    let stops: [(&str, Command); 4] = [
        ("stop", Command::StopChat { chat: chat() }),
        (
            "delete the chat",
            Command::DeleteChat {
                chat: chat(),
                replacement: None,
            },
        ),
        (
            "remove the agent",
            Command::RemoveEntity {
                entity: "ada".parse().unwrap(),
            },
        ),
        ("the deadline", Command::FireDue),
    ];
    for (name, command) in stops {
        let mut story = Story::begin(&["ada"]);
        story.say("one");
        story.say("two");
        story.now = story.now + Duration::from_hours(1);
        let mut ended = 0;
        for round in 0..4 {
            if round > 0 && story.world.chats.open_turns() == 0 {
                break;
            }
            let events = story.send("world", command.clone()).unwrap();
            ended += types(&events)
                .iter()
                .filter(|name| **name == "chat.turn_ended")
                .count();
            story.now = story.now + Duration::from_hours(1);
        }
        assert_eq!(ended, 2, "{name}");
        assert!(story.open().is_empty(), "{name}");
        assert!(
            story.world.chats.open_turns() == 0 && story.world.schedule.first().is_none(),
            "{name}"
        );
    }
}

#[test]
fn applying_the_same_world_twice_changes_nothing() {
    let mut story = Story::begin(&["ada"]);
    let spec = WorldSpec {
        name: "w".into(),
        entities: vec![entity("ada", EntityKind::Agent)],
        ..WorldSpec::default()
    };
    assert_eq!(
        story
            .send("world", Command::ApplyWorld(spec.clone()))
            .unwrap()
            .len(),
        0
    );
    let mut changed = spec;
    changed.entities[0].name = "Ada".into();
    changed.entities.push(entity("bob", EntityKind::Agent));
    let events = story.send("world", Command::ApplyWorld(changed)).unwrap();
    assert_eq!(types(&events), ["entity.updated", "entity.created"]);
}

#[test]
fn a_bad_world_is_refused_with_the_path_of_its_fault() {
    let two = vec![entity("a", EntityKind::User), entity("a", EntityKind::User)];
    let brainless = Entity {
        agent: None,
        ..entity("a", EntityKind::Agent)
    };
    let spec = |entities| WorldSpec {
        entities,
        ..WorldSpec::default()
    };
    let chat = Chat {
        title: String::new(),
        agents: vec!["nobody".parse().unwrap()],
        ..Chat::new("c".parse().unwrap())
    };
    let table = [
        (spec(two), "entities[1].id"),
        (
            spec(vec![entity("world", EntityKind::User)]),
            "entities[0].id",
        ),
        (spec(vec![brainless]), "entities[0].agent"),
        (
            WorldSpec {
                turn_limit: 1001,
                ..WorldSpec::default()
            },
            "turn_limit",
        ),
        (
            WorldSpec {
                chats: vec![chat],
                ..WorldSpec::default()
            },
            "chats[0].agents[0]",
        ),
    ];
    for (spec, field) in table {
        let mut world = World::new("w".parse().unwrap());
        let request = CommandRequest {
            id: CommandId::new(),
            sender: "world".parse().unwrap(),
            command: Command::CreateWorld(spec),
            trace: None,
            run: None,
            principal: None,
        };
        let rejection = step(&mut world, &request, Timestamp::from_unix_ms(1)).unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some(field), "{rejection}");
    }
}

#[test]
fn a_wake_that_comes_early_is_scheduled_again() {
    let mut story = Story::begin(&[]);
    let due = story.now + Duration::from_hours(1);
    let timer = SetTimer {
        timer: "later".parse().unwrap(),
        due: Some(due),
        repeat: None,
        zone: None,
        event: None,
        message: None,
    };
    story.send("guest", Command::SetTimer(timer)).unwrap();
    assert_eq!(story.world.wake_wanted(story.now), None);
    story.world.woken(story.now);
    assert_eq!(story.world.wake_wanted(story.now), Some(due));
    // On time, it is over by itself.
    story.send("world", Command::FireDue).unwrap();
    story.world.woken(due);
    assert_eq!(story.world.schedule.wake(), Some(due));
}

#[test]
fn timers_fire_once_and_in_order() {
    let mut story = Story::begin(&[]);
    for (timer, due) in [("late", 30), ("early", 10), ("cancelled", 20)] {
        let due = story.now + Duration::from_secs(due);
        let timer = timer.parse().unwrap();
        story
            .send(
                "guest",
                Command::SetTimer(SetTimer {
                    timer,
                    due: Some(due),
                    repeat: None,
                    zone: None,
                    message: None,
                    event: None,
                }),
            )
            .unwrap();
    }
    let timer = "cancelled".parse().unwrap();
    story.send("guest", Command::CancelTimer { timer }).unwrap();
    assert_eq!(story.send("world", Command::FireDue).unwrap().len(), 0);
    story.now = story.now + Duration::from_mins(1);
    let events = story.send("world", Command::FireDue).unwrap();
    let fired: Vec<&str> = events.iter().map(|event| event.data.get()).collect();
    assert!(fired[0].contains("early") && fired[1].contains("late") && fired.len() == 2);
    assert_eq!(story.send("world", Command::FireDue).unwrap().len(), 0);
}

#[test]
fn timers_that_do_not_fit_in_one_commit_fire_in_several() {
    let mut story = Story::begin(&[]);
    let data = serde_json::value::to_raw_value(&"x".repeat(60_000)).unwrap();
    for n in 0..20 {
        let timer = format!("t{n}").parse().unwrap();
        let event = contract::NewEvent::new("app.big".parse().unwrap(), data.clone());
        let due = story.now + Duration::from_secs(1);
        story
            .send(
                "guest",
                Command::SetTimer(SetTimer {
                    timer,
                    due: Some(due),
                    repeat: None,
                    zone: None,
                    message: None,
                    event: Some(event),
                }),
            )
            .unwrap();
    }
    story.now = story.now + Duration::from_mins(1);
    let mut fired = 0;
    while story.world.next_due().is_some() {
        let events = story.send("world", Command::FireDue).unwrap();
        fired += types(&events)
            .iter()
            .filter(|name| **name == "app.big")
            .count();
        assert!(!events.is_empty(), "a wake that does nothing");
    }
    assert_eq!(fired, 20);
}

#[test]
fn a_message_that_too_many_would_answer_is_refused() {
    let names: Vec<String> = (0..300).map(|n| format!("a{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut story = Story::begin(&names);
    let refused = story.send("guest", post("everyone?")).unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::TooLarge);
    story.send("guest", post("@a7 you then")).unwrap();
}

#[test]
fn a_chat_in_which_too_much_waits_takes_more_once_something_is_answered() {
    let mut story = Story::begin(&["ada"]);
    let refused = loop {
        if let Err(refused) = story.send("guest", post("and another thing")) {
            break refused;
        }
    };
    assert_eq!(refused.code, contract::RejectionCode::Busy);
    let [run] = story.open()[..] else {
        panic!("one invocation")
    };
    story.answer(run, "yes").unwrap();
    story.say("and another thing");
    let delete = Command::DeleteChat {
        chat: "main".parse().unwrap(),
        replacement: None,
    };
    let events = story.send("guest", delete);
    assert_eq!(types(&events.unwrap()).last(), Some(&"chat.turn_ended"));
}
