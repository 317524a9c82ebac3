//! Agents that act by themselves: what wakes them, what they do, and that it ends.

mod acting;
mod ends;
mod memory;
mod properties;
mod runs;

use contract::mind::{MindContext, MindUpdate, MindView};
use contract::run::RunResult;
use contract::tool::{Tool, ToolCall};
use contract::{AgentConfig, Command, Entity, EntityKind, Event, RunId, RunOutcome};
use serde_json::{Value, json};

use super::super::{Story, context, hash, types};
use super::{ability, draft, id, object, raw};
use crate::mind_view;

/// An agent with a mind, of which no more than this is said.
pub(super) fn minded(name: &str, mind: &Value) -> Entity {
    Entity {
        agent: Some(AgentConfig {
            mind: Some(serde_json::from_value(mind.clone()).unwrap()),
            ..AgentConfig::default()
        }),
        ..Entity::new(id(name), EntityKind::Agent)
    }
}

/// Ada, who wakes when somebody rings, and a bell that can be lifted and polished.
fn begun(mind: &Value) -> Story {
    let mut story = Story::begin(&[]);
    story.add(minded("ada", mind));
    let abilities = [
        ability("lift", "bell.lift"),
        ability("polish", "bell.polish"),
    ];
    story.add(object("bell", &abilities));
    story
}

fn rings() -> Value {
    json!({"wakes_on": [{"type": "bell.rings"}]})
}

impl Story {
    fn ring(&mut self, number: u32) -> Vec<Event> {
        let event = draft("bell.rings", Some("ada"), &json!({"number": number}));
        self.emit("guest", event).unwrap()
    }

    fn mind(&self, agent: &str) -> MindView {
        mind_view(&self.world, &id(agent)).unwrap()
    }

    /// The only run that is open, and the context of its worker.
    fn situation(&self) -> (RunId, MindContext) {
        let [run] = self.open()[..] else {
            panic!("one run is open: {:?}", self.runs());
        };
        let run_context = context(&self.world, run).unwrap();
        (run, *run_context.situation.unwrap())
    }

    fn decide_to_sleep(&mut self, run: RunId) -> Vec<Event> {
        let thought = MindUpdate {
            sleeps: true,
            ..MindUpdate::default()
        };
        let completed = RunResult {
            thought: Some(thought),
            ..RunResult::default()
        };
        self.done(run, completed).unwrap()
    }

    fn fail(&mut self, run: RunId) -> Vec<Event> {
        let outcome = RunOutcome::Failed {
            code: "model_down".into(),
            reason: "the model is down".into(),
        };
        let failed = Command::Complete { run, outcome };
        self.send("world", failed).unwrap()
    }
}

fn uses(calls: &[(&str, &str, Value)]) -> RunResult {
    let calls = calls.iter().enumerate();
    let calls = calls.map(|(index, (entity, ability, arguments))| ToolCall {
        id: index.to_string(),
        name: format!("{entity}_{ability}"),
        tool: Some(Tool::Ability {
            entity: id(entity),
            ability: ability.parse().unwrap(),
            target: None,
        }),
        arguments: raw(arguments),
        reads_only: false,
        repeatable: false,
        refused: None,
        signatures: Vec::new(),
    });
    RunResult {
        calls: calls.collect(),
        ..RunResult::default()
    }
}

#[test]
fn some_events_wake_an_agent() {
    let mind = json!({"wakes_on": [
        {"type": "bell.rings", "where": {"to": "{agent}", "loud": true}},
        {"type": "bell.falls"},
    ]});
    let for_ada = json!({"to": "ada", "loud": true});
    let table = [
        ("guest", "bell.rings", Some("ada"), for_ada.clone(), true),
        ("guest", "bell.rings", None, for_ada.clone(), true),
        ("guest", "bell.rings", Some("guest"), for_ada.clone(), false),
        ("ada", "bell.rings", None, for_ada.clone(), false),
        ("ada", "bell.rings", Some("ada"), for_ada.clone(), true),
        ("guest", "bell.rings", None, json!({"to": "ada"}), false),
        (
            "guest",
            "bell.rings",
            None,
            json!({"to": "bob", "loud": true}),
            false,
        ),
        ("guest", "bell.rings", None, json!([]), false),
        ("guest", "bell.falls", None, json!(7), true),
        ("guest", "bell.shines", Some("ada"), for_ada, false),
    ];
    for (sender, event_type, target, data, wakes) in table {
        let mut story = begun(&mind);
        story
            .emit(sender, draft(event_type, target, &data))
            .unwrap();
        let what = format!("{sender} {event_type} {target:?} {data}");
        assert_eq!(story.mind("ada").awake, wakes, "{what}");
        assert_eq!(
            story.runs(),
            ["ada act"][..usize::from(wakes)].to_vec(),
            "{what}"
        );
    }
    let mut story = begun(&json!({"wakes_on": [{"type": "*"}]}));
    story.emit("ada", draft("a.b", None, &json!(null))).unwrap();
    assert!(!story.mind("ada").awake, "what it says itself");
    story
        .emit("guest", draft("a.b", None, &json!(null)))
        .unwrap();
    assert!(story.mind("ada").awake);
}

#[test]
fn what_comes_while_an_agent_decides_to_sleep_wakes_it() {
    let mut story = begun(&rings());
    story.ring(1);
    let (run, _) = story.situation();
    assert_eq!(types(&story.ring(2)), ["bell.rings"]);
    assert_eq!(
        types(&story.decide_to_sleep(run)),
        ["agent.thought", "action.completed", "action.requested"]
    );
    let (run, situation) = story.situation();
    assert_eq!(situation.cause.unwrap().data.get(), r#"{"number":2}"#);
    assert_eq!(situation.step, 0);
    story.decide_to_sleep(run);
    assert!(!story.mind("ada").awake);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn some_events_put_an_agent_to_sleep() {
    let mut mind = rings();
    mind["sleeps_on"] = json!([{"type": "bell.breaks"}]);
    let mut story = begun(&mind);
    let breaks = || draft("bell.breaks", None, &json!({}));
    story.ring(1);
    let (run, _) = story.situation();
    story.ring(2);
    story.emit("guest", breaks()).unwrap();
    assert!(!story.mind("ada").awake);
    // What it decided about is over; what woke it since is not.
    story.ring(3);
    story.decide_to_sleep(run);
    let (run, situation) = story.situation();
    assert_eq!(situation.cause.unwrap().data.get(), r#"{"number":3}"#);
    // Its own events put it to sleep, too.
    story.emit("ada", breaks()).unwrap();
    story.decide_to_sleep(run);
    assert!(story.open().is_empty());
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
