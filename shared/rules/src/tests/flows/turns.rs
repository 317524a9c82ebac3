//! Requests and the answers to them.

use contract::{Target, WorldSpec};

use super::*;

#[test]
fn an_answer_has_a_start_all_its_text_and_an_end() {
    let (mut story, session) = with_session(&one_output());
    let events = story.frames(session, vec![user("hi"), request("hi")]);
    let expected = ["flow.event", "flow.event", "flow.event", "action.requested"];
    assert_eq!(types(&events), expected);
    let turn = events[1].id;
    let run = story.run_of("bot");
    let context = context(&story.world, run).unwrap();
    assert_eq!(context.messages.last().unwrap().text, "hi");
    let node = context.node.unwrap();
    assert_eq!(node.content.as_deref(), Some("hi"));
    assert!(node.step.live && node.step.answers);
    assert_eq!((node.step.turn, node.step.event), (turn, turn));
    let events = story.node_answers("bot", "hello there");
    let expected = [
        "flow.event",
        "flow.event",
        "action.completed",
        "flow.passed",
    ];
    assert_eq!(types(&events), expected);
    let frames = story.client_frames(session);
    let shown = outline(&frames);
    assert_eq!(
        shown,
        [
            "agent.ready",
            "agent.transcript.update",
            "bot:start",
            "bot:chunk",
            "bot:end",
            "llm.request"
        ]
    );
    assert_eq!(data(&frames[3]), json!({"text": "hello there"}));
    assert_eq!(
        story.transcript(session),
        ["user: hi", "assistant: hello there"]
    );
    story.replays();
}

#[test]
fn every_frame_has_its_node_and_its_turn() {
    let flow = json!({"nodes": [
        {"id": "a", "agent": "bot", "output": true},
        {"id": "b", "agent": "helper", "output": true},
    ]});
    let (mut story, session) = with_session(&flow);
    let events = story.frames(session, vec![request("hi")]);
    let turn = events[0].id.to_string();
    story.node_answers("b", "I");
    story.node_answers("a", "you");
    let frames = story.client_frames(session);
    assert_eq!(
        outline(&frames)[1..],
        [
            "a:start",
            "b:start",
            "b:chunk",
            "b:end",
            "a:chunk",
            "a:end",
            "llm.request"
        ]
    );
    for frame in &frames[1..7] {
        let metadata = frame.full_metadata();
        assert_eq!(metadata["turn"], turn.as_str());
        assert_eq!(metadata["node"], frame.node.as_ref().unwrap().as_str());
    }
    // An answer to what is no request is of that event's turn.
    let flow = json!({"nodes": [{"id": "a", "worker": "w", "handles": ["system.user.joined"]}]});
    let (mut story, session) = with_session(&flow);
    let events = story.frames(session, vec![event("system.user.joined", &json!({}))]);
    story.node_sends("a", vec![event("agent.speak", &json!({"text": "hi"}))]);
    let frames = story.client_frames(session);
    assert_eq!(
        outline(&frames),
        ["agent.ready", "a:agent.speak", "user.joined"]
    );
    assert_eq!(frames[1].turn, Some(events[0].id));
}

#[test]
fn the_content_of_a_request_is_its_own_or_the_last_of_the_user() {
    let messages =
        json!([{"role": "system", "content": "s"}, {"role": "user", "content": "from messages"}]);
    let table = [
        (
            json!({"content": "own", "messages": messages}),
            Some("own"),
            2,
        ),
        (json!({"messages": messages}), Some("from messages"), 1),
        (json!({"messages": null}), Some("from transcript"), 1),
        (
            json!({"messages": [{"role": "system", "content": "s"}]}),
            Some("from transcript"),
            1,
        ),
    ];
    for (payload, expected, count) in table {
        let (mut story, session) = with_session(&one_output());
        let request = event("system.llm.request", &payload);
        story.frames(session, vec![user("from transcript"), request]);
        let context = story.node_context(story.run_of("bot"));
        assert_eq!(context.content.as_deref(), expected, "{payload}");
        assert_eq!(story.transcript(session).len(), count, "{payload}");
    }
}

#[test]
fn an_answer_that_the_client_returns_is_in_the_transcript_once() {
    let (mut story, session) = with_session(&one_output());
    for (question, answer) in [("one", "1"), ("two", "2")] {
        story.frames(
            session,
            vec![user(question), event("system.llm.request", &json!({}))],
        );
        story.node_answers("bot", answer);
        let returned = json!({"role": "assistant", "content": answer});
        story.frames(session, vec![event("agent.transcript.update", &returned)]);
    }
    let expected = ["user: one", "assistant: 1", "user: two", "assistant: 2"];
    assert_eq!(story.transcript(session), expected);
}

#[test]
fn a_request_while_another_is_answered_follows_the_policy() {
    let flow = |policy: &str| {
        let mut flow = one_output();
        flow["session"] = json!({"on_busy": policy});
        flow
    };
    let (mut story, session) = with_session(&flow("queue"));
    story.frames(session, vec![request("one"), request("two")]);
    story.node_answers("bot", "1");
    let context = story.node_context(story.run_of("bot"));
    assert_eq!(context.content.as_deref(), Some("two"));
    story.node_answers("bot", "2");
    let answer = ["bot:start", "bot:chunk", "bot:end", "llm.request"];
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown[1..], [answer, answer].concat());

    let (mut story, session) = with_session(&flow("replace"));
    story.frames(session, vec![request("one")]);
    let first = story.run_of("bot");
    let events = story.frames(session, vec![request("two")]);
    assert_eq!(
        types(&events)[..2],
        ["session.interrupted", "action.cancelled"]
    );
    assert!(
        story
            .node_completes(first, Some("1"), NodeOutput::default())
            .is_err()
    );
    story.node_answers("bot", "2");
    assert_eq!(
        outline(&story.client_frames(session))[1..],
        [
            "bot:start",
            "bot:end!",
            "llm.request",
            "bot:start",
            "bot:chunk",
            "bot:end",
            "llm.request"
        ]
    );
    story.replays();

    let (mut story, session) = with_session(&flow("refuse"));
    story.frames(session, vec![request("one")]);
    story.frames(session, vec![request("two")]);
    assert_eq!(story.last_shown(session), ["agent.error"]);
    story.node_answers("bot", "1");
    story.frames(session, vec![request("three")]);
    story.node_answers("bot", "3");
}

#[test]
fn an_answer_is_to_its_own_request_and_not_to_what_waits_behind_it() {
    // What a node gets, and what a brain of chats does.
    fn shown(story: &Story) -> (Option<String>, Vec<String>, String) {
        let run = story.run_of("bot");
        let context = story.node_context(run);
        let messages = context.messages.into_iter();
        let texts = messages.map(|message| message.content).collect();
        let in_chat = crate::context(&story.world, run).unwrap().messages;
        let last = in_chat.last().unwrap().text.clone();
        (context.content, texts, last)
    }
    let expected = |last: &str, texts: &[&str]| {
        let texts = texts.iter().map(ToString::to_string).collect();
        (Some(last.to_owned()), texts, last.to_owned())
    };

    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("one"), user("aside"), request("two")]);
    assert_eq!(shown(&story), expected("one", &["one"]));
    story.node_answers("bot", "1");
    assert_eq!(
        shown(&story),
        expected("two", &["one", "aside", "1", "two"])
    );

    // Of requests without a content it is the transcript before them.
    let bare = || event("system.llm.request", &json!({}));
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![user("one"), bare(), user("two"), bare()]);
    assert_eq!(shown(&story), expected("one", &["one"]));
    story.node_answers("bot", "1");
    assert_eq!(shown(&story), expected("two", &["one", "two", "1"]));
}

#[test]
fn no_request_is_answered_after_a_hand_off() {
    let transfer =
        json!({"transfer_call_number": "1", "transfer_options": {"type": "cold_transfer"}});
    let hand_offs = [
        event("agent.end_call", &json!({})),
        event("agent.transfer_call", &transfer),
    ];
    for hand_off in hand_offs {
        let name = hand_off.event_type.clone();
        let (mut story, session) = with_session(&one_output());
        story.frames(session, vec![request("bye"), request("queued")]);
        let run = story.run_of("bot");
        let output = NodeOutput {
            events: vec![hand_off],
            ..NodeOutput::default()
        };
        story.node_completes(run, Some("bye"), output).unwrap();
        let expected = [
            "bot:chunk",
            &format!("bot:{name}"),
            "bot:end",
            "llm.request",
            "llm.request",
        ];
        assert_eq!(story.last_shown(session), expected);
        story.frames(session, vec![request("again")]);
        assert_eq!(story.last_shown(session), ["llm.request"]);
        assert!(story.open().is_empty());
        assert!(story.world.sessions.get(session).is_some(), "it is open");
        story.replays();
    }
}

#[test]
fn a_node_reports_events_before_its_run_ends() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("hi")]);
    let run = story.run_of("bot");
    story
        .reports(
            (session, run),
            vec![tool_log("tool_call_start", "c1", "cancel")],
            None,
        )
        .unwrap();
    assert_eq!(story.last_shown(session), ["bot:agent.log"]);
    // A second attempt knows what the first had begun.
    assert_eq!(story.node_context(run).open_calls, ["c1"]);
    story
        .reports(
            (session, run),
            vec![tool_log("tool_call_end", "c1", "cancel")],
            None,
        )
        .unwrap();
    assert!(story.node_context(run).open_calls.is_empty());
    story
        .reports(
            (session, run),
            vec![tool_log("tool_call_start", "c2", "cancel")],
            None,
        )
        .unwrap();
    // What a run leaves open ends with it.
    story.node_answers("bot", "done");
    assert_eq!(
        story.last_shown(session),
        ["bot:chunk", "bot:agent.log", "bot:end", "llm.request"]
    );
    let refused = story.reports((session, run), vec![], None).unwrap_err();
    assert_eq!(refused.code, contract::RejectionCode::AlreadyEnded);
    story.replays();
}

#[test]
fn a_run_takes_effect_once() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("hi")]);
    let run = story.run_of("bot");
    // A worker was killed: the second one gets what the first got.
    let context = |story: &Story| serde_json::to_value(story.node_context(run)).unwrap();
    assert_eq!(context(&story), context(&story));
    story
        .node_completes(run, Some("once"), NodeOutput::default())
        .unwrap();
    let again = story.node_completes(run, Some("twice"), NodeOutput::default());
    assert_eq!(
        again.unwrap_err().code,
        contract::RejectionCode::AlreadyEnded
    );
    let answers = story.client_frames(session).into_iter();
    let answers = answers.filter(|frame| frame.event_type.ends_with(".end"));
    assert_eq!(answers.count(), 1);
}

#[test]
fn chunks_are_live_where_nothing_on_the_way_holds_them_up() {
    let flow = |handles: Value| {
        json!({
            "nodes": [{"id": "bot", "agent": "bot", "output": true},
                {"id": "next", "worker": "w", "handles": handles}],
            "edges": [["bot", "next"]],
        })
    };
    for (handles, first, expected) in [
        (json!([]), None, true),
        (json!(["agent.llm.response.chunk"]), None, false),
        (json!(["agent.*"]), None, false),
        (json!(["task"]), None, true),
        (json!(["task"]), Some("task"), false),
    ] {
        let (mut story, session) = with_session(&flow(handles.clone()));
        let first = first.map(|name| event(name, &json!({})));
        let events = first.into_iter().chain([request("hi")]).collect();
        story.frames(session, events);
        let context = story.node_context(story.run_of("bot"));
        assert_eq!(context.step.live, expected, "{handles}");
    }
}

#[test]
fn events_of_a_session_are_for_its_client() {
    let (mut story, session) = with_session(&one_output());
    let events = story.frames(session, vec![request("hi")]);
    let guest = Target::Entities(vec!["guest".parse().unwrap()]);
    assert_eq!(events[0].target, Some(guest));
    assert_eq!(events[0].correlation, Some(session.0));
}

#[test]
fn an_agent_with_a_behaviour_answers_in_a_state_that_accepts_it() {
    let behaviour = |states: Value| {
        let definition = json!({"initial": "quiet", "states": states});
        Command::PutBehaviour {
            entity: "bot".parse().unwrap(),
            definition: serde_json::from_value(definition).unwrap(),
        }
    };
    let (mut story, session) = with_session(&one_output());
    let states = json!({
        "quiet": {"transitions": [{"action": "open", "to": "awake", "ready": false}]},
        "awake": {"transitions": [{"action": "respond", "to": "quiet"}]},
    });
    let action = json!({"name": "open", "arguments": {"type": "object"}, "requestable": true});
    let spec = WorldSpec {
        actions: vec![serde_json::from_value(action).unwrap()],
        ..WorldSpec::default()
    };
    story.send("world", Command::ApplyWorld(spec)).unwrap();
    story.send("world", behaviour(states)).unwrap();
    let events = story.frames(session, vec![request("hi")]);
    assert_eq!(types(&events), ["flow.event", "session.changed"]);
    assert!(!story.world.sessions.has_work(), "it waits");
    // What waits may be interrupted.
    story.frames(session, vec![interrupt()]);
    assert_eq!(
        story.last_shown(session),
        ["control.interrupt", "llm.request"]
    );
    story.frames(session, vec![request("hi")]);
    // A behaviour that never answers is a failure of the node, and without one the agent answers.
    let never = json!({"quiet": {}});
    story.send("world", behaviour(never)).unwrap();
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown[3..], ["bot:agent.error", "llm.request"]);
    let entity = "bot".parse().unwrap();
    story
        .send("world", Command::RemoveBehaviour { entity })
        .unwrap();
    story.frames(session, vec![request("hi")]);
    story.node_answers("bot", "hello");
    story.replays();
}
