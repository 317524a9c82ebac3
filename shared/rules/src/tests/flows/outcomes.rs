//! Outcomes of interactions that nodes request.

use std::time::Duration;

use contract::interaction::NewInteraction;
use contract::{ActionName, RejectionCode};

use super::*;

/// A flow of a node that acts as `bot`, and handles these types.
fn asking(handles: &[&str]) -> Value {
    json!({"nodes": [
        {"id": "n", "agent": "bot", "worker": "w", "handles": handles},
        {"id": "behind", "worker": "v", "handles": ["interaction.outcome"], "background": true},
    ], "edges": [["n", "behind"]], "session": {"idle_seconds": 60}})
}

fn process() -> ActionName {
    "process".parse().unwrap()
}

/// A node of a session handles a `claim`: the session, and the run.
fn with_claim(handles: &[&str]) -> (Story, SessionId, RunId) {
    let (mut story, session) = with_session(&asking(handles));
    story.frames(session, vec![event("claim", &json!({"n": 1}))]);
    let run = story.run_of("n");
    (story, session, run)
}

impl Story {
    /// `bot` requests something during a run of a node.
    fn requests(&mut self, run: RunId, new: NewInteraction) -> Result<Vec<Event>, Rejection> {
        let run = Some(run);
        let new = NewInteraction { run, ..new };
        self.send("bot", Command::RequestInteraction(new))
    }

    /// The outcomes that the client has got: the status of the only target of each.
    fn outcomes(&self, session: SessionId) -> Vec<String> {
        let frames = self.client_frames(session).into_iter();
        let outcomes = frames.filter(|frame| frame.event_type == "interaction.outcome");
        let status = |frame: FlowFrame| {
            data(&frame)["targets"][0]["status"]
                .as_str()
                .map(Into::into)
        };
        outcomes.filter_map(status).collect()
    }

    fn passes(&mut self, seconds: u64) -> Vec<Event> {
        self.now = self.now + Duration::from_secs(seconds);
        self.send("world", Command::FireDue).unwrap()
    }
}

#[test]
fn the_session_of_a_node_gets_the_outcome_of_what_it_requested() {
    let (mut story, session, run) = with_claim(&["claim"]);
    let new = NewInteraction {
        samples: Some(raw(&json!(["a window"]))),
        ..NewInteraction::new(process(), ["helper"])
    };
    let requested = story.requests(run, new).unwrap()[0].clone();
    story.node_sends("n", vec![]);
    assert!(story.outcomes(session).is_empty());

    let runs = story.open().into_iter();
    let work = runs.filter(|run| context(&story.world, *run).unwrap().interaction.is_some());
    let work: Vec<_> = work.collect();
    let result = RunResult {
        samples: vec![raw(&json!("granted"))],
        ..RunResult::default()
    };
    let run = work[0];
    let outcome = RunOutcome::Completed(result);
    let events = story
        .send("world", Command::Complete { run, outcome })
        .unwrap();
    assert_eq!(story.outcomes(session), ["completed"]);
    let frames = story.client_frames(session);
    let claim = frames
        .iter()
        .find(|frame| frame.event_type == "claim")
        .unwrap();
    let outcome = frames.last().unwrap();
    assert_eq!(
        (outcome.turn, outcome.node.as_ref().unwrap().as_str()),
        (Some(claim.id), "n")
    );
    let shown = data(outcome);
    assert_eq!(
        (&shown["id"], &shown["status"]),
        (&json!(requested.id), &json!("ended"))
    );
    assert_eq!(shown["targets"][0]["output"][0]["value"], "granted");
    let sent = events.iter().find(|event| event.id == outcome.id).unwrap();
    assert_eq!(
        (sent.causation, sent.sender.as_str()),
        (Some(requested.id), "bot")
    );
    // The node behind handles it.
    assert_eq!(story.runs_of("behind").len(), 1);
    story.replays();
}

#[test]
fn a_node_that_handles_outcomes_gets_them_before_the_client() {
    let (mut story, session, run) = with_claim(&["claim", "interaction.outcome"]);
    let dance = NewInteraction::new("dance".parse().unwrap(), ["helper"]);
    story.requests(run, dance).unwrap();
    // It was rejected at once, and waits behind the claim.
    assert!(story.outcomes(session).is_empty());
    story.node_sends("n", vec![]);
    let handled = story.node_context(story.run_of("n"));
    assert_eq!(handled.frame.event_type, "interaction.outcome");
    story.node_sends("n", vec![event("settled", &json!({}))]);
    assert_eq!(story.outcomes(session), ["rejected"]);
    let types = story.client_frames(session).into_iter();
    let types: Vec<_> = types.map(|frame| frame.event_type).collect();
    assert_eq!(types[1..], ["claim", "settled", "interaction.outcome"]);
    story.replays();
}

#[test]
fn a_session_that_waits_for_an_outcome_is_not_idle() {
    let (mut story, session, run) = with_claim(&["claim"]);
    let new = NewInteraction {
        deadline: Some(story.now + Duration::from_secs(200)),
        // A person answers, or not.
        ..NewInteraction::new(process(), ["guest"])
    };
    let client = json!({"id": "c", "kind": "agent", "agent": {"brain": {"client": {}}}});
    let client = serde_json::from_value(client).unwrap();
    story.send("world", Command::CreateEntity(client)).unwrap();
    let targets = vec!["c".to_owned()];
    story
        .requests(run, NewInteraction { targets, ..new })
        .unwrap();
    story.node_sends("n", vec![]);
    story.passes(100);
    assert!(story.world.sessions.get(session).is_some());
    story.passes(101);
    assert_eq!(story.outcomes(session), ["timed_out"]);
    // The node behind handles the outcome.
    let run = story.run_of("behind");
    story
        .node_completes(run, None, NodeOutput::default())
        .unwrap();
    story.passes(61);
    assert!(story.world.sessions.get(session).is_none());
    story.replays();
}

#[test]
fn nobody_gets_an_outcome_that_is_not_wanted() {
    let (mut story, session, run) = with_claim(&["claim"]);
    let dance = || NewInteraction::new("dance".parse().unwrap(), ["helper"]);
    let volatile = NewInteraction {
        volatile: true,
        ..dance()
    };
    story.requests(run, volatile).unwrap();
    assert!(story.outcomes(session).is_empty());
    // Its session has ended before.
    let push = NewInteraction {
        samples: Some(raw(&json!(["a window"]))),
        ..NewInteraction::new(process(), ["helper"])
    };
    story.requests(run, push).unwrap();
    let reason = None;
    story
        .send("guest", Command::EndSession { session, reason })
        .unwrap();
    story.passes(400);
    assert!(story.outcomes(session).is_empty());
    story.replays();
}

#[test]
fn only_the_agent_of_a_node_requests_during_its_run() {
    let (mut story, _, run) = with_claim(&["claim"]);
    let dance = || NewInteraction {
        run: Some(run),
        ..NewInteraction::new("dance".parse().unwrap(), ["helper"])
    };
    let refused = story.send("scribe", Command::RequestInteraction(dance()));
    assert_eq!(refused.unwrap_err().code, RejectionCode::NotAllowed);
    story.node_sends("n", vec![]);
    let refused = story.send("bot", Command::RequestInteraction(dance()));
    assert_eq!(refused.unwrap_err().code, RejectionCode::AlreadyEnded);
}

#[test]
fn the_outcomes_that_a_session_waits_for_are_limited() {
    let (mut story, _, run) = with_claim(&["claim"]);
    let new = || NewInteraction {
        samples: Some(raw(&json!(["a window"]))),
        ..NewInteraction::new(process(), ["helper"])
    };
    for _ in 0..256 {
        story.requests(run, new()).unwrap();
    }
    let refused = story.requests(run, new()).unwrap_err();
    assert_eq!(refused.code, RejectionCode::Busy);
    story.replays();
}
