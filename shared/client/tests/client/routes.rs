//! Each method sends its request to its route, and decodes the response.

use contract::http::{
    BranchChatRequest, CancelInteractionQuery, ChangeEntitiesRequest, CreateWorldRequest,
    DecideApprovalRequest, EditMessageRequest, EntitiesPageQuery, EventsPageQuery,
    InteractionRequest, InteractionResultRequest, InteractionsPageQuery, MessagesPageQuery,
    PostMessageRequest, ReadAfterWrite, RegisterEventTypeRequest, RunQuery, RunRequest, RunStatus,
    SamplesPageQuery, SendEventsRequest, SetTimerRequest, StateQuery, StreamsPageQuery,
    UpdateChatRequest, UpdateEntityRequest, UsageSelection, WorldsPageQuery,
};
use contract::mind::MindView;
use contract::query::UsageBucket;
use contract::{Chat, Entity, EntityKind, WorldSpec};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{Gateway, Reply, lobby};

const ID: &str = "018f0000-0000-7000-8000-000000000001";

fn parse<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

impl Gateway {
    fn reply_receipt(&self) {
        self.reply_json(json!({"id": "x", "seq": 7}));
    }

    fn reply_json(&self, body: Value) {
        self.reply(Reply::Json(200, body));
    }
}

#[tokio::test]
async fn worlds() {
    let gateway = Gateway::start().await;
    let client = gateway.client();

    gateway.reply_json(json!({"worlds": [], "next": "lobby"}));
    let query: WorldsPageQuery = parse(json!({"after": "a", "limit": 2, "wait_for": 3}));
    let page = client.worlds().list(&query).await.unwrap();
    assert_eq!(page.next.unwrap().as_str(), "lobby");
    gateway.expect("GET /v1/worlds?after=a&limit=2&wait_for=3", &json!(null));

    gateway.reply_receipt();
    let request: CreateWorldRequest = parse(json!({"id": "lobby", "name": "The Lobby"}));
    assert_eq!(client.worlds().create(&request).await.unwrap().seq, 7);
    let request = gateway.request();
    assert_eq!(request.line, "POST /v1/worlds");
    assert_eq!(request.body["id"], "lobby");
    assert_eq!(request.body["name"], "The Lobby");
}

#[tokio::test]
async fn one_world() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let world = lobby(&client);

    gateway.reply_json(json!({"id": "lobby", "name": "The Lobby", "turn_limit": 5, "seq": 7}));
    assert_eq!(world.show().await.unwrap().name, "The Lobby");
    gateway.expect("GET /v1/worlds/lobby", &json!(null));

    gateway.reply_receipt();
    let spec = WorldSpec::default();
    assert_eq!(world.apply(&spec).await.unwrap().seq, 7);
    gateway.expect("PUT /v1/worlds/lobby", &serde_json::to_value(spec).unwrap());

    gateway.reply_receipt();
    let update = parse(json!({"name": "Hall"}));
    assert_eq!(world.update(&update).await.unwrap().seq, 7);
    gateway.expect("PATCH /v1/worlds/lobby", &json!({"name": "Hall"}));

    gateway.reply_receipt();
    assert_eq!(world.delete().await.unwrap().seq, 7);
    gateway.expect("DELETE /v1/worlds/lobby", &json!(null));

    gateway.reply_json(json!({"seq": 7, "state": {"n": 1}}));
    let query: StateQuery = parse(json!({"at": 7, "view": "outline"}));
    assert_eq!(world.state(&query).await.unwrap().state.get(), r#"{"n":1}"#);
    gateway.expect("GET /v1/worlds/lobby/state?at=7&view=outline", &json!(null));

    gateway.reply_json(json!({"usage": [], "more": true}));
    let query = UsageSelection {
        bucket: Some(UsageBucket::Hour),
        from: "2026-01-31T12:00:00Z".parse().ok(),
        wait_for: Some(7),
        ..UsageSelection::default()
    };
    assert!(world.usage(&query).await.unwrap().more);
    gateway.expect(
        "GET /v1/worlds/lobby/usage?bucket=hour&from=2026-01-31T12%3A00%3A00.000Z&wait_for=7",
        &json!(null),
    );
}

#[tokio::test]
async fn entities() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let entities = lobby(&client).entities();
    let ada = "ada".parse().unwrap();
    let entity = Entity::new("ada".parse().unwrap(), EntityKind::Agent);
    let entity_json = serde_json::to_value(&entity).unwrap();

    gateway.reply_json(json!({"entities": [entity_json], "seq": 7}));
    let query: EntitiesPageQuery = parse(json!({"kind": "agent", "limit": 1}));
    let page = entities.list(&query).await.unwrap();
    assert_eq!(page.entities, std::slice::from_ref(&entity));
    gateway.expect(
        "GET /v1/worlds/lobby/entities?kind=agent&limit=1",
        &json!(null),
    );

    gateway.reply_receipt();
    assert_eq!(entities.create(&entity).await.unwrap().seq, 7);
    gateway.expect("POST /v1/worlds/lobby/entities", &entity_json);

    gateway.reply_json(entity_json);
    assert_eq!(entities.show(&ada).await.unwrap(), entity);
    gateway.expect("GET /v1/worlds/lobby/entities/ada", &json!(null));

    gateway.reply_receipt();
    let request: UpdateEntityRequest = parse(json!({"name": "Ada"}));
    assert_eq!(entities.update(&ada, &request).await.unwrap().seq, 7);
    gateway.expect(
        "PATCH /v1/worlds/lobby/entities/ada",
        &json!({"name": "Ada"}),
    );

    gateway.reply_receipt();
    assert_eq!(entities.remove(&ada).await.unwrap().seq, 7);
    gateway.expect("DELETE /v1/worlds/lobby/entities/ada", &json!(null));
}

#[tokio::test]
async fn what_entities_perceive_and_remember() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let entities = lobby(&client).entities();
    let ada = "ada".parse().unwrap();

    gateway.reply_receipt();
    let request: ChangeEntitiesRequest = parse(json!({"changes": []}));
    assert_eq!(entities.change(&request).await.unwrap().seq, 7);
    gateway.expect("POST /v1/worlds/lobby/changes", &json!({"changes": []}));

    gateway.reply_json(json!({"offers": [], "entities": []}));
    assert!(entities.offers(&ada).await.unwrap().offers.is_empty());
    gateway.expect("GET /v1/worlds/lobby/entities/ada/offers", &json!(null));

    let mind = MindView {
        awake: true,
        ..MindView::default()
    };
    gateway.reply_json(serde_json::to_value(mind).unwrap());
    assert!(entities.mind(&ada).await.unwrap().awake);
    gateway.expect("GET /v1/worlds/lobby/entities/ada/mind", &json!(null));

    gateway.reply_receipt();
    assert_eq!(entities.clear_memory(&ada).await.unwrap().seq, 7);
    gateway.expect("DELETE /v1/worlds/lobby/entities/ada/memory", &json!(null));
}

#[tokio::test]
async fn chats() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let chats = lobby(&client).chats();
    let main = "main".parse().unwrap();
    let chat = Chat::new("main".parse().unwrap());

    gateway.reply_json(json!({"chats": [], "more": true}));
    assert!(chats.list(&ReadAfterWrite::default()).await.unwrap().more);
    gateway.expect("GET /v1/worlds/lobby/chats", &json!(null));

    gateway.reply_receipt();
    assert_eq!(chats.create(&chat).await.unwrap().seq, 7);
    gateway.expect(
        "POST /v1/worlds/lobby/chats",
        &serde_json::to_value(&chat).unwrap(),
    );

    gateway.reply_json(json!({
        "id": "main", "title": "Talk", "created_at": "2026-01-01T00:00:00Z", "message_count": 0,
        "messages": [], "answering": ["ada"],
    }));
    assert_eq!(chats.show(&main).await.unwrap().chat.title, "Talk");
    gateway.expect("GET /v1/worlds/lobby/chats/main", &json!(null));

    gateway.reply_receipt();
    let request: UpdateChatRequest = parse(json!({"title": "Talk"}));
    assert_eq!(chats.update(&main, &request).await.unwrap().seq, 7);
    gateway.expect(
        "PATCH /v1/worlds/lobby/chats/main",
        &json!({"title": "Talk"}),
    );

    gateway.reply_receipt();
    assert_eq!(chats.delete(&main).await.unwrap().seq, 7);
    gateway.expect("DELETE /v1/worlds/lobby/chats/main", &json!(null));

    gateway.reply_receipt();
    assert_eq!(chats.stop(&main).await.unwrap().seq, 7);
    gateway.expect("POST /v1/worlds/lobby/chats/main/stop", &json!(null));

    gateway.reply_receipt();
    assert_eq!(chats.open(&main).await.unwrap().seq, 7);
    gateway.expect("POST /v1/worlds/lobby/chats/main/open", &json!(null));

    gateway.reply_receipt();
    let body = json!({"id": "b", "message": ID});
    let request: BranchChatRequest = parse(body.clone());
    assert_eq!(chats.branch(&main, &request).await.unwrap().seq, 7);
    gateway.expect("POST /v1/worlds/lobby/chats/main/branches", &body);
}

#[tokio::test]
async fn messages() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let messages = lobby(&client).messages(&"main".parse().unwrap());
    let path = "/v1/worlds/lobby/chats/main/messages";
    let id = parse(json!(ID));

    gateway.reply_json(json!({"messages": [], "more": true}));
    let query: MessagesPageQuery = parse(json!({"before": "7.1", "search": "a&b c"}));
    assert!(messages.list(&query).await.unwrap().more);
    gateway.expect(
        &format!("GET {path}?before=7.1&search=a%26b+c"),
        &json!(null),
    );

    let answer = json!({"id": ID, "sender": "ada", "text": "Hello."});
    gateway.reply_json(json!({"id": ID, "seq": 7, "answers": [answer], "failures": []}));
    let request: PostMessageRequest =
        parse(json!({"sender": "guest", "text": "hello", "stream": true}));
    let turn = messages.post(&request).await.unwrap();
    assert_eq!(turn.answers.unwrap()[0].text, "Hello.");
    let body = json!({"sender": "guest", "text": "hello", "stream": false, "wait": true});
    gateway.expect(&format!("POST {path}"), &body);

    gateway.reply_receipt();
    let body = json!({"sender": "guest", "text": "hi"});
    let request: EditMessageRequest = parse(body.clone());
    assert_eq!(messages.edit(id, &request).await.unwrap().seq, 7);
    gateway.expect(&format!("PUT {path}/{ID}"), &body);

    gateway.reply_receipt();
    assert_eq!(messages.remove(id).await.unwrap().seq, 7);
    gateway.expect(&format!("DELETE {path}/{ID}"), &json!(null));
}

#[tokio::test]
async fn events_and_their_types() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let world = lobby(&client);

    gateway.reply_json(json!({"events": [], "next": "7.1"}));
    let query: EventsPageQuery =
        parse(json!({"after": "3", "type": "myapp.*", "heard_by": "ada", "last": true}));
    let page = world.events().list(&query).await.unwrap();
    assert_eq!(page.next.unwrap().to_string(), "7.1");
    gateway.expect(
        "GET /v1/worlds/lobby/events?after=3&type=myapp.*&heard_by=ada&last=true",
        &json!(null),
    );

    gateway.reply_json(json!({"ids": [ID], "seq": 7}));
    let body = json!({"sender": "ada", "events": [{"type": "a.b", "data": {"n": 1}}]});
    let request: SendEventsRequest = serde_json::from_str(&body.to_string()).unwrap();
    let receipt = world.events().send(&request).await.unwrap();
    assert_eq!(receipt.ids.len(), 1);
    gateway.expect("POST /v1/worlds/lobby/events", &body);

    gateway.reply_json(json!({"event_types": {"a.b": []}, "seq": 7}));
    let types = world.event_types().list().await.unwrap();
    assert_eq!(types.event_types.get(), r#"{"a.b":[]}"#);
    gateway.expect("GET /v1/worlds/lobby/event-types", &json!(null));

    gateway.reply_receipt();
    let body = json!({"version": 2, "description": "", "schema": {"type": "object"}});
    let request: RegisterEventTypeRequest = parse(body.clone());
    let event_type = "a.b".parse().unwrap();
    let registered = world.event_types().register(&event_type, &request).await;
    assert_eq!(registered.unwrap().seq, 7);
    gateway.expect("PUT /v1/worlds/lobby/event-types/a.b", &body);
}

#[tokio::test]
async fn runs() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let runs = lobby(&client).runs();
    let id = parse(json!(ID));

    gateway.reply_json(json!({"id": ID, "seq": 7, "status": "completed", "output": 1}));
    let request: RunRequest = parse(json!({"agent": "ada", "action": "a", "wait": true}));
    let run = runs.request(&request).await.unwrap();
    assert!(matches!(run.status, RunStatus::Completed { .. }));
    let body = json!({"agent": "ada", "action": "a", "wait": true});
    gateway.expect("POST /v1/worlds/lobby/invocations", &body);

    gateway.reply_json(json!({"id": ID, "status": "open"}));
    let query = RunQuery { seq: Some(7) };
    let run = runs.show(id, &query).await.unwrap();
    assert!(matches!(run.status, RunStatus::Open {}));
    gateway.expect(
        &format!("GET /v1/worlds/lobby/invocations/{ID}?seq=7"),
        &json!(null),
    );

    gateway.reply_receipt();
    assert_eq!(runs.cancel(id).await.unwrap().seq, 7);
    gateway.expect(
        &format!("DELETE /v1/worlds/lobby/invocations/{ID}"),
        &json!(null),
    );
}

#[tokio::test]
async fn streams() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let streams = lobby(&client).streams();
    let readings = "sensor:readings".parse().unwrap();
    let path = "/v1/worlds/lobby/streams/sensor/readings";
    let view = json!({
        "stream": "sensor:readings", "owner": "sensor", "name": "readings", "type": "number",
        "public": true, "length": 2, "last_tag": 12, "declared_at": "2026-01-31T12:00:00.000Z",
    });

    gateway.reply_json(json!({"streams": [view], "next": "sensor:readings", "seq": 7}));
    let query: StreamsPageQuery = parse(json!({"owner": "sensor", "after": "a:b", "limit": 1}));
    let page = streams.list(&query).await.unwrap();
    assert_eq!(page.next, Some("sensor:readings".parse().unwrap()));
    gateway.expect(
        "GET /v1/worlds/lobby/streams?owner=sensor&after=a%3Ab&limit=1",
        &json!(null),
    );

    gateway.reply_receipt();
    let body = json!({"type": {"tensor": {"shape": [3]}}, "public": false});
    let put = streams.put(&readings, &parse(body.clone())).await;
    assert_eq!(put.unwrap().seq, 7);
    gateway.expect(&format!("PUT {path}"), &body);

    gateway.reply_json(view);
    assert_eq!(streams.show(&readings).await.unwrap().length, 2);
    gateway.expect(&format!("GET {path}"), &json!(null));

    gateway.reply(Reply::Json(
        201,
        json!({"first": 40, "last": 41, "seq": 70}),
    ));
    let body = json!({"samples": [1.5, 1.6], "tags": [11, 12]});
    let request = serde_json::from_str(&body.to_string()).unwrap();
    let receipt = streams.append(&readings, &request).await.unwrap();
    assert_eq!((receipt.first, receipt.last), (40, 41));
    gateway.expect(&format!("POST {path}/samples"), &body);

    let sample = json!({"position": 40, "tag": 11, "value": 1.5,
        "at": "2026-01-31T12:00:00.000Z", "interaction": null});
    gateway.reply_json(json!({"samples": [sample], "next": 41, "length": 42}));
    let query: SamplesPageQuery = parse(json!({"from": 40, "to": 41, "limit": 1, "at": 70}));
    let page = streams.samples(&readings, &query).await.unwrap();
    assert_eq!((page.samples[0].value.get(), page.next), ("1.5", 41));
    gateway.expect(
        &format!("GET {path}/samples?from=40&to=41&limit=1&at=70"),
        &json!(null),
    );

    gateway.reply_receipt();
    assert_eq!(streams.remove(&readings).await.unwrap().seq, 7);
    gateway.expect(&format!("DELETE {path}"), &json!(null));
}

#[tokio::test]
async fn interactions() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let interactions = lobby(&client).interactions();
    let path = "/v1/worlds/lobby/interactions";
    let id = parse(json!(ID));
    let target = json!({"target": "w", "status": "waiting", "steps_done": 0, "steps": 1});
    let full = json!({
        "id": ID, "requester": "a", "action": "process", "status": "ended",
        "requested_at": "2026-01-01T00:00:00Z", "deadline": "2026-01-01T00:05:00Z",
        "ended_at": "2026-01-01T00:00:01Z", "seq": 70, "targets": [],
    });

    gateway.reply_json(json!({"id": ID, "seq": 7, "status": "open", "targets": [target]}));
    let body = json!({"requester": "a", "action": "process", "targets": ["w"], "samples": ["x"]});
    let request: InteractionRequest = serde_json::from_str(&body.to_string()).unwrap();
    assert_eq!(
        interactions.request(&request).await.unwrap().targets.len(),
        1
    );
    gateway.expect(&format!("POST {path}"), &body);

    gateway.reply_json(full.clone());
    let ended = interactions.request_and_wait(&request).await.unwrap();
    assert_eq!(ended.seq, 70);
    gateway.expect(&format!("POST {path}?wait=true"), &body);

    gateway.reply_json(full.clone());
    assert_eq!(interactions.show(id).await.unwrap(), ended);
    gateway.expect(&format!("GET {path}/{ID}"), &json!(null));

    gateway.reply_json(json!({"items": [full], "next": "61.0"}));
    let query: InteractionsPageQuery =
        parse(json!({"requester": "a", "target": "w", "status": "open", "after": "7.1"}));
    let page = interactions.list(&query).await.unwrap();
    assert_eq!((page.items.len(), page.next.unwrap().seq), (1, 61));
    gateway.expect(
        &format!("GET {path}?requester=a&target=w&status=open&after=7.1"),
        &json!(null),
    );

    for (query, line) in [
        (json!({}), format!("DELETE {path}/{ID}")),
        (
            json!({"sender": "a"}),
            format!("DELETE {path}/{ID}?sender=a"),
        ),
    ] {
        gateway.reply_receipt();
        let query: CancelInteractionQuery = parse(query);
        assert_eq!(interactions.cancel(id, &query).await.unwrap().seq, 7);
        gateway.expect(&line, &json!(null));
    }

    gateway.reply_receipt();
    let body = json!({"target": "u", "ok": true, "samples": ["yes"]});
    let result: InteractionResultRequest = serde_json::from_str(&body.to_string()).unwrap();
    assert_eq!(interactions.complete(id, &result).await.unwrap().seq, 7);
    gateway.expect(&format!("POST {path}/{ID}/result"), &body);

    gateway.reply_json(json!({"requests": [], "seq": 57}));
    let requests = interactions.requests_of(&"w".parse().unwrap()).await;
    assert_eq!(requests.unwrap().seq, 57);
    gateway.expect("GET /v1/worlds/lobby/entities/w/requests", &json!(null));
}

#[tokio::test]
async fn approvals_and_timers() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let world = lobby(&client);

    gateway.reply_json(json!({"approvals": [], "seq": 7}));
    assert_eq!(world.approvals().list().await.unwrap().seq, 7);
    gateway.expect("GET /v1/worlds/lobby/approvals", &json!(null));

    gateway.reply_receipt();
    let body = json!({"verdict": {"denied": {"reason": "no"}}, "sender": "guest"});
    let request: DecideApprovalRequest = parse(body.clone());
    let decided = world.approvals().decide(parse(json!(ID)), &request).await;
    assert_eq!(decided.unwrap().seq, 7);
    gateway.expect(&format!("POST /v1/worlds/lobby/approvals/{ID}"), &body);

    gateway.reply_receipt();
    let id = "daily".parse().unwrap();
    let request: SetTimerRequest = parse(json!({"repeat": "0 9 * * *"}));
    assert_eq!(world.timers().set(&id, &request).await.unwrap().seq, 7);
    gateway.expect(
        "PUT /v1/worlds/lobby/timers/daily",
        &json!({"repeat": "0 9 * * *"}),
    );

    gateway.reply_receipt();
    assert_eq!(world.timers().cancel(&id).await.unwrap().seq, 7);
    gateway.expect("DELETE /v1/worlds/lobby/timers/daily", &json!(null));
}
