//! Turns with model servers that are odd, and with answers that are none.

use contract::{Chat, Command, Fact, RunId, action};
use serde_json::{Value, json};
use testkit::eventually;
use testkit::model::{ModelServer, Reply};

use crate::support::Harness;
use crate::world_log::Logged;

const STREAM: &str = "text/event-stream";
const STOP: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn brain(model: &str, base_url: &str) -> Value {
    json!({"llm": {"provider": "openai", "model": model, "base_url": base_url}})
}

/// A world whose agent has a scripted model, and a tool, and a worker.
async fn harness() -> (Harness, ModelServer) {
    let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
    let agent = json!({"brain": brain("scripted-1", &model.base_url()), "tools": {}});
    harness.set_agent(agent).await;
    harness.start_built_in().await;
    (harness, model)
}

fn delta(delta: &Value, finish: Option<&str>) -> String {
    let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    format!("data: {chunk}\n\n")
}

/// A stream with one tool call.
fn call(call: &Value) -> Reply {
    let calls = delta(&json!({"tool_calls": [call]}), None);
    let end = delta(&json!({}), Some("tool_calls"));
    Reply::raw(STREAM, [calls, end, "data: [DONE]\n\n".to_owned()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_made_as_the_model_wrote_it() {
    let (harness, model) = harness().await;
    let arguments = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let put = json!({"name": "put", "trigger": "t_put", "arguments": arguments,
        "run": {"worker": "nobody-puts"}});
    let entity = json!({"id": "t", "kind": "object", "abilities": [put]});
    let entity = serde_json::from_value(entity).unwrap();
    harness.send("world", Command::CreateEntity(entity)).await;
    for (written, arguments) in [
        (
            json!({"index": 1, "id": "toolu_1", "type": "function",
                "function": {"name": "t_put", "arguments": "{\"text\":\"pay 100\"}"}}),
            r#"{"text":"pay 100"}"#,
        ),
        (
            json!({"index": 0, "id": "call_a",
                "function": {"name": "t_put", "arguments": {"text": "draft.txt"}}}),
            r#"{"text":"draft.txt"}"#,
        ),
    ] {
        model.reply(call(&written));
        let id = harness.request_answer().await;
        let calls = harness.completed(id).await.calls;
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!(calls[0].arguments.get(), arguments);
        assert!(calls[0].refused.is_none());
    }
    model.reply(call(&json!({"index": 0, "id": "call_b",
        "function": {"name": "t_put", "arguments": "{\"text\":"}})));
    let id = harness.request_answer().await;
    let calls = harness.completed(id).await.calls;
    let reason = calls[0].refused.as_deref().unwrap();
    assert!(reason.contains("not valid JSON"), "{reason}");
    // The two calls that are made wait for a worker. What was refused goes back to the model.
    eventually("the model knows why", async || model.requests().len() == 4).await;
    let request = model.requests().pop().unwrap().body["messages"].to_string();
    assert!(request.contains("not valid JSON"), "{request}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_but_complete_answer_costs_one_request() {
    let (harness, model) = harness().await;
    let text = delta(&json!({"content": "the complete answer"}), None);
    let object = json!({"choices": [{"message": {"content": "the complete answer"}}]});
    let replies = [
        Reply::raw(STREAM, [text.clone(), STOP.to_owned()]),
        Reply::raw(STREAM, [text.clone(), STOP.to_owned()]).left_open(),
        Reply::raw(
            STREAM,
            [text.replace('\n', "\r\n"), STOP.replace('\n', "\r\n")],
        ),
        Reply::raw("application/json", [object.to_string()]),
    ];
    for reply in replies {
        model.reply(reply);
        let id = harness.request_answer().await;
        let answer = harness.completed(id).await.message;
        assert_eq!(answer.as_deref(), Some("the complete answer"));
    }
    assert_eq!(model.requests().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_an_answer_is_never_kept() {
    let (harness, model) = harness().await;
    let base_url = model.origin();
    let brain = json!({"llm": {"provider": "ollama", "model": "m", "base_url": base_url}});
    harness.set_agent(json!({"brain": brain})).await;
    model.answer_with(|_| {
        Reply::raw(
            "application/x-ndjson",
            [
                "{\"message\":{\"content\":\"Yes, \"},\"done\":false}\n",
                "{\"message\":{\"content\":\"you may\"},\"done\":false}\n",
                "{\"error\":\"an error was encountered while running the model\"}\n",
            ],
        )
    });
    let id = harness.request_answer().await;
    let (code, reason) = harness.failed(id).await;
    assert_eq!(code, "model_error");
    assert!(!reason.contains("an error was encountered"), "{reason}");
    assert_eq!(model.requests()[0].path, "/api/chat");
}

#[tokio::test(flavor = "multi_thread")]
async fn reasoning_is_in_no_chunk_and_no_answer() {
    let (harness, model) = harness().await;
    let pieces = [
        delta(
            &json!({"content": "<think>\nA greeting. Should I ask someone?\n"}),
            None,
        ),
        delta(
            &json!({"content": "@bob would know. No, I can do it.\n</think>\n\n"}),
            None,
        ),
        delta(&json!({"reasoning_content": "Or not."}), None),
        delta(&json!({"content": "Hello there!"}), Some("stop")),
    ];
    model.reply(Reply::raw(STREAM, pieces));
    let id = harness.request_answer().await;
    let answer = harness.completed(id).await.message;
    assert_eq!(answer.as_deref(), Some("Hello there!"));
    eventually("all chunks arrived", async || {
        harness.streamed() == "Hello there!"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_what_the_world_wrote_and_nothing_else() {
    let (harness, model) = harness().await;
    for name in ["qwen-max", "gemini-3.8-flash-high", "my-finetune-low"] {
        harness
            .set_agent(json!({"brain": brain(name, &model.base_url())}))
            .await;
        let id = harness.request_answer().await;
        harness.completed(id).await;
        let request = model.requests().pop().unwrap();
        let fields: Vec<&String> = request.body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["messages", "model", "stream", "stream_options"]);
        assert_eq!(request.body["model"], name);
    }
    let mut brain = brain("m", &model.base_url());
    brain["llm"]["options"] = json!({
        "reasoning_effort": "low", "stream_options": false,
        "headers": {"x-title": "worlds"}, "body": {"top_k": 3},
    });
    harness.set_agent(json!({"brain": brain})).await;
    let id = harness.request_answer().await;
    harness.completed(id).await;
    let request = model.requests().pop().unwrap();
    assert_eq!(request.header("x-title"), Some("worlds"));
    let found = ["reasoning_effort", "stream_options", "top_k"].map(|key| &request.body[key]);
    assert_eq!(found, [&json!("low"), &Value::Null, &json!(3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_is_what_it_is_and_costs_one_request() {
    let (harness, model) = harness().await;
    let refusal = delta(&json!({"refusal": "I cannot help."}), Some("stop"));
    for (count, (reply, code, words)) in (1..).zip([
        (
            delta(&json!({"content": "Half"}), Some("content_filter")),
            "model_filtered",
            "filter",
        ),
        (refusal, "model_declined", "I cannot help."),
        (delta(&json!({}), Some("stop")), "model_empty", "empty"),
        (
            delta(&json!({"content": "<think>Hm"}), Some("length")),
            "model_exhausted",
            "before it answered",
        ),
    ]) {
        model.reply(Reply::raw(STREAM, [reply]));
        let id = harness.request_answer().await;
        let (found, reason) = harness.failed(id).await;
        assert_eq!(found, code);
        assert!(reason.contains(words), "{reason}");
        assert_eq!(model.requests().len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_model_could_not_finish_ends_with_a_mark() {
    let (harness, model) = harness().await;
    model.reply(Reply::raw(
        STREAM,
        [delta(&json!({"content": "Once upon"}), Some("length"))],
    ));
    let id = harness.request_answer().await;
    let answer = harness.completed(id).await.message.unwrap();
    assert!(answer.starts_with("Once upon\n\n[cut off"), "{answer}");
    eventually("what is streamed is what is kept", async || {
        harness.streamed() == answer
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_an_address_gets_no_request() {
    let (harness, _model) = harness().await;
    for provider in ["azure", "openai_compatible"] {
        harness
            .set_agent(json!({"brain": {"llm": {"provider": provider, "model": "m"}}}))
            .await;
        let id = harness.request_answer().await;
        assert_eq!(harness.failed(id).await.0, "endpoint_missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_provider_needs_again_comes_back_with_the_call() {
    let (harness, model) = harness().await;
    let extra = json!({"google": {"thought_signature": "sig"}});
    model.reply(call(&json!({"index": 0, "id": "a", "extra_content": extra,
        "function": {"name": "t_put", "arguments": "{}"}})));
    model.reply(Reply::text("Good"));
    harness.request_answer().await;
    eventually("the model gets the result", async || {
        model.requests().len() == 2
    })
    .await;
    let request = model.requests().pop().unwrap();
    let messages = request.body["messages"].as_array().unwrap();
    let sent = &messages[messages.len() - 2]["tool_calls"][0];
    assert_eq!(sent["extra_content"], extra);
    assert_eq!(sent["function"]["arguments"], "{}");
}

/// The run that finds a title for a chat.
async fn title_run(harness: &Harness, chat: &Chat) -> RunId {
    let is_title = |logged: &Logged| match &logged.fact {
        Some(Fact::ActionRequested(requested)) => {
            requested.action.as_str() == action::TITLE
                && logged.event.chat.as_ref() == Some(&chat.id)
        }
        _ => false,
    };
    let run = |log: &[Logged]| {
        let requested = log.iter().find(|logged| is_title(logged));
        requested.map(|logged| logged.event.id.run())
    };
    harness.find("a title is requested", run).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_is_made_of_the_conversation_even_when_the_agent_wrote_last() {
    let (harness, model) = harness().await;
    let titled = Reply::text("<think>They ask about roses.</think>\n\nPlanting roses\nMore text");
    for (earlier, answer) in [
        (None, Reply::text("In autumn.")),
        // The agent does not answer: a person wrote last.
        (Some("Hi."), Reply::status(401)),
    ] {
        let earlier = earlier.map(|text| ("ada".to_owned(), text.to_owned()));
        let earlier: Vec<_> = earlier.into_iter().collect();
        let chat = harness.create_chat("", &earlier).await;
        model.reply(answer);
        model.reply(titled.clone());
        harness.post(&chat, "pat", "How do I plant roses?").await;
        let id = title_run(&harness, &chat).await;
        let output = harness.completed(id).await.output.unwrap();
        let output: Value = serde_json::from_str(output.get()).unwrap();
        assert_eq!(output, json!({"title": "Planting roses"}));
        let request = model.requests().pop().unwrap();
        let sent = request.messages();
        assert_eq!(sent[1].0, "user");
        assert!(sent[1].1.contains("How do I plant roses?"), "{sent:?}");
    }
}
