//! Interrupts.

use super::*;

#[test]
fn an_interrupt_ends_the_answer_and_keeps_the_facts() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![user("one"), request("one")]);
    let run = story.run_of("bot");
    // Behind the answer wait a transcript, something else, and another request.
    let events = vec![user("two"), event("note", &json!({})), request("two")];
    story.frames(session, events);
    let events = story.frames(session, vec![interrupt()]);
    let expected = [
        "session.interrupted",
        "action.cancelled",
        "flow.event",
        "flow.passed",
        "flow.event",
        "flow.passed",
        "flow.passed",
        "flow.passed",
    ];
    assert_eq!(types(&events), expected);
    let expected = [
        "bot:end!",
        "llm.request",
        "control.interrupt",
        "agent.transcript.update",
        "note",
        "llm.request",
    ];
    assert_eq!(story.last_shown(session), expected);
    assert!(story.open().is_empty());
    assert_eq!(story.transcript(session), ["user: one", "user: two"]);
    // The text that was sent may be reported, once.
    let text = Some("as far as");
    story.reports((session, run), vec![], text).unwrap();
    assert!(
        story.last_shown(session).is_empty(),
        "the client has it already"
    );
    let expected = ["user: one", "user: two", "assistant: as far as ..."];
    assert_eq!(story.transcript(session), expected);
    assert!(story.reports((session, run), vec![], text).is_err());
    assert!(
        story
            .node_completes(run, Some("late"), NodeOutput::default())
            .is_err()
    );
    // The next request is answered.
    story.frames(session, vec![request("three")]);
    story.node_answers("bot", "3");
    story.replays();
}

#[test]
fn what_the_client_returned_of_an_interrupted_answer_is_not_stored_twice() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![user("one"), request("one")]);
    let run = story.run_of("bot");
    let returned = json!({"role": "assistant", "content": "as far"});
    let returned = event("agent.transcript.update", &returned);
    story.frames(session, vec![interrupt(), returned]);
    story
        .reports((session, run), vec![], Some("as far as"))
        .unwrap();
    assert_eq!(
        story.transcript(session),
        ["user: one", "assistant: as far"]
    );
}

#[test]
fn a_node_or_a_client_may_not_be_interruptible() {
    let mut by_node = one_output();
    by_node["nodes"][0]["interruptible"] = json!(false);
    let settings = json!({"settings": {"interruptible": false}});
    let settings = event("system.output_agent.update_settings", &settings);
    for (flow, first) in [(by_node, None), (one_output(), Some(settings))] {
        let (mut story, session) = with_session(&flow);
        let events = first.into_iter().chain([request("one"), request("two")]);
        story.frames(session, events.collect());
        story.frames(session, vec![interrupt()]);
        assert_eq!(story.last_shown(session), ["control.interrupt"]);
        let context = story.node_context(story.run_of("bot"));
        assert_eq!(context.step.epoch, 0, "it is a fact of its epoch");
        story.node_answers("bot", "1");
        story.node_answers("bot", "2");
        let expected = ["user: one", "user: two", "assistant: 1", "assistant: 2"];
        assert_eq!(story.transcript(session), expected);
        story.replays();
    }
}

#[test]
fn calls_of_tools_end_at_an_interrupt_as_their_policy_has_it() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("one")]);
    let run = story.run_of("bot");
    let begun = vec![
        tool_log("tool_call_start", "c1", "cancel"),
        tool_log("tool_call_start", "c2", "finish"),
    ];
    story.reports((session, run), begun, None).unwrap();
    story.frames(session, vec![interrupt()]);
    let expected = [
        "bot:agent.log",
        "bot:end!",
        "llm.request",
        "control.interrupt",
    ];
    assert_eq!(story.last_shown(session), expected);
    let frames = story.client_frames(session);
    let log = frames.iter().rfind(|frame| frame.event_type == "agent.log");
    let expected = json!({"name": "tool_call_error",
        "payload": {"id": "c1", "name": "search", "function_name": "search", "error": "cancelled",
            "success": false}});
    assert_eq!(data(log.unwrap()), expected);
    // The other is finished, and reported once; what else the run would send is not sent.
    let late = vec![
        tool_log("tool_call_end", "c2", "finish"),
        event("agent.speak", &json!({"text": "late"})),
    ];
    story
        .reports((session, run), late.clone(), Some("text"))
        .unwrap();
    assert_eq!(story.last_shown(session), ["bot:agent.log"]);
    assert!(story.reports((session, run), late, None).is_err());
    story.replays();
}

#[test]
fn a_call_that_was_to_finish_ends_in_the_end_in_any_case() {
    for by_end in [false, true] {
        let (mut story, session) = with_session(&one_output());
        story.frames(session, vec![request("one")]);
        let run = story.run_of("bot");
        let begun = vec![tool_log("tool_call_start", "c1", "finish")];
        story.reports((session, run), begun, None).unwrap();
        story.frames(session, vec![interrupt()]);
        let command = if by_end {
            Command::EndSession {
                session,
                reason: None,
            }
        } else {
            story.now = story.world.next_due().unwrap();
            Command::FireDue
        };
        story.send("world", command).unwrap();
        assert_eq!(story.last_shown(session), ["bot:agent.log"]);
        story.replays();
    }
}

#[test]
fn nodes_that_handle_the_interrupt_get_it_before_what_waits() {
    let flow = json!({"nodes": [
        {"id": "a", "worker": "w", "handles": ["task", "system.control.interrupt"]},
    ]});
    let (mut story, session) = with_session(&flow);
    let task = || event("task", &json!({}));
    story.frames(session, vec![task(), task()]);
    story.frames(session, vec![interrupt()]);
    assert_eq!(story.last_shown(session), ["control.interrupt"]);
    let handled = |story: &Story| story.node_context(story.run_of("a")).frame.event_type;
    // It is no output node: what it does is not interrupted.
    assert_eq!(handled(&story), "task");
    story.node_sends("a", vec![]);
    assert_eq!(handled(&story), "system.control.interrupt");
    story.node_sends("a", vec![]);
    assert_eq!(handled(&story), "task");
    story.node_sends("a", vec![]);
    let shown = outline(&story.client_frames(session));
    assert_eq!(shown, ["agent.ready", "control.interrupt", "task", "task"]);
    assert!(story.world.sessions.get(session).unwrap().is_quiet());
    story.replays();
}

#[test]
fn a_request_and_its_interrupt_may_come_in_one_command() {
    let (mut story, session) = with_session(&one_output());
    story.frames(session, vec![request("one"), interrupt(), request("two")]);
    let context = story.node_context(story.run_of("bot"));
    assert_eq!(context.content.as_deref(), Some("two"));
    story.node_answers("bot", "2");
    story.replays();
}
