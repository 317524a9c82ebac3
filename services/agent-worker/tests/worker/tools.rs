//! A model that calls tools: the tools of a request, the history of tool steps, and the calls.

use agent_worker::{AllowedServer, Config, Worker};
use contract::RunOutcome;
use contract::run::RunResult;
use contract::tool::{McpServer, Tool, ToolCall};
use serde_json::{Value, json};
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};

use crate::support::{Harness, config};
use crate::world_log::{Logged, outcomes, requested};

/// A world whose agent has a scripted model and an MCP server, and a worker.
struct Fixture {
    harness: Harness,
    model: ModelServer,
    tools: ToolServer,
}

impl Fixture {
    async fn start() -> Self {
        let (mut harness, model) = (Harness::start().await, ModelServer::start().await);
        let tools = ToolServer::start().await;
        harness.set_agent(agent(&model, &json!({}))).await;
        harness.set_servers([("files", http(&tools.url()))]).await;
        harness
            .start_worker(Worker::new(allowing(&tools)).unwrap())
            .await;
        Self {
            harness,
            model,
            tools,
        }
    }

    async fn respond(&self) -> RunResult {
        let id = self.harness.request_answer().await;
        self.harness.completed(id).await
    }
}

fn allowing(tools: &ToolServer) -> Config {
    let mut config = config();
    config.mcp.allow = vec![AllowedServer {
        url: Some(tools.url()),
        ..AllowedServer::default()
    }];
    config
}

fn http(url: &str) -> McpServer {
    McpServer::Http {
        url: url.to_owned(),
    }
}

fn agent(model: &ModelServer, tools: &Value) -> Value {
    let llm = json!({"provider": "openai", "model": "scripted-1", "base_url": model.base_url()});
    json!({"brain": {"llm": llm}, "tools": tools})
}

/// The names of the tools of a request.
fn tool_names(request: &Value) -> Vec<&str> {
    let tools = request["tools"].as_array();
    let name = |tool: &'_ Value| tool["function"]["name"].as_str().map(str::len);
    assert!(tools.is_none_or(|tools| tools.iter().all(|tool| name(tool).is_some())));
    let tools = tools.into_iter().flatten();
    tools
        .filter_map(|tool| tool["function"]["name"].as_str())
        .collect()
}

fn files_tool(call: &ToolCall) -> &str {
    match &call.tool {
        Some(Tool::Mcp { server, tool }) if server == "files" => tool,
        other => panic!("{other:?}"),
    }
}

const ADD: [&str; 3] = ["call_a", "files_add", r#"{"a": 1, "b": 2}"#];

#[tokio::test(flavor = "multi_thread")]
async fn a_model_gets_all_tools_and_its_calls_are_the_result() {
    let fixture = Fixture::start().await;
    let note = ["call_b", "files_note", r#"{"text": "x"}"#];
    fixture
        .model
        .reply(Reply::calls("Let me see", &[ADD, note]));
    let completed = fixture.respond().await;
    assert_eq!(completed.message.as_deref(), Some("Let me see"));
    let [add, note] = &completed.calls[..] else {
        panic!("{completed:?}");
    };
    assert_eq!((add.id.as_str(), files_tool(add)), ("call_a", "add"));
    assert_eq!(add.arguments.get(), r#"{"a":1,"b":2}"#);
    assert!(add.reads_only && add.repeatable && add.refused.is_none());
    assert_eq!((note.id.as_str(), files_tool(note)), ("call_b", "note"));
    assert!(!note.reads_only && !note.repeatable);
    assert!(completed.usage.is_some());

    let request = &fixture.model.requests()[0];
    assert!(request.is_streamed());
    let expected = [
        "ask_user_input",
        "files_add",
        "files_crash",
        "files_environment",
        "files_fail",
        "files_grow",
        "files_note",
        "files_show",
        "files_slow",
    ];
    assert_eq!(tool_names(&request.body), expected);
    let add = &request.body["tools"][1]["function"];
    assert_eq!(add["description"], "Adds two numbers.");
    assert_eq!(add["parameters"]["properties"]["a"]["type"], "number");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_one_piece_can_be_calls() {
    let fixture = Fixture::start().await;
    fixture
        .model
        .answer_with(|request| match request.is_streamed() {
            true => Reply::cut_after(0),
            false => Reply::calls("", &[ADD]),
        });
    let completed = fixture.respond().await;
    assert_eq!((completed.message, completed.calls.len()), (None, 1));
    assert_eq!(files_tool(&completed.calls[0]), "add");
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_calls_are_refused_one_by_one() {
    let fixture = Fixture::start().await;
    let calls = [
        ["same", "files_add", "{broken"],
        ["same", "files_no_such", "{}"],
        ["x", "ask_user_input", r#"{"questions": []}"#],
        ["y", "files_show", ""],
    ];
    fixture.model.reply(Reply::calls("", &calls));
    let calls = fixture.respond().await.calls;
    let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["same", "call-1", "x", "y"]);
    let refused: Vec<_> = calls.iter().map(|call| call.refused.is_some()).collect();
    // The second one is refused by the world.
    assert_eq!(refused, [true, true, true, false]);
    assert_eq!(calls[0].arguments.get(), "{}");
    assert_eq!(calls[1].tool, None);
    assert_eq!(files_tool(&calls[3]), "show");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_asks_people() {
    let fixture = Fixture::start().await;
    let questions = r#"{"questions": [{"question": "Which?", "options": [{"label": "A"}]}]}"#;
    let ask = ["call_a", "ask_user_input", questions];
    fixture.model.reply(Reply::calls("", &[ask]));
    let calls = fixture.respond().await.calls;
    let Some(Tool::People { questions }) = &calls[0].tool else {
        panic!("{calls:?}");
    };
    assert_eq!(questions[0].options[0].id, "option-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_may_have_no_tool_for_questions() {
    let fixture = Fixture::start().await;
    let access = json!({"questions": false});
    fixture
        .harness
        .set_agent(agent(&fixture.model, &access))
        .await;
    fixture.respond().await;
    let request = &fixture.model.requests()[0];
    assert!(!tool_names(&request.body).contains(&"ask_user_input"));
    let mut without = agent(&fixture.model, &json!({}));
    without["tools"] = Value::Null;
    fixture.harness.set_agent(without).await;
    fixture.respond().await;
    assert!(tool_names(&fixture.model.requests()[1].body).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_steps_are_part_of_the_prompt() {
    let fixture = Fixture::start().await;
    let first = [
        ["one", "files_add", r#"{"a": 1, "b": 2}"#],
        ["two", "gone_tool", r#"{"a": 1}"#],
    ];
    let second = [["three", "files_add", r#"{"a": 4}"#]];
    fixture.model.reply(Reply::calls("Let me see", &first));
    fixture.model.reply(Reply::calls("", &second));
    fixture.model.reply(Reply::text("It is 4"));
    let chat = fixture.harness.create_chat("A chat", &[]).await;
    let message = fixture.harness.post(&chat, "pat", "How much?").await;
    let answer = |log: &[Logged]| {
        let mut runs = requested(log).filter(|(_, run)| run.message == Some(message));
        runs.find_map(|(id, _)| match outcomes(log, id).pop()? {
            RunOutcome::Completed(result) if result.calls.is_empty() => result.message,
            _ => None,
        })
    };
    let answer = fixture.harness.find("an answer", answer).await;
    assert_eq!(answer, "It is 4");

    let request = fixture.model.requests().pop().unwrap();
    let messages = request.body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages
        .iter()
        .map(|it| it["role"].as_str().unwrap())
        .collect();
    let expected = [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "tool",
    ];
    assert_eq!(roles, expected);
    assert_eq!(messages[2]["content"], "Let me see");
    let first = &messages[2]["tool_calls"][0];
    assert_eq!(
        (&first["id"], &first["function"]["name"]),
        (&json!("one"), &json!("files_add"))
    );
    assert_eq!(first["function"]["arguments"], r#"{"a":1,"b":2}"#);
    let results: Vec<_> = [3, 4, 6]
        .map(|index| {
            (
                &messages[index]["tool_call_id"],
                &messages[index]["content"],
            )
        })
        .into();
    assert_eq!(results[0], (&json!("one"), &json!("3")));
    assert_eq!(
        results[1],
        (&json!("two"), &json!("error: there is no tool gone_tool"))
    );
    assert_eq!(results[2], (&json!("three"), &json!("4")));
    assert!(tool_names(&request.body).contains(&"gone_tool"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unavailable_servers_are_named_in_the_prompt() {
    let fixture = Fixture::start().await;
    let unused = format!("http://127.0.0.1:{}/mcp", testkit::free_port());
    let mut config = allowing(&fixture.tools);
    config.mcp.allow.push(AllowedServer {
        url: Some(unused.clone()),
        ..AllowedServer::default()
    });
    let mut harness = Harness::start().await;
    harness.set_agent(agent(&fixture.model, &json!({}))).await;
    harness
        .set_servers([
            ("absent", http(&unused)),
            ("files", http(&fixture.tools.url())),
            ("forbidden", http("http://10.255.255.1/mcp")),
        ])
        .await;
    harness.start_worker(Worker::new(config).unwrap()).await;
    let id = harness.request_answer().await;
    harness.completed(id).await;
    let request = &fixture.model.requests()[0];
    let (_, system) = &request.messages()[0];
    let sentence = "The tools of absent, forbidden can't be reached now.";
    assert!(system.contains(sentence), "{system}");
    assert!(tool_names(&request.body).contains(&"files_add"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_are_listed_once_until_they_change() {
    let fixture = Fixture::start().await;
    for _ in 0..3 {
        fixture.respond().await;
    }
    assert_eq!(
        (fixture.tools.seen("started"), fixture.tools.seen("listed")),
        (1, 1)
    );
    let access = json!({"permission": "auto"});
    fixture
        .harness
        .set_agent(agent(&fixture.model, &access))
        .await;
    let grow = ["a", "files_grow", "{}"];
    fixture.model.reply(Reply::calls("", &[grow]));
    assert_eq!(fixture.respond().await.calls.len(), 1);
    testkit::eventually("the new tool is in the request", async || {
        fixture.respond().await;
        let requests = fixture.model.requests();
        tool_names(&requests.last().unwrap().body).contains(&"files_grown")
    })
    .await;
    assert_eq!(
        (fixture.tools.seen("started"), fixture.tools.seen("listed")),
        (1, 2)
    );
}
