//! How events pass through nodes.

use super::*;

fn chain() -> Value {
    json!({
        "nodes": [
            {"id": "a", "worker": "w", "handles": ["task"]},
            {"id": "b", "worker": "w", "handles": ["task"]},
            {"id": "c", "worker": "w", "background": true, "handles": ["task"]},
        ],
        "edges": [["a", "b"], ["b", "c"]],
    })
}

/// A diamond: `r` forks to `a` and `b`, which join.
fn diamond(join: &str) -> Value {
    json!({
        "nodes": [
            {"id": "r", "worker": "w"},
            {"id": "a", "worker": "w", "handles": ["task"]},
            {"id": "b", "worker": "w", "handles": ["task"]},
            {"id": "j", "worker": "w", "handles": ["task", "note"], "join": join},
        ],
        "edges": [["r", "a"], ["r", "b"], ["a", "j"], ["b", "j"]],
    })
}

#[test]
fn an_unknown_type_reaches_the_client_byte_for_byte() {
    let (mut story, session) = with_session(&chain());
    let text = "{ \"x\":1.50,\n \"x\" : \"\\u00e4\" ,\"big\":12345678901234567890}";
    for event_type in ["myapp.x", "escalation_event", "any text, ä"] {
        let mut event = event(event_type, &json!({}));
        event.data = RawValue::from_string(text.to_owned()).unwrap();
        event.id = Some("mine".to_owned());
        event.metadata = Some(raw(&json!({"k": 1})));
        story.frames(session, vec![event]);
        let frames = story.client_frames(session);
        let frame = frames.last().unwrap();
        assert_eq!(frame.data.get(), text);
        assert_eq!(frame.event_type, event_type);
        assert_eq!(frame.sender_id.as_deref(), Some("mine"));
        assert_eq!(frame.full_metadata()["k"], 1);
    }
    // One event of the log for each.
    assert_eq!(story.log.last().unwrap().events.len(), 1);
    story.replays();
}

#[test]
fn a_handled_event_passes_on_by_itself_and_once() {
    // The handler sends nothing, sends the event itself as the seed does, or by the id of its sender.
    for by in ["nothing", "id", "sender id"] {
        let (mut story, session) = with_session(&chain());
        let mut task = event("task", &json!({"n": 1}));
        task.id = Some("t1".to_owned());
        story.frames(session, vec![task.clone()]);
        for node in ["a", "b"] {
            let frame = story.node_context(story.run_of(node)).frame;
            let mut again = task.clone();
            again.id = match by {
                "id" => Some(frame.id.to_string()),
                _ => frame.sender_id,
            };
            let events = if by == "nothing" { vec![] } else { vec![again] };
            story.node_sends(node, events);
        }
        let shown = outline(&story.client_frames(session));
        assert_eq!(shown, ["agent.ready", "task"], "{by}");
        // The background node handles it beside that.
        story.node_sends("c", vec![]);
        assert!(story.open().is_empty());
        assert!(story.world.sessions.get(session).unwrap().is_quiet());
        story.replays();
    }
}

#[test]
fn a_consumed_event_does_not_pass_on() {
    let (mut story, session) = with_session(&chain());
    story.frames(
        session,
        vec![event("task", &json!({})), event("note", &json!({}))],
    );
    let run = story.run_of("a");
    let output = NodeOutput {
        consumed: true,
        ..NodeOutput::default()
    };
    story.node_completes(run, None, output).unwrap();
    assert!(story.open().is_empty());
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown, ["agent.ready", "note"]);
    story.replays();
}

#[test]
fn what_waits_at_a_node_keeps_its_order() {
    let (mut story, session) = with_session(&chain());
    let events = ["task", "one", "task", "two"];
    let events = events.map(|name| event(name, &json!({})));
    story.frames(session, events.to_vec());
    assert_eq!(outline(&story.client_frames(session)), ["agent.ready"]);
    for node in ["a", "b", "c", "a", "b", "c"] {
        story.node_sends(node, vec![]);
    }
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown, ["agent.ready", "task", "one", "task", "two"]);
    story.replays();
}

#[test]
fn what_comes_back_of_a_frame_is_behind_what_nodes_sent_for_it() {
    let (mut story, session) = with_session(&chain());
    story.frames(session, vec![event("task", &json!({}))]);
    let speak = event("agent.speak", &json!({"text": "hello"}));
    let handled = story.node_context(story.run_of("a")).frame.id.to_string();
    let mut again = event("task", &json!({}));
    again.id = Some(handled);
    // Even when the handler sends it on first.
    story.node_sends("a", vec![again, speak.clone()]);
    story.node_sends("b", vec![speak]);
    let shown = outline(&story.client_frames(session));
    assert_eq!(
        shown,
        ["agent.ready", "a:agent.speak", "b:agent.speak", "task"]
    );
}

#[test]
fn a_join_of_all_waits_for_every_path() {
    let (mut story, session) = with_session(&diamond("all"));
    story.frames(
        session,
        vec![event("task", &json!({})), event("note", &json!({}))],
    );
    story.node_sends("a", vec![event("note", &json!({"by": "a"}))]);
    // What only one path leads to a join of is not held up there.
    let context = story.node_context(story.run_of("j"));
    assert_eq!(context.frame.node.unwrap().as_str(), "a");
    story.node_sends("j", vec![]);
    assert!(story.runs_of("j").is_empty());
    story.node_sends("b", vec![]);
    assert_eq!(
        story.node_context(story.run_of("j")).frame.event_type,
        "task"
    );
    story.node_sends("j", vec![]);
    story.node_sends("j", vec![]);
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown, ["agent.ready", "a:note", "task", "note"]);
    assert!(story.world.sessions.get(session).unwrap().is_quiet());
    story.replays();
}

#[test]
fn a_path_on_which_an_event_was_consumed_is_not_waited_for() {
    let consume = || NodeOutput {
        consumed: true,
        ..NodeOutput::default()
    };
    for join in ["all", "first", "each"] {
        let (mut story, session) = with_session(&diamond(join));
        story.frames(session, vec![event("task", &json!({}))]);
        let run = story.run_of("a");
        story.node_completes(run, None, consume()).unwrap();
        assert!(story.runs_of("j").is_empty());
        story.node_sends("b", vec![]);
        story.node_sends("j", vec![]);
        assert_eq!(
            outline(&story.client_frames(session)),
            ["agent.ready", "task"],
            "{join}"
        );
        // Consumed everywhere, it is not there any more.
        story.frames(session, vec![event("task", &json!({}))]);
        for node in ["a", "b"] {
            let run = story.run_of(node);
            story.node_completes(run, None, consume()).unwrap();
        }
        assert!(story.open().is_empty());
        assert!(
            story.world.sessions.get(session).unwrap().is_quiet(),
            "{join}"
        );
        assert_eq!(story.client_frames(session).len(), 2);
        story.replays();
    }
}

#[test]
fn a_join_of_the_first_does_not_wait_and_one_of_each_handles_all() {
    for (join, handled) in [("first", 1), ("each", 2)] {
        let (mut story, session) = with_session(&diamond(join));
        story.frames(session, vec![event("task", &json!({}))]);
        story.node_sends("a", vec![]);
        story.node_sends("j", vec![]);
        let first = usize::from(join == "first");
        assert_eq!(story.client_frames(session).len(), 1 + first, "{join}");
        story.node_sends("b", vec![]);
        for _ in 1..handled {
            story.node_sends("j", vec![]);
        }
        assert!(story.open().is_empty(), "{join}");
        let shown = outline(&story.client_frames(session));
        assert_eq!(shown, ["agent.ready", "task"], "{join}");
        story.replays();
    }
    // A sink of each shows a frame once for each path, as Atoms does.
    let flow = json!({
        "nodes": [{"id": "a", "worker": "w"}, {"id": "b", "worker": "w"},
            {"id": "out", "sink": true, "join": "each"}],
        "edges": [["a", "out"], ["b", "out"]],
    });
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![event("task", &json!({}))]);
    assert_eq!(story.last_shown(session), ["task", "task"]);
}

#[test]
fn a_branch_never_sees_what_another_does_to_an_event() {
    let (mut story, session) = with_session(&diamond("all"));
    story.frames(session, vec![event("task", &json!({"n": 1}))]);
    let mut changed = event("task", &json!({"n": 2}));
    changed.id = Some("changed".to_owned());
    story.node_sends("a", vec![changed]);
    let context = story.node_context(story.run_of("b"));
    assert_eq!(data(&context.frame), json!({"n": 1}));
    // A handler that sends the event with another payload passes on the event as it was.
    let mut renamed = event("task", &json!({"n": 3}));
    renamed.id = Some(context.frame.id.to_string());
    story.node_sends("b", vec![renamed]);
    story.node_sends("j", vec![]);
    story.node_sends("j", vec![]);
    let frames = story.client_frames(session);
    let tasks = frames.iter().filter(|frame| frame.event_type == "task");
    let tasks: Vec<Value> = tasks.map(data).collect();
    assert_eq!(tasks, [json!({"n": 2}), json!({"n": 1})]);
}

#[test]
fn a_slow_sibling_holds_up_nobody_else() {
    let flow = json!({
        "nodes": [{"id": "slow", "worker": "w", "handles": ["task"]},
            {"id": "fast", "agent": "bot", "output": true}],
    });
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![event("task", &json!({})), request("hi")]);
    story.node_answers("fast", "hello");
    let shown = outline(&story.client_frames(session));
    assert_eq!(
        shown,
        ["agent.ready", "fast:start", "fast:chunk", "fast:end"]
    );
    story.node_sends("slow", vec![]);
    assert_eq!(story.last_shown(session), ["task", "llm.request"]);
}

#[test]
fn with_a_declared_sink_other_ends_do_not_reach_the_client() {
    let flow = json!({
        "nodes": [{"id": "bot", "agent": "bot", "output": true},
            {"id": "watch", "worker": "w", "handles": ["task"]}, {"id": "out", "sink": true}],
        "edges": [["bot", "out"]],
    });
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![event("task", &json!({}))]);
    assert_eq!(story.last_shown(session), ["task"]);
    story.node_sends("watch", vec![event("alarm", &json!({}))]);
    assert!(story.last_shown(session).is_empty());
    assert!(story.world.sessions.get(session).unwrap().is_quiet());
}
