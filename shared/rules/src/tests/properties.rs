//! What must hold for every sequence of commands.

use contract::command::EntityUpdate;
use contract::{AgentConfig, Brain, Chat, Command, EntityKind, RunId, RunOutcome};
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
    let client = AgentConfig {
        brain: Brain::Client {},
        ..AgentConfig::default()
    };
    let agent = prop_oneof![
        Just(None),
        Just(Some(client)),
        Just(Some(AgentConfig::default()))
    ];
    let command = prop_oneof![
                5 => text.prop_map(post),
                1 => entity_id.clone().prop_map(|id| Command::CreateEntity(entity(id, EntityKind::Agent))),
                1 => entity_id.clone().prop_map(|id| Command::RemoveEntity { entity: id.parse().unwrap() }),
                1 => (entity_id, agent).prop_map(|(id, agent)| Command::UpdateEntity(EntityUpdate {
                    kind: None,
    description: None, abilities: None,
                    entity: id.parse().unwrap(),
                    name: Some("Other".into()),
                    agent,
                    metadata: None,
                })),
                1 => Just(Command::StopChat { chat: "main".parse().unwrap() }),
                1 => Just(Command::DeleteChat { chat: "main".parse().unwrap(), replacement: None }),
                1 => Just(Command::CreateChat(Chat {
         title: "again".into(),
         agents: Vec::new(),
         ..Chat::new("main".parse().unwrap())
        })),
                1 => Just(Command::FireDue),
                4 => Just(Command::Complete {
                    run: RunId(Uuid::nil()),
                    outcome: RunOutcome::Failed { code: "x".into(), reason: "y".into() },
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
                    Some(run) => {
                        story.answer(*run, "@bob well").unwrap();
                        continue;
                    }
                    None => command,
                },
                command => command,
            };
            if story.send(&sender, command).is_err() {
                prop_assert_eq!(hash(&story.world), before, "a refusal changed the world");
            }
            prop_assert!(!story.world.chats.has_work());
        }
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
        while let [run, ..] = story.open()[..] {
            story.answer(run, "done").unwrap();
        }
        prop_assert!(story.world.chats.open_turns() == 0);
    }
}

proptest! {
    /// Whatever agents say to one another, with or without mentions and tags.
    #[test]
    fn a_burst_ends_within_the_turn_limits(
        answers in prop::collection::vec(
            prop_oneof![
                Just("@ada @bob go on"), Just("@ada\n@bob\n@eve all of you"), Just("well"),
                Just("<world>TO: ada, bob, eve</world> go"), Just("<world>STOP</world>"),
                Just("@human done"), Just("@eve, Turn limit reached?"), Just(""),
            ],
            1..40,
        ),
        begun in prop_oneof![Just("hello"), Just("@ada go"), Just("@bob\n@eve go")],
    ) {
        let mut story = Story::begin(&["ada", "bob", "eve"]);
        for _ in 0..2 {
            story.say(begun);
            let (mut given, mut next) = (0, answers.iter().cycle());
            while let [run, ..] = story.open()[..] {
                story.answer(run, next.next().unwrap()).unwrap();
                given += 1;
                prop_assert!(given <= 3 * 5, "an endless loop");
            }
            prop_assert!(story.world.chats.open_turns() == 0);
        }
    }
}
