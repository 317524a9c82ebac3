//! `manyworlds chat` on a terminal.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use client::Client;
use contract::http::{DecideApprovalRequest, PostMessageRequest};
use contract::tool::Verdict;
use serde_json::json;
use tempfile::TempDir;
use testkit::eventually;
use testkit::mcp::ToolServer;
use testkit::model::{ModelServer, Reply};
use tokio::sync::Semaphore;

use crate::support::Up;
use crate::terminal::{CTRL_C, CTRL_D, CTRL_U, ENTER, Terminal, UP};

/// The tool with which a model asks people.
const ASK: &str = "ask_user_input";

/// A world with an agent whose model and tools are here.
struct Fixture {
    folder: TempDir,
    up: Up,
    model: ModelServer,
    tools: ToolServer,
}

impl Fixture {
    async fn start() -> Self {
        let (model, tools) = (ModelServer::start().await, ToolServer::start().await);
        let folder = TempDir::new().unwrap();
        let url = tools.url();
        let allowed = "MANYWORLDS_AGENT_WORKER__MCP__ALLOW[0]__URL";
        let up = Up::start_with(&folder.path().join("data"), &[(allowed, &url)]);
        let llm = json!({"provider": "openai", "model": "m", "base_url": model.base_url()});
        let world = json!({
            "id": "hall",
            "mcp_servers": {"tools": {"http": {"url": url}}},
            "entities": [
                {"id": "guest", "kind": "user"},
                {"id": "mia", "kind": "user"},
                {"id": "ada", "kind": "agent", "agent": {"brain": {"llm": llm}, "tools": {}}},
            ],
            "chats": [{"id": "main", "title": "Hall"}],
        });
        let file = folder.path().join("hall.json");
        std::fs::write(&file, world.to_string()).unwrap();
        up.says(&["world", "apply", file.to_str().unwrap()], "");
        Self {
            folder,
            up,
            model,
            tools,
        }
    }

    async fn chat(&self) -> Terminal {
        let arguments = ["--url", &self.up.url, "chat", "hall"];
        let terminal = Terminal::start(&arguments, &self.folder.path().join("state"));
        terminal
            .shows("the prompt", |rows| {
                rows.last().is_some_and(|row| row == "guest>")
            })
            .await;
        terminal
    }

    fn client(&self) -> Client {
        Client::new(&self.up.url, None).unwrap()
    }

    /// Posts as somebody else, whom nobody answers.
    async fn post(&self, sender: &str, text: &str) {
        let request = json!({"sender": sender, "text": text, "wait": false});
        let request: PostMessageRequest = serde_json::from_value(request).unwrap();
        let (client, world, chat) = (
            self.client(),
            "hall".parse().unwrap(),
            "main".parse().unwrap(),
        );
        let messages = client.world(&world);
        messages.messages(&chat).post(&request).await.unwrap();
    }

    /// Waits until an answer that is on the screen is in the log as well: until then the rows below it may change places
    /// with it. What mia posts behind it is the last row then.
    async fn is_stored(&self, answer: &str, terminal: &mut Terminal) {
        eventually("the answer is stored", async || {
            self.up.says(&["history", "hall"], "").contains(answer)
        })
        .await;
        self.post("mia", "@nobody next").await;
        terminal.ends_with(&["mia: @nobody next", "guest>"]).await;
    }
}

#[tokio::test]
async fn a_message_is_answered_and_recalled() {
    let fixture = Fixture::start().await;
    let mut terminal = fixture.chat().await;
    fixture
        .model
        .reply(Reply::text("Hello \x1b]0;owned\x07 guest."));
    terminal.enter("hello");
    let answer = "ada: Hello ␛]0;owned␇ guest.";
    terminal
        .ends_with(&["guest: hello", answer, "guest>"])
        .await;
    fixture.is_stored("Hello", &mut terminal).await;
    terminal.press(UP);
    terminal
        .ends_with(&["mia: @nobody next", "guest> hello"])
        .await;
    terminal.press(CTRL_U);
    terminal.enter("/nothing");
    let rows = "no command /nothing: /help lists them, and // begins a message with /";
    terminal.ends_with(&["> /nothing", rows, "guest>"]).await;
    terminal.enter("/history 1");
    terminal
        .ends_with(&["> /history 1", "mia: @nobody next", "guest>"])
        .await;
    fixture.model.reply(Reply::text("A path."));
    terminal.enter("//etc");
    terminal
        .ends_with(&["guest: /etc", "ada: A path.", "guest>"])
        .await;
    terminal.press(CTRL_D);
    assert!(terminal.ended().success());
    terminal.ends_with(&["guest: /etc", "ada: A path."]).await;

    // The next one has the lines of this one, which nobody else may read.
    let history = fixture.folder.path().join("state/manyworlds/chat_history");
    let mode = history.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut next = fixture.chat().await;
    next.press(UP);
    next.ends_with(&["guest> //etc"]).await;
}

#[tokio::test]
async fn an_answer_is_awaited_with_a_sign_of_life_and_stopped() {
    let fixture = Fixture::start().await;
    let mut terminal = fixture.chat().await;
    fixture.model.reply(Reply::stall());
    terminal.enter("think");
    let is_thinking = |rows: &[String]| rows.iter().any(|row| row.contains("ada is thinking…"));
    terminal.shows("ada thinks", is_thinking).await;
    terminal
        .shows("for a second", |rows| {
            rows.iter().any(|row| row.ends_with("… 1 s"))
        })
        .await;
    terminal.press(CTRL_C);
    terminal
        .shows("it is stopped", |rows| {
            rows.iter().any(|row| row == "ada can't answer: cancelled") && !is_thinking(rows)
        })
        .await;

    let gate = Arc::new(Semaphore::new(0));
    fixture.model.reply(Reply::stall_after(2).held_by(&gate));
    terminal.enter("again");
    terminal.shows("ada thinks", is_thinking).await;
    gate.add_permits(1);
    terminal
        .shows("the beginning of an answer", |rows| {
            rows.iter().any(|row| row.starts_with("ada: ")) && !is_thinking(rows)
        })
        .await;
    terminal.enter("/stop");
    terminal
        .shows("it is stopped", |rows| {
            let stopped = |row: &&String| *row == "ada can't answer: cancelled";
            rows.iter().filter(stopped).count() == 2
        })
        .await;

    // Without a turn it leaves, the second time.
    terminal.press("half a line");
    terminal.ends_with(&["guest> half a line"]).await;
    terminal.press(CTRL_C);
    terminal.ends_with(&["guest>"]).await;
    terminal.press(CTRL_C);
    terminal
        .ends_with(&["Ctrl-C again leaves, as Ctrl-D does", "guest>"])
        .await;
    terminal.press(CTRL_C);
    assert!(terminal.ended().success());
}

#[tokio::test]
async fn messages_of_others_appear_above_the_line_that_is_typed() {
    let mut fixture = Fixture::start().await;
    let mut terminal = fixture.chat().await;
    terminal.press("half a li");
    for number in 1..=3 {
        fixture.post("mia", &format!("@nobody {number}")).await;
    }
    let rows = ["mia: @nobody 1", "mia: @nobody 2", "mia: @nobody 3"];
    let expected = [&rows[..], &["guest> half a li"]].concat();
    terminal.ends_with(&expected).await;

    // The gateway is gone and comes back: nothing is missed or shown twice.
    let address = fixture.up.url.strip_prefix("http://").unwrap().to_owned();
    assert!(fixture.up.stop().success());
    terminal
        .shows("the interruption", |rows| {
            rows.iter().any(|row| row.contains("trying again"))
        })
        .await;
    fixture.up = Up::start_at(&fixture.folder.path().join("data"), &address);
    fixture.post("mia", "@nobody 4").await;
    terminal
        .ends_with(&["mia: @nobody 4", "guest> half a li"])
        .await;
    let of_mia = |rows: &[String]| rows.iter().filter(|row| row.starts_with("mia: ")).count();
    assert_eq!(of_mia(&terminal.rows()), 4);
    terminal.press("ne");
    terminal.ends_with(&["guest> half a line"]).await;
}

#[tokio::test]
async fn a_call_is_decided_where_it_is_shown() {
    let fixture = Fixture::start().await;
    let mut terminal = fixture.chat().await;
    let note = |text: &str| Reply::calls("", &[["c1", "tools_note", text]]);
    fixture.model.reply(note(r#"{"text":"hi"}"#));
    fixture.model.reply(Reply::text("Done."));
    terminal.enter("write it down");
    terminal
        .shows("the call", |rows| {
            let call = r#"ada wants to call tools_note {"text":"hi"}"#;
            rows.iter().any(|row| row == call) && rows.iter().any(|row| row.contains("y lets it"))
        })
        .await;
    terminal.enter("y");
    let decided = "tools_note of ada: allowed, by guest";
    terminal.ends_with(&[decided, "ada: Done.", "guest>"]).await;
    assert_eq!(fixture.tools.seen("noted"), 1);

    fixture.model.reply(note(r#"{"text":"ho"}"#));
    fixture.model.reply(Reply::text("I see."));
    terminal.enter("and again");
    terminal
        .shows("the call", |rows| {
            rows.iter().any(|row| row.contains("\"ho\""))
        })
        .await;
    terminal.enter("n not twice");
    let decided = "tools_note of ada: refused (not twice), by guest";
    terminal
        .ends_with(&[decided, "ada: I see.", "guest>"])
        .await;

    // Somebody else decides: the prompt goes on.
    fixture.model.reply(note(r#"{"text":"hm"}"#));
    fixture.model.reply(Reply::text("Well."));
    terminal.enter("once more");
    terminal
        .shows("the call", |rows| {
            rows.iter().any(|row| row.contains("\"hm\""))
        })
        .await;
    let (client, world) = (fixture.client(), "hall".parse().unwrap());
    let approvals = client.world(&world);
    let waiting = approvals.approvals().list().await.unwrap().approvals;
    let request = DecideApprovalRequest {
        verdict: Verdict::Denied {
            reason: String::new(),
        },
        sender: Some("mia".parse().unwrap()),
    };
    let decided = approvals.approvals();
    decided.decide(waiting[0].id, &request).await.unwrap();
    let decided = "tools_note of ada: refused, by mia";
    terminal.ends_with(&[decided, "ada: Well.", "guest>"]).await;
    fixture.is_stored("Well.", &mut terminal).await;
    assert_eq!(fixture.tools.seen("noted"), 1);
    terminal.enter("/approve");
    terminal
        .ends_with(&["nothing waits for a person in this chat", "guest>"])
        .await;
    terminal.press(ENTER);
    eventually("nothing waits", async || {
        approvals
            .approvals()
            .list()
            .await
            .unwrap()
            .approvals
            .is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_question_is_answered_where_it_is_shown() {
    let fixture = Fixture::start().await;
    let mut terminal = fixture.chat().await;
    let questions = json!({"questions": [
        {"id": "color", "header": "", "question": "Which color?", "options": [
            {"id": "r", "label": "Red"}, {"id": "b", "label": "Blue"},
        ]},
        {"id": "when", "header": "", "question": "When?", "options": []},
    ]});
    let arguments = questions.to_string();
    fixture
        .model
        .reply(Reply::calls("", &[["c1", ASK, &arguments]]));
    fixture.model.reply(Reply::text("Blue, soon."));
    terminal.enter("paint it");
    terminal
        .shows("the question", |rows| {
            rows.iter().any(|row| row == "  2) Blue")
                && rows.iter().any(|row| row.contains("with a number"))
        })
        .await;
    terminal.enter("2");
    terminal
        .shows("the next", |rows| {
            rows.iter()
                .any(|row| row.contains("asks: When? - your next line"))
        })
        .await;
    terminal.enter("soon");
    terminal.ends_with(&["ada: Blue, soon.", "guest>"]).await;
    let request = fixture.model.requests().pop().unwrap().last_message();
    assert!(
        request.contains("\"b\"") && request.contains("soon"),
        "{request}"
    );
}
