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
    let question = Question {
        id: "q".to_owned(),
        header: String::new(),
        question: "Which?".to_owned(),
        options: Vec::new(),
        multiple: false,
    };
    ToolCall {
        tool: Some(Tool::People {
            questions: vec![question],
        }),
        ..call(id, None)
    }
}

impl Script {
    fn apply_new(&mut self, sender: &str, fact: &Fact) -> EventId {
        let id = CommandId::new().event(0);
        self.apply(sender, id, fact);
        id
    }

    fn call_tools(&mut self, run: RunId, calls: &[ToolCall]) {
        let done = ActionCompleted {
            run,
            call: None,
            output: None,
            said: "Let me look.".to_owned(),
            calls: calls.to_vec(),
            usage: None,
        };
        self.apply_new("ada", &Fact::ActionCompleted(done));
    }

    fn start_call(&mut self, call: &str) -> RunId {
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
        let id = self.apply_new("world", &Fact::ActionRequested(requested));
        id.run()
    }

    fn complete_call(&mut self, run: RunId, call: &str, result: &ToolResult) {
        let done = ActionCompleted {
            run,
            call: Some(call.to_owned()),
            output: Some(to_raw_value(result).unwrap()),
            said: String::new(),
            calls: Vec::new(),
            usage: None,
        };
        self.apply_new("ada", &Fact::ActionCompleted(done));
    }

    fn request_approval(&mut self, run: RunId, call: ToolCall) -> ApprovalId {
        let requested = ApprovalRequested {
            run,
            call,
            deadline: None,
        };
        let id = self.apply_new("ada", &Fact::ApprovalRequested(requested));
        id.approval()
    }

    fn decide(&mut self, approval: ApprovalId, verdict: Verdict) {
        let ended = ApprovalEnded { approval, verdict };
        self.apply_new("human", &Fact::ApprovalEnded(ended));
    }

    /// The data of the last envelope on this channel.
    pub(super) fn last(&self, channel: &str) -> &Value {
        let mut newest_first = self.envelopes.iter().rev();
        let found = newest_first.find(|envelope| envelope.body["type"] == channel);
        &found.unwrap().body["data"]
    }
}

fn result(text: &str, failed: bool) -> ToolResult {
    ToolResult {
        text: text.to_owned(),
        failed,
    }
}

#[test]
fn an_answer_with_tool_calls_begins_once_and_is_not_idle_before_its_end() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.chunk(run, "ada", 1);
    script.call_tools(run, &[call("c1", None)]);
    let calls = script.last("message").clone();
    let tool = script.start_call("c1");
    script.complete_call(tool, "c1", &result("wörd", false));
    let result = script.last("sse").clone();
    let run = script.request_run("ada");
    script.chunk(run, "ada", 1);
    script.answer(run, "ada");
    script.end_turn();
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
    assert_eq!(
        calls["messageId"],
        script.envelopes[2].body["data"]["messageId"]
    );
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
    let message = &script.envelopes[8].body["data"];
    assert_eq!(
        (
            &message["role"],
            &message["tool_call_id"],
            &message["content"]
        ),
        (&json!("tool"), &json!("c1"), &json!("wörd"))
    );
    let outcome = &script.projector.outcome;
    assert_eq!((outcome.answers, outcome.failures.len()), (1, 0));
    assert_eq!(outcome.last_message["data"]["content"], "ada speaks");
}

#[test]
fn a_refused_or_failed_call_is_no_failure_of_the_answer() {
    let mut script = Script::new(RenderOptions::default());
    let run = script.request_run("ada");
    let calls = [
        call("c1", Some("you may only read")),
        call("c2", None),
        call("c3", None),
        call("c4", None),
    ];
    script.call_tools(run, &calls);
    assert_eq!(script.last("message")["content"], "you may only read");
    let (second, third, fourth) = (
        script.start_call("c2"),
        script.start_call("c3"),
        script.start_call("c4"),
    );
    script.complete_call(second, "c2", &result("no such file", true));
    let failed = ActionFailed {
        run: third,
        call: Some("c3".to_owned()),
        code: "timeout".to_owned(),
        reason: "too slow".to_owned(),
    };
    script.apply_new("ada", &Fact::ActionFailed(failed));
    let log = script.last("sse").clone();
    let cancelled = ActionCancelled {
        run: fourth,
        call: Some("c4".to_owned()),
    };
    script.apply_new("ada", &Fact::ActionCancelled(cancelled));
    let data = script
        .envelopes
        .iter()
        .map(|envelope| &envelope.body["data"]);
    let errors: Vec<(&str, &str)> = data
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
    assert!(script.projector.outcome.failures.is_empty());
    let ids = script.envelopes.iter().map(|envelope| &envelope.body);
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
fn a_failed_answer_is_an_error_and_a_log_line() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.fail(run, "ada");
    script.end_turn();
    let expected = [
        "message human",
        "world response-start 1",
        "sse error ada",
        "sse log ",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
    let (error, log) = (
        &script.envelopes[2].body["data"],
        &script.envelopes[3].body["data"],
    );
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
fn a_call_starts_when_a_person_approves_it() {
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
        let mut script = Script::new(RenderOptions::default());
        let run = script.request_run("ada");
        script.call_tools(run, &[call("c1", None)]);
        let approval = script.request_approval(run, call("c1", None));
        let progress = script.last("sse").clone();
        assert_eq!(progress["type"], "tool-progress");
        let prompt = &progress["toolExecution"]["metadata"]["hitlPrompt"];
        assert_eq!(prompt["requestId"], json!(approval));
        assert_eq!(prompt["questions"][0]["header"], "Approve read_file?");
        let before = script.envelopes.len();
        let is_approved = verdict == Verdict::Approved;
        script.decide(approval, verdict);
        if is_approved {
            script.start_call("c1");
        }
        assert_eq!(script.steps()[before..], expected);
    }
}

#[test]
fn a_question_to_people_runs_until_it_is_answered() {
    let mut script = Script::new(RenderOptions::default());
    let run = script.request_run("ada");
    script.call_tools(run, &[question("c1")]);
    let approval = script.request_approval(run, question("c1"));
    let answers = Vec::new();
    script.decide(approval, Verdict::Answered { answers });
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
fn the_progress_of_a_tool_is_no_chunk_of_an_answer() {
    let mut script = Script::new(RenderOptions::default());
    let run = script.request_run("ada");
    script.call_tools(run, &[call("c1", None)]);
    let tool = script.start_call("c1");
    let before = script.envelopes.len();
    for run in [tool, run] {
        let chunk = Chunk {
            run,
            attempt: 1,
            index: 0,
            agent: "ada".parse().unwrap(),
            chat: Some("main".parse().unwrap()),
            turn: None,
            session: None,
            node: None,
            text: "half done".to_owned(),
            progress: true,
        };
        let envelopes = script.projector.chunk(&chunk);
        script.envelopes.extend(envelopes);
    }
    assert_eq!(script.steps()[before..], ["sse tool-progress ada"]);
    let execution = &script.last("sse")["toolExecution"];
    assert_eq!(execution["toolName"], "read_file");
    assert_eq!(execution["metadata"]["progress"], "half done");
}

#[test]
fn answers_that_are_cancelled_while_a_prompt_is_open_end_with_their_turn() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.request_run("bob");
    script.call_tools(run, &[call("c1", None)]);
    let approval = script.request_approval(run, call("c1", None));
    script.decide(approval, Verdict::Cancelled);
    let before = script.envelopes.len();
    script.end_turn_with(Some(Unanswered::Cancelled));
    assert!(script.is_finished);
    let expected = ["world response-end 0", "world idle 0"];
    assert_eq!(script.steps()[before..], expected);
    assert_eq!(script.last("world")["source"], "agent:bob");
}

#[test]
fn a_stream_that_begins_later_has_the_open_prompts() {
    use crate::fixtures;
    let mut script = Script::new(RenderOptions::default());
    let chat = Some("main".parse().unwrap());
    let activity = fixtures::with_approvals(fixtures::activity(&[]));
    script.projector = SseProjector::continuous(chat, RenderOptions::default(), &activity);
    let prompts = script.projector.pending_prompts();
    script.envelopes.extend(prompts);
    let expected = [
        "sse tool-progress ada",
        "sse tool-start ada",
        "sse tool-progress ada",
    ];
    assert_eq!(script.steps(), expected);
    // The open prompts are known; the calls that ran before are not.
    let mut approvals = activity.approvals.keys();
    let approval = *approvals.next().unwrap();
    script.decide(approval, Verdict::Approved);
    script.start_call("call_1");
    assert_eq!(
        script.last("sse")["toolExecution"]["toolName"],
        "write_file"
    );
    let run = CommandId::new().event(0).run();
    script.complete_call(run, "call_9", &result("done", false));
    let execution = &script.last("sse")["toolExecution"];
    assert_eq!(execution["toolName"], "unknown");
    assert_eq!(execution["toolCallId"], "call_9");
    assert_eq!(execution["result"], "done");
    // An approval that was requested and ended meanwhile is unknown.
    let before = script.envelopes.len();
    script.decide(CommandId::new().event(0).approval(), Verdict::Expired);
    assert_eq!(script.envelopes.len(), before);
    let other: Option<ChatId> = Some("other".parse().unwrap());
    let elsewhere = SseProjector::continuous(other, RenderOptions::default(), &activity);
    assert!(elsewhere.pending_prompts().is_empty());
    let agent: EntityId = "ada".parse().unwrap();
    assert_eq!(script.last("message")["sender"], json!(agent));
}
