//! Failures, and how sessions end.

use std::time::Duration;

use contract::run::RunOutcome;

use super::*;

fn ended(events: &[Event]) -> Option<String> {
    let last = events
        .iter()
        .find(|event| event.event_type.as_str() == "session.ended")?;
    let data: Value = serde_json::from_str(last.data.get()).unwrap();
    Some(data["reason"].as_str().unwrap().to_owned())
}

#[test]
fn a_known_type_with_a_missing_field_is_a_warning() {
    let (mut story, session) = with_session(&one_output());
    let typed = json!({"type": "myapp.order", "version": 1, "schema": {"type": "object", "required": ["id"]}});
    let register = Command::RegisterEventType(serde_json::from_value(typed).unwrap());
    story.send("world", register).unwrap();
    let faults = [
        (
            event("agent.transcript.update", &json!({"role": "user"})),
            "content",
        ),
        (
            event("system.llm.request", &json!({"messages": "x"})),
            "messages",
        ),
        (event("myapp.order", &json!({})), "data.id"),
        (event("system.init", &json!({})), "version"),
    ];
    for (event, field) in faults {
        story.frames(session, vec![event]);
        assert_eq!(story.last_shown(session), ["agent.error"]);
        let frames = story.client_frames(session);
        let error = data(frames.last().unwrap());
        assert_eq!(error["severity"], "warning");
        assert!(
            error["payload"]["field"]
                .as_str()
                .unwrap()
                .starts_with(field),
            "{error}"
        );
    }
    // The session goes on.
    story.frames(
        session,
        vec![request("hi"), event("myapp.order", &json!({"id": 1}))],
    );
    story.node_answers("bot", "hello");
    story.replays();
}

#[test]
fn a_malformed_event_is_refused() {
    let (mut story, session) = with_session(&one_output());
    let mut odd_metadata = event("x", &json!({}));
    odd_metadata.metadata = Some(raw(&json!([])));
    let long = "x".repeat(200);
    for (event, field) in [
        (event("", &json!({})), "events[1].type"),
        (event(&long, &json!({})), "events[1].type"),
        (odd_metadata, "events[1].metadata"),
        (event("x", &json!("x".repeat(70_000))), "events[1].data"),
    ] {
        let refused = story
            .try_frames(session, vec![user("ok"), event])
            .unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    assert!(story.transcript(session).is_empty());
}

#[test]
fn a_failure_of_a_node_is_reported_and_the_event_passes_on() {
    let table = [
        ("fatal", json!({})),
        ("warning", json!({"background": true})),
    ];
    for (severity, more) in table {
        let mut flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["task"]}]});
        let node = flow["nodes"][0].as_object_mut().unwrap();
        node.extend(more.as_object().unwrap().clone());
        let (mut story, session) = with_session(&flow);
        let task = || event("task", &json!({}));
        story.frames(session, vec![task(), task()]);
        let run = story.run_of("a");
        story.fails(run, "value_error");
        let frames = story.client_frames(session);
        let error = frames
            .iter()
            .find(|frame| frame.event_type == "agent.error");
        let error = data(error.unwrap());
        assert_eq!(error["severity"], severity);
        assert_eq!(error["message"], "it is value_error");
        let expected = json!({"node_name": "a", "error_class": "value_error"});
        assert_eq!(error["payload"], expected);
        // The node goes on with the next event.
        story.node_sends("a", vec![]);
        let tasks = story.client_frames(session).into_iter();
        assert_eq!(tasks.filter(|frame| frame.event_type == "task").count(), 2);
        assert!(story.world.sessions.get(session).unwrap().is_quiet());
        story.replays();
    }
}

#[test]
fn an_answer_that_fails_ends() {
    type Way = fn(&mut Story, RunId);
    let ways: [(&str, Way); 4] = [
        ("it fails", |story, run| {
            story.fails(run, "model_error");
        }),
        ("its deadline passes", |story, _| {
            story.now = story.now + Duration::from_secs(200);
            story.send("world", Command::FireDue).unwrap();
        }),
        ("its result is none", |story, run| {
            let long = "x".repeat(100_000);
            story
                .node_completes(run, Some(&long), NodeOutput::default())
                .unwrap();
        }),
        ("it sends what is no event", |story, run| {
            let output = NodeOutput {
                events: vec![event("", &json!({}))],
                ..NodeOutput::default()
            };
            story.node_completes(run, None, output).unwrap();
        }),
    ];
    for (name, way) in ways {
        let (mut story, session) = with_session(&one_output());
        story.frames(session, vec![request("hi")]);
        let run = story.run_of("bot");
        way(&mut story, run);
        let expected = ["bot:agent.error", "bot:end", "llm.request"];
        assert_eq!(story.last_shown(session), expected, "{name}");
        assert!(story.open().is_empty() && story.world.sessions.get(session).unwrap().is_quiet());
        story.replays();
    }
    // What somebody cancels ends like what is interrupted; an agent may leave the world.
    let bot = "bot".parse().unwrap();
    for command in [None, Some(Command::RemoveEntity { entity: bot })] {
        let (mut story, session) = with_session(&one_output());
        story.frames(session, vec![request("hi"), request("queued")]);
        let run = story.run_of("bot");
        let removes = command.is_some();
        story
            .send("world", command.unwrap_or(Command::CancelRun { run }))
            .unwrap();
        if removes {
            let expected = ["bot:end!", "llm.request", "bot:agent.error", "llm.request"];
            assert_eq!(story.last_shown(session), expected);
        } else {
            story.node_answers("bot", "the next one");
        }
        story.replays();
    }
}

#[test]
fn a_node_that_sends_what_is_not_its_type_gets_a_warning_in_its_name() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["task"]}]});
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![event("task", &json!({}))]);
    story.node_sends(
        "a",
        vec![event("agent.speak", &json!({})), event("ok", &json!({}))],
    );
    assert_eq!(story.last_shown(session), ["a:agent.error", "a:ok", "task"]);
}

#[test]
fn a_session_ends_by_either_side() {
    let (mut story, session) = with_session(&one_output());
    let end = |reason: Option<&str>| Command::EndSession {
        session,
        reason: reason.map(ToOwned::to_owned),
    };
    let refused = story.send("bot", end(None)).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("sender"));
    story.frames(session, vec![request("hi"), request("queued")]);
    let run = story.run_of("bot");
    let begun = vec![tool_log("tool_call_start", "c1", "finish")];
    story.reports((session, run), begun, None).unwrap();
    let events = story.send("world", end(Some("shift_over"))).unwrap();
    assert_eq!(ended(&events).as_deref(), Some("shift_over"));
    // Nothing is left open.
    assert_eq!(story.last_shown(session), ["bot:end!", "bot:agent.log"]);
    assert!(story.open().is_empty());
    assert!(story.world.sessions.is_empty());
    assert_eq!(story.world.next_due(), None);
    let refused = story.try_frames(session, vec![request("hi")]).unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::UnknownSession);
    story.replays();
}

#[test]
fn a_session_ends_when_its_agents_are_to_close_it() {
    let mut flow = one_output();
    flow["session"] = json!({"on_end_call": "close"});
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![request("bye")]);
    let run = story.run_of("bot");
    let output = NodeOutput {
        events: vec![event("agent.end_call", &json!({}))],
        ..NodeOutput::default()
    };
    let events = story.node_completes(run, Some("bye"), output).unwrap();
    assert_eq!(ended(&events).as_deref(), Some("end_call"));
    let expected = ["bot:chunk", "bot:agent.end_call", "bot:end", "llm.request"];
    assert_eq!(story.last_shown(session), expected);
    story.replays();
}

#[test]
fn an_idle_session_ends_and_an_active_one_does_not() {
    let mut flow = one_output();
    flow["session"] = json!({"idle_seconds": 60.0});
    let (mut story, session) = with_session(&flow);
    let pass = |story: &mut Story, seconds| {
        story.now = story.now + Duration::from_secs(seconds);
        story.send("world", Command::FireDue).unwrap()
    };
    assert!(pass(&mut story, 50).is_empty());
    story.frames(session, vec![request("hi")]);
    // What takes long is not idle.
    assert!(pass(&mut story, 100).is_empty());
    story.node_answers("bot", "hello");
    assert!(pass(&mut story, 50).is_empty());
    assert_eq!(ended(&pass(&mut story, 10)).as_deref(), Some("idle"));
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn a_session_ends_when_its_client_leaves_the_world() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("hi")]);
    let entity = "guest".parse().unwrap();
    let events = story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    assert_eq!(ended(&events).as_deref(), Some("left"));
    assert!(story.open().is_empty());
    story.replays();
}

#[test]
fn a_run_that_fails_for_good_is_reported_by_the_queue() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("hi")]);
    let run = story.run_of("bot");
    let outcome = RunOutcome::Failed {
        code: "attempts".to_owned(),
        reason: "5 attempts failed".to_owned(),
    };
    story
        .send("world", Command::Complete { run, outcome })
        .unwrap();
    assert_eq!(
        story.last_shown(session),
        ["bot:agent.error", "bot:end", "llm.request"]
    );
}
