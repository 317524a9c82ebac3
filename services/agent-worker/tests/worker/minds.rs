//! Agents that act by themselves, with a script and with a scripted model.

use contract::run::RunResult;
use futures::future::BoxFuture;
use sdk::{Brain, BrainCtx, Decision, Error};
use serde_json::{Value, json};
use testkit::model::{ModelServer, Reply};

use crate::support::Harness;

/// The abilities that an agent can use: a microphone to speak into and to pass on.
fn offers() -> Value {
    let offer = |ability: &str, argument: &str| {
        json!({
            "entity": "mic", "ability": ability, "event_type": format!("mic.{ability}"),
            "description": format!("To {ability}."),
            "schema": {"type": "object", "required": [argument],
                "properties": {argument: {"type": "string"}}},
        })
    };
    json!([offer("speak", "message"), offer("pass", "to")])
}

fn event(event_type: &str, data: &Value) -> Value {
    json!({"id": "0190b7a5-0000-7000-8000-000000000001", "type": event_type, "sender": "pat",
        "target": "ada", "at": "2026-01-01T00:00:00Z", "data": data})
}

fn woken(more: &Value) -> Value {
    let mut mind = json!({
        "thinking": "decide", "world_name": "Studio",
        "cause": event("mic.given", &json!({"by": "pat"})),
        "memory": [event("mic.given", &json!({"by": "pat"}))],
    });
    for (name, value) in more.as_object().unwrap() {
        mind[name] = value.clone();
    }
    mind
}

async fn run_action(harness: &Harness, action: &str) -> Value {
    let id = harness.request(action).await;
    let completed: RunResult = harness.completed(id).await;
    serde_json::to_value(completed).unwrap()
}

fn call(ability: &str, arguments: &Value) -> Value {
    json!({"ability": {"entity": "mic", "ability": ability}, "arguments": arguments})
}

/// The calls of a decision, without what is for the provider only.
fn calls(completed: &Value) -> Vec<Value> {
    let calls = completed["calls"].as_array().into_iter().flatten();
    calls
        .map(|made| json!({"ability": made["tool"]["ability"], "arguments": made["arguments"]}))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_acts() {
    let mut harness = Harness::start().await;
    harness.set_agent(json!({
        "brain": {"script": {"rules": [{
            "when": "mic.given", "reply": "I spoke.",
            "calls": [{"entity": "mic", "ability": "speak", "arguments": {"message": "thanks, {data.by}"}}],
        }]}},
        "mind": {},
    }));
    harness.set_mind(offers(), woken(&json!({})));
    harness.start_built_in().await;
    let decided = run_action(&harness, "act").await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "thanks, pat"}))]
    );
    harness.set_mind(offers(), woken(&json!({"step": 1})));
    let decided = run_action(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "I spoke.");
    assert!(harness.chunks().is_empty(), "the run is muted");
    harness.all_acknowledged().await;
}

async fn model() -> (Harness, ModelServer) {
    let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url(),
        "system_prompt": "Be brief."});
    harness.set_agent(json!({
        "brain": {"llm": llm},
        "mind": {
            "goals": ["be heard"],
            "memory": {"paragraphs": 2},
            "reflections": [{"before": "mic:speak", "argument": "message", "prompt": "What is worth saying?"}],
        },
    }));
    harness.set_mind(offers(), woken(&json!({"plan": ["speak"]})));
    harness.start_built_in().await;
    (harness, model)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_plans_thinks_and_acts() {
    let (harness, model) = model().await;
    model.reply(Reply::calls(
        "",
        &[
            ["1", "plan", r#"{"steps":["speak","pass"]}"#],
            ["2", "mic_speak", r#"{"message":"?"}"#],
        ],
    ));
    model.reply(Reply::text("Good evening."));
    let decided = run_action(&harness, "act").await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "Good evening."}))]
    );
    let thought =
        json!({"plan": ["speak", "pass"], "thoughts": {"mic:speak.message": "Good evening."}});
    assert_eq!(decided["thought"], thought);
    assert!(decided["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let requests = model.requests();
    let (first, second) = (&requests[0].body, &requests[1].body);
    let prompt = first["messages"].to_string();
    for expected in ["be heard", "Studio", "mic.given", "Be brief.", "1. speak"] {
        assert!(prompt.contains(expected), "{expected} in {prompt}");
    }
    let tools = first["tools"].as_array().unwrap().iter();
    let names: Vec<&str> = tools
        .map(|tool| tool["function"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["mic_speak", "mic_pass", "plan", "sleep"]);
    assert!(
        second["messages"]
            .to_string()
            .contains("What is worth saying?")
    );
    assert!(second.get("tools").is_none(), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_sleeps_or_does_what_comes_next() {
    let (harness, model) = model().await;
    model.reply(Reply::calls("Enough.", &[["1", "sleep", "{}"]]));
    let decided = run_action(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "Enough.");
    harness.set_mind(offers(), woken(&json!({"next": "mic:pass"})));
    model.reply(Reply::calls("", &[["1", "mic_pass", r#"{"to":"bob"}"#]]));
    let decided = run_action(&harness, "act").await;
    assert_eq!(calls(&decided), [call("pass", &json!({"to": "bob"}))]);
    let body = &model.requests()[1].body;
    assert_eq!(body["tools"].as_array().unwrap().len(), 1, "{body}");
    assert!(
        body["messages"]
            .to_string()
            .contains("you must call `mic_pass`")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_summarises() {
    let (harness, model) = model().await;
    harness.set_mind(
        json!([]),
        woken(&json!({"thinking": "summarise", "summary": "It began."})),
    );
    model.reply(Reply::text("It began, and Pat gave the microphone away."));
    let result = run_action(&harness, "summarise").await;
    let summary = json!({
        "text": "It began, and Pat gave the microphone away.",
        "until": "0190b7a5-0000-7000-8000-000000000001",
    });
    assert_eq!(result["thought"], json!({"summary": summary}));
    let prompt = model.requests()[0].body["messages"].to_string();
    assert!(
        prompt.contains("It began.") && prompt.contains("2 paragraphs"),
        "{prompt}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_mind_fails() {
    let mut harness = Harness::start().await;
    harness.start_built_in().await;
    let id = harness.request("act").await;
    assert_eq!(harness.failed(id).await.0, "no_mind");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_archive_an_agent_has_the_memory_of_its_world() {
    let (harness, model) = model().await;
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    harness.set_agent(json!({"brain": {"llm": llm}, "mind": {"memory": {"full": true}}}));
    model.reply(Reply::calls("", &[["1", "sleep", "{}"]]));
    let decided = run_action(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    let prompt = model.requests()[0].body["messages"].to_string();
    assert!(prompt.contains("mic.given"), "{prompt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_not_decide_for_an_agent_whose_brain_is_a_client() {
    let mut harness = Harness::start().await;
    harness.set_agent(json!({"brain": {"client": {}}, "mind": {}}));
    harness.set_mind(offers(), woken(&json!({})));
    harness.start_built_in().await;
    let id = harness.request("act").await;
    assert_eq!(harness.failed(id).await.0, "not_this_brain");
}

/// The brain of a user: it uses the microphone once, and sleeps.
struct Speaker;

impl Brain for Speaker {
    fn answer(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async move { Ok(format!("you said {}", ctx.text())) })
    }

    fn decide(&self, ctx: BrainCtx) -> BoxFuture<'_, Result<Decision, Error>> {
        Box::pin(async move {
            let mind = ctx.mind().unwrap();
            if mind.step > 0 {
                return Ok(Decision::sleep());
            }
            let available = &ctx.abilities()[0];
            let ability = format!("{}:{}", available.entity, available.ability);
            let arguments = json!({"message": "thanks"});
            let decision = Decision::call(ability.parse().unwrap(), &arguments)?;
            Ok(decision
                .and_plan(vec!["pass it on".to_owned()])
                .and_think("mood", "good"))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brain_of_a_user_answers_and_acts() {
    let mut harness = Harness::start().await;
    let worker = sdk::Worker::builder().brain("speaker", Speaker);
    harness
        .start_sdk_worker(worker.build(sdk::Config::default()).unwrap())
        .await;
    assert_eq!(
        run_action(&harness, "speaker").await["message"],
        "you said Hello there"
    );
    harness.set_mind(offers(), woken(&json!({})));
    let decided = run_action(&harness, "speaker").await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "thanks"}))]
    );
    let thought = json!({"plan": ["pass it on"], "thoughts": {"mood": "good"}});
    assert_eq!(decided["thought"], thought);
    harness.set_mind(offers(), woken(&json!({"step": 1})));
    assert_eq!(
        run_action(&harness, "speaker").await["thought"],
        json!({"sleeps": true})
    );
}
