//! The HTTP client and the native door of a real gateway.

use std::time::Duration;

use client::{Client, Error, EventStream, StreamItem, TurnItem, World};
use contract::behaviour::{Definition, DiagramFormat};
use contract::http::{
    AtQuery, BadgesPageQuery, DiagramQuery, EntitiesPageQuery, EventsPageQuery, MessagesPageQuery,
    PostMessageRequest, ReadAfterWrite, RunQuery, RunStatus, SendEventsRequest, StateQuery,
    StreamQuery, UsageSelection, WorldsPageQuery,
};
use contract::{Chat, ChatId, Entity, EntityKind, MessageId, Seq, WorldSpec};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Up;

const RETRIES: Duration = Duration::from_secs(30);

fn client(up: &Up) -> Client {
    Client::new(&up.url, None).unwrap().with_retries(RETRIES)
}

fn parse<T: DeserializeOwned>(value: &Value) -> T {
    // From text: raw JSON is not parsed from a value.
    serde_json::from_str(&value.to_string()).unwrap()
}

fn message(text: &str) -> PostMessageRequest {
    parse(&json!({"sender": "guest", "text": text}))
}

/// The code of the problem.
fn code<T>(result: Result<T, Error>) -> String {
    match result.err().unwrap() {
        Error::Problem(problem) => problem.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_gateway_understands_each_request_and_the_client_each_response() {
    let folder = TempDir::new().unwrap();
    let up = Up::start(folder.path());
    let client = client(&up);
    let id = "hall".parse().unwrap();
    let hall = client.world(&id);

    let request = parse(&json!({"id": "hall", "name": "The Hall"}));
    let created = client.worlds().create(&request).await.unwrap();
    let query = WorldsPageQuery {
        wait_for: Some(created.seq),
        ..WorldsPageQuery::default()
    };
    let worlds = client.worlds().list(&query).await.unwrap().worlds;
    assert!(worlds.iter().any(|world| world.id == id), "{worlds:?}");
    let update = parse(&json!({"description": "large"}));
    hall.update(&update).await.unwrap();
    let spec = WorldSpec {
        name: "The Great Hall".to_owned(),
        description: "large".to_owned(),
        ..WorldSpec::default()
    };
    hall.apply(&spec).await.unwrap();
    let shown = hall.show().await.unwrap();
    assert_eq!(
        (&*shown.name, &*shown.description),
        ("The Great Hall", "large")
    );
    let query = StateQuery {
        at: Some(created.seq),
        ..StateQuery::default()
    };
    assert_eq!(hall.state(&query).await.unwrap().seq, created.seq);

    entities(&hall).await;
    chats(&hall).await;
    events(&hall).await;
    work(&hall).await;
    behaviours(&hall).await;
    roles(&hall).await;

    hall.delete().await.unwrap();
    assert_eq!(code(hall.show().await), "world_deleted");
}

async fn entities(hall: &World<'_>) {
    let entities = hall.entities();
    let lamp = "lamp".parse().unwrap();
    let object = Entity::new("lamp".parse().unwrap(), EntityKind::Object);
    entities.create(&object).await.unwrap();
    assert_eq!(code(entities.create(&object).await), "already_exists");
    let guest = Entity::new("guest".parse().unwrap(), EntityKind::User);
    entities.create(&guest).await.unwrap();
    let agent: Entity = parse(&json!({
        "id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "Hello."}}},
    }));
    entities.create(&agent).await.unwrap();

    let update = parse(&json!({"name": "Lamp"}));
    entities.update(&lamp, &update).await.unwrap();
    let changes = parse(&json!({"changes": [{"location": {"entity": "lamp", "to": "table"}}]}));
    entities.change(&changes).await.unwrap();
    assert_eq!(entities.show(&lamp).await.unwrap().name, "Lamp");
    let query = EntitiesPageQuery {
        kind: Some(EntityKind::Agent),
        ..EntitiesPageQuery::default()
    };
    let agents = entities.list(&query).await.unwrap().entities;
    assert_eq!(agents.len(), 1);
    let offers = entities.offers(&agent.id).await.unwrap();
    assert_eq!(offers.entities[0].id, agent.id);
    let thinker: Entity = parse(&json!({
        "id": "eve", "kind": "agent",
        "agent": {"brain": {"script": {}}, "mind": {"wakes_on": [{"type": "test.wake"}]}},
    }));
    entities.create(&thinker).await.unwrap();
    assert!(!entities.mind(&thinker.id).await.unwrap().awake);
    entities.remove(&thinker.id).await.unwrap();
    entities.clear_memory(&agent.id).await.unwrap();
    entities.remove(&lamp).await.unwrap();
    assert_eq!(code(entities.show(&lamp).await), "unknown_entity");
}

async fn chats(hall: &World<'_>) {
    let chats = hall.chats();
    let main: ChatId = "main".parse().unwrap();
    let messages = hall.messages(&main);
    let created = chats.create(&Chat::new(main.clone())).await.unwrap();
    let query = ReadAfterWrite {
        wait_for: Some(created.seq),
    };
    assert_eq!(chats.list(&query).await.unwrap().chats.len(), 1);

    let turn = messages.post(&message("hello")).await.unwrap();
    assert_eq!(turn.answers.unwrap()[0].text, "Hello.");
    let edit = parse(&json!({"sender": "guest", "text": "hi"}));
    let edited = messages.edit(turn.id, &edit).await.unwrap();
    let edited_id: MessageId = parse(&json!(edited.id.unwrap()));
    let query = MessagesPageQuery {
        search: Some("hi".to_owned()),
        wait_for: Some(edited.seq),
        ..MessagesPageQuery::default()
    };
    assert_eq!(messages.list(&query).await.unwrap().messages.len(), 1);
    let branch = parse(&json!({"id": "other", "message": edited_id}));
    chats.branch(&main, &branch).await.unwrap();
    messages.remove(edited_id).await.unwrap();

    let update = parse(&json!({"title": "Talk"}));
    chats.update(&main, &update).await.unwrap();
    chats.open(&main).await.unwrap();
    chats.stop(&main).await.unwrap();
    assert_eq!(chats.show(&main).await.unwrap().chat.title, "Talk");
    let used = hall.usage(&UsageSelection::default()).await.unwrap();
    assert!(!used.more);

    assert_eq!(streamed_answer(hall, &main).await, "Hello.");
    chats.delete(&main).await.unwrap();
    assert_eq!(code(chats.show(&main).await), "unknown_chat");
}

/// The answer to a message, as its chunks add up.
async fn streamed_answer(hall: &World<'_>, chat: &ChatId) -> String {
    let mut turn = hall.messages(chat).post_streamed(message("hello"));
    let mut answer = String::new();
    let mut types = Vec::new();
    while let Some(item) = turn.next().await.unwrap() {
        match item {
            TurnItem::Chunk(chunk) => answer.push_str(&chunk.content.text),
            TurnItem::Event(event) => types.push(event.content.event_type.to_string()),
            TurnItem::Posted(_) => {}
            TurnItem::Interrupted(error) => panic!("{error}"),
        }
    }
    assert_eq!(types, ["message.posted", "chat.turn_ended"]);
    answer
}

async fn events(hall: &World<'_>) {
    let event_type = "test.n".parse().unwrap();
    let schema = parse(&json!({"schema": {"type": "integer"}}));
    let types = hall.event_types();
    types.register(&event_type, &schema).await.unwrap();
    let listed = types.list().await.unwrap().event_types;
    assert!(listed.get().contains("test.n"), "{listed}");

    let refused = hall.events().send(&numbers(&[json!("one")])).await;
    assert_eq!(code(refused), "invalid");
    let request = numbers(&[json!(1), json!(2)]);
    let receipt = hall.events().send(&request).await.unwrap();
    assert_eq!(receipt.ids.len(), 2);
    let query = EventsPageQuery {
        event_type: Some("test.*".parse().unwrap()),
        limit: Some(1),
        wait_for: Some(receipt.seq),
        ..EventsPageQuery::default()
    };
    let page = hall.events().list(&query).await.unwrap();
    assert_eq!(page.events[0].data.get(), "1");
    assert!(page.next.is_some());
}

async fn work(hall: &World<'_>) {
    let request = parse(&json!({"agent": "ada", "action": "nobody_offers_this"}));
    let run = hall.runs().request(&request).await.unwrap();
    let query = RunQuery { seq: run.seq };
    let shown = hall.runs().show(run.id, &query).await.unwrap();
    assert!(matches!(shown.status, RunStatus::Open {}), "{shown:?}");
    hall.runs().cancel(run.id).await.unwrap();
    let shown = hall.runs().show(run.id, &query).await.unwrap();
    assert!(matches!(shown.status, RunStatus::Cancelled {}), "{shown:?}");

    assert!(hall.approvals().list().await.unwrap().approvals.is_empty());
    let verdict = parse(&json!({"verdict": "approved"}));
    let approval = parse(&json!(run.id));
    let decided = hall.approvals().decide(approval, &verdict).await;
    assert_eq!(code(decided), "already_ended");

    let timer = "morning".parse().unwrap();
    let request = parse(&json!({"repeat": "0 9 * * *"}));
    hall.timers().set(&timer, &request).await.unwrap();
    hall.timers().cancel(&timer).await.unwrap();
    assert_eq!(code(hall.timers().cancel(&timer).await), "unknown_timer");
}

async fn behaviours(hall: &World<'_>) {
    let ada = "ada".parse().unwrap();
    let behaviours = hall.behaviours();
    let at = AtQuery::default();
    assert_eq!(code(behaviours.show(&ada, &at).await), "unknown_behaviour");
    let definition = r#"{"initial":"z","states":{"z":{"transitions":[{"action":"nop","ready":false,"to":"a"}]},"a":{}}}"#;
    let definition = Definition::from_json(definition).unwrap();
    let put = behaviours.put(&ada, &definition).await.unwrap();
    assert_eq!((&put.id, &*put.warnings), (&ada, &[][..]));
    let shown = behaviours.show(&ada, &at).await.unwrap();
    assert_eq!(shown.behaviour.definition, definition);
    let query = DiagramQuery {
        format: DiagramFormat::Dot,
        at: Some(put.seq),
    };
    let diagram = behaviours.diagram(&ada, &query).await.unwrap();
    assert!(diagram.starts_with("digraph"), "{diagram}");
    behaviours.pause(&ada).await.unwrap();
    behaviours.step(&ada).await.unwrap();
    behaviours.resume(&ada).await.unwrap();
    behaviours.remove(&ada).await.unwrap();
    assert_eq!(code(behaviours.pause(&ada).await), "unknown_behaviour");
}

async fn roles(hall: &World<'_>) {
    let [ada, guest] = ["ada", "guest"].map(|id| id.parse().unwrap());
    let behaviours = hall.behaviours();
    let at = AtQuery::default();
    let role = parse(&json!({"role": "student"}));
    hall.entities().set_role(&guest, &role).await.unwrap();
    let action = "find_agents".parse().unwrap();
    let request = parse(&json!({"arguments": {"role": "student"}}));
    let used = behaviours
        .use_action(&ada, &action, &request)
        .await
        .unwrap();
    assert!(used.result.result);
    assert_eq!(used.result.found, std::slice::from_ref(&guest));
    let roster = hall.roster(&at).await.unwrap().roster;
    let student = roster.iter().find(|entry| entry.entity == guest).unwrap();
    assert!(student.role.is_some());
    let roles = hall.statistics(&at).await.unwrap().statistics.roles;
    assert_eq!(roles.into_values().collect::<Vec<_>>(), [1]);

    let action = "suggest_badges_to_world".parse().unwrap();
    let world = "world".parse().unwrap();
    let request = parse(&json!({"arguments": {"agent": "guest", "score": 0.5}}));
    let used = behaviours
        .use_action(&world, &action, &request)
        .await
        .unwrap();
    let query = BadgesPageQuery {
        wait_for: Some(used.seq),
        ..BadgesPageQuery::default()
    };
    let page = hall.badges(&query).await.unwrap();
    assert_eq!(
        (&page.badges[0].entity, page.badges[0].score),
        (&guest, Some(0.5))
    );
    assert_eq!(page.next, None);
}

fn numbers(values: &[Value]) -> SendEventsRequest {
    let events = values.iter().map(|n| json!({"type": "test.n", "data": n}));
    parse(&json!({"sender": "guest", "events": events.collect::<Vec<_>>()}))
}

/// The numbers of the next events.
async fn receive(stream: &mut EventStream, count: usize) -> Vec<u64> {
    let mut received = Vec::new();
    while received.len() < count {
        match stream.next().await.unwrap() {
            StreamItem::Event(event) => received.push(parse(&json!(event.content.data))),
            StreamItem::Interrupted { .. } => {}
            StreamItem::Chunk(chunk) => panic!("{chunk:?}"),
        }
    }
    received
}

/// Sends each number in a commit of its own, and returns the last commit.
async fn send(client: &Client, values: std::ops::Range<u64>) -> Seq {
    let lobby = "lobby".parse().unwrap();
    let mut seq = 0;
    for n in values {
        let events = client.world(&lobby).events();
        seq = events.send(&numbers(&[json!(n)])).await.unwrap().seq;
    }
    seq
}

#[tokio::test]
async fn a_stream_survives_the_death_of_its_gateway() {
    let folder = TempDir::new().unwrap();
    let mut first = Up::start(folder.path());
    let client = client(&first);
    let query = StreamQuery {
        event_type: Some("test.n".parse().unwrap()),
        ..StreamQuery::default()
    };
    let lobby = "lobby".parse().unwrap();
    let events = client.world(&lobby).events();
    let mut stream = events.stream(query).await.unwrap();
    send(&client, 0..5).await;
    assert_eq!(receive(&mut stream, 3).await, [0, 1, 2]);

    first.process.kill().unwrap();
    first.process.wait().unwrap();
    let address = first.url.strip_prefix("http://").unwrap();
    let _second = Up::start_at(folder.path(), address);
    send(&client, 5..8).await;
    assert_eq!(receive(&mut stream, 5).await, [3, 4, 5, 6, 7]);
}
