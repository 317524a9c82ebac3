//! Flows, sessions, and the stream of one.

use std::time::Duration;

use contract::flow::FlowSpec;
use contract::http::{
    AtQuery, DiagramQuery, EndSessionQuery, FlowsPageQuery, SendSessionEventsRequest,
    SessionEventsPageQuery, SessionStreamQuery, SessionsPageQuery, StartSessionRequest,
};
use manyworlds_client::{SessionStream, SessionStreamItem};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::{End, Gateway, Reply, close, lobby, problem, ready};

const ID: &str = "018f0000-0000-7000-8000-000000000001";
const AT: &str = "2026-01-31T12:00:00.000Z";

fn parse<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap()
}

fn reply(gateway: &Gateway, body: Value) {
    gateway.reply(Reply::Json(200, body));
}

#[tokio::test]
async fn flows() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let flows = lobby(&client).flows();
    let desk = "desk".parse().unwrap();
    let path = "/v1/worlds/lobby/flows";
    let spec = json!({"nodes": [{"id": "bot", "agent": "ada", "output": true}]});
    let view = json!({"flow": "desk", "revision": 0, "spec": spec, "sessions": 1, "seq": 7});

    reply(&gateway, json!({"id": "desk", "seq": 7}));
    let written: FlowSpec = parse(&spec);
    assert_eq!(flows.put(&desk, &written).await.unwrap().seq, 7);
    gateway.expect(&format!("PUT {path}/desk"), &spec);

    reply(&gateway, json!({"items": [view], "next": "desk", "seq": 7}));
    let query: FlowsPageQuery = parse(&json!({"after": "a", "limit": 1}));
    let page = flows.list(&query).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, Some(desk.clone())));
    gateway.expect(&format!("GET {path}?after=a&limit=1"), &json!(null));

    reply(&gateway, view);
    let shown = flows.show(&desk, &AtQuery { at: Some(7) }).await.unwrap();
    assert_eq!((shown.flow.spec.nodes.len(), shown.flow.sessions), (1, 1));
    gateway.expect(&format!("GET {path}/desk?at=7"), &json!(null));

    reply(&gateway, json!({"any": "text"}));
    let query: DiagramQuery = parse(&json!({"format": "dot"}));
    assert!(flows.diagram(&desk, &query).await.unwrap().contains("text"));
    gateway.expect(&format!("GET {path}/desk/diagram?format=dot"), &json!(null));

    reply(&gateway, json!({"id": ID, "seq": 7, "position": "7.0"}));
    let body = json!({"variables": {"vip": true}, "entity": "ann"});
    let request: StartSessionRequest = parse(&body);
    let begun = flows.start_session(&desk, &request).await.unwrap();
    assert_eq!(
        (begun.id.to_string(), begun.position.to_string()),
        (ID.to_owned(), "7.0".to_owned())
    );
    gateway.expect(&format!("POST {path}/desk/sessions"), &body);

    reply(&gateway, json!({"id": "desk", "seq": 7}));
    assert_eq!(flows.remove(&desk).await.unwrap().seq, 7);
    gateway.expect(&format!("DELETE {path}/desk"), &json!(null));
}

#[tokio::test]
async fn sessions() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let sessions = lobby(&client).sessions();
    let id = parse(&json!(ID));
    let path = "/v1/worlds/lobby/sessions";
    let view = json!({
        "id": ID, "flow": "desk", "entity": "ann", "status": "open", "turn": null, "epoch": 0,
        "variables": {}, "pending": 0, "started_at": AT, "active_at": AT, "ended_at": null,
        "reason": null,
    });

    reply(&gateway, json!({"items": [view], "seq": 7}));
    let query: SessionsPageQuery = parse(&json!({"flow": "desk", "after": ID}));
    assert_eq!(sessions.list(&query).await.unwrap().items.len(), 1);
    gateway.expect(&format!("GET {path}?flow=desk&after={ID}"), &json!(null));

    reply(&gateway, json!({"items": [], "seq": 7}));
    let query: SessionsPageQuery = parse(&json!({"status": "ended"}));
    assert_eq!(sessions.list(&query).await.unwrap().next, None);
    gateway.expect(&format!("GET {path}?status=ended"), &json!(null));

    let mut shown = view;
    shown["position"] = json!("7");
    shown["seq"] = json!(7);
    reply(&gateway, shown);
    assert_eq!(
        sessions.show(id).await.unwrap().session.entity.as_str(),
        "ann"
    );
    gateway.expect(&format!("GET {path}/{ID}"), &json!(null));

    reply(&gateway, json!({"seq": 7}));
    let body = json!({"events": [{"type": "a b", "data": {"n": 1}}], "sender": "ann"});
    let request: SendSessionEventsRequest = parse(&body);
    assert_eq!(sessions.send(id, &request).await.unwrap().seq, 7);
    gateway.expect(&format!("POST {path}/{ID}/events"), &body);

    let event = json!({"position": "7.1", "id": ID, "type": "a b", "timestamp": AT, "data": [1]});
    reply(&gateway, json!({"items": [event], "next": "7.1"}));
    let query: SessionEventsPageQuery = parse(&json!({"after": "7.0"}));
    let page = sessions.events(id, &query).await.unwrap();
    assert_eq!(page.items[0].data.get(), "[1]");
    gateway.expect(&format!("GET {path}/{ID}/events?after=7.0"), &json!(null));

    reply(&gateway, json!({"id": ID, "seq": 7}));
    let query: EndSessionQuery = parse(&json!({"sender": "ann", "reason": "a&b"}));
    assert_eq!(sessions.end(id, &query).await.unwrap().seq, 7);
    gateway.expect(
        &format!("DELETE {path}/{ID}?sender=ann&reason=a%26b"),
        &json!(null),
    );
}

#[tokio::test]
async fn any_number_of_events_is_sent_in_order() {
    let gateway = Gateway::start().await;
    let client = gateway.client();
    let sessions = lobby(&client).sessions();
    let id = parse(&json!(ID));
    let events = |numbers: std::ops::Range<u32>| {
        let events = numbers.map(|number| json!({"type": "n", "data": number}));
        events.collect::<Vec<_>>()
    };
    let new = || parse(&json!(events(0..250)));
    let line = format!("POST /v1/worlds/lobby/sessions/{ID}/events");
    let body = |numbers| json!({"events": events(numbers), "sender": "ann"});
    let ann = || Some(parse(&json!("ann")));

    for seq in 7..10 {
        reply(&gateway, json!({"seq": seq}));
    }
    let receipt = sessions.send_in_order(id, new(), ann()).await.unwrap();
    assert_eq!(receipt.seq, 9);
    for numbers in [0..100, 100..200, 200..250] {
        gateway.expect(&line, &body(numbers));
    }

    reply(&gateway, json!({"seq": 11}));
    gateway.reply(problem(429, "busy"));
    let stopped = sessions.send_in_order(id, new(), ann()).await.unwrap_err();
    assert_eq!(stopped.sent, 100);
    gateway.expect(&line, &body(0..100));
    gateway.expect(&line, &body(100..200));
    assert_eq!(gateway.request_count(), 0);
}

fn event(position: &str) -> String {
    let event = json!({
        "position": position, "id": ID, "type": "agent.speak", "timestamp": AT, "data": {},
    });
    format!("id: {position}\nevent: event\ndata: {event}\n\n")
}

/// An item in a few words.
async fn next(stream: &mut SessionStream) -> String {
    match stream.next().await {
        Ok(Some(SessionStreamItem::Event(event))) => match event.content.position {
            Some(position) => format!("event {position}"),
            None => format!("piece {}", event.content.data.get()),
        },
        Ok(Some(SessionStreamItem::Ended(ended))) => format!("ended {}", ended.content.reason),
        Ok(Some(SessionStreamItem::Interrupted(_))) => "interrupted".to_owned(),
        Ok(None) => "end".to_owned(),
        Err(error) => format!("error {error}"),
    }
}

#[tokio::test]
async fn a_stream_resumes_behind_its_last_event_and_ends_with_its_session() {
    let gateway = Gateway::start().await;
    let client = gateway.client().with_retries(Duration::from_secs(30));
    let piece = json!({"id": ID, "type": "x", "timestamp": AT, "data": "live"});
    let piece = format!("event: event\ndata: {piece}\n\n");
    let first = ready("1.0", true) + &event("2.0") + &piece + &close(3001, "shutdown");
    gateway.reply(Reply::Events(first, End::Closed));
    gateway.reply(problem(503, "unavailable"));
    let ended = json!({"position": "4.0", "reason": "idle"});
    let ended = format!("id: 4.0\nevent: ended\ndata: {ended}\n\n");
    let second = ready("2.0", true) + &event("3.0") + &ended;
    gateway.reply(Reply::Events(second, End::Closed));

    let sessions = lobby(&client).sessions();
    let query = SessionStreamQuery {
        after: Some("1.0".parse().unwrap()),
        live: true,
    };
    let mut stream = sessions.stream(parse(&json!(ID)), query).await.unwrap();
    for expected in [
        "event 2.0",
        "piece \"live\"",
        "interrupted",
        "interrupted",
        "event 3.0",
        "ended idle",
        "end",
    ] {
        assert_eq!(next(&mut stream).await, expected);
    }
    let path = format!("GET /v1/worlds/lobby/sessions/{ID}/events/stream?after=1.0&live=true");
    for position in ["1.0", "2.0", "2.0"] {
        let request = gateway.request();
        assert_eq!(request.line, path);
        assert_eq!(request.header("last-event-id"), Some(position));
    }
}
