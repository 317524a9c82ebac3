//! Agents that act by themselves, with a script and with a scripted model.

use contract::run::RunResult;
use futures::future::BoxFuture;
use sdk::{Brain, Decision, Error, Thinking};
use serde_json::{Value, json};
use testkit::model::{ModelServer, Reply};

use crate::support::Harness;

/// What an agent can use: a microphone to speak into and to pass on.
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
    let mut situation = json!({
        "thinking": "decide", "world_name": "Studio",
        "cause": event("mic.given", &json!({"by": "pat"})),
        "memory": [event("mic.given", &json!({"by": "pat"}))],
    });
    for (name, value) in more.as_object().unwrap() {
        situation[name] = value.clone();
    }
    situation
}

async fn acts(harness: &Harness, action: &str) -> Value {
    let id = harness.request(action).await;
    let completed: RunResult = harness.completed(id).await;
    serde_json::to_value(completed).unwrap()
}

fn call(ability: &str, arguments: &Value) -> Value {
    json!({"ability": {"entity": "mic", "ability": ability}, "arguments": arguments})
}

/// The calls of what was decided, without what only a provider wants to see.
fn calls(completed: &Value) -> Vec<Value> {
    let calls = completed["calls"].as_array().into_iter().flatten();
    calls
        .map(|made| json!({"ability": made["tool"]["ability"], "arguments": made["arguments"]}))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_acts() {
    let mut harness = Harness::start().await;
    harness.agent(json!({
        "brain": {"script": {"rules": [{
            "when": "mic.given", "reply": "I spoke.",
            "calls": [{"entity": "mic", "ability": "speak", "arguments": {"message": "thanks, {data.by}"}}],
        }]}},
        "mind": {},
    }));
    harness.situation(offers(), woken(&json!({})));
    harness.work().await;
    let decided = acts(&harness, "act").await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "thanks, pat"}))]
    );
    harness.situation(offers(), woken(&json!({"step": 1})));
    let decided = acts(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "I spoke.");
    assert!(harness.chunks().is_empty(), "nobody reads along");
    harness.all_acknowledged().await;
}

async fn model() -> (Harness, ModelServer) {
    let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url(),
        "system_prompt": "Be brief."});
    harness.agent(json!({
        "brain": {"llm": llm},
        "mind": {
            "goals": ["be heard"],
            "memory": {"paragraphs": 2},
            "reflections": [{"before": "mic:speak", "argument": "message", "prompt": "What is worth saying?"}],
        },
    }));
    harness.situation(offers(), woken(&json!({"plan": ["speak"]})));
    harness.work().await;
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
    let decided = acts(&harness, "act").await;
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
    let told = first["messages"].to_string();
    for expected in ["be heard", "Studio", "mic.given", "Be brief.", "1. speak"] {
        assert!(told.contains(expected), "{expected} in {told}");
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
    let decided = acts(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "Enough.");
    harness.situation(offers(), woken(&json!({"next": "mic:pass"})));
    model.reply(Reply::calls("", &[["1", "mic_pass", r#"{"to":"bob"}"#]]));
    let decided = acts(&harness, "act").await;
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
async fn a_model_sums_up() {
    let (harness, model) = model().await;
    harness.situation(
        json!([]),
        woken(&json!({"thinking": "summarise", "summary": "It began."})),
    );
    model.reply(Reply::text("It began, and Pat gave the microphone away."));
    let summed = acts(&harness, "summarise").await;
    let summary = json!({
        "text": "It began, and Pat gave the microphone away.",
        "until": "0190b7a5-0000-7000-8000-000000000001",
    });
    assert_eq!(summed["thought"], json!({"summary": summary}));
    let told = model.requests()[0].body["messages"].to_string();
    assert!(
        told.contains("It began.") && told.contains("2 paragraphs"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_asked_what_it_does_does_nothing() {
    let mut harness = Harness::start().await;
    harness.work().await;
    let id = harness.request("act").await;
    assert_eq!(harness.failed(id).await.0, "no_mind");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_archive_an_agent_makes_do_with_what_its_world_remembers() {
    let (harness, model) = model().await;
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    harness.agent(json!({"brain": {"llm": llm}, "mind": {"memory": {"full": true}}}));
    model.reply(Reply::calls("", &[["1", "sleep", "{}"]]));
    let decided = acts(&harness, "act").await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    let told = model.requests()[0].body["messages"].to_string();
    assert!(told.contains("mic.given"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_decides_for_an_agent_that_its_client_thinks_for() {
    let mut harness = Harness::start().await;
    harness.agent(json!({"brain": {"client": {}}, "mind": {}}));
    harness.situation(offers(), woken(&json!({})));
    harness.work().await;
    let id = harness.request("act").await;
    assert_eq!(harness.failed(id).await.0, "not_this_brain");
}

/// A brain of a user: it speaks once, and sleeps.
struct Speaker;

impl Brain for Speaker {
    fn think(&self, thinking: Thinking) -> BoxFuture<'_, Result<String, Error>> {
        Box::pin(async move { Ok(format!("you said {}", thinking.text())) })
    }

    fn act(&self, thinking: Thinking) -> BoxFuture<'_, Result<Decision, Error>> {
        Box::pin(async move {
            let situation = thinking.situation().unwrap();
            if situation.step > 0 {
                return Ok(Decision::sleep());
            }
            let offer = &thinking.offers()[0];
            let ability = format!("{}:{}", offer.entity, offer.ability);
            let said = json!({"message": "thanks"});
            let decision = Decision::use_of(ability.parse().unwrap(), &said)?;
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
        .work_with(worker.build(sdk::Config::default()).unwrap())
        .await;
    assert_eq!(
        acts(&harness, "speaker").await["message"],
        "you said Hello there"
    );
    harness.situation(offers(), woken(&json!({})));
    let decided = acts(&harness, "speaker").await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "thanks"}))]
    );
    let thought = json!({"plan": ["pass it on"], "thoughts": {"mood": "good"}});
    assert_eq!(decided["thought"], thought);
    harness.situation(offers(), woken(&json!({"step": 1})));
    assert_eq!(
        acts(&harness, "speaker").await["thought"],
        json!({"sleeps": true})
    );
}
