//! Routers.

use super::*;

fn flow() -> Value {
    json!({
        "nodes": [
            {"id": "gate", "router": {
                "initial": "sales",
                "states": {
                    "sales": {"to": ["sales"], "transitions": [
                        {"when": {"type": "intent", "field": "topic.name", "equals": "refund"}, "goto": "refunds"},
                    ]},
                    "refunds": {"to": ["refunds"], "transitions": [
                        {"when": {"variable": "vip", "equals": true, "type": "intent"}, "goto": "sales"},
                    ]},
                },
                "routes": [{"when": {"type": "audit.*"}, "to": ["log"]}],
            }},
            {"id": "sales", "agent": "bot", "output": true},
            {"id": "refunds", "agent": "helper", "output": true},
            {"id": "log", "worker": "w", "handles": ["audit.*"]},
        ],
        "edges": [["gate", "sales"], ["gate", "refunds"], ["gate", "log"]],
    })
}

#[test]
fn a_router_sends_events_by_its_state_and_logs_each_transition() {
    let (mut story, session) = with_session(&flow());
    story.frames(session, vec![request("buy")]);
    story.node_answers("sales", "sold");
    assert_eq!(
        story.last_shown(session),
        ["sales:chunk", "sales:end", "llm.request"]
    );
    let intent = |name: &str| event("intent", &json!({"topic": {"name": name}}));
    story.frames(session, vec![intent("other")]);
    assert_eq!(story.last_shown(session), ["intent"]);
    let events = story.frames(session, vec![intent("refund"), request("money back")]);
    let expected = [
        "flow.event",
        "session.changed",
        "flow.event",
        "flow.passed",
        "flow.event",
        "flow.event",
        "action.requested",
    ];
    assert_eq!(types(&events), expected);
    let log = story.client_frames(session).into_iter();
    let log = log.filter(|frame| frame.event_type == "agent.log");
    let logs: Vec<Value> = log.map(|frame| data(&frame)).collect();
    let payload = json!({"node_name": "gate", "from": "sales", "to": "refunds", "state": {}});
    assert_eq!(
        logs,
        [json!({"name": "agent.transition", "payload": payload})]
    );
    story.node_answers("refunds", "of course");
    // A route goes before the state.
    story.frames(session, vec![event("audit.x", &json!({}))]);
    story.node_sends("log", vec![]);
    assert_eq!(story.last_shown(session), ["audit.x"]);
    assert!(story.world.sessions.get(session).unwrap().is_quiet());
    story.replays();
}

#[test]
fn a_condition_may_be_about_a_variable() {
    let mut story = story(&flow());
    let (session, _) = story.start(&json!({"vip": true}));
    let refund = event("intent", &json!({"topic": {"name": "refund"}}));
    story.frames(session, vec![refund.clone(), refund.clone(), request("?")]);
    story.node_answers("sales", "hello");
    // Sessions have states of their own.
    let (other, _) = story.start(&json!({}));
    story.frames(other, vec![refund.clone(), refund, request("?")]);
    story.node_answers("refunds", "hello");
    story.replays();
}
