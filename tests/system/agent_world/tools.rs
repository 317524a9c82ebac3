//! Tools and people in the loop. The test plays the worker: it says what the model calls, and what
//! the tools return.

use std::sync::Mutex;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;

use super::client::{Fixture, has, messages, received, steps};
use super::played_worker::Worker;

const RESPOND: &str = "/api/worlds/lab/hitl/respond";

/// A system without a worker, its open chat, and the one that the test plays.
async fn start() -> (Fixture, String) {
    let (fixture, chat) = Fixture::without_workers(&["a1"]).await;
    let config = json!({"mcpServers": {"files": {"command": "files", "env": {"KEY": "secret"}}}});
    let patch = json!({"mcpConfig": config, "variables": "tool_permission=ask"});
    let world = fixture
        .expect(Method::PATCH, "/worlds/lab", patch, 200)
        .await;
    assert_eq!(
        world["mcpConfig"]["mcpServers"]["files"]["command"],
        "files"
    );
    let native = fixture.get("/v1/worlds/lab/state").await;
    let servers = &native["state"]["mcp_servers"];
    assert_eq!(*servers, json!({"files": {"stdio": {"command": "files"}}}));
    assert!(!native.to_string().contains("secret"));
    (fixture, chat)
}

fn write_file() -> Value {
    json!([{
        "id": "c1", "name": "write_file", "arguments": {"path": "a.txt"},
        "tool": {"mcp": {"server": "files", "tool": "write"}},
    }])
}

/// The request ids of what people are asked in a chat.
async fn prompts(fixture: &Fixture, chat: &str) -> Vec<String> {
    let path = format!("/worlds/lab/setChat/{chat}");
    let mut requests = Vec::new();
    eventually("people are asked", async || {
        let opened = fixture.post(&path, Value::Null).await;
        let prompts = opened["hitlPrompts"].as_array().unwrap().clone();
        let ids = prompts
            .iter()
            .map(|waiting| &waiting["prompt"]["requestId"]);
        requests = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
        !requests.is_empty()
    })
    .await;
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_waits_for_permission_and_its_answer_goes_on() {
    let (fixture, chat) = start().await;
    let worker = Worker::of(&fixture).await;
    let (received, ()) = tokio::join!(fixture.say(&chat, "write it"), async {
        worker.calls("Let me write.", write_file()).await;
        let request = prompts(&fixture, &chat).await.remove(0);
        let status = fixture.get("/worlds/lab/status").await;
        has(
            &status,
            &json!({
                "isProcessing": true, "activeChatIds": [chat], "activeAgentNames": ["a1"],
            }),
        );
        // A stream that begins now gets it as well.
        let path = format!("/worlds/lab/events?chatId={chat}");
        let listened = fixture.listen(&path, "", 1).await;
        assert_eq!(steps(&listened), ["sse tool-progress a1"]);
        answered(&fixture, &request).await;
        let output = json!({"text": "written"});
        let completed = json!({"completed": {"output": output}});
        worker.ends("tool", completed).await;
        worker.answers("It is written.").await;
    });
    let expected = [
        "message human",
        "world response-start",
        "sse start a1",
        "sse end a1",
        "message a1",
        "sse tool-progress a1",
        "sse tool-start a1",
        "sse tool-result a1",
        "message a1",
        "sse start a1",
        "sse end a1",
        "message a1",
        "world idle",
    ];
    assert_eq!(steps(&received)[..expected.len()], expected);
    let texts = [
        ("human", "write it"),
        ("a1", "Let me write."),
        ("a1", "written"),
        ("a1", "It is written."),
    ];
    assert_eq!(messages(&received), texts);
    assert_shown_again(&fixture, &received).await;
    assert_exported(&fixture).await;
}

/// A page that is loaded again shows the call and its result, with the ids that the stream gave them.
async fn assert_shown_again(fixture: &Fixture, received: &[(String, Value)]) {
    let world = fixture.get("/worlds/lab").await;
    let memory = world["agents"][0]["memory"].as_array().unwrap();
    let rows: Vec<(&str, &str)> = memory
        .iter()
        .map(|row| {
            (
                row["role"].as_str().unwrap(),
                row["content"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("user", "write it"),
        ("assistant", "Let me write."),
        ("tool", "written"),
        ("assistant", "It is written."),
    ];
    assert_eq!(rows, expected);
    assert_eq!(memory[1]["tool_calls"][0]["function"]["name"], "write_file");
    assert_eq!(memory[2]["tool_call_id"], "c1");
    assert_eq!(memory[2]["replyToMessageId"], memory[1]["messageId"]);
    let streamed = received
        .iter()
        .filter(|(_, body)| body["type"] == "message");
    let streamed: Vec<_> = streamed
        .map(|(_, body)| &body["data"]["messageId"])
        .collect();
    let loaded: Vec<_> = memory.iter().map(|row| &row["messageId"]).collect();
    assert_eq!(streamed, loaded);
}

async fn assert_exported(fixture: &Fixture) {
    let url = format!("{}/worlds/lab/export", fixture.cluster.gateways[0].base);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    for part in [
        "1. **From: HUMAN**:\n    ```\n    write it\n    ```\n\n",
        "2. **Agent: a1 (reply to human)**:\n    ```\n    Let me write.\n    \
         [Tool: write_file (path: a.txt)]\n    ```\n\n",
        "3. **Agent: a1 (tool result)**:\n    ```\n    [Tool: write_file (path: a.txt)]\n    ```\n    \
         ```\n    written\n    ```\n\n",
        "4. **Agent: a1 (reply to human)**:\n    ```\n    It is written.\n    ```\n\n",
    ] {
        assert!(text.contains(part), "{part}\n---\n{text}");
    }
}

/// Answers a prompt: wrongly, rightly, again, and once more.
async fn answered(fixture: &Fixture, request: &str) {
    let unknown = "018f0000-0000-7000-8000-000000000001";
    for body in [
        json!({"requestId": request, "optionId": "maybe"}),
        json!({"requestId": request, "skipped": true}),
        json!({"requestId": request, "optionId": "approve", "chatId": "other"}),
        json!({"requestId": unknown, "optionId": "approve"}),
        json!({"requestId": "c2::approval", "optionId": "approve"}),
    ] {
        let refused = fixture.post(RESPOND, body).await;
        assert_eq!(refused["accepted"], false, "{refused}");
        assert!(refused["reason"].is_string(), "{refused}");
    }
    for body in [json!({"requestId": request}), json!({"optionId": "deny"})] {
        let invalid = "VALIDATION_ERROR";
        fixture
            .refused(Method::POST, RESPOND, body, 400, invalid)
            .await;
    }
    let door = &fixture.cluster.gateways[0];
    let leave = json!({"requestId": request, "optionId": "approve"});
    let respond = || door.send(Method::POST, RESPOND, Some(&leave), Some("leave"));
    let (first, again) = (respond().await.unwrap(), respond().await.unwrap());
    assert_eq!(first.1["accepted"], true, "{}", first.1);
    assert_eq!(first, again);
    let late = fixture
        .post("/worlds/lab/hitl/respond", leave.clone())
        .await;
    assert_eq!(late["accepted"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_answer_questions_and_cancel_what_waits() {
    let (fixture, chat) = start().await;
    let worker = Worker::of(&fixture).await;
    let question = json!({"id": "color", "question": "Which?", "options": [
        {"id": "red", "label": "Red"}, {"id": "blue", "label": "Blue"},
    ]});
    let ask = json!([{
        "id": "c1", "name": "ask_people", "arguments": {},
        "tool": {"people": {"questions": [question]}},
    }]);
    let (received, ()) = tokio::join!(fixture.say(&chat, "paint it"), async {
        worker.calls("", ask).await;
        let request = prompts(&fixture, &chat).await.remove(0);
        let answer = |option: &str| {
            let answer = json!({"questionId": "color", "optionIds": [option]});
            json!({"requestId": request, "chatId": chat, "answers": [answer]})
        };
        // What was not offered, the world itself refuses.
        let refused = fixture.post(RESPOND, answer("green")).await;
        assert_eq!(refused["accepted"], false, "{refused}");
        let taken = fixture.post(RESPOND, answer("blue")).await;
        assert_eq!(taken["accepted"], true, "{taken}");
        worker.calls("", write_file()).await;
        prompts(&fixture, &chat).await;
        let in_chat = json!({"chatId": chat});
        let stopped = fixture.post("/worlds/lab/messages/stop", in_chat).await;
        let expected = json!({
            "stopped": true, "stoppedOperations": 1, "shell": {"killed": 0},
            "llm": {"canceledPending": 0, "abortedActive": 0},
        });
        has(&stopped, &expected);
    });
    let tools: Vec<String> = steps(&received)
        .into_iter()
        .filter(|step| step.contains("tool-"))
        .collect();
    let expected = [
        "sse tool-start a1",
        "sse tool-progress a1",
        "sse tool-result a1",
        "sse tool-progress a1",
        "sse tool-error a1",
    ];
    assert_eq!(tools, expected);
    assert!(steps(&received).contains(&"world idle".to_owned()));
    let result = received.iter().map(|(_, body)| &body["data"]);
    let mut result = result.filter(|data| data["type"] == "tool-result");
    let result = &result.next().unwrap()["toolExecution"]["result"];
    assert!(result.as_str().unwrap().contains("blue"), "{result}");
    let status = fixture.get("/worlds/lab/status").await;
    assert_eq!(status["isProcessing"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_response_to_an_answer_comes_before_what_follows_from_it() {
    let (fixture, chat) = start().await;
    let worker = Worker::of(&fixture).await;
    let (_, order) = tokio::join!(fixture.say(&chat, "write it"), async {
        worker.calls("Let me write.", write_file()).await;
        prompts(&fixture, &chat).await;
        let path = format!("/worlds/lab/events?chatId={chat}");
        let stream = fixture.cluster.gateways[0].stream(&path, Some("")).await;
        let stream = stream.unwrap();
        let order = Mutex::new(Vec::new());
        let reads = async {
            // The prompt, and what follows from its answer in the same commit.
            let seen = received(stream, 2).await;
            let last = steps(&seen).pop().unwrap();
            order.lock().unwrap().push(last);
        };
        let decides = async {
            // A page that has it from the memory of an agent names it by its call.
            let deny = json!({"requestId": "c1", "optionId": "deny", "chatId": chat});
            let taken = fixture.post(RESPOND, deny).await;
            assert_eq!(taken["accepted"], true, "{taken}");
            order.lock().unwrap().push("response".to_owned());
        };
        tokio::join!(reads, decides);
        worker.answers("I could not.").await;
        order.into_inner().unwrap()
    });
    assert_eq!(order, ["response", "sse tool-error a1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_of_this_door_call_tools_without_asking_as_its_page_shows() {
    let (fixture, chat) = start().await;
    let unset = json!({"variables": "a=b"});
    let world = fixture.expect(Method::PATCH, "/worlds/lab", unset, 200);
    assert_eq!(world.await["variables"], "a=b");
    let worker = Worker::of(&fixture).await;
    let (seen, ()) = tokio::join!(fixture.say(&chat, "write it"), async {
        worker.calls("", write_file()).await;
        let output = json!({"output": {"text": "written"}});
        worker.ends("tool", json!({"completed": output})).await;
        worker.answers("It is written.").await;
    });
    assert!(!steps(&seen).contains(&"sse tool-progress a1".to_owned()));
    // An agent that another door has made asks, and the page shows that.
    let agent = json!({
        "id": "a2", "kind": "agent", "agent": {"tools": {"permission": "ask"}},
    });
    fixture
        .expect(Method::POST, "/v1/worlds/lab/entities", agent, 201)
        .await;
    let world = fixture.get("/worlds/lab").await;
    assert_eq!(world["variables"], "a=b\ntool_permission=ask");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_of_a_world_counts_from_the_next_call_on() {
    let (fixture, chat) = start().await;
    let worker = Worker::of(&fixture).await;
    let written = || json!({"completed": {"output": {"text": "written"}}});
    for (level, result) in [
        (
            "read",
            "write_file may change something, and you may only read: it is blocked by the current permission level (read)",
        ),
        ("ask", "written"),
        ("auto", "written"),
    ] {
        let variables = format!("working_directory=/srv\ntool_permission={level}");
        let patch = json!({"variables": variables});
        let world = fixture.expect(Method::PATCH, "/api/worlds/lab", patch, 200);
        assert_eq!(world.await["variables"], variables);
        let (seen, ()) = tokio::join!(fixture.say(&chat, "write it"), async {
            worker.calls("", write_file()).await;
            if level == "ask" {
                let request = prompts(&fixture, &chat).await.remove(0);
                let body = json!({"requestId": request, "optionId": "approve", "chatId": chat});
                let taken = fixture.post(RESPOND, body).await;
                assert_eq!(taken["accepted"], true, "{taken}");
            }
            if level != "read" {
                worker.ends("tool", written()).await;
            }
            worker.answers("That is all.").await;
        });
        let has_prompt = steps(&seen).contains(&"sse tool-progress a1".to_owned());
        assert_eq!(has_prompt, level == "ask", "{level}");
        let texts = messages(&seen);
        assert_eq!(
            texts[2..],
            [("a1", result), ("a1", "That is all.")],
            "{level}"
        );
    }
}
