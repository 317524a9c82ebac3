//! What must hold for every sequence of commands.

use contract::command::EntityChange;
use contract::{Chat, Command, EntityKind, InvocationId, Outcome};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Story, entity, hash, post};

/// Any command, good or bad, that a client could send.
fn any_command() -> impl Strategy<Value = (String, Command)> {
    let text = prop_oneof![Just("hello"), Just("@ada hi"), Just("@bob @ada"), Just("")];
    let entity_id = prop_oneof![
        Just("ada"),
        Just("bob"),
        Just("guest"),
        Just("new"),
        Just("world")
    ];
    let sender = prop_oneof![Just("guest"), Just("ada"), Just("world"), Just("stranger")];
    let command = prop_oneof![
        5 => text.prop_map(post),
        1 => entity_id.clone().prop_map(|id| Command::CreateEntity(entity(id, EntityKind::Agent))),
        1 => entity_id.clone().prop_map(|id| Command::RemoveEntity { entity: id.parse().unwrap() }),
        1 => entity_id.prop_map(|id| Command::UpdateEntity(EntityChange {
            entity: id.parse().unwrap(),
            name: Some("Other".into()),
            agent: None,
            metadata: None,
        })),
        1 => Just(Command::StopChat { chat: "main".parse().unwrap() }),
        1 => Just(Command::DeleteChat { chat: "main".parse().unwrap() }),
        1 => Just(Command::CreateChat(Chat {
            id: "main".parse().unwrap(),
            title: "again".into(),
            agents: Vec::new(),
        })),
        1 => Just(Command::Wake),
        4 => Just(Command::Complete {
            invocation: InvocationId(Uuid::nil()),
            outcome: Outcome::Failed { code: "x".into(), reason: "y".into() },
        }),
    ];
    (sender.prop_map(ToOwned::to_owned), command)
}

proptest! {
    #[test]
    fn the_log_gives_the_state_back_and_no_turn_is_left_hanging(
        commands in prop::collection::vec(any_command(), 1..60),
    ) {
        let mut story = Story::begin(&["ada", "bob"]);
        for (sender, command) in commands {
            let before = hash(&story.world);
            let command = match command {
                // What is completed is whatever is open.
                Command::Complete { .. } => match story.open().first() {
                    Some(invocation) => {
                        story.answer(*invocation, "@bob well").unwrap();
                        continue;
                    }
                    None => command,
                },
                command => command,
            };
            if story.send(&sender, command).is_err() {
                prop_assert_eq!(hash(&story.world), before, "a refusal changed the world");
            }
            prop_assert!(story.world.ready.is_empty() && story.world.turns_over.is_empty());
        }
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
        while let [invocation, ..] = story.open()[..] {
            story.answer(invocation, "done").unwrap();
        }
        prop_assert!(story.world.turns.is_empty(), "{:?}", story.world.turns);
    }
}
