mod tools;

use contract::commit::Position;
use contract::fact::{ActionCompleted, ActionFailed, TurnEnded};
use contract::{ActionName, CommandId, Event, EventId, Purpose, Timestamp, Usage};
use serde_json::Value;

use super::*;

/// A turn in the chat `main`, whose events are made one by one.
struct Script {
    teller: Teller,
    turn: CommandId,
    seq: u64,
    told: Vec<Envelope>,
    is_over: bool,
}

impl Script {
    fn new(manner: Manner) -> Self {
        let turn = CommandId::new();
        let scope = Scope::Turn {
            chat: "main".parse().unwrap(),
            message: turn.event(0).message(),
        };
        let teller = Teller::new(scope, manner);
        Self {
            teller,
            turn,
            seq: 0,
            told: Vec::new(),
            is_over: false,
        }
    }

    fn happens(&mut self, sender: &str, id: EventId, fact: &Fact) {
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
        let place = Position {
            seq: self.seq,
            index: 0,
        };
        let world = "lobby".parse().unwrap();
        let event = CloudEvent::new(&world, place, Timestamp::MAX, event);
        let (told, is_over) = self.teller.event(&event);
        self.told.extend(told);
        self.is_over = is_over;
    }

    fn said(&mut self, sender: &str, is_question: bool, notice: bool) {
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
            sender_kind: None,
            unknown_mention: None,
            usage: Some(Usage {
                model: "m".to_owned(),
                input_tokens: 11,
                output_tokens: 2,
            }),
        };
        self.happens(sender, id, &Fact::MessagePosted(posted));
    }

    fn asked(&mut self, agent: &str) -> RunId {
        self.asked_by(CommandId::new().event(0), agent)
    }

    fn asked_by(&mut self, id: EventId, agent: &str) -> RunId {
        let action: ActionName = "respond".parse().unwrap();
        let turn = self.turn.event(0).message();
        let requested = ActionRequested {
            message: Some(turn),
            turn: Some(turn),
            ..Purpose::Requested.request(action, agent.parse().unwrap(), Timestamp::MAX)
        };
        self.happens("world", id, &Fact::ActionRequested(requested));
        id.invocation()
    }

    fn piece(&mut self, invocation: RunId, agent: &str, attempt: u32) {
        let chunk = Chunk {
            invocation,
            attempt,
            index: 0,
            agent: agent.parse().unwrap(),
            chat: Some("main".parse().unwrap()),
            turn: Some(self.turn.event(0).message()),
            text: "piece ".to_owned(),
            progress: false,
        };
        let told = self.teller.chunk(&chunk);
        self.told.extend(told);
    }

    fn answered(&mut self, invocation: RunId, agent: &str) {
        self.said(agent, false, false);
        let done = ActionCompleted {
            invocation,
            call: None,
            output: None,
            said: String::new(),
            calls: Vec::new(),
            usage: None,
        };
        let id = CommandId::new().event(0);
        self.happens(agent, id, &Fact::ActionCompleted(done));
    }

    fn failed(&mut self, invocation: RunId, agent: &str) {
        let failed = ActionFailed {
            invocation,
            call: None,
            code: "model".to_owned(),
            reason: "no answer".to_owned(),
        };
        let id = CommandId::new().event(0);
        self.happens(agent, id, &Fact::ActionFailed(failed));
    }

    fn ends(&mut self) {
        let turn = self.turn.event(0).message();
        let id = CommandId::new().event(0);
        self.happens("world", id, &Fact::TurnEnded(TurnEnded { turn }));
    }

    fn entitled(&mut self) {
        let chat = Chat {
            title: "Greetings".to_owned(),
            titled: TitleSource::Auto,
            ..Chat::new("main".parse().unwrap())
        };
        let id = CommandId::new().event(0);
        self.happens("world", id, &Fact::ChatUpdated(chat));
    }

    /// What was told, as `channel step who`.
    fn steps(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let step = |told: &Envelope| {
            let data = &told.body["data"];
            let who = match told.body["type"].as_str().unwrap() {
                "message" => text(&data["sender"]),
                "sse" => format!("{} {}", text(&data["type"]), text(&data["agentName"])),
                "world" => format!("{} {}", text(&data["type"]), data["pendingOperations"]),
                _ => text(&data["content"]["eventType"]),
            };
            format!("{} {who}", text(&told.body["type"]))
        };
        self.told.iter().map(step).collect()
    }
}

#[test]
fn a_turn_of_one_agent_is_told_in_order() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    script.entitled();
    let run = script.asked("ada");
    script.piece(run, "ada", 1);
    script.piece(run, "ada", 1);
    script.answered(run, "ada");
    assert!(!script.is_over);
    script.ends();
    assert!(script.is_over);
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
    let usage = &script.told[5].body["data"]["usage"];
    assert_eq!(usage["totalTokens"], 13);
    assert_eq!(script.teller.outcome.answers, 1);
}

#[test]
fn each_event_has_its_place_on_the_last_that_is_told_of_it() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let run = script.asked("ada");
    script.piece(run, "ada", 1);
    script.answered(run, "ada");
    script.ends();
    let places: Vec<Option<u64>> = script
        .told
        .iter()
        .map(|told| told.place.map(|place| place.seq))
        .collect();
    // Message, start; piece: start, chunk; answer: end, message; end of the turn: idle.
    assert_eq!(
        places,
        [Some(1), Some(2), None, None, None, Some(3), Some(5)]
    );
    let text = String::from_utf8(script.told[0].bytes().to_vec()).unwrap();
    assert!(
        text.starts_with("id: 1.0\ndata: {") && text.ends_with("}\n\n"),
        "{text}"
    );
}

#[test]
fn several_agents_begin_together_and_the_last_is_idle() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let runs = [script.asked("ada"), script.asked("bob")];
    script.piece(runs[1], "bob", 1);
    script.answered(runs[1], "bob");
    script.failed(runs[0], "ada");
    script.ends();
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
    assert_eq!(script.teller.outcome.failures, ["no answer"]);
}

#[test]
fn who_hands_over_has_ended_but_is_not_idle() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let first = script.asked("ada");
    script.answered(first, "ada");
    let second = script.asked("bob");
    script.answered(second, "bob");
    script.said("ada", false, true);
    script.ends();
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
fn a_message_that_nobody_answers_says_why_and_ends() {
    for (nobody, expected) in [
        (None, vec!["message human", "world idle 0"]),
        (
            Some("zed"),
            vec!["message human", "system error", "world idle 0"],
        ),
    ] {
        let mut script = Script::new(Manner {
            nobody: nobody.map(str::to_owned),
            ..Manner::default()
        });
        script.said("human", true, false);
        script.ends();
        assert!(script.is_over);
        assert_eq!(script.steps(), expected);
    }
}

#[test]
fn an_answer_that_begins_anew_starts_anew_and_what_comes_late_is_not_told() {
    let mut script = Script::new(Manner::default());
    let run = script.asked("ada");
    script.piece(run, "ada", 1);
    script.piece(run, "ada", 2);
    script.piece(run, "ada", 1);
    script.answered(run, "ada");
    script.piece(run, "ada", 2);
    let pieces: Vec<String> = script
        .steps()
        .into_iter()
        .filter(|step| step.starts_with("sse"))
        .collect();
    let expected = [
        "sse start ada",
        "sse chunk ada",
        "sse start ada",
        "sse chunk ada",
        "sse end ada",
    ];
    assert_eq!(pieces, expected);
}

#[test]
fn a_piece_that_comes_before_the_request_for_its_run_is_told_behind_it() {
    let mut script = Script::new(Manner::default());
    script.said("human", true, false);
    let request = CommandId::new().event(0);
    for _ in 0..300 {
        script.piece(CommandId::new().event(0).invocation(), "eve", 1);
    }
    script.piece(request.invocation(), "ada", 1);
    script.piece(request.invocation(), "ada", 1);
    let run = script.asked_by(request, "ada");
    script.piece(run, "ada", 1);
    script.answered(run, "ada");
    script.ends();
    let told = script.steps();
    let (begin, start, piece) = ("world response-start 1", "sse start ada", "sse chunk ada");
    assert_eq!(told[1..6], [begin, start, piece, piece, piece], "{told:?}");
}

#[test]
fn older_clients_see_their_own_name_and_that_answers_are_kept() {
    let mut script = Script::new(Manner {
        people: vec!["human".parse().unwrap()],
        echo: Some("HUMAN".to_owned()),
        tells_saves: true,
        nobody: None,
    });
    script.said("human", true, false);
    let run = script.asked("ada");
    script.answered(run, "ada");
    let first = &script.told[0].body["data"];
    assert_eq!(
        (first["sender"].as_str(), first["role"].as_str()),
        (Some("HUMAN"), Some("user"))
    );
    let saved = script
        .told
        .iter()
        .filter(|told| told.body["data"]["content"]["action"] == "state-saved");
    assert_eq!(saved.count(), 1);
}

#[test]
fn a_deleted_world_ends_every_stream() {
    let mut script = Script::new(Manner::default());
    let deleted = Fact::WorldDeleted(contract::fact::Empty {});
    script.happens("world", CommandId::new().event(0), &deleted);
    assert!(script.is_over);
    assert_eq!(script.told[0].body["type"], "error");
}
