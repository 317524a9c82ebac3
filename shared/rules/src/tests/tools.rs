//! Tools as stories: calls that are made, asked about, refused, cancelled, and what ends them.

mod ends;
mod limits;
mod people;

use contract::command::{EntityUpdate, WorldUpdate};
use contract::run::RunResult;
use contract::tool::{
    Approval, McpServer, Permission, Question, Tool, ToolAccess, ToolCall, ToolResult, Verdict,
};
use contract::{AgentConfig, Command, Event, Rejection, RejectionCode, RunId, RunOutcome};
use serde_json::value::{RawValue, to_raw_value};

use super::{Story, context, hash, types};

fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn call(id: &str, name: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: name.into(),
        tool: Some(Tool::Mcp {
            server: "files".into(),
            tool: name.into(),
        }),
        arguments: json("{}"),
        reads_only: name == "read",
        repeatable: name == "read",
        refused: None,
        signatures: Vec::new(),
    }
}

fn question(options: &[&str]) -> ToolCall {
    let options = options.iter().map(|id| contract::tool::Choice {
        id: (*id).into(),
        label: (*id).into(),
        description: String::new(),
    });
    let question = Question {
        id: "q".into(),
        header: String::new(),
        question: "Which?".into(),
        options: options.collect(),
        multiple: false,
    };
    ToolCall {
        tool: Some(Tool::People {
            questions: vec![question],
        }),
        ..call("ask", "ask_user_input")
    }
}

impl Story {
    /// A world of agents with tools.
    fn with_tools(agents: &[&str], access: &ToolAccess) -> Self {
        let mut story = Self::begin(agents);
        let server = McpServer::Stdio {
            command: "files".into(),
            args: Vec::new(),
        };
        let change = WorldUpdate {
            mcp_servers: Some([("files".to_owned(), server)].into()),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        for agent in agents {
            story.configure(agent, access);
        }
        story
    }

    fn configure(&mut self, agent: &str, access: &ToolAccess) {
        let change = EntityUpdate {
            kind: None,
            description: None,
            abilities: None,
            entity: agent.parse().unwrap(),
            name: None,
            agent: Some(AgentConfig {
                tools: Some(access.clone()),
                ..AgentConfig::default()
            }),
            metadata: None,
        };
        self.send("world", Command::UpdateEntity(change)).unwrap();
    }

    fn complete(&mut self, run: RunId, completed: RunResult) -> Result<Vec<Event>, Rejection> {
        let outcome = RunOutcome::Completed(completed);
        self.send("world", Command::Complete { run, outcome })
    }

    fn calls(&mut self, calls: &[ToolCall]) -> Result<Vec<Event>, Rejection> {
        let completed = RunResult {
            message: Some("let me see".into()),
            calls: calls.to_vec(),
            ..RunResult::default()
        };
        self.complete(self.open()[0], completed)
    }

    fn returns(&mut self, run: RunId, text: &str) -> Vec<Event> {
        let result = ToolResult {
            text: text.into(),
            failed: false,
        };
        let completed = RunResult {
            output: to_raw_value(&result).ok(),
            ..RunResult::default()
        };
        self.complete(run, completed).unwrap()
    }

    fn waiting(&self) -> Vec<Approval> {
        self.world.tools.approvals().values().cloned().collect()
    }

    fn decide(&mut self, sender: &str, verdict: Verdict) -> Result<Vec<Event>, Rejection> {
        let approval = self.waiting()[0].id;
        self.send(sender, Command::Decide { approval, verdict })
    }

    /// The results of its calls that the model gets, oldest first.
    fn results(&self) -> Vec<(String, bool)> {
        let context = context(&self.world, self.open()[0]).unwrap();
        let calls = context.steps.into_iter().flat_map(|step| step.calls);
        calls
            .map(|(_, result)| (result.text, result.failed))
            .collect()
    }
}

fn access(permission: Permission) -> ToolAccess {
    ToolAccess {
        permission,
        ..ToolAccess::default()
    }
}

#[test]
fn an_agent_goes_on_when_its_tools_have_answered() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    story.say("hello");
    let events = story
        .calls(&[call("1", "read"), call("2", "write")])
        .unwrap();
    assert_eq!(
        types(&events),
        ["action.completed", "action.requested", "action.requested"]
    );
    let [read, write] = story.open()[..] else {
        panic!("two calls")
    };
    let run_context = context(&story.world, read).unwrap();
    assert_eq!(run_context.call.unwrap().name, "read");
    assert_eq!(run_context.mcp_servers.len(), 1);
    assert_eq!(
        types(&story.returns(write, "written")),
        ["action.completed"]
    );
    assert_eq!(
        types(&story.returns(read, "text")),
        ["action.completed", "action.requested"]
    );
    assert_eq!(
        story.results(),
        [("text".to_owned(), false), ("written".to_owned(), false)]
    );
    let run_context = context(&story.world, story.open()[0]).unwrap();
    assert_eq!(run_context.messages.last().unwrap().text, "hello");
    assert_eq!(run_context.steps[0].said, "let me see");
    assert_eq!(
        types(&story.answer(story.open()[0], "done").unwrap()),
        ["message.posted", "action.completed", "chat.turn_ended"]
    );
    assert_eq!(story.messages("main").len(), 2);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_becomes_of_a_call() {
    const MADE: &str = "action.requested";
    const ASKED: &str = "approval.requested";
    let table: &[(Permission, &str, &[&str])] = &[
        (Permission::Read, "read", &[MADE]),
        (Permission::Read, "write", &[MADE]),
        (Permission::Ask, "read", &[MADE]),
        (Permission::Ask, "write", &[ASKED]),
        (Permission::Auto, "read", &[MADE]),
        (Permission::Auto, "write", &[MADE]),
    ];
    for (permission, name, then) in table {
        let mut story = Story::with_tools(&["ada"], &access(*permission));
        story.say("hello");
        let events = story.calls(&[call("1", name)]).unwrap();
        assert_eq!(types(&events[1..]), *then, "{permission:?} {name}");
        let is_refused = (*permission, *name) == (Permission::Read, "write");
        // A refused call is answered at once: the next run is the agent's own.
        let run_context = context(
            &story.world,
            *story.open().last().unwrap_or(&RunId(uuid::Uuid::nil())),
        );
        let steps = run_context.map_or(0, |run_context| run_context.steps.len());
        assert_eq!(steps, usize::from(is_refused), "{permission:?} {name}");
    }
}

#[test]
fn a_call_that_can_not_be_made_is_refused_with_a_reason_that_the_model_reads() {
    let no_such_tool = ToolCall {
        tool: None,
        ..call("1", "dance")
    };
    let no_such_server = ToolCall {
        tool: Some(Tool::Mcp {
            server: "nowhere".into(),
            tool: "read".into(),
        }),
        ..call("1", "read")
    };
    let nonsense = ToolCall {
        refused: Some("the arguments are not an object".into()),
        ..call("1", "read")
    };
    let too_long = ToolCall {
        arguments: to_raw_value(&"x".repeat(70_000)).unwrap(),
        ..call("1", "read")
    };
    let table: &[(ToolCall, &str)] = &[
        (no_such_tool, "there is no tool dance"),
        (no_such_server, "there is no server nowhere here"),
        (nonsense, "the arguments are not an object"),
        (too_long, "too much is called at once: call less"),
        (
            question(&["a", "a"]),
            "questions, and the options of each, have ids of their own",
        ),
    ];
    for (call, reason) in table {
        let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
        story.say("hello");
        let events = story.calls(std::slice::from_ref(call)).unwrap();
        assert_eq!(types(&events), ["action.completed", "action.requested"]);
        assert_eq!(story.results(), [((*reason).to_owned(), true)]);
    }
    let mut story = Story::begin(&["ada"]);
    story.say("hello");
    story.calls(&[call("1", "read")]).unwrap();
    assert_eq!(story.results(), [("you have no tools".to_owned(), true)]);
    let silent = ToolAccess {
        questions: false,
        ..ToolAccess::default()
    };
    let mut story = Story::with_tools(&["ada"], &silent);
    story.say("hello");
    story.calls(&[question(&[])]).unwrap();
    assert!(story.results()[0].0.starts_with("you can't ask people"));
}

#[test]
fn a_worlds_variable_says_how_far_all_may_go() {
    let table = [("read", 0), ("ASK", 1), ("auto", 0), ("perhaps", 0)];
    for (value, approvals) in table {
        let mut story = Story::with_tools(&["ada"], &access(Permission::Ask));
        let change = WorldUpdate {
            variables: Some(format!("tool_permission={value}")),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        story.say("hello");
        story.calls(&[call("1", "write")]).unwrap();
        assert_eq!(story.waiting().len(), approvals, "{value}");
    }
}

#[test]
fn a_list_of_the_world_names_calls_that_a_person_decides() {
    let with = |name: &str, command: &str| ToolCall {
        arguments: to_raw_value(&serde_json::json!({"command": command, "parameters": []}))
            .unwrap(),
        ..call("1", name)
    };
    for (list, called, approvals) in [
        (r#"["write"]"#, with("write", "ls"), 1),
        (r#"["write"]"#, with("read", "ls"), 0),
        (r#"["read"]"#, with("read", "ls"), 1),
        (
            r#"[{"tool": "write", "arguments": {"command": "rm"}}]"#,
            with("write", "rm"),
            1,
        ),
        (
            r#"[{"tool": "write", "arguments": {"command": "rm"}}]"#,
            with("write", "ls"),
            0,
        ),
        (r#"["other", {"tool": "write"}]"#, with("write", "ls"), 1),
        ("[]", with("write", "rm"), 0),
        // What can't be read lists all.
        ("write", with("write", "ls"), 1),
        (r#"[{"tools": "write"}]"#, with("read", "ls"), 1),
    ] {
        let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
        let change = WorldUpdate {
            variables: Some(format!("tool_approval={list}")),
            ..WorldUpdate::default()
        };
        story.send("world", Command::UpdateWorld(change)).unwrap();
        story.say("hello");
        story.calls(&[called]).unwrap();
        assert_eq!(story.waiting().len(), approvals, "{list}");
    }
}

#[test]
fn the_next_message_waits_until_the_answer_is_there() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Ask));
    story.say("one");
    story.calls(&[call("1", "write")]).unwrap();
    assert_eq!(types(&story.say("two")), ["message.posted"]);
    assert!(story.open().is_empty());
    story.decide("guest", Verdict::Approved).unwrap();
    story.returns(story.open()[0], "written");
    story.answer(story.open()[0], "done").unwrap();
    let run_context = context(&story.world, story.open()[0]).unwrap();
    assert_eq!(run_context.messages.last().unwrap().text, "two");
    assert!(run_context.steps.is_empty());
}

#[test]
fn a_failed_or_cancelled_call_is_a_result_for_the_model() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    story.say("hello");
    story
        .calls(&[call("1", "read"), call("2", "write")])
        .unwrap();
    let [first, second] = story.open()[..] else {
        panic!("two calls")
    };
    let outcome = RunOutcome::Failed {
        code: "x".into(),
        reason: "it broke".into(),
    };
    story
        .send(
            "world",
            Command::Complete {
                run: first,
                outcome,
            },
        )
        .unwrap();
    story
        .send("guest", Command::CancelRun { run: second })
        .unwrap();
    assert_eq!(
        story.results(),
        [
            ("it broke".to_owned(), true),
            ("it was called off".to_owned(), true)
        ]
    );
}

#[test]
fn a_model_that_only_calls_tools_fails() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    story.say("hello");
    for step in 0.. {
        let events = story.calls(&[call("1", "read")]).unwrap();
        if types(&events).contains(&"action.failed") {
            assert_eq!(step, 24);
            assert_eq!(types(&events), ["action.failed", "chat.turn_ended"]);
            break;
        }
        story.returns(story.open()[0], &"long ".repeat(10_000));
    }
    assert!(serde_json::to_string(&story.world).unwrap().len() < 900_000);
}

#[test]
fn calls_of_one_step_have_ids_of_their_own() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    story.say("hello");
    for calls in [
        vec![call("", "read")],
        vec![call("1", "read"), call("1", "write")],
    ] {
        let refused = story.calls(&calls).unwrap_err();
        assert_eq!(refused.code, RejectionCode::Invalid);
    }
    let many: Vec<ToolCall> = (0..65).map(|id| call(&id.to_string(), "read")).collect();
    assert!(story.calls(&many).is_err());
    assert!(story.calls(&many[..64]).is_ok());
}
