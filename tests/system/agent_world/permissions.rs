//! What agents may do with tools, as a page sets it, and how people approve their calls.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::model::{ModelRequest, Reply};

use super::client::{Fixture, messages, steps};
use super::played_worker::Worker;

/// Calls the tool that the message of the person names.
fn reply(request: &ModelRequest) -> Reply {
    let last = request.last_message();
    let call = |name: &str, arguments: &str| Reply::calls("", &[["c1", name, arguments]]);
    match last.strip_prefix("@a1 ") {
        Some("WRITE") => call("tools_note", r#"{"text":"hi"}"#),
        Some("READ") => call("tools_add", r#"{"a":2,"b":3}"#),
        _ => Reply::text("DONE"),
    }
}

/// Sets a level as clients do: `auto` is the level of a world without the variable.
async fn set_level(fixture: &Fixture, level: &str) {
    let path = "/api/worlds/lab";
    let world = fixture.get(path).await;
    let variables = world["variables"].as_str().unwrap();
    let others = variables
        .lines()
        .filter(|line| !line.starts_with("tool_permission="));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    if level != "auto" {
        lines.push(format!("tool_permission={level}"));
    }
    let patch = json!({"variables": lines.join("\n")});
    fixture.expect(Method::PATCH, path, patch, 200).await;
    let world = fixture.get(path).await;
    assert_eq!(world["variables"], lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_holds_for_tools_that_write_and_for_tools_that_read() {
    let (fixture, tools, _) = Fixture::with_tools(&["a1"]).await;
    fixture.model.answer_with(reply);
    let patch = json!({"variables": "working_directory=/srv"});
    fixture
        .expect(Method::PATCH, "/api/worlds/lab", patch, 200)
        .await;
    let blocked = "tools_note may change something, and you may only read: it is blocked by the current permission level (read)";
    let mut noted = 0;
    for (level, kind, result) in [
        ("read", "WRITE", blocked),
        ("read", "READ", "5"),
        ("ask", "WRITE", "written down"),
        ("ask", "READ", "5"),
        ("auto", "WRITE", "written down"),
        ("auto", "READ", "5"),
    ] {
        set_level(&fixture, level).await;
        let chat = fixture.new_chat().await;
        let has_prompt = (level, kind) == ("ask", "WRITE");
        let approve = async {
            if has_prompt {
                let waiting = fixture.wait_for_prompt(&chat).await;
                assert_eq!(tools.seen("noted"), noted);
                let taken = fixture.choose(&waiting, "approve").await;
                assert_eq!(taken["accepted"], true, "{taken}");
            }
        };
        let text = format!("@a1 {kind}");
        let (seen, ()) = tokio::join!(fixture.say(&chat, &text), approve);
        let expected = [
            ("human", text.as_str()),
            ("a1", ""),
            ("a1", result),
            ("a1", "DONE"),
        ];
        assert_eq!(messages(&seen), expected, "{level}");
        let found = steps(&seen);
        let has = |step: &str| found.contains(&format!("sse {step} a1"));
        assert_eq!(has("tool-progress"), has_prompt, "{level} {kind}");
        // The page shows a line for each call, also for one that was not made.
        assert_eq!(has("tool-error"), result == blocked, "{level} {kind}");
        assert_eq!(has("tool-result"), result != blocked, "{level} {kind}");
        fixture.wait_until_idle().await;
        assert!(fixture.open(&chat).await.is_empty());
        noted += usize::from(kind == "WRITE" && level != "read");
        assert_eq!(tools.seen("noted"), noted, "{level} {kind}");
    }
}

fn call(name: &str) -> Value {
    json!([{
        "id": "c1", "name": name, "arguments": {"name": "Helper"},
        "tool": {"mcp": {"server": "world", "tool": name}},
    }])
}

fn option_ids(prompt: &Value) -> Vec<&str> {
    let options = prompt["questions"][0]["options"].as_array().unwrap();
    options
        .iter()
        .map(|option| option["id"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_has_the_options_that_clients_know_of_its_tool() {
    let (fixture, chat) = Fixture::without_workers(&["a1"]).await;
    let config = json!({"mcpServers": {"world": {"command": "world"}}});
    let patch = json!({"mcpConfig": config, "variables": "tool_permission=ask"});
    fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
    let worker = Worker::of(&fixture).await;
    for (tool, options) in [
        ("shell_cmd", ["approve", "deny"]),
        ("load_skill", ["yes_once", "no"]),
        ("create_agent", ["yes", "no"]),
    ] {
        let (seen, ()) = tokio::join!(fixture.say(&chat, "@a1 go"), async {
            worker.calls("", call(tool)).await;
            let waiting = fixture.wait_for_prompt(&chat).await;
            assert_eq!(option_ids(&waiting["prompt"]), options);
            let unknown = fixture.choose(&waiting, "yes_in_session").await;
            assert_eq!(unknown["accepted"], false, "{unknown}");
            let taken = fixture.choose(&waiting, options[0]).await;
            assert_eq!(taken["accepted"], true, "{taken}");
            if tool == "create_agent" {
                // A tool may use the interface while its turn goes on.
                fixture.agent("Helper").await;
            }
            let output = json!({"output": {"text": "made"}});
            worker.ends("tool", json!({"completed": output})).await;
            worker.answers("DONE").await;
        });
        let texts = [
            ("human", "@a1 go"),
            ("a1", ""),
            ("a1", "made"),
            ("a1", "DONE"),
        ];
        assert_eq!(messages(&seen), texts, "{tool}");
        let mut streamed = seen.iter().map(|(_, body)| &body["data"]["toolExecution"]);
        let streamed = streamed.find(|it| it["metadata"]["hitlPrompt"].is_object());
        let prompt = &streamed.unwrap()["metadata"]["hitlPrompt"];
        assert_eq!(option_ids(prompt), options);
    }
    let world = fixture.get("/worlds/lab").await;
    let agents = world["agents"].as_array().unwrap().iter();
    let names: Vec<_> = agents.map(|agent| &agent["name"]).collect();
    assert_eq!(names, ["a1", "Helper"]);
    // The other option ends the call.
    let (seen, ()) = tokio::join!(fixture.say(&chat, "@a1 go"), async {
        worker.calls("", call("load_skill")).await;
        let waiting = fixture.wait_for_prompt(&chat).await;
        let taken = fixture.choose(&waiting, "no").await;
        assert_eq!(taken["accepted"], true, "{taken}");
        worker.answers("As you wish.").await;
    });
    assert!(steps(&seen).contains(&"sse tool-error a1".to_owned()));
}
