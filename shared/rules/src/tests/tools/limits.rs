//! What must fit in one message, whatever agents do: a commit, a context, the state.

use contract::command::WorldUpdate;
use contract::run::RunResult;
use contract::tool::{McpServer, Permission, ToolAccess, ToolCall, Verdict};
use contract::view::ViewRequest;
use contract::{Chat, Command};
use serde_json::value::to_raw_value;

use super::super::chats::chat_id;
use super::super::{Story, context};
use super::{access, call};
use crate::view;

/// What a message of NATS holds.
const MESSAGE_BYTES: usize = 1024 * 1024;

fn many(count: usize) -> Vec<ToolCall> {
    (0..count)
        .map(|id| call(&id.to_string(), "write"))
        .collect()
}

#[test]
fn an_agent_with_calls_in_many_chats_can_be_removed() {
    let mut story = Story::with_tools(&["ada"], &ToolAccess::default());
    for n in 0..300 {
        let chat = chat_id(&format!("c{n}"));
        let begin = Command::CreateChat(Chat::new(chat.clone()));
        story.send("world", begin).unwrap();
        let text = "hi".to_owned();
        let in_reply_to = None;
        let post = Command::PostMessage {
            chat,
            text,
            in_reply_to,
        };
        story.send("guest", post).unwrap();
        story.calls(&[call("a", "write")]).unwrap();
    }
    assert_eq!(story.waiting().len(), 200);
    let entity = "ada".parse().unwrap();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    assert!(story.waiting().is_empty() && story.world.chats.open_turns() == 0);
}

#[test]
fn a_chat_with_many_calls_can_be_stopped_and_deleted() {
    let names: Vec<String> = (0..40).map(|agent| format!("a{agent}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut story = Story::with_tools(&names, &ToolAccess::default());
    story.say("hello");
    for run in story.open() {
        let calls = many(16);
        let completed = RunResult {
            calls,
            ..RunResult::default()
        };
        story.complete(run, completed).unwrap();
    }
    assert_eq!(story.waiting().len(), 200);
    let chat = chat_id("main");
    story
        .send("guest", Command::StopChat { chat: chat.clone() })
        .unwrap();
    assert!(story.waiting().is_empty());
    story
        .send(
            "guest",
            Command::DeleteChat {
                chat,
                replacement: None,
            },
        )
        .unwrap();
    assert!(story.world.chats.open_turns() == 0);
}

#[test]
fn all_steps_of_an_answer_fit_in_a_workers_context() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    for _ in 0..4 {
        story.say(&"x".repeat(60_000));
        story.answer(story.open()[0], "ok").unwrap();
    }
    story.say(&"q".repeat(60_000));
    for _ in 0..30 {
        let arguments = to_raw_value(&"y".repeat(30_000)).unwrap();
        let wanted = ToolCall {
            arguments,
            ..call("a", "write")
        };
        let completed = RunResult {
            message: Some("s".repeat(20_000)),
            calls: vec![wanted],
            ..RunResult::default()
        };
        story.complete(story.open()[0], completed).unwrap();
        let Some(run) = story.open().first().copied() else {
            break;
        };
        story.returns(run, &"\u{1}".repeat(40_000));
        let run_context = context(&story.world, story.open()[0]).unwrap();
        let bytes = serde_json::to_string(&run_context).unwrap().len();
        assert!(bytes < MESSAGE_BYTES * 9 / 10, "{bytes}");
    }
    assert!(story.open().is_empty(), "it did not fail");
}

#[test]
fn the_calls_that_wait_can_be_shown_together() {
    let mut story = Story::with_tools(&["ada"], &ToolAccess::default());
    for n in 0..20 {
        let chat = chat_id(&format!("c{n}"));
        story
            .send("world", Command::CreateChat(Chat::new(chat.clone())))
            .unwrap();
        let post = Command::PostMessage {
            chat,
            text: "hi".to_owned(),
            in_reply_to: None,
        };
        story.send("guest", post).unwrap();
        let wanted = ToolCall {
            arguments: to_raw_value(&"y".repeat(55_000)).unwrap(),
            ..call("a", "write")
        };
        story.calls(&[wanted]).unwrap();
    }
    let view = view(&story.world, &ViewRequest::Whole);
    let json = serde_json::to_string(&view).unwrap();
    assert!(json.len() < MESSAGE_BYTES * 3 / 4, "{}", json.len());
    assert_eq!(story.waiting().len(), 7);
}

#[test]
fn a_permission_is_for_the_server_of_its_approval() {
    let mut story = Story::with_tools(&["ada"], &ToolAccess::default());
    story.say("hello");
    story.calls(&[call("1", "write")]).unwrap();
    let other = McpServer::Http {
        url: "https://elsewhere.example".into(),
    };
    let change = WorldUpdate {
        mcp_servers: Some([("files".to_owned(), other)].into()),
        ..WorldUpdate::default()
    };
    story.send("world", Command::UpdateWorld(change)).unwrap();
    let refused = story.decide("guest", Verdict::Approved).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("approval"));
    let reason = String::new();
    story.decide("guest", Verdict::Denied { reason }).unwrap();
}
