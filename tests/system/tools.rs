//! An agent whose model calls tools: one that only reads, and one that a person is asked about
//! first, while everything is killed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};

const MESSAGES: &str = "/v1/worlds/lab/chats/main/messages";

struct Fixture {
    cluster: Cluster,
    model: ModelServer,
    tools: ToolServer,
}

impl Fixture {
    async fn start(access: Value) -> Self {
        let (model, tools) = (ModelServer::start().await, ToolServer::start().await);
        let url = tools.url();
        let variables = [("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", url.as_str())];
        let shape = Shape {
            workers: 2,
            ..Shape::default()
        };
        let cluster = Cluster::start_with(shape, &variables).await;
        let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
        let world = json!({
            "id": "lab",
            "mcp_servers": {"tools": {"http": {"url": url}}},
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}, "tools": access}},
            ],
            "chats": [{"id": "main", "title": "Lab"}],
        });
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        Self {
            cluster,
            model,
            tools,
        }
    }

    async fn approvals(&self) -> Vec<Value> {
        let page = Http::get(&self.cluster.gateways, "/v1/worlds/lab/approvals").await;
        page["approvals"].as_array().unwrap().clone()
    }

    /// Waits until a call waits for a person: its path.
    async fn waiting(&self) -> String {
        let mut found = None;
        eventually("a call waits for a person", async || {
            let approvals = self.approvals().await;
            found = approvals.first().cloned();
            found.is_some()
        })
        .await;
        let id = found.unwrap()["id"].as_str().unwrap().to_owned();
        format!("/v1/worlds/lab/approvals/{id}")
    }

    async fn wait_for_message(&self, text: &str) {
        eventually(&format!("{text} is posted"), async || {
            let page = Http::get(&self.cluster.gateways, MESSAGES).await;
            let messages = page["messages"].as_array().unwrap();
            messages.iter().any(|message| message["text"] == text)
        })
        .await;
    }

    /// The results of its calls that the model got.
    fn results(&self) -> Vec<String> {
        let requests = self.model.requests();
        let messages = requests.last().unwrap().body["messages"].clone();
        let messages = messages.as_array().unwrap().iter();
        let results = messages.filter(|message| message["role"] == "tool");
        results
            .map(|result| result["content"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_calls_a_tool_and_answers_with_what_it_returned() {
    let fixture = Fixture::start(json!({})).await;
    fixture.model.reply(Reply::calls(
        "let me see",
        &[["c1", "tools_add", r#"{"a":2,"b":3}"#]],
    ));
    fixture.model.reply(Reply::text("It is five."));
    let body = json!({"sender": "guest", "text": "2 + 3?"});
    let answer = Http::post(&fixture.cluster.gateways, MESSAGES, &body).await;
    assert_eq!(answer["answers"][0]["text"], "It is five.", "{answer}");
    assert_eq!(answer["failures"], json!([]), "{answer}");
    assert_eq!(fixture.results(), ["5"]);
    let servers = Http::get(&fixture.cluster.gateways, "/api/mcp/servers").await;
    assert_eq!(servers["servers"][0]["status"], "running", "{servers}");
    assert_eq!(servers["servers"][0]["associatedWorlds"], json!(["lab"]));
    let id = servers["servers"][0]["id"].as_str().unwrap();
    let restart = format!("/mcp/servers/{id}/restart");
    let restarted = Http::post(&fixture.cluster.gateways, &restart, &json!({})).await;
    assert_eq!(restarted["success"], true);
    let door = &fixture.cluster.gateways[0];
    let sent = door.send(Method::POST, "/mcp/servers/nothing/restart", None, None);
    assert_eq!(sent.await.unwrap().0, StatusCode::NOT_FOUND);
    let page = "/tool-artifact?worldId=lab&path=test://page&preview=inline-html";
    let page = reqwest::get(format!("{}{page}", door.base)).await.unwrap();
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("sandbox")
    );
    assert_eq!(page.text().await.unwrap(), "<p>hello</p>");
    for (query, status) in [("worldId=lab&path=test://none", 404), ("path=x", 400)] {
        let missing = reqwest::get(format!("{}/tool-artifact?{query}", door.base)).await;
        assert_eq!(missing.unwrap().status().as_u16(), status, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_a_person_although_everything_is_killed() {
    let mut fixture = Fixture::start(json!({})).await;
    fixture.model.reply(Reply::calls(
        "",
        &[["c1", "tools_note", r#"{"text":"hi"}"#]],
    ));
    let body = json!({"sender": "guest", "text": "write it down", "wait": false});
    Http::post(&fixture.cluster.gateways, MESSAGES, &body).await;
    let approval = fixture.waiting().await;
    for process in &mut fixture.cluster.processes {
        process.kill();
        process.restart();
    }
    fixture.cluster.ready().await;
    assert_eq!(fixture.tools.seen("noted"), 0);
    fixture.model.reply(Reply::text("Done."));
    let verdict = json!({"verdict": "approved", "sender": "guest"});
    Http::post(&fixture.cluster.gateways, &approval, &verdict).await;
    fixture.wait_for_message("Done.").await;
    assert_eq!(fixture.tools.seen("noted"), 1);
    assert_eq!(fixture.results(), ["written down"]);
    assert!(fixture.approvals().await.is_empty());
    let door = &fixture.cluster.gateways[0];
    let (status, problem) = door
        .send(Method::POST, &approval, Some(&verdict), None)
        .await
        .unwrap();
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (409, &json!("already_ended"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_refuses_answers_or_lets_the_time_pass() {
    let fixture = Fixture::start(json!({"approval_timeout_seconds": 2})).await;
    let post = async |text: &str| {
        let body = json!({"sender": "guest", "text": text, "wait": false});
        Http::post(&fixture.cluster.gateways, MESSAGES, &body).await;
    };
    let note = || Reply::calls("", &[["c1", "tools_note", "{}"]]);
    fixture.model.reply(note());
    post("one").await;
    let approval = fixture.waiting().await;
    fixture.model.reply(Reply::text("As you wish."));
    let verdict = json!({"verdict": {"denied": {"reason": "not now"}}, "sender": "guest"});
    Http::post(&fixture.cluster.gateways, &approval, &verdict).await;
    fixture.wait_for_message("As you wish.").await;
    assert_eq!(fixture.results(), ["error: a person refused this: not now"]);

    let question = r#"{"questions":[{"question":"Red or blue?","options":[{"label":"Red"},{"label":"Blue"}]}]}"#;
    fixture
        .model
        .reply(Reply::calls("", &[["c1", "ask_user_input", question]]));
    post("two").await;
    let approval = fixture.waiting().await;
    fixture.model.reply(Reply::text("Blue it is."));
    let answers = json!([{"question": "question-1", "options": ["option-2"]}]);
    let verdict = json!({"verdict": {"answered": {"answers": answers}}, "sender": "guest"});
    Http::post(&fixture.cluster.gateways, &approval, &verdict).await;
    fixture.wait_for_message("Blue it is.").await;
    assert!(
        fixture.results()[0].contains("option-2"),
        "{:?}",
        fixture.results()
    );

    fixture.model.reply(note());
    fixture.model.reply(Reply::text("Nobody is there."));
    post("three").await;
    fixture.wait_for_message("Nobody is there.").await;
    assert_eq!(fixture.results(), ["error: nobody answered in time"]);
    assert_eq!(fixture.tools.seen("noted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_server_that_workers_refuse_is_shown_with_its_agents() {
    let shape = Shape {
        workers: 2,
        ..Shape::default()
    };
    let allowed = "https://tools.example/mcp";
    // One of the servers is listed in the configuration of the workers.
    let variables = [("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", allowed)];
    let cluster = Cluster::start_with(shape, &variables).await;
    let agent = |id: &str, tools: Value| {
        let brain = json!({"script": {"default": "yes"}});
        json!({"id": id, "kind": "agent", "agent": {"brain": brain, "tools": tools}})
    };
    let world = json!({
        "id": "lab",
        "mcp_servers": {
            "files": {"stdio": {"command": "no-such-program"}},
            "search": {"http": {"url": allowed}},
        },
        "entities": [
            agent("ada", json!({})),
            agent("bob", json!({"servers": ["search"]})),
            {"id": "eve", "kind": "agent", "agent": {}},
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let path = "/v1/worlds/lab/tool-servers";
    let shown = async |query: &str| {
        let shown = Http::get(&cluster.gateways, &format!("{path}{query}")).await;
        let servers = shown["servers"].as_array().unwrap().clone();
        let of = |server: Value| {
            let names = ["name", "status", "agents", "workers", "refused_by"];
            names.map(|name| server[name].clone())
        };
        servers.into_iter().map(of).collect::<Vec<_>>()
    };
    let files = json!(["files", "refused", ["ada"], 2, 2]);
    let search = json!(["search", "closed", ["ada", "bob"], 2, 0]);
    eventually("both workers have replied", async || {
        json!(shown("").await) == json!([files, search])
    })
    .await;
    let of_bob = shown("?agent=bob").await;
    assert_eq!(of_bob.len(), 1);
    assert_eq!(of_bob[0][0], "search");
    assert!(shown("?agent=eve").await.is_empty());
    let unknown = format!("{path}?agent=no");
    let unknown = cluster.gateways[0].send(Method::GET, &unknown, None, None);
    assert_eq!(unknown.await.unwrap().0, StatusCode::NOT_FOUND);
}
