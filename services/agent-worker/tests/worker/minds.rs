//! Agents that act by themselves, with a script and with a scripted model.

use contract::command::WorldUpdate;
use contract::mind::ThinkTask;
use contract::run::RunResult;
use contract::{ActionName, Command, EventId, NewEvent, RunId, Target};
use futures::future::BoxFuture;
use manyworlds_sdk::{Action, ActionCtx, Brain, BrainCtx, Decision, Error, RunFuture};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use testkit::model::{ModelServer, Reply};

use crate::support::{Harness, name};
use crate::world_log::{Logged, requested};

/// What brings the microphone to life: whatever is done with it is done at once.
struct UseMicrophone(ActionName);

impl Action for UseMicrophone {
    fn name(&self) -> &ActionName {
        &self.0
    }

    fn run(&self, _ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(async { Ok(RunResult::default()) })
    }
}

/// A world with a microphone to speak into and to pass on, and an agent.
async fn studio(agent: Value) -> Harness {
    let mut harness = Harness::start().await;
    let update = WorldUpdate {
        name: Some("Studio".to_owned()),
        ..WorldUpdate::default()
    };
    harness.send("world", Command::UpdateWorld(update)).await;
    let ability = |ability: &str, argument: &str| {
        json!({
            "name": ability, "trigger": format!("mic.{ability}"),
            "description": format!("To {ability}."),
            "arguments": {"type": "object", "required": [argument],
                "properties": {argument: {"type": "string"}}},
            "run": {"worker": "use-microphone"},
        })
    };
    let abilities = json!([ability("speak", "message"), ability("pass", "to")]);
    let mic = json!({"id": "mic", "kind": "object", "abilities": abilities});
    let mic = serde_json::from_value(mic).unwrap();
    harness.send("world", Command::CreateEntity(mic)).await;
    harness.set_agent(agent).await;
    let builder = manyworlds_sdk::Worker::builder().action(UseMicrophone(name("use-microphone")));
    let worker = builder.build(manyworlds_sdk::Config::default()).unwrap();
    harness.start_sdk_worker(worker).await;
    harness
}

/// A mind that wakes when it gets the microphone.
fn mind(more: &Value) -> Value {
    let mut mind = json!({"wakes_on": [{"type": "mic.given"}]});
    for (name, value) in more.as_object().unwrap() {
        mind[name] = value.clone();
    }
    mind
}

/// Sends the agent an event of a person.
async fn send(harness: &Harness, event_type: &str) -> EventId {
    let data = to_raw_value(&json!({"by": "pat"})).unwrap();
    let event = NewEvent {
        target: Some(Target::Entities(vec!["ada".parse().unwrap()])),
        ..NewEvent::new(event_type.parse().unwrap(), data)
    };
    let command = Command::SendEvents {
        events: vec![event],
        message: None,
    };
    harness.send("pat", command).await.event(0)
}

/// The run that thinks for the agent for the `number`th time, from 0.
async fn thinking(harness: &Harness, task: ThinkTask, number: usize) -> RunId {
    let run = |log: &[Logged]| {
        let mut runs = requested(log).filter(|(_, run)| run.thinking == Some(task));
        runs.nth(number).map(|(id, _)| id)
    };
    harness.find("the agent thinks", run).await
}

/// What came of the `number`th decision of the agent, from 0.
async fn decision(harness: &Harness, number: usize) -> Value {
    let id = thinking(harness, ThinkTask::Decide, number).await;
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
    let mut harness = studio(json!({
        "brain": {"script": {"rules": [{
            "when": "mic.given", "reply": "I spoke.",
            "calls": [{"entity": "mic", "ability": "speak", "arguments": {"message": "thanks, {data.by}"}}],
        }]}},
        "mind": mind(&json!({})),
    }))
    .await;
    harness.start_built_in().await;
    send(&harness, "mic.given").await;
    assert_eq!(
        calls(&decision(&harness, 0).await),
        [call("speak", &json!({"message": "thanks, pat"}))]
    );
    let decided = decision(&harness, 1).await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "I spoke.");
    assert!(harness.chunks().is_empty(), "the run is muted");
    harness.all_acknowledged().await;
}

/// A studio whose agent has a scripted model, and a worker.
async fn model(more: &Value) -> (Harness, ModelServer) {
    let model = ModelServer::start().await;
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url(),
        "system_prompt": "Be brief."});
    let mut harness = studio(json!({"brain": {"llm": llm}, "mind": mind(more)})).await;
    harness.start_built_in().await;
    (harness, model)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_plans_thinks_and_acts() {
    let (harness, model) = model(&json!({
        "goals": ["be heard"],
        "reflections": [{"before": "mic:speak", "argument": "message", "prompt": "What is worth saying?"}],
    }))
    .await;
    model.reply(Reply::calls("", &[["1", "plan", r#"{"steps":["speak"]}"#]]));
    model.reply(Reply::calls(
        "",
        &[
            ["1", "plan", r#"{"steps":["speak","pass"]}"#],
            ["2", "mic_speak", r#"{"message":"?"}"#],
        ],
    ));
    model.reply(Reply::text("Good evening."));
    send(&harness, "mic.given").await;
    let planned = decision(&harness, 0).await;
    assert_eq!(planned["thought"], json!({"plan": ["speak"]}));
    let decided = decision(&harness, 1).await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "Good evening."}))]
    );
    let thought =
        json!({"plan": ["speak", "pass"], "thoughts": {"mic:speak.message": "Good evening."}});
    assert_eq!(decided["thought"], thought);
    assert!(decided["usage"]["output_tokens"].as_u64().unwrap() > 0);
    let requests = model.requests();
    let (first, second) = (&requests[1].body, &requests[2].body);
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
    let (harness, model) = model(&json!({"chains": [["mic:speak", "mic:pass"]]})).await;
    model.reply(Reply::calls("Enough.", &[["1", "sleep", "{}"]]));
    send(&harness, "mic.given").await;
    let decided = decision(&harness, 0).await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    assert_eq!(decided["message"], "Enough.");
    model.reply(Reply::calls(
        "",
        &[["1", "mic_speak", r#"{"message":"hi"}"#]],
    ));
    model.reply(Reply::calls("", &[["1", "mic_pass", r#"{"to":"bob"}"#]]));
    send(&harness, "mic.given").await;
    let decided = decision(&harness, 2).await;
    assert_eq!(calls(&decided), [call("pass", &json!({"to": "bob"}))]);
    let body = &model.requests()[2].body;
    assert_eq!(body["tools"].as_array().unwrap().len(), 1, "{body}");
    assert!(
        body["messages"]
            .to_string()
            .contains("you must call `mic_pass`")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_summarises() {
    let memory = json!({"events": 1, "paragraphs": 2});
    let (harness, model) = model(&json!({"memory": memory})).await;
    let summaries = ["It began.", "It began, and Pat gave the microphone away."];
    for text in summaries {
        model.reply(Reply::text(text));
    }
    let first = send(&harness, "mic.seen").await;
    let second = send(&harness, "mic.seen").await;
    for (number, until) in [first, second].into_iter().enumerate() {
        let id = thinking(&harness, ThinkTask::Summarise, number).await;
        let update = harness.completed(id).await.thought.unwrap();
        let summary = update.summary.unwrap();
        assert_eq!(
            (summary.text.as_str(), summary.until),
            (summaries[number], until)
        );
        send(&harness, "mic.seen").await;
    }
    let prompt = model.requests()[1].body["messages"].to_string();
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
    let (harness, model) = model(&json!({"memory": {"full": true}})).await;
    model.reply(Reply::calls("", &[["1", "sleep", "{}"]]));
    send(&harness, "mic.given").await;
    let decided = decision(&harness, 0).await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
    let prompt = model.requests()[0].body["messages"].to_string();
    assert!(prompt.contains("mic.given"), "{prompt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_not_decide_for_an_agent_whose_brain_is_a_client() {
    let mut harness = studio(json!({"mind": mind(&json!({}))})).await;
    send(&harness, "mic.given").await;
    let id = thinking(&harness, ThinkTask::Decide, 0).await;
    // The brain becomes a client before a worker has the run.
    let client = json!({"brain": {"client": {}}, "mind": mind(&json!({}))});
    harness.set_agent(client).await;
    harness.start_built_in().await;
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
    let brain = json!({"function": {"action": "speaker"}});
    let mut harness = studio(json!({"brain": brain, "mind": mind(&json!({}))})).await;
    let worker = manyworlds_sdk::Worker::builder().brain("speaker", Speaker);
    harness
        .start_sdk_worker(worker.build(manyworlds_sdk::Config::default()).unwrap())
        .await;
    let id = harness.request_answer().await;
    let answer = harness.completed(id).await.message;
    assert_eq!(answer.as_deref(), Some("you said Hello there"));
    send(&harness, "mic.given").await;
    let decided = decision(&harness, 0).await;
    assert_eq!(
        calls(&decided),
        [call("speak", &json!({"message": "thanks"}))]
    );
    let thought = json!({"plan": ["pass it on"], "thoughts": {"mood": "good"}});
    assert_eq!(decided["thought"], thought);
    let decided = decision(&harness, 1).await;
    assert_eq!(decided["thought"], json!({"sleeps": true}));
}
