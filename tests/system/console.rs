//! The console in a browser: Debian's Chromium, driven by Playwright, before a real system.
//!
//! What a person does and sees is in `console/*.spec.ts`; here are the systems for it. `UPDATE_SCREENSHOTS=1` renews the
//! pictures of the console in `docs`.

use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use system_tests::{Cluster, Http, Shape, browser};
use tempfile::TempDir;
use testkit::Collector;
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::clients::root;
use crate::dead_letters::DeadLetters;
use crate::worlds::{apply, open};

const LOBBY: &str = "/v1/worlds/lobby/chats/main/messages";
/// The line with which a page is ready for its gateway to be killed.
const READY: &str = "READY FOR THE FAULT";

/// A run of one file of browser tests.
struct BrowserTest {
    child: Child,
    printed: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    output: Vec<String>,
    _folder: TempDir,
}

impl BrowserTest {
    /// Starts a file of browser tests before the first gateway.
    fn start(cluster: &Cluster, file: &str) -> Self {
        let modules = tokio::task::block_in_place(browser::modules).unwrap();
        let folder = TempDir::new().unwrap();
        copy_tests(folder.path());
        std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).unwrap();
        let mut command = Command::new(modules.join(".bin/playwright"));
        command
            .args(["test", file, "--output", "results"])
            .env("CONSOLE_URL", &cluster.gateways[0].base)
            .env("CONSOLE_BROWSER", browser::program().unwrap())
            .env("FORCE_COLOR", "0")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
            command.env("CONSOLE_PICTURES", root().join("docs"));
        }
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        Self {
            child,
            printed: BufReader::new(stdout).lines(),
            output: Vec::new(),
            _folder: folder,
        }
    }

    /// The next line that it prints; none at its end.
    async fn next_line(&mut self) -> Option<String> {
        let line = self.printed.next_line().await.unwrap()?;
        self.output.push(line.clone());
        Some(line)
    }

    /// Waits until it prints this.
    async fn prints(&mut self, text: &str) {
        while let Some(line) = self.next_line().await {
            if line.contains(text) {
                return;
            }
        }
        panic!("{text} was not printed:\n{}", self.output.join("\n"));
    }

    /// Waits until all of its tests have passed.
    async fn passes(mut self) {
        while self.next_line().await.is_some() {}
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "{}", self.output.join("\n"));
    }
}

fn copy_tests(folder: &Path) {
    for file in std::fs::read_dir(root().join("tests/system/console")).unwrap() {
        let file = file.unwrap();
        if file.path().extension().is_some_and(|it| it == "ts") {
            std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
    std::fs::write(folder.join("package.json"), r#"{"type": "module"}"#).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chats_in_the_console() {
    let cluster = open("lobby").await;
    BrowserTest::start(&cluster, "chat.spec.ts").passes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_a_world_in_the_console() {
    let cluster = Cluster::start(Shape::default()).await;
    let test = BrowserTest::start(&cluster, "school.spec.ts");
    test.passes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_looks_into_the_past_in_the_console() {
    let cluster = open("lobby").await;
    BrowserTest::start(&cluster, "past.spec.ts").passes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_can_use_the_console() {
    let cluster = open("lobby").await;
    let body = json!({"sender": "guest", "text": "@ada hello"});
    Http::post(&cluster.gateways, LOBBY, &body).await;
    let test = BrowserTest::start(&cluster, "accessibility.spec.ts");
    test.passes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_about_calls_in_the_console() {
    let (model, server) = (ModelServer::start().await, ToolServer::start().await);
    let url = server.url();
    let variables = [("agent-worker:MANYWORLDS_MCP__ALLOW[0]__URL", url.as_str())];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
    let brain = json!({"brain": {"llm": llm}, "tools": {}});
    let world = json!({
        "id": "lab",
        "mcp_servers": {"tools": {"http": {"url": url}}},
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": brain},
        ],
        "chats": [{"id": "main", "title": "Lab"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let call = |id| Reply::calls("", &[[id, "tools_note", r#"{"text":"milk"}"#]]);
    let question = json!({"questions": [{"id": "milk", "question": "Which milk?", "options": [
        {"id": "cow", "label": "Cow"},
        {"id": "oat", "label": "Oat"},
    ]}]});
    let question = question.to_string();
    model
        .reply(call("c1"))
        .reply(Reply::text("I have written it down."))
        .reply(call("c2"))
        .reply(Reply::text("Then I leave it."))
        .reply(Reply::calls("", &[["c3", "ask_user_input", &question]]))
        .reply(Reply::text("Oat milk it is."));
    let test = BrowserTest::start(&cluster, "approval.spec.ts");
    test.passes().await;
    assert_eq!(server.seen("noted"), 1);
    let requests = model.requests();
    let [.., denied, _, answered] = requests.as_slice() else {
        panic!("{} requests", requests.len());
    };
    let [denied, answered] = [denied, answered].map(|request| request.body.to_string());
    assert!(denied.contains("not today"), "{denied}");
    assert!(answered.contains("two litres"), "{answered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_looks_at_sessions_events_and_traces_in_the_console() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        (
            "gateway:MANYWORLDS_TRACE_URL",
            "https://traces.example/trace/{trace_id}",
        ),
    ];
    let cluster = Cluster::start_with(Shape::default(), &variables).await;
    apply(&cluster, "helpdesk");
    apply(&cluster, "lobby");
    BrowserTest::start(&cluster, "desk.spec.ts").passes().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_tries_dead_letters_again_in_the_console() {
    let fixture = DeadLetters::start().await;
    fixture.reject_answer().await;
    fixture.reject_run().await;
    let test = BrowserTest::start(&fixture.cluster, "dead_letters.spec.ts");
    test.passes().await;
    let again: contract::Run = fixture.take().await.read().unwrap();
    assert_eq!(again.arguments.unwrap().get(), r#"{"n":7}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_resumes_after_its_gateway_was_killed() {
    let shape = Shape {
        gateways: 2,
        ..Shape::default()
    };
    let mut cluster = Cluster::start(shape).await;
    apply(&cluster, "lobby");
    let post = |text: String| json!({"sender": "guest", "text": text, "wait": false});
    Http::post(
        &cluster.gateways,
        LOBBY,
        &post("@nobody before the fault".to_owned()),
    )
    .await;
    let mut test = BrowserTest::start(&cluster, "resume.spec.ts");
    test.prints(READY).await;
    cluster.replica("gateway", 0).kill();
    let other = &cluster.gateways[1..];
    for number in 1..=20 {
        Http::post(other, LOBBY, &post(format!("@nobody meanwhile {number}"))).await;
    }
    cluster.replica("gateway", 0).restart();
    test.passes().await;
}
