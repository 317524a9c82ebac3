mod tools;
mod unanswered;

use contract::commit::Position;
use contract::fact::{ActionCompleted, ActionFailed};
use contract::{ActionName, CommandId, Event, EventId, Purpose, Timestamp, Usage};
use serde_json::Value;

use super::*;

/// A turn in the chat `main`, whose events are made one by one.
struct Script {
    projector: SseProjector,
    turn: CommandId,
    seq: u64,
    envelopes: Vec<Envelope>,
    is_finished: bool,
    /// What the next messages mention, if no agent has that name.
    unknown_mention: Option<String>,
    /// Why nobody answers the next messages.
    unanswered: Option<Unanswered>,
}

impl Script {
    fn new(options: RenderOptions) -> Self {
        let turn = CommandId::new();
        let scope = Scope::Turn {
            chat: "main".parse().unwrap(),
            message: turn.event(0).message(),
        };
        let projector = SseProjector::new(scope, options);
        Self {
            projector,
            turn,
            seq: 0,
            envelopes: Vec::new(),
            is_finished: false,
            unknown_mention: None,
            unanswered: None,
        }
    }

    fn apply(&mut self, sender: &str, id: EventId, fact: &Fact) {
        self.seq += 1;
        let event = Event {
            id,
            event_type: fact.event_type(),
            sender: sender.parse().unwrap(),
            target: None,
            chat: Some("main".parse().unwrap()),
            causation: None,
            correlation: Some(self.turn.0),
            trace: None,
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data: fact.to_data().unwrap(),
        };
        let position = Position {
            seq: self.seq,
            index: 0,
        };
        let world = "lobby".parse().unwrap();
        let event = CloudEvent::new(&world, position, Timestamp::MAX, event);
        let (envelopes, is_finished) = match self.projector.event(&event) {
            Projected::Continue(envelopes) => (envelopes, false),
            Projected::Finish(envelopes) => (envelopes, true),
        };
        self.envelopes.extend(envelopes);
        self.is_finished = is_finished;
    }

    fn message(&mut self, sender: &str, is_question: bool, notice: bool) {
        let turn = self.turn.event(0);
        let id = if is_question {
            turn
        } else {
            CommandId::new().event(0)
        };
        let posted = MessagePosted {
            text: format!("{sender} speaks"),
            turn: turn.message(),
            in_reply_to: (!is_question).then(|| turn.message()),
            answerers: Vec::new(),
            notice,
            from_agent: !is_question,
            sender_kind: Some(if is_question {
                EntityKind::User
            } else {
                EntityKind::Agent
            }),
            unknown_mention: self.unknown_mention.clone(),
            unanswered: self.unanswered,
            truncated: false,
            usage: Some(Usage {
                model: "m".to_owned(),
                input_tokens: 11,
                output_tokens: 2,
                ..Usage::default()
            }),
        };
        self.apply(sender, id, &Fact::MessagePosted(posted));
    }

    fn request_run(&mut self, agent: &str) -> RunId {
        self.request_run_as(CommandId::new().event(0), agent)
    }

    fn request_run_as(&mut self, id: EventId, agent: &str) -> RunId {
        let action: ActionName = "respond".parse().unwrap();
        let turn = self.turn.event(0).message();
        let requested = ActionRequested {
            message: Some(turn),
            turn: Some(turn),
            ..Purpose::Requested.request(action, agent.parse().unwrap(), Timestamp::MAX)
        };
        self.apply("world", id, &Fact::ActionRequested(requested));
        id.run()
    }

    fn chunk(&mut self, run: RunId, agent: &str, attempt: u32) {
        self.chunk_with(run, agent, attempt, "chunk ");
    }

    fn chunk_with(&mut self, run: RunId, agent: &str, attempt: u32, text: &str) {
        let chunk = Chunk {
            run,
            attempt,
            index: 0,
            agent: agent.parse().unwrap(),
            chat: Some("main".parse().unwrap()),
            turn: Some(self.turn.event(0).message()),
            session: None,
            node: None,
            text: text.to_owned(),
            progress: false,
        };
        let envelopes = self.projector.chunk(&chunk);
        self.envelopes.extend(envelopes);
    }

    fn answer(&mut self, run: RunId, agent: &str) {
        self.message(agent, false, false);
        let done = ActionCompleted {
            run,
            call: None,
            output: None,
            said: String::new(),
            calls: Vec::new(),
            usage: None,
        };
        let id = CommandId::new().event(0);
        self.apply(agent, id, &Fact::ActionCompleted(done));
    }

    fn fail(&mut self, run: RunId, agent: &str) {
        let failed = ActionFailed {
            run,
            call: None,
            code: "model".to_owned(),
            reason: "no answer".to_owned(),
        };
        let id = CommandId::new().event(0);
        self.apply(agent, id, &Fact::ActionFailed(failed));
    }

    fn end_turn(&mut self) {
        self.end_turn_with(None);
    }

    fn end_turn_with(&mut self, unanswered: Option<Unanswered>) {
        let turn = self.turn.event(0).message();
        let id = CommandId::new().event(0);
        let ended = TurnEnded { turn, unanswered };
        self.apply("world", id, &Fact::TurnEnded(ended));
    }

    fn set_title(&mut self) {
        let chat = Chat {
            title: "Greetings".to_owned(),
            titled: TitleSource::Auto,
            ..Chat::new("main".parse().unwrap())
        };
        let id = CommandId::new().event(0);
        self.apply("world", id, &Fact::ChatUpdated(chat));
    }

    /// The envelopes, as `channel step who`.
    fn steps(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let step = |envelope: &Envelope| {
            let data = &envelope.body["data"];
            let who = match envelope.body["type"].as_str().unwrap() {
                "message" => text(&data["sender"]),
                "sse" => format!("{} {}", text(&data["type"]), text(&data["agentName"])),
                "world" => format!("{} {}", text(&data["type"]), data["pendingOperations"]),
                _ => text(&data["content"]["eventType"]),
            };
            format!("{} {who}", text(&envelope.body["type"]))
        };
        self.envelopes.iter().map(step).collect()
    }
}

#[test]
fn the_envelopes_of_a_turn_are_in_order() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    script.set_title();
    let run = script.request_run("ada");
    script.chunk(run, "ada", 1);
    script.chunk(run, "ada", 1);
    script.answer(run, "ada");
    assert!(!script.is_finished);
    script.end_turn();
    assert!(script.is_finished);
    let expected = [
        "message human",
        "world response-start 1",
        "sse start ada",
        "sse chunk ada",
        "sse chunk ada",
        "sse end ada",
        "message ada",
        "world idle 0",
        "sse chat-updated system",
        "system chat-title-updated",
    ];
    assert_eq!(script.steps(), expected);
    let usage = &script.envelopes[5].body["data"]["usage"];
    assert_eq!(usage["totalTokens"], 13);
    assert_eq!(script.projector.outcome.answers, 1);
    assert!(script.projector.outcome.unanswered.is_none());
}

#[test]
fn the_last_envelope_of_an_event_has_its_position() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.chunk(run, "ada", 1);
    script.answer(run, "ada");
    script.end_turn();
    let positions: Vec<Option<u64>> = script
        .envelopes
        .iter()
        .map(|envelope| envelope.position.map(|position| position.seq))
        .collect();
    // Message, start; chunk: start, chunk; answer: end, message; end of the turn: idle.
    assert_eq!(
        positions,
        [Some(1), Some(2), None, None, None, Some(3), Some(5)]
    );
}

#[test]
fn every_server_sent_event_begins_with_its_data() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.chunk(run, "ada", 1);
    script.answer(run, "ada");
    script.end_turn();
    script.envelopes.push(Envelope::stream_error("It ends"));
    let mut ids = Vec::new();
    for envelope in &script.envelopes {
        let text = String::from_utf8(envelope.bytes().to_vec()).unwrap();
        let (data, id) = text.split_once('\n').unwrap();
        let body = data.strip_prefix("data: ").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body, envelope.body);
        ids.push(id.to_owned());
    }
    assert_eq!(ids[0], "id: 1.0\n\n");
    // A chunk, and the end of a stream, have no position.
    assert_eq!(
        (ids[3].as_str(), ids.last().unwrap().as_str()),
        ("\n", "\n")
    );
}

#[test]
fn several_agents_begin_together_and_the_last_is_idle() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let runs = [script.request_run("ada"), script.request_run("bob")];
    script.chunk(runs[1], "bob", 1);
    script.answer(runs[1], "bob");
    script.fail(runs[0], "ada");
    script.end_turn();
    let expected = [
        "message human",
        "world response-start 1",
        "world response-start 2",
        "sse start bob",
        "sse chunk bob",
        "sse end bob",
        "message bob",
        "world response-end 1",
        "sse error ada",
        "sse log ",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
    assert_eq!(script.projector.outcome.failures, ["no answer"]);
}

#[test]
fn an_agent_that_hands_over_has_ended_but_is_not_idle() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let first = script.request_run("ada");
    script.answer(first, "ada");
    let second = script.request_run("bob");
    script.answer(second, "bob");
    script.message("ada", false, true);
    script.end_turn();
    let expected = [
        "message human",
        "world response-start 1",
        "sse start ada",
        "sse end ada",
        "message ada",
        "world response-end 0",
        "world response-start 1",
        "sse start bob",
        "sse end bob",
        "message bob",
        "world response-end 0",
        "message ada",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
}

#[test]
fn a_new_attempt_replaces_the_text_and_late_chunks_are_not_written() {
    let mut script = Script::new(RenderOptions::default());
    let run = script.request_run("ada");
    for (attempt, text) in [(1, "Hel"), (1, "lo"), (2, "Good "), (1, "!"), (2, "day")] {
        script.chunk_with(run, "ada", attempt, text);
    }
    let other = script.request_run("bob");
    script.chunk_with(other, "bob", 17, "Late");
    script.answer(run, "ada");
    script.chunk_with(run, "ada", 2, "?");
    let of_ada: Vec<&Value> = script
        .envelopes
        .iter()
        .map(|envelope| &envelope.body["data"])
        .filter(|data| data["agentName"] == "ada")
        .collect();
    let steps: Vec<&str> = of_ada
        .iter()
        .map(|data| data["type"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["start", "chunk", "chunk", "chunk", "chunk", "end"]);
    assert_eq!(shown(&of_ada), "Good day");
    // A first chunk replaces nothing, whatever its attempt is: the ones before it had none.
    let of_bob = script
        .envelopes
        .iter()
        .map(|envelope| &envelope.body["data"]);
    let of_bob: Vec<&Value> = of_bob.filter(|data| data["agentName"] == "bob").collect();
    assert_eq!(of_bob.len(), 2);
    assert_eq!(of_bob[1]["accumulatedContent"], Value::Null);
    assert_eq!(shown(&of_bob), "Late");
}

/// What a client shows of an answer: it appends the content of each chunk, or takes the accumulated one.
fn shown(steps: &[&Value]) -> String {
    let mut text = String::new();
    for data in steps.iter().filter(|data| data["type"] == "chunk") {
        match data["accumulatedContent"].as_str() {
            Some(accumulated) => text = accumulated.to_owned(),
            None => text.push_str(data["content"].as_str().unwrap()),
        }
    }
    text
}

#[test]
fn a_chunk_before_the_request_of_its_run_is_written_after_it() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let request = CommandId::new().event(0);
    for _ in 0..300 {
        script.chunk(CommandId::new().event(0).run(), "eve", 1);
    }
    script.chunk(request.run(), "ada", 1);
    script.chunk(request.run(), "ada", 1);
    let run = script.request_run_as(request, "ada");
    script.chunk(run, "ada", 1);
    script.answer(run, "ada");
    script.end_turn();
    let envelopes = script.steps();
    let (begin, start, chunk) = ("world response-start 1", "sse start ada", "sse chunk ada");
    assert_eq!(
        envelopes[1..6],
        [begin, start, chunk, chunk, chunk],
        "{envelopes:?}"
    );
}

#[test]
fn older_clients_get_their_own_name_and_a_report_of_each_save() {
    let mut script = Script::new(RenderOptions {
        sender_alias: Some("HUMAN".to_owned()),
        reports_saves: true,
    });
    script.message("human", true, false);
    let run = script.request_run("ada");
    script.answer(run, "ada");
    let first = &script.envelopes[0].body["data"];
    assert_eq!(
        (first["sender"].as_str(), first["role"].as_str()),
        (Some("HUMAN"), Some("user"))
    );
    let saved = script
        .envelopes
        .iter()
        .filter(|envelope| envelope.body["data"]["content"]["action"] == "state-saved");
    assert_eq!(saved.count(), 1);
}

#[test]
fn a_deleted_world_ends_every_stream() {
    let mut script = Script::new(RenderOptions::default());
    let deleted = Fact::WorldDeleted(contract::fact::Empty {});
    script.apply("world", CommandId::new().event(0), &deleted);
    assert!(script.is_finished);
    assert_eq!(script.envelopes[0].body["type"], "error");
}
