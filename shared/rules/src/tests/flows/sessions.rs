//! Sessions: how they begin, what they know, and that they do not disturb each other.

use contract::view::{GetSession, GetSessions, GetView};
use contract::{CommandId, RejectionCode};

use super::*;
use crate::tests::hash;
use crate::view;

fn show(story: &Story, session: SessionId) -> Value {
    let get = GetSession { id: session }.into_request();
    serde_json::to_value(view(&story.world, &get)).unwrap()
}

#[test]
fn the_client_gets_ready_first_and_then_nodes_begin() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["system.init"]}]});
    let mut story = story(&flow);
    let (session, events) = story.start(&json!({"name": "Ann"}));
    let expected = [
        "session.started",
        "flow.event",
        "flow.event",
        "action.requested",
    ];
    assert_eq!(types(&events), expected);
    let ready = &story.client_frames(session)[0];
    assert_eq!(ready.event_type, "agent.ready");
    assert_eq!(ready.full_metadata()["session"], session.to_string());
    let context = story.node_context(story.run_of("a"));
    let variables = json!({"initial_variables": {"name": "Ann"}, "conversation_type": "chat"});
    assert_eq!(data(&context.frame)["session_context"], variables);
    assert_eq!(context.variables["name"], "Ann");
    // The first frame is no event that comes back.
    story.node_sends("a", vec![event("agent.speak", &json!({"text": "hello"}))]);
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown, ["agent.ready", "a:agent.speak"]);
    story.replays();
}

#[test]
fn the_first_frame_gives_variables_and_a_context() {
    let mut story = story(&one_output());
    let caller = json!({"user_number": "+1", "more": [1]});
    let init = json!({
        "version": "2", "output_agent_settings": {"interruptible": false},
        "session_context": {"conversation_type": "telephonyInbound", "caller": caller,
            "initial_variables": {"a": 1}},
    });
    let start = |init: &Value, variables: Value| Command::StartSession {
        flow: flow_id(),
        variables: serde_json::from_value(variables).unwrap(),
        init: Some(raw(init)),
    };
    let events = story.send("guest", start(&init, json!({"b": 2}))).unwrap();
    let session = events[0].id.session();
    story.frames(session, vec![request("hi"), interrupt()]);
    let context = story.node_context(story.run_of("bot"));
    assert_eq!(
        context.variables,
        [("a".to_owned(), json!(1)), ("b".to_owned(), json!(2))].into()
    );
    let known: Value = serde_json::from_str(context.session_context.unwrap().get()).unwrap();
    assert_eq!(known["caller"], caller);
    let big = json!({"version": "2", "session_context": {"conversation_type": "chat",
        "initial_variables": {"a": "x".repeat(3000)}}});
    for (init, field) in [
        (json!({"version": "1"}), "init.session_context"),
        (big, "init.session_context.initial_variables"),
    ] {
        let refused = story.send("guest", start(&init, json!({}))).unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    let unknown = Command::StartSession {
        flow: "other".parse().unwrap(),
        variables: BTreeMap::new(),
        init: None,
    };
    let refused = story.send("guest", unknown).unwrap_err();
    assert_eq!(refused.code, RejectionCode::UnknownFlow);
    story.replays();
}

#[test]
fn nodes_change_variables() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["task"]}]});
    let mut story = story(&flow);
    let (session, _) = story.start(&json!({"a": 1, "b": 2}));
    story.frames(session, vec![event("task", &json!({}))]);
    let run = story.run_of("a");
    let output = NodeOutput {
        variables: [("a".to_owned(), Value::Null), ("c".to_owned(), json!([3]))].into(),
        ..NodeOutput::default()
    };
    let events = story.node_completes(run, None, output).unwrap();
    assert_eq!(
        types(&events),
        ["session.changed", "action.completed", "flow.passed"]
    );
    assert_eq!(
        show(&story, session)["variables"],
        json!({"b": 2, "c": [3]})
    );
    story.replays();
}

#[test]
fn a_node_gets_the_defaults_of_a_registered_type() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["escalation_event"]}]});
    let (mut story, session) = with_session(&flow);
    let properties =
        json!({"reason": {"type": "string"}, "severity": {"type": "string", "default": "medium"}});
    let typed = json!({"type": "escalation_event", "version": 1,
        "schema": {"type": "object", "properties": properties, "required": ["reason"]}});
    let register = Command::RegisterEventType(serde_json::from_value(typed).unwrap());
    story.send("world", register).unwrap();
    let sent = [
        json!({"reason": "x"}),
        json!({"reason": "x", "severity": "high"}),
    ];
    let events = sent.iter().map(|data| event("escalation_event", data));
    story.frames(session, events.collect());
    for (sent, defaults) in sent.iter().zip([json!({"severity": "medium"}), json!({})]) {
        let context = story.node_context(story.run_of("a"));
        assert_eq!(json!(context.defaults), defaults);
        assert_eq!(context.frame.data.get(), sent.to_string());
        story.node_sends("a", vec![]);
    }
}

#[test]
fn sessions_do_not_disturb_each_other() {
    let mut story = story(&one_output());
    let (one, _) = story.start(&json!({"n": 1}));
    let (other, _) = story.start(&json!({"n": 2}));
    story.frames(one, vec![user("I am one"), request("one")]);
    story.frames(other, vec![user("I am two"), request("two")]);
    story.frames(one, vec![interrupt()]);
    let context = story.node_context(story.run_of("bot"));
    assert_eq!(context.step.session, other);
    assert_eq!(context.messages.len(), 2);
    assert_eq!(context.variables["n"], 2);
    story.node_answers("bot", "2");
    assert_eq!(story.transcript(one), ["user: I am one", "user: one"]);
    let shown = outline(&story.client_frames(other));
    assert!(!shown.contains(&"control.interrupt".to_owned()));
    let get = GetSessions {
        limit: Some(1),
        ..GetSessions::default()
    };
    let page = serde_json::to_value(view(&story.world, &get.into_request())).unwrap();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert!(page["next"].is_string());
    story.replays();
}

#[test]
fn a_disconnected_client_loses_nothing_that_is_queued() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, (0..5).map(|n| request(&n.to_string())).collect());
    let position = story.log.len();
    // The client is not connected now: its frames are in the log, behind the position that it knows.
    for n in 0..5 {
        story.node_answers("bot", &format!("{n}"));
    }
    let mut frames = Vec::new();
    for commit in &story.log[position..] {
        frames.extend(shown(&commit.events, session, commit.at));
    }
    let chunks = frames
        .iter()
        .filter(|frame| frame.event_type.ends_with("chunk"));
    let texts: Vec<Value> = chunks.map(|frame| data(frame)["text"].clone()).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
    story.replays();
}

#[test]
fn a_client_that_sends_more_than_nodes_handle_is_refused_but_may_interrupt() {
    let (mut story, session) = with_session(&one_output());
    let big = || request(&"x".repeat(50_000));
    let mut refused = None;
    for _ in 0..10 {
        refused = story.try_frames(session, vec![big()]).err();
        if refused.is_some() {
            break;
        }
    }
    assert_eq!(refused.unwrap().code, RejectionCode::Busy);
    story.frames(session, vec![interrupt()]);
    // What did not fit in one commit follows with the next ones.
    while story.world.sessions.has_work() {
        assert!(!story.send("world", Command::FireDue).unwrap().is_empty());
    }
    assert!(story.world.sessions.get(session).unwrap().is_quiet());
    story.frames(session, vec![request("now")]);
    story.node_answers("bot", "yes");
    story.replays();
}

#[test]
fn many_queued_events_pass_in_several_commits() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["task"]}]});
    let (mut story, session) = with_session(&flow);
    story.frames(session, vec![event("task", &json!({}))]);
    for _ in 0..2 {
        let events = (0..100).map(|n| event("note", &json!(n))).collect();
        story.frames(session, events);
    }
    story.node_sends("a", vec![]);
    while story.world.sessions.has_work() {
        assert!(story.world.next_due().is_some());
        story.send("world", Command::FireDue).unwrap();
    }
    let frames = story.client_frames(session);
    let notes = frames.iter().filter(|frame| frame.event_type == "note");
    let notes: Vec<u64> = notes.map(|frame| data(frame).as_u64().unwrap()).collect();
    let expected: Vec<u64> = (0..100).chain(0..100).collect();
    assert_eq!(notes, expected);
    story.replays();
}

#[test]
fn an_idle_session_is_small() {
    let mut story = story(&one_output());
    let empty = hash(&story.world).len();
    let (session, _) = story.start(&json!({"v": "x".repeat(2000)}));
    for n in 0..200 {
        story.frames(
            session,
            vec![user(&format!("{n} {}", "x".repeat(700))), request("go")],
        );
        story.node_answers("bot", &"y".repeat(700));
    }
    let size = |story: &Story| {
        let session = story.world.sessions.get(session).unwrap();
        serde_json::to_string(session).unwrap().len()
    };
    assert!(size(&story) <= 16 * 1024, "{}", size(&story));
    for n in 0..60 {
        story.frames(session, vec![user(&format!("{n:0100}"))]);
    }
    assert!(size(&story) <= 16 * 1024, "{}", size(&story));
    let end = Command::EndSession {
        session,
        reason: None,
    };
    story.send("guest", end).unwrap();
    // The log of recent commands aside, an ended session leaves nothing.
    assert!(story.world.sessions.is_empty());
    assert!(hash(&story.world).len() < empty + 100 * 700);
}

#[test]
fn another_entity_is_not_the_client() {
    let (mut story, session) = with_session(&one_output());
    let events = vec![request("hi")];
    let command = Command::SendSessionEvents { session, events };
    let refused = story.send("bot", command.clone()).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotAllowed);
    story.send("world", command).unwrap();
    let session = CommandId::new().event(0).session();
    let refused = story.try_frames(session, vec![request("hi")]).unwrap_err();
    assert_eq!(refused.code, RejectionCode::UnknownSession);
}

#[test]
fn a_worker_need_not_wait_for_commits_of_other_sessions() {
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["task"]}]});
    let mut story = story(&flow);
    let (first, _) = story.start(&json!({}));
    let (second, _) = story.start(&json!({}));
    story.frames(first, vec![event("task", &json!({}))]);
    let before = story.all_contexts();
    story.frames(second, vec![event("note", &json!({}))]);
    assert_eq!(story.check_contexts(&before), 1);
    let before = story.all_contexts();
    story.frames(first, vec![event("note", &json!({}))]);
    assert_eq!(story.check_contexts(&before), 0);
}
