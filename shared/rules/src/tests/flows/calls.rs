//! Calls of tools by agents that are nodes.

use contract::RejectionCode;
use contract::tool::ToolCall;

use super::*;

/// A world with an agent `ada` that has tools, in a flow, and the object `abacus`.
fn with_tools(tools: &Value, abacus: Value) -> (Story, SessionId, RunId) {
    let mut story = Story::begin(&[]);
    let brain = json!({"script": {"default": "hi"}});
    let ada = json!({"id": "ada", "kind": "agent", "agent": {"brain": brain, "tools": tools}});
    for entity in [ada, abacus] {
        let entity = serde_json::from_value(entity).unwrap();
        story.send("world", Command::CreateEntity(entity)).unwrap();
    }
    let nodes = json!([{"id": "n", "agent": "ada", "output": true}]);
    story.put_flow(&json!({"nodes": nodes})).unwrap();
    let (session, _) = story.start(&json!({}));
    story.frames(session, vec![request("how much?")]);
    let run = story.run_of("n");
    (story, session, run)
}

fn abacus(run: &Value) -> Value {
    let arguments = json!({"type": "object", "required": ["a"]});
    let add = json!({"name": "add", "trigger": "abacus_add", "arguments": arguments, "run": run});
    json!({"id": "abacus", "kind": "object", "abilities": [add]})
}

fn by_worker() -> Value {
    abacus(&json!({"worker": "abacus-add"}))
}

fn call(id: &str, arguments: &Value) -> ToolCall {
    let tool = json!({"ability": {"entity": "abacus", "ability": "add"}});
    let call = json!({"id": id, "name": "abacus_add", "tool": tool, "arguments": arguments});
    serde_json::from_value(call).unwrap()
}

impl Story {
    fn call_tools(
        &mut self,
        (session, run): (SessionId, RunId),
        calls: Vec<ToolCall>,
    ) -> Result<Vec<Event>, Rejection> {
        let command = Command::ReportNode {
            session,
            run,
            events: Vec::new(),
            text: None,
            calls,
        };
        self.send("world", command)
    }

    /// The logs that the client has got, each with the id of its call and its error or response.
    fn call_logs(&self, session: SessionId) -> Vec<String> {
        let frames = self.client_frames(session).into_iter();
        let logs = frames.filter(|frame| frame.event_type == "agent.log");
        let line = |frame: FlowFrame| {
            let log = data(&frame);
            let payload = &log["payload"];
            let end = match (&payload["error"], &payload["response"]) {
                (Value::Null, Value::Null) => String::new(),
                (Value::Null, response) => format!(" {response}"),
                (error, _) => format!(" {}", error.as_str().unwrap()),
            };
            let name = log["name"].as_str().unwrap();
            let id = payload["id"].as_str().unwrap();
            format!("{id} {}{end}", name.trim_start_matches("tool_call_"))
        };
        logs.map(line).collect()
    }

    /// The run of the ability, if it is open.
    fn ability_run(&self) -> Option<RunId> {
        let runs = self.world.runs.iter();
        let mut runs = runs.filter(|(_, run)| run.action.as_str() == "abacus-add");
        runs.next().map(|(id, _)| id)
    }

    fn ability_completes(&mut self, output: &Value) {
        let run = self.ability_run().unwrap();
        let result = RunResult {
            output: Some(raw(output)),
            ..RunResult::default()
        };
        let outcome = RunOutcome::Completed(result);
        self.send("world", Command::Complete { run, outcome })
            .unwrap();
    }
}

#[test]
fn the_world_makes_the_call_of_an_ability_and_logs_it() {
    let (mut story, session, run) = with_tools(&json!({}), by_worker());
    assert_eq!(context(&story.world, run).unwrap().offers.len(), 1);
    let events = story
        .call_tools((session, run), vec![call("c1", &json!({"a": 2}))])
        .unwrap();
    assert_eq!(
        types(&events),
        ["flow.event", "abacus_add", "action.requested"]
    );
    assert_eq!(events[1].sender.as_str(), "ada");
    assert_eq!(story.call_logs(session), ["c1 start"]);
    let open = story.node_context(run).calls.remove(0);
    assert!(open.by_world && open.result.is_none());
    story.ability_completes(&json!({"sum": 2}));
    assert_eq!(
        story.call_logs(session),
        ["c1 start", r#"c1 end {"sum":2}"#]
    );
    let ended = story.node_context(run).calls.remove(0);
    assert_eq!(ended.arguments.unwrap().get(), r#"{"a":2}"#);
    assert_eq!(ended.result.unwrap().text, r#"{"sum":2}"#);
    // The same call again is the one that was made.
    let events = story
        .call_tools((session, run), vec![call("c1", &json!({"a": 2}))])
        .unwrap();
    assert!(events.is_empty());
    story.node_answers("n", "two");
    let shown = outline(&story.client_frames(session));
    let expected = [
        "agent.ready",
        "n:start",
        "n:agent.log",
        "n:agent.log",
        "n:chunk",
        "n:end",
        "llm.request",
    ];
    assert_eq!(shown, expected);
    story.replays();
}

#[test]
fn a_call_that_is_not_made_ends_at_once() {
    let client = abacus(&json!({"client": {}}));
    let read = json!({"permission": "read"});
    let mut mcp = call("c1", &json!({"a": 1}));
    mcp.tool = serde_json::from_value(json!({"mcp": {"server": "s", "tool": "t"}})).unwrap();
    let mut people = mcp.clone();
    let questions = json!([{"id": "q", "question": "Why?"}]);
    people.tool = serde_json::from_value(json!({"people": {"questions": questions}})).unwrap();
    let good = || call("c1", &json!({"a": 1}));
    for (tools, abacus, call, expected) in [
        (json!({}), client, good(), "end \"sent\""),
        (read, by_worker(), good(), "error you may only read"),
        (json!({}), by_worker(), call("c1", &json!({})), "error"),
        (
            json!({}),
            by_worker(),
            mcp,
            "error there is no server s here",
        ),
        (json!({}), by_worker(), people, "error this needs a person"),
    ] {
        let (mut story, session, run) = with_tools(&tools, abacus);
        story.call_tools((session, run), vec![call]).unwrap();
        let logs = story.call_logs(session);
        assert_eq!((logs.len(), logs[0].as_str()), (2, "c1 start"));
        assert!(logs[1].starts_with(&format!("c1 {expected}")), "{logs:?}");
        assert!(story.ability_run().is_none());
        story.replays();
    }
}

#[test]
fn what_ends_a_run_ends_its_calls() {
    type Way = fn(&mut Story, SessionId, RunId);
    let ways: [(&str, Way); 4] = [
        ("cancelled", |story, session, _| {
            story.frames(session, vec![interrupt()]);
        }),
        ("value_error", |story, _, run| {
            story.fails(run, "value_error");
        }),
        ("unfinished", |story, _, _| {
            story.node_answers("n", "no");
        }),
        ("cancelled", |story, session, _| {
            let reason = None;
            story
                .send("guest", Command::EndSession { session, reason })
                .unwrap();
        }),
    ];
    for (reason, way) in ways {
        let (mut story, session, run) = with_tools(&json!({}), by_worker());
        story
            .call_tools((session, run), vec![call("c1", &json!({"a": 1}))])
            .unwrap();
        let ability = story.ability_run().unwrap();
        way(&mut story, session, run);
        let expected = ["c1 start".to_owned(), format!("c1 error {reason}")];
        assert_eq!(story.call_logs(session), expected);
        assert!(story.ability_run().is_none(), "{reason}");
        let outcome = RunOutcome::Completed(RunResult::default());
        let late = story.send(
            "world",
            Command::Complete {
                run: ability,
                outcome,
            },
        );
        assert_eq!(late.unwrap_err().code, RejectionCode::AlreadyEnded);
        assert_eq!(story.call_logs(session).len(), 2);
        story.replays();
    }
}

#[test]
fn a_failure_of_an_ability_is_the_error_of_its_call() {
    let (mut story, session, run) = with_tools(&json!({}), by_worker());
    story
        .call_tools((session, run), vec![call("c1", &json!({"a": 1}))])
        .unwrap();
    let ability = story.ability_run().unwrap();
    story.fails(ability, "broken");
    assert_eq!(
        story.call_logs(session),
        ["c1 start", "c1 error it is broken"]
    );
    assert!(
        story.node_context(run).calls[0]
            .result
            .as_ref()
            .unwrap()
            .failed
    );
    story.replays();
}

#[test]
fn the_ability_of_an_entity_with_a_behaviour_waits_until_it_accepts_it() {
    let (mut story, session, run) = with_tools(&json!({}), by_worker());
    let behaviour = json!({"initial": "shut", "states": {
        "shut": {"transitions": [{"action": "nop", "ready": false, "to": "open"}]},
        "open": {"transitions": [{"action": "add", "ready": false, "to": "open"}]},
    }});
    let apply = json!({"apply_world": {"actions": [{"name": "add"}]}});
    story
        .send("world", serde_json::from_value(apply).unwrap())
        .unwrap();
    let put = json!({"put_behaviour": {"entity": "abacus", "definition": behaviour}});
    story
        .send("world", serde_json::from_value(put).unwrap())
        .unwrap();
    story
        .call_tools((session, run), vec![call("c1", &json!({"a": 1}))])
        .unwrap();
    assert!(story.ability_run().is_none());
    assert!(story.node_context(run).calls[0].by_world);
    let nop = contract::interaction::NewInteraction::new("nop".parse().unwrap(), ["abacus"]);
    story
        .send("guest", Command::RequestInteraction(nop))
        .unwrap();
    story.ability_completes(&json!(3));
    assert_eq!(story.call_logs(session), ["c1 start", "c1 end 3"]);
    story.replays();
}

#[test]
fn a_run_that_has_ended_calls_nothing() {
    let (mut story, session, run) = with_tools(&json!({}), by_worker());
    story.frames(session, vec![interrupt()]);
    let refused = story.call_tools((session, run), vec![call("c1", &json!({"a": 1}))]);
    assert_eq!(refused.unwrap_err().code, RejectionCode::AlreadyEnded);
    assert!(story.call_logs(session).is_empty());
}
