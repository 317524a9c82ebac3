//! What is refused of a flow, and how it is drawn.

use contract::behaviour::DiagramFormat;
use contract::view::{GetFlow, GetFlowDiagram, GetFlows, GetView};
use contract::{RejectionCode, WorldSpec};

use super::*;
use crate::view;

fn nodes(ids: &[&str]) -> Vec<Value> {
    let node = |id: &&str| json!({"id": id, "worker": "w"});
    ids.iter().map(node).collect()
}

fn graph(ids: &[&str], edges: &[(&str, &str)]) -> Value {
    json!({"nodes": nodes(ids), "edges": edges})
}

/// Flows are refused with the path of their fault: by themselves, and in the description of a world.
fn check_refused(table: &[(Value, &str)]) {
    for (flow, field) in table {
        let mut story = Story::begin(&["bot"]);
        let refused = story.put_flow(flow).unwrap_err();
        let detail = &refused.detail;
        assert_eq!(refused.field.as_deref(), Some(*field), "{flow} {detail}");
        assert_eq!(refused.code, RejectionCode::Invalid, "{flow}");
        let spec = WorldSpec {
            flows: [(flow_id(), serde_json::from_value(flow.clone()).unwrap())].into(),
            ..WorldSpec::default()
        };
        let refused = story.send("world", Command::ApplyWorld(spec)).unwrap_err();
        assert_eq!(refused.field, Some(format!("flows.f.{field}")));
    }
}

fn one(node: &Value) -> Value {
    json!({"nodes": [node]})
}

#[test]
fn a_node_is_an_agent_a_worker_a_router_or_the_sink() {
    check_refused(&[
        (json!({"nodes": []}), "nodes"),
        (json!({"nodes": nodes(&["a", "b", "a"])}), "nodes[2].id"),
        (one(&json!({"id": "a"})), "nodes[0]"),
        (
            one(&json!({"id": "a", "agent": "nobody"})),
            "nodes[0].agent",
        ),
        (one(&json!({"id": "a", "agent": "guest"})), "nodes[0].agent"),
        (
            one(&json!({"id": "a", "worker": "w", "router": {}})),
            "nodes[0].router",
        ),
        (
            one(&json!({"id": "a", "router": {}, "output": true})),
            "nodes[0].output",
        ),
        (
            one(&json!({"id": "a", "worker": "w", "output": true, "background": true})),
            "nodes[0].background",
        ),
        (
            one(&json!({"id": "a", "worker": "w", "handles": [""]})),
            "nodes[0].handles[0]",
        ),
        (
            one(&json!({"id": "s", "sink": true, "worker": "w"})),
            "nodes[0].sink",
        ),
        (
            json!({"nodes": nodes(&["a"]), "session": {"idle_seconds": 0.0}}),
            "session.idle_seconds",
        ),
    ]);
}

#[test]
fn edges_lead_to_nodes_and_are_no_cycle_anywhere() {
    let cycle_behind = [("r", "z"), ("a", "b"), ("b", "a"), ("b", "z")];
    check_refused(&[
        (
            graph(&["a", "b", "c"], &[("a", "b"), ("b", "c"), ("c", "a")]),
            "edges[2]",
        ),
        (
            graph(&["r", "a", "b"], &[("r", "a"), ("a", "b"), ("b", "a")]),
            "edges[2]",
        ),
        (graph(&["a"], &[("a", "a")]), "edges[0]"),
        (graph(&["r", "a", "b", "z"], &cycle_behind), "edges[2]"),
        (graph(&["a"], &[("a", "x")]), "edges[0][1]"),
        (graph(&["a"], &[("x", "a")]), "edges[0][0]"),
        (graph(&["a", "b"], &[("a", "b"), ("a", "b")]), "edges[1]"),
    ]);
}

#[test]
fn every_node_is_reached_and_there_is_one_sink() {
    let sinks =
        json!([{"id": "a", "worker": "w"}, {"id": "s", "sink": true}, {"id": "t", "sink": true}]);
    let sink = json!([{"id": "a", "worker": "w"}, {"id": "s", "sink": true}]);
    let abc = nodes(&["a", "b", "c"]);
    check_refused(&[
        (
            json!({"nodes": abc, "edges": [["a", "b"], ["c", "b"]], "roots": ["a"]}),
            "nodes[2]",
        ),
        (
            json!({"nodes": abc, "edges": [["a", "b"]], "roots": ["a", "b"]}),
            "roots[1]",
        ),
        (json!({"nodes": abc, "roots": ["a", "a"]}), "roots[1]"),
        (json!({"nodes": abc, "roots": ["x"]}), "roots[0]"),
        (
            json!({"nodes": sinks, "edges": [["a", "s"], ["a", "t"]]}),
            "nodes[2].sink",
        ),
        (json!({"nodes": sink, "edges": [["s", "a"]]}), "edges[0][0]"),
    ]);
}

#[test]
fn a_router_knows_its_states_and_its_edges() {
    let router = |router: Value| {
        let nodes = json!([{"id": "r", "router": router}, {"id": "a", "worker": "w"}]);
        json!({"nodes": nodes, "edges": [["r", "a"]]})
    };
    let states = json!({"x": {"transitions": [{"goto": "y"}]}});
    check_refused(&[
        (
            router(json!({"routes": [{"to": ["a"]}, {"to": ["r"]}]})),
            "nodes[0].router.routes[1].to[0]",
        ),
        (
            router(json!({"states": {"x": {}}})),
            "nodes[0].router.initial",
        ),
        (
            router(json!({"initial": "y", "states": {"x": {}}})),
            "nodes[0].router.initial",
        ),
        (
            router(json!({"initial": "x", "states": states})),
            "nodes[0].router.states.x.transitions[0].goto",
        ),
        (
            router(json!({"initial": "x", "states": {"x": {"to": ["r"]}}})),
            "nodes[0].router.states.x.to[0]",
        ),
    ]);
}

#[test]
fn the_description_of_a_world_declares_its_flows_once() {
    let mut story = Story::begin(&["bot"]);
    let spec = WorldSpec {
        flows: [(flow_id(), serde_json::from_value(one_output()).unwrap())].into(),
        ..WorldSpec::default()
    };
    let apply = |spec: &WorldSpec| Command::ApplyWorld(spec.clone());
    let events = story.send("world", apply(&spec)).unwrap();
    assert_eq!(types(&events), ["flow.declared"]);
    assert!(story.send("world", apply(&spec)).unwrap().is_empty());
    let get = GetFlow { id: flow_id() }.into_request();
    let shown = serde_json::to_value(view(&story.world, &get)).unwrap();
    assert_eq!(shown["revision"], 0);
    assert_eq!(shown["spec"], one_output());
    let page = GetFlows::default().into_request();
    let page = serde_json::to_value(view(&story.world, &page)).unwrap();
    assert_eq!(page["items"], json!([shown]));
}

#[test]
fn a_session_keeps_the_flow_with_which_it_began() {
    let (mut story, session) = with_session(&one_output());
    let other = json!({"nodes": [{"id": "other", "agent": "helper", "output": true}]});
    story.put_flow(&other).unwrap();
    story.frames(session, vec![request("hi")]);
    story.node_answers("bot", "hello");
    let (newer, _) = story.start(&json!({}));
    story.frames(newer, vec![request("hi")]);
    story.node_answers("other", "hello");
    let flow = flow_id();
    story.send("world", Command::RemoveFlow { flow }).unwrap();
    story.frames(session, vec![request("still there?")]);
    story.node_answers("bot", "yes");
    for session in [session, newer] {
        assert!(story.world.flows.get(&flow_id()).is_some());
        let end = Command::EndSession {
            session,
            reason: None,
        };
        story.send("guest", end).unwrap();
    }
    assert!(story.world.flows.get(&flow_id()).is_none());
    story.replays();
}

#[test]
fn flows_are_drawn() {
    let flow = json!({
        "nodes": [
            {"id": "gate", "router": {"routes": [{"when": {"type": "x.*"}, "to": ["bot"]}]}},
            {"id": "bot", "agent": "bot", "output": true},
            {"id": "notes", "agent": "scribe", "background": true},
            {"id": "out", "sink": true},
        ],
        "edges": [["gate", "bot"], ["gate", "notes"], ["bot", "out"]],
    });
    let story = story(&flow);
    let draw = |format| {
        let get = GetFlowDiagram {
            id: flow_id(),
            format,
        };
        let text = view(&story.world, &get.into_request());
        serde_json::to_value(text)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    let mermaid = draw(DiagramFormat::Mermaid);
    for line in [
        "flowchart LR",
        "    n0{\"gate\"}",
        "    n2[\"notes (scribe)\"]",
        "    n3([\"out\"])",
        "    n0 --> n1",
        "    client([\"client\"]) --> n0",
        "    n3 --> out([\"client\"])",
        "    class n2 background",
    ] {
        assert!(
            mermaid.lines().any(|found| found == line),
            "{line}\n{mermaid}"
        );
    }
    let dot = draw(DiagramFormat::Dot);
    for line in [
        "  n0 [label=\"gate\", shape=diamond, style=solid];",
        "  n1 -> n3;",
        "  n3 -> out;",
    ] {
        assert!(dot.lines().any(|found| found == line), "{line}\n{dot}");
    }
}
