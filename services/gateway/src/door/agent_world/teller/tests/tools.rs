use contract::fact::{ActionCancelled, ApprovalEnded, ApprovalRequested};
use contract::tool::{Question, Tool, ToolCall, ToolResult, Verdict};
use contract::{ApprovalId, EntityId};
use serde_json::json;
use serde_json::value::to_raw_value;

use super::*;

fn call(id: &str, refused: Option<&str>) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: "read_file".to_owned(),
        tool: Some(Tool::Mcp {
            server: "files".to_owned(),
            tool: "read".to_owned(),
        }),
        arguments: to_raw_value(&json!({"path": id})).unwrap(),
        reads_only: false,
        repeatable: false,
        refused: refused.map(str::to_owned),
        signatures: Vec::new(),
    }
}

fn question(id: &str) -> ToolCall {
    let asked = Question {
        id: "q".to_owned(),
        header: String::new(),
        question: "Which?".to_owned(),
        options: Vec::new(),
        multiple: false,
    };
    ToolCall {
        tool: Some(Tool::People {
            questions: vec![asked],
        }),
        ..call(id, None)
    }
}

impl Script {
    fn told_by(&mut self, sender: &str, fact: &Fact) -> EventId {
        let id = CommandId::new().event(0);
        self.happens(sender, id, fact);
        id
    }

    fn called(&mut self, run: RunId, calls: &[ToolCall]) {
        let done = ActionCompleted {
            invocation: run,
            call: None,
            output: None,
            said: "Let me look.".to_owned(),
            calls: calls.to_vec(),
            usage: None,
        };
        self.told_by("ada", &Fact::ActionCompleted(done));
    }

    fn runs(&mut self, call: &str) -> RunId {
        let turn = self.turn.event(0).message();
        let requested = ActionRequested {
            message: Some(turn),
            turn: Some(turn),
            call: Some(call.to_owned()),
            ..Purpose::Requested.request(
                "tool".parse().unwrap(),
                "ada".parse().unwrap(),
                Timestamp::MAX,
            )
        };
        let id = self.told_by("world", &Fact::ActionRequested(requested));
        id.invocation()
    }

    fn returned(&mut self, run: RunId, call: &str, result: &ToolResult) {
        let done = ActionCompleted {
            invocation: run,
            call: Some(call.to_owned()),
            output: Some(to_raw_value(result).unwrap()),
            said: String::new(),
            calls: Vec::new(),
            usage: None,
        };
        self.told_by("ada", &Fact::ActionCompleted(done));
    }

    fn asks(&mut self, run: RunId, call: ToolCall) -> ApprovalId {
        let requested = ApprovalRequested {
            invocation: run,
            call,
            deadline: None,
        };
        let id = self.told_by("ada", &Fact::ApprovalRequested(requested));
        id.approval()
    }

    fn decided(&mut self, approval: ApprovalId, verdict: Verdict) {
        let ended = ApprovalEnded { approval, verdict };
        self.told_by("human", &Fact::ApprovalEnded(ended));
    }

    /// The data of the last thing told on this channel.
    fn last(&self, channel: &str) -> &Value {
        let mut told = self.told.iter().rev();
        let told = told.find(|told| told.body["type"] == channel);
        &told.unwrap().body["data"]
    }
}

fn result(text: &str, failed: bool) -> ToolResult {
    ToolResult {
        text: text.to_owned(),
        failed,
    }
}

#[test]
fn an_answer_by_way_of_a_tool_begins_once_and_is_never_idle_before_its_end() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let run = script.asked("ada");
    script.piece(run, "ada", 1);
    script.called(run, &[call("c1", None)]);
    let calls = script.last("message").clone();
    let tool = script.runs("c1");
    script.returned(tool, "c1", &result("wörd", false));
    let result = script.last("sse").clone();
    let run = script.asked("ada");
    script.piece(run, "ada", 1);
    script.answered(run, "ada");
    script.ends();
    let expected = [
        "message human",
        "world response-start 1",
        "sse start ada",
        "sse chunk ada",
        "sse end ada",
        "message ada",
        "sse tool-start ada",
        "sse tool-result ada",
        "message ada",
        "sse start ada",
        "sse chunk ada",
        "sse end ada",
        "message ada",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
    assert_eq!(
        (&calls["content"], &calls["role"]),
        (&json!("Let me look."), &json!("assistant"))
    );
    let function = json!({"name": "read_file", "arguments": r#"{"path":"c1"}"#});
    let openai = json!([{"id": "c1", "type": "function", "function": function}]);
    assert_eq!(calls["tool_calls"], openai);
    assert_eq!(calls["messageId"], script.told[2].body["data"]["messageId"]);
    assert_eq!(
        calls["replyToMessageId"],
        json!(script.turn.event(0).message())
    );
    assert_eq!(result["messageId"], "c1");
    let execution = json!({
        "toolName": "read_file", "toolCallId": "c1", "input": {"path": "c1"},
        "result": "wörd", "resultType": "string", "resultSize": 4,
    });
    assert_eq!(result["toolExecution"], execution);
    let told = &script.told[8].body["data"];
    assert_eq!(
        (&told["role"], &told["tool_call_id"], &told["content"]),
        (&json!("tool"), &json!("c1"), &json!("wörd"))
    );
    let outcome = &script.teller.outcome;
    assert_eq!((outcome.answers, outcome.failures.len()), (1, 0));
    assert_eq!(outcome.last["data"]["content"], "ada speaks");
}

#[test]
fn a_call_that_is_refused_or_fails_is_no_failure_of_the_answer() {
    let mut script = Script::new(Manner::default());
    let run = script.asked("ada");
    let calls = [
        call("c1", Some("you may only read")),
        call("c2", None),
        call("c3", None),
        call("c4", None),
    ];
    script.called(run, &calls);
    assert_eq!(script.last("message")["content"], "you may only read");
    let (second, third, fourth) = (script.runs("c2"), script.runs("c3"), script.runs("c4"));
    script.returned(second, "c2", &result("no such file", true));
    let failed = ActionFailed {
        invocation: third,
        call: Some("c3".to_owned()),
        code: "timeout".to_owned(),
        reason: "too slow".to_owned(),
    };
    script.told_by("ada", &Fact::ActionFailed(failed));
    let log = script.last("sse").clone();
    let cancelled = ActionCancelled {
        invocation: fourth,
        call: Some("c4".to_owned()),
    };
    script.told_by("ada", &Fact::ActionCancelled(cancelled));
    let told = script.told.iter().map(|told| &told.body["data"]);
    let errors: Vec<(&str, &str)> = told
        .filter(|data| data["type"] == "tool-error")
        .map(|data| {
            let error = data["toolExecution"]["error"].as_str().unwrap();
            (data["messageId"].as_str().unwrap(), error)
        })
        .collect();
    let expected = [
        ("c1", "you may only read"),
        ("c2", "no such file"),
        ("c3", "too slow"),
        ("c4", "it was called off"),
    ];
    assert_eq!(errors, expected);
    assert_eq!(log["type"], "log");
    assert_eq!(log["logEvent"]["category"], "tool");
    assert_eq!(log["logEvent"]["message"], "too slow");
    assert!(script.teller.outcome.failures.is_empty());
    let ids = script.told.iter().map(|told| &told.body);
    let mut ids: Vec<String> = ids
        .filter(|body| body["type"] == "message")
        .map(|body| body["data"]["messageId"].to_string())
        .collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (5, 5), "each message has its own id");
}

#[test]
fn an_answer_that_fails_is_told_as_an_error_and_as_a_line_of_a_log() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let run = script.asked("ada");
    script.failed(run, "ada");
    script.ends();
    let expected = [
        "message human",
        "world response-start 1",
        "sse error ada",
        "sse log ",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
    let (error, log) = (&script.told[2].body["data"], &script.told[3].body["data"]);
    let line = &log["logEvent"];
    assert_eq!(
        (&line["level"], &line["category"], &line["message"]),
        (&json!("error"), &json!("llm"), &json!("no answer"))
    );
    assert_eq!(line["data"]["code"], "model");
    assert_eq!(log["messageId"], error["messageId"]);
    assert_eq!(
        (&log["chatId"], &line["chatId"]),
        (&json!("main"), &json!("main"))
    );
}

#[test]
fn people_are_asked_for_leave_and_the_call_begins_when_they_give_it() {
    let verdicts = [
        (Verdict::Approved, vec!["sse tool-start ada"]),
        (
            Verdict::Denied {
                reason: "too risky".to_owned(),
            },
            vec!["sse tool-error ada", "message ada"],
        ),
        (Verdict::Expired, vec!["sse tool-error ada", "message ada"]),
    ];
    for (verdict, expected) in verdicts {
        let mut script = Script::new(Manner::default());
        let run = script.asked("ada");
        script.called(run, &[call("c1", None)]);
        let approval = script.asks(run, call("c1", None));
        let asked = script.last("sse").clone();
        assert_eq!(asked["type"], "tool-progress");
        let prompt = &asked["toolExecution"]["metadata"]["hitlPrompt"];
        assert_eq!(prompt["requestId"], json!(approval));
        assert_eq!(prompt["questions"][0]["header"], "Approve read_file?");
        let before = script.told.len();
        let is_approved = verdict == Verdict::Approved;
        script.decided(approval, verdict);
        if is_approved {
            script.runs("c1");
        }
        assert_eq!(script.steps()[before..], expected);
    }
}

#[test]
fn a_question_to_people_runs_until_they_answer() {
    let mut script = Script::new(Manner::default());
    let run = script.asked("ada");
    script.called(run, &[question("c1")]);
    let approval = script.asks(run, question("c1"));
    let answers = Vec::new();
    script.decided(approval, Verdict::Answered { answers });
    let expected = [
        "world response-start 1",
        "sse start ada",
        "sse end ada",
        "message ada",
        "sse tool-start ada",
        "sse tool-progress ada",
        "sse tool-result ada",
        "message ada",
    ];
    assert_eq!(script.steps(), expected);
    assert_eq!(script.last("sse")["toolExecution"]["result"], "[]");
    assert_eq!(script.last("message")["sender"], "ada");
}

#[test]
fn progress_of_a_tool_is_no_piece_of_an_answer() {
    let mut script = Script::new(Manner::default());
    let run = script.asked("ada");
    script.called(run, &[call("c1", None)]);
    let tool = script.runs("c1");
    let before = script.told.len();
    for invocation in [tool, run] {
        let chunk = Chunk {
            invocation,
            attempt: 1,
            index: 0,
            agent: "ada".parse().unwrap(),
            chat: Some("main".parse().unwrap()),
            turn: None,
            text: "half done".to_owned(),
            progress: true,
        };
        let told = script.teller.chunk(&chunk);
        script.told.extend(told);
    }
    assert_eq!(script.steps()[before..], ["sse tool-progress ada"]);
    let execution = &script.last("sse")["toolExecution"];
    assert_eq!(execution["toolName"], "read_file");
    assert_eq!(execution["metadata"]["progress"], "half done");
}

#[test]
fn answers_that_are_called_off_while_people_are_asked_end_with_their_turn() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let run = script.asked("ada");
    script.asked("bob");
    script.called(run, &[call("c1", None)]);
    let approval = script.asks(run, call("c1", None));
    script.decided(approval, Verdict::Cancelled);
    let before = script.told.len();
    script.ends();
    assert!(script.is_over);
    let expected = ["world response-end 0", "world idle 0"];
    assert_eq!(script.steps()[before..], expected);
    assert_eq!(script.last("world")["source"], "agent:bob");
}

#[test]
fn a_stream_that_begins_later_tells_what_it_can() {
    use super::super::super::model::tests::{asking, lobby};
    let mut script = Script::new(Manner::default());
    let chat = Some("main".parse().unwrap());
    let lobby = asking(lobby());
    script.teller = Teller::standing(chat, Manner::default(), &lobby);
    let asked = script.teller.asked();
    script.told.extend(asked);
    let expected = [
        "sse tool-progress ada",
        "sse tool-start ada",
        "sse tool-progress ada",
    ];
    assert_eq!(script.steps(), expected);
    // What was asked before is known; what ran before is not.
    let mut approvals = lobby.approvals.keys();
    let approval = *approvals.next().unwrap();
    script.decided(approval, Verdict::Approved);
    script.runs("call_1");
    assert_eq!(
        script.last("sse")["toolExecution"]["toolName"],
        "write_file"
    );
    let run = CommandId::new().event(0).invocation();
    script.returned(run, "call_9", &result("done", false));
    let execution = &script.last("sse")["toolExecution"];
    assert_eq!(execution["toolName"], "unknown");
    assert_eq!(execution["toolCallId"], "call_9");
    assert_eq!(execution["result"], "done");
    // And of what was asked for and decided meanwhile, nothing can be told.
    let before = script.told.len();
    script.decided(CommandId::new().event(0).approval(), Verdict::Expired);
    assert_eq!(script.told.len(), before);
    let other: Option<ChatId> = Some("other".parse().unwrap());
    let elsewhere = Teller::standing(other, Manner::default(), &lobby);
    assert!(elsewhere.asked().is_empty());
    let agent: EntityId = "ada".parse().unwrap();
    assert_eq!(script.last("message")["sender"], json!(agent));
}
