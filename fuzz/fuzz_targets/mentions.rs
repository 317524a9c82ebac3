//! Texts of messages: whom they are for is decided without a panic, and a replay decides the same.
#![no_main]

use std::sync::OnceLock;

use contract::world::ChatDialect;
use contract::{
    Command, CommandId, CommandMark, CommandRequest, Commit, CommitId, Event, Timestamp, WorldSpec,
};
use libfuzzer_sys::fuzz_target;
use rules::World;
use uuid::Uuid;

const WORLD: &str = r#"{
    "entities": [
        {"id": "guest", "kind": "user"},
        {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "yes"}}}},
        {"id": "bob-2", "name": "Bob Two", "kind": "agent", "agent": {"brain": {"script": {"default": "@ada {text}"}}}}
    ],
    "chats": [{"id": "main", "agents": ["ada", "bob-2"]}]
}"#;

fn request(number: u128, sender: &str, command: Command) -> CommandRequest {
    CommandRequest {
        id: CommandId(Uuid::from_u128(number << 32)),
        sender: sender.parse().expect("an id"),
        command,
        trace: None,
        run: None,
        principal: None,
    }
}

fn commit(request: &CommandRequest, at: Timestamp, events: Vec<Event>) -> Commit {
    let mark = CommandMark {
        id: request.id,
        events: u32::try_from(events.len()).expect("few events"),
    };
    Commit {
        id: CommitId(Uuid::from_u128(7)),
        at,
        clock: None,
        rules: rules::VERSION,
        wake: None,
        commands: vec![mark],
        events,
    }
}

/// A world with two agents, for each dialect, and the commit with which it began.
fn worlds() -> &'static [(World, Commit)] {
    static WORLDS: OnceLock<Vec<(World, Commit)>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let world = |chat_dialect| {
            let spec: WorldSpec = serde_json::from_str(WORLD).expect("a world");
            let spec = WorldSpec {
                chat_dialect,
                ..spec
            };
            let mut world = World::new("lobby".parse().expect("an id"));
            let at = Timestamp::from_unix_ms(1_000);
            let request = request(1, "world", Command::CreateWorld(spec));
            let events = rules::step(&mut world, &request, at).expect("a world");
            let commit = commit(&request, at, events);
            world.seal(&commit);
            world.mark_durable(1, &commit);
            (world, commit)
        };
        [ChatDialect::AgentWorld, ChatDialect::Plain]
            .map(world)
            .into()
    })
}

fuzz_target!(|text: &str| {
    for (world, beginning) in worlds() {
        let mut world = world.clone();
        let at = Timestamp::from_unix_ms(2_000);
        let post = Command::PostMessage {
            chat: "main".parse().expect("an id"),
            text: text.to_owned(),
            in_reply_to: None,
        };
        let request = request(2, "guest", post);
        let Ok(events) = rules::step(&mut world, &request, at) else {
            continue;
        };
        let posted = commit(&request, at, events);
        world.seal(&posted);
        world.mark_durable(2, &posted);
        let mut replayed = World::new("lobby".parse().expect("an id"));
        rules::replay(&mut replayed, 1, beginning).expect("a beginning");
        rules::replay(&mut replayed, 2, &posted).expect("a message");
        let state = |world: &World| serde_json::to_string(world).expect("a state");
        assert_eq!(state(&replayed), state(&world), "{text:?}");
    }
});
