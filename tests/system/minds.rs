//! Agents that act by themselves, in whole systems.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;
use testkit::model::{ModelRequest, ModelServer, Reply};
use tokio::sync::Semaphore;

const WORLD: &str = "/v1/worlds/lab";

/// What an agent says: nobody has to do it for it.
fn says(event_type: &str) -> Value {
    json!({
        "name": event_type, "trigger": event_type, "run": {"client": {}},
        "arguments": {"type": "object", "required": ["message"],
            "properties": {"message": {"type": "string"}}},
    })
}

fn agent(id: &str, brain: &Value, mind: &Value) -> Value {
    json!({
        "id": id, "kind": "agent", "agent": {"brain": brain, "mind": mind},
        "abilities": [says("agent_speaks_with_user_event"), says("agent_speaks_with_agent_event")],
    })
}

fn calculator() -> Value {
    json!({"id": "calculator", "kind": "object", "abilities": [{
        "name": "add", "trigger": "calculator_add", "run": {"worker": "calculator-add"},
        "description": "Adds two numbers.",
        "arguments": {"type": "object", "required": ["a", "b"],
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
    }]})
}

async fn lab(shape: Shape, entities: &[Value]) -> Cluster {
    let cluster = Cluster::start(shape).await;
    let mut all = vec![json!({"id": "pat", "kind": "user"}), calculator()];
    all.extend_from_slice(entities);
    let world = json!({"id": "lab", "name": "Lab", "entities": all});
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

async fn ask(cluster: &Cluster, agent: &str, message: &str) {
    let event = json!({"type": "user_speaks_with_agent_event", "target": agent,
        "data": {"message": message}});
    let body = json!({"sender": "pat", "events": [event]});
    Http::post(&cluster.gateways, &format!("{WORLD}/events"), &body).await;
}

async fn mind(cluster: &Cluster, agent: &str) -> Value {
    Http::get(&cluster.gateways, &format!("{WORLD}/entities/{agent}/mind")).await
}

async fn wait_until_passive(cluster: &Cluster, agent: &str) {
    eventually("the agent sleeps", async || {
        let mind = mind(cluster, agent).await;
        mind["awake"] == false && mind["busy"] == false
    })
    .await;
}

/// The events of a type, oldest first: sender and message.
async fn messages(cluster: &Cluster, event_type: &str) -> Vec<(String, String)> {
    let state = Http::get(&cluster.gateways, &format!("{WORLD}/state")).await;
    let path = format!(
        "{WORLD}/events?type={event_type}&limit=1000&after=0.0&wait_for={}",
        state["seq"]
    );
    let page = Http::get(&cluster.gateways, &path).await;
    let events = page["events"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    events
        .map(|event| (text(&event["sender"]), text(&event["data"]["message"])))
        .collect()
}

fn llm(model: &ModelServer) -> Value {
    json!({"llm": {"provider": "openai", "model": "m", "base_url": model.base_url()}})
}

fn answer_reply(message: &str) -> Reply {
    let arguments = json!({"message": message, "target_id": "pat"}).to_string();
    let name = "carl_agent_speaks_with_user_event";
    Reply::calls("", &[["1", name, &arguments]])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_calculates_answers_and_sleeps() {
    let model = ModelServer::start().await;
    let mind_of_carl = json!({
        "goals": ["Wait asleep for a question, find the answer, tell it."],
        "wakes_on": [{"type": "user_speaks_with_agent_event"}],
    });
    let carl = agent("carl", &llm(&model), &mind_of_carl);
    let cluster = lab(Shape::default(), &[carl]).await;
    model.reply(Reply::calls(
        "",
        &[
            ["1", "plan", r#"{"steps":["add","tell"]}"#],
            ["2", "calculator_add", r#"{"a":2.45,"b":6.78}"#],
        ],
    ));
    model.reply(answer_reply("The result of adding 2.45 and 6.78 is 9.23."));
    model.reply(Reply::calls("Done.", &[["1", "sleep", "{}"]]));
    ask(&cluster, "carl", "What is 2.45 plus 6.78?").await;
    wait_until_passive(&cluster, "carl").await;
    let expected = "The result of adding 2.45 and 6.78 is 9.23.".to_owned();
    assert_eq!(
        messages(&cluster, "agent_speaks_with_user_event").await,
        [("carl".to_owned(), expected)]
    );
    let requests = model.requests();
    assert_eq!(requests.len(), 3);
    // It is asked again when the sum is there, and not before.
    let prompt = requests[1].body["messages"].to_string();
    for known in ["calculator_answered", "9.23", "1. add", "What is 2.45"] {
        assert!(prompt.contains(known), "{known} in {prompt}");
    }
    let mind = mind(&cluster, "carl").await;
    assert_eq!((&mind["steps"], &mind["plan"]), (&json!(3), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_an_agent_decides_to_sleep_wakes_it() {
    let model = ModelServer::start().await;
    let mind_of_carl = json!({"wakes_on": [{"type": "user_speaks_with_agent_event"}]});
    let carl = agent("carl", &llm(&model), &mind_of_carl);
    let cluster = lab(Shape::default(), &[carl]).await;
    // The first decision, to sleep, is held back until the second message is in the log.
    let gate = Arc::new(Semaphore::new(0));
    model.reply(Reply::calls("", &[["1", "sleep", "{}"]]).held_by(&gate));
    model.answer_with(|request: &ModelRequest| {
        let prompt = request.body["messages"].to_string();
        match prompt.contains("I heard both") {
            true => Reply::calls("", &[["1", "sleep", "{}"]]),
            false => answer_reply("I heard both."),
        }
    });
    ask(&cluster, "carl", "one").await;
    eventually("the model is asked", async || model.requests().len() == 1).await;
    ask(&cluster, "carl", "two").await;
    gate.add_permits(1);
    eventually("the second message is answered", async || {
        messages(&cluster, "agent_speaks_with_user_event")
            .await
            .len()
            == 1
    })
    .await;
    wait_until_passive(&cluster, "carl").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_reminded_of_all_that_it_received_if_it_is_to_be() {
    let model = ModelServer::start().await;
    let mind_of_carl = json!({
        "wakes_on": [{"type": "user_speaks_with_agent_event"}],
        "memory": {"events": 1, "full": true},
    });
    let carl = agent("carl", &llm(&model), &mind_of_carl);
    let cluster = lab(Shape::default(), &[carl]).await;
    let events: Vec<Value> = (0..50)
        .map(|number| json!({"type": "word.said", "data": {"word": format!("word-{number}")}}))
        .collect();
    let body = json!({"sender": "pat", "events": events});
    Http::post(&cluster.gateways, &format!("{WORLD}/events"), &body).await;
    let received = format!("{WORLD}/events?heard_by=carl&limit=10&last=true");
    eventually("the archive has all of them", async || {
        let page = Http::get(&cluster.gateways, &received).await;
        page["events"][9]["data"]["word"] == "word-49"
    })
    .await;
    model.reply(Reply::calls("", &[["1", "sleep", "{}"]]));
    ask(&cluster, "carl", "What was the first word?").await;
    wait_until_passive(&cluster, "carl").await;
    let prompt = model.requests()[0].body["messages"].to_string();
    for word in ["word-0", "word-49", "What was the first word?"] {
        assert!(prompt.contains(word), "{word} in {prompt}");
    }
    assert_eq!(
        mind(&cluster, "carl").await["memory"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// An agent whose script passes on what it receives.
fn relay(id: &str, received: &str, event_type: &str, to: &str) -> Value {
    let brain = json!({"script": {"rules": [{
        "when": received, "reply": "told",
        "calls": [{"entity": id, "ability": event_type, "target": to,
            "arguments": {"message": "{text}"}}],
    }]}});
    agent(id, &brain, &json!({"wakes_on": [{"type": received}]}))
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_speak_with_each_other_and_each_word_is_sent_once() {
    let john = relay(
        "john",
        "user_speaks_with_agent_event",
        "agent_speaks_with_agent_event",
        "matthew",
    );
    let matthew = relay(
        "matthew",
        "agent_speaks_with_agent_event",
        "agent_speaks_with_user_event",
        "pat",
    );
    let cluster = lab(Shape::default(), &[john, matthew]).await;
    for number in 0..5 {
        ask(&cluster, "john", &number.to_string()).await;
    }
    wait_until_passive(&cluster, "john").await;
    wait_until_passive(&cluster, "matthew").await;
    for (event_type, sender) in [
        ("agent_speaks_with_agent_event", "john"),
        ("agent_speaks_with_user_event", "matthew"),
    ] {
        let expected: Vec<_> = (0..5)
            .map(|number| (sender.to_owned(), number.to_string()))
            .collect();
        assert_eq!(messages(&cluster, event_type).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_answered_once_whatever_is_killed() {
    const QUESTIONS: usize = 30;
    let carl = relay(
        "carl",
        "user_speaks_with_agent_event",
        "agent_speaks_with_user_event",
        "pat",
    );
    let mut cluster = lab(Shape::default(), &[carl]).await;
    for number in 0..QUESTIONS {
        ask(&cluster, "carl", &number.to_string()).await;
        match number {
            8 => cluster.stop("agent-worker"),
            12 => cluster.resume("agent-worker").await,
            18 => {
                cluster.stop("world");
                cluster.resume("world").await;
            }
            _ => {}
        }
    }
    wait_until_passive(&cluster, "carl").await;
    let expected: Vec<_> = (0..QUESTIONS)
        .map(|number| ("carl".to_owned(), number.to_string()))
        .collect();
    assert_eq!(
        messages(&cluster, "agent_speaks_with_user_event").await,
        expected
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_agent_that_acts_by_itself_has_a_mind_to_look_into() {
    let cluster = lab(Shape::default(), &[]).await;
    let door = &cluster.gateways[0];
    for (entity, code) in [("calculator", 404), ("nobody", 404)] {
        let path = format!("{WORLD}/entities/{entity}/mind");
        let answer = door.send(Method::GET, &path, None, None).await.unwrap();
        assert_eq!(answer.0, code, "{}", answer.1);
    }
    let mind = json!({"wakes_on": [{"type": "message.posted"}]});
    let body = agent("eve", &json!({"script": {}}), &mind);
    let path = format!("{WORLD}/entities");
    let (status, problem) = door
        .send(Method::POST, &path, Some(&body), None)
        .await
        .unwrap();
    assert_eq!(status, 422);
    assert_eq!(problem["field"], "agent.mind.wakes_on[0].type", "{problem}");
}
