//! Events that are typed, abilities that answer them, and objects that change.

mod agents;
mod changes;
mod minds;
mod order;

use contract::ability::{Ability, EntityPatch, EventTypeVersion, Executor};
use contract::command::SetTimer;
use contract::run::RunResult;
use contract::{
    Command, Entity, EntityId, EntityKind, Event, NewEvent, Rejection, RejectionCode, RunId,
    RunOutcome, Target,
};
use proptest::prelude::*;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::{Story, hash, types};

fn id(id: &str) -> EntityId {
    id.parse().unwrap()
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

fn ability(name: &str, trigger: &str) -> Ability {
    Ability {
        name: name.parse().unwrap(),
        trigger: trigger.parse().unwrap(),
        description: format!("what {name} is for"),
        arguments: None,
        run: Executor::Worker(name.parse().unwrap()),
        concurrent: false,
    }
}

fn object(name: &str, abilities: &[Ability]) -> Entity {
    Entity {
        abilities: abilities.to_vec(),
        ..Entity::new(id(name), EntityKind::Object)
    }
}

fn draft(event_type: &str, target: Option<&str>, data: &Value) -> NewEvent {
    NewEvent {
        target: target.map(|target| Target::Entities(vec![id(target)])),
        ..NewEvent::new(event_type.parse().unwrap(), raw(data))
    }
}

fn event_type(version: u32, schema: Value) -> Command {
    Command::RegisterEventType(EventTypeVersion {
        event_type: "shop.order".parse().unwrap(),
        version,
        description: String::new(),
        schema,
    })
}

impl Story {
    fn add(&mut self, entity: Entity) {
        self.send("world", Command::CreateEntity(entity)).unwrap();
    }

    fn emit(&mut self, sender: &str, draft: NewEvent) -> Result<Vec<Event>, Rejection> {
        let command = Command::SendEvents {
            events: vec![draft],
            message: None,
        };
        self.send(sender, command)
    }

    fn change(&mut self, sender: &str, change: EntityPatch) -> Result<Vec<Event>, Rejection> {
        let changes = vec![change];
        self.send(sender, Command::ChangeEntities { changes })
    }

    fn done(&mut self, run: RunId, completed: RunResult) -> Result<Vec<Event>, Rejection> {
        let outcome = RunOutcome::Completed(completed);
        self.send("world", Command::Complete { run, outcome })
    }

    fn entity(&self, name: &str) -> &Entity {
        self.world.entities.get(&id(name)).unwrap()
    }

    /// Whose runs are open, by action.
    fn runs(&self) -> Vec<String> {
        let runs = self.world.runs.iter().map(|(_, run)| run);
        runs.map(|open| format!("{} {}", open.entity, open.action))
            .collect()
    }
}

#[test]
fn an_event_is_what_its_type_promises() {
    let mut story = Story::begin(&[]);
    let schema = json!({"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}});
    story.send("guest", event_type(1, schema.clone())).unwrap();
    let order = |data: Value| draft("shop.order", None, &data);
    story.emit("guest", order(json!({"count": 2}))).unwrap();
    let refused = story
        .emit("guest", order(json!({"count": "two"})))
        .unwrap_err();
    assert_eq!(refused.code, RejectionCode::Invalid);
    assert_eq!(refused.field.as_deref(), Some("events[0].data.count"));
    assert!(story.emit("guest", order(json!({}))).is_err());
    let unregistered = draft("shop.other", None, &json!("anything"));
    story.emit("guest", unregistered).unwrap();
    // The same again changes nothing.
    assert!(
        story
            .send("guest", event_type(1, schema))
            .unwrap()
            .is_empty()
    );
    assert_eq!(hash(&story.replayed()), hash(&story.world));
    let mut replayed = story.replayed();
    std::mem::swap(&mut replayed, &mut story.world);
    assert!(
        story.emit("guest", order(json!({}))).is_err(),
        "a replayed world checks too"
    );
}

#[test]
fn a_schema_that_breaks_what_was_valid_needs_a_new_version() {
    let mut story = Story::begin(&[]);
    let loose = json!({"type": "object", "properties": {"count": {"type": "integer"}}});
    let strict = json!({"type": "object", "required": ["count"], "properties": {"count": {"type": "integer"}}});
    story.send("guest", event_type(1, loose)).unwrap();
    let refused = story
        .send("guest", event_type(1, strict.clone()))
        .unwrap_err();
    assert_eq!(refused.code, RejectionCode::Conflict);
    assert_eq!(refused.field.as_deref(), Some("schema"));
    let refused = story
        .send("guest", event_type(3, strict.clone()))
        .unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("version"));
    story.send("guest", event_type(2, strict)).unwrap();
    let named = |version: &str| NewEvent {
        schema: Some(format!("event-types/shop.order/{version}")),
        ..draft("shop.order", None, &json!({}))
    };
    story.emit("guest", named("1")).unwrap();
    assert!(story.emit("guest", named("2")).is_err());
    let refused = story.emit("guest", named("9")).unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("events[0].schema"));
}

#[test]
fn what_can_not_be_registered() {
    let table = [
        (event_type(2, json!({})), Some("version")),
        (event_type(1, json!({"type": 7})), Some("schema")),
        (
            Command::RegisterEventType(EventTypeVersion {
                event_type: "message.posted".parse().unwrap(),
                version: 1,
                description: String::new(),
                schema: json!({}),
            }),
            Some("type"),
        ),
    ];
    for (command, field) in table {
        let refused = Story::begin(&[]).send("guest", command).unwrap_err();
        assert_eq!(refused.field.as_deref(), field, "{refused}");
    }
}

#[test]
fn who_answers_an_event() {
    let table: &[(&str, Option<&str>, &str, &[&str])] = &[
        (
            "shop.order",
            None,
            "guest",
            &["bell ring", "ear listen", "till sell"],
        ),
        ("shop.order", Some("till"), "guest", &["till sell"]),
        ("shop.order", Some("ear"), "guest", &["ear listen"]),
        ("shop.order", Some("guest"), "guest", &[]),
        ("shop.order", Some("guest"), "till", &["till sell"]),
        ("shop.other", None, "guest", &["ear listen"]),
        ("shop.other", None, "ear", &[]),
    ];
    for (event_type, target, sender, runs) in table {
        let mut story = Story::begin(&[]);
        story.add(object("till", &[ability("sell", "shop.order")]));
        story.add(object("bell", &[ability("ring", "shop.order")]));
        story.add(object("ear", &[ability("listen", "*")]));
        let by_client = Ability {
            run: Executor::Client {},
            ..ability("see", "shop.order")
        };
        story.add(object("eye", &[by_client]));
        let events = story
            .emit(sender, draft(event_type, *target, &json!({"a": 1})))
            .unwrap();
        let mut open = story.runs();
        open.sort_unstable();
        assert_eq!(open, *runs, "{event_type} {target:?} {sender}");
        assert_eq!(events.len(), 1 + runs.len());
    }
}

#[test]
fn a_run_gets_the_event_and_its_results_enter_the_log_together() {
    let mut story = Story::begin(&[]);
    story.add(Entity {
        state: Some(json!({"sold": 0})),
        ..object("till", &[ability("sell", "shop.order")])
    });
    story
        .emit(
            "guest",
            draft("shop.order", Some("till"), &json!({"count": 2})),
        )
        .unwrap();
    let run = story.open()[0];
    let open = story.world.runs.get(run).unwrap();
    let event: Event = serde_json::from_str(open.arguments.as_ref().unwrap().get()).unwrap();
    assert_eq!(
        (event.sender.as_str(), event.data.get()),
        ("guest", r#"{"count":2}"#)
    );
    let sold = |revision| RunResult {
        changes: vec![EntityPatch::State {
            entity: id("till"),
            revision,
            patch: raw(&json!([{"op": "replace", "path": "/sold", "value": 2}])),
        }],
        events: vec![draft("shop.sold", Some("guest"), &json!({}))],
        ..RunResult::default()
    };
    let refused = story.done(run, sold(Some(7))).unwrap_err();
    assert_eq!(refused.code, RejectionCode::Conflict);
    assert_eq!(story.entity("till").state, Some(json!({"sold": 0})));
    let events = story.done(run, sold(Some(0))).unwrap();
    assert_eq!(
        types(&events),
        ["entity.changed", "shop.sold", "action.completed"]
    );
    assert_eq!(story.entity("till").state, Some(json!({"sold": 2})));
    assert_eq!(story.entity("till").revision, 1);
    assert_eq!(
        story.done(run, sold(None)).unwrap_err().code,
        RejectionCode::AlreadyEnded
    );
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}

#[test]
fn what_an_ability_sends_does_not_ask_for_it_again() {
    let mut story = Story::begin(&[]);
    let speak = || ability("speak", "agent_speaks_with_agent_event");
    story.add(object("john", &[speak()]));
    story.add(object("matthew", &[speak()]));
    let says = |target: &str| draft("agent_speaks_with_agent_event", Some(target), &json!({}));
    story.emit("john", says("matthew")).unwrap();
    let mut runs = 0;
    while let [run, ..] = story.open()[..] {
        runs += 1;
        let speaker = story.world.runs.get(run).unwrap().entity.clone();
        let other = if speaker.as_str() == "john" {
            "matthew"
        } else {
            "john"
        };
        let completed = RunResult {
            events: vec![says(other)],
            ..RunResult::default()
        };
        story.done(run, completed).unwrap();
        assert!(runs < 200, "a storm");
    }
    // They answer one another until it is plain that they go round in circles.
    assert!(
        story
            .log
            .iter()
            .flat_map(|commit| &commit.events)
            .any(|event| { event.data.get().contains("too_deep") })
    );
}

proptest! {
    /// No matter which triggers lead to each other, all runs end, and the log gives the same state.
    #[test]
    fn abilities_that_ask_for_one_another_come_to_an_end(
        triggers in prop::collection::vec((0..4_usize, 0..5_usize), 1..5),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..10),
    ) {
        const TYPES: [&str; 5] = ["a.a", "a.b", "a.c", "a.d", "*"];
        let mut story = Story::begin(&[]);
        for (index, (sends, trigger)) in triggers.iter().enumerate() {
            let name = format!("o{index}-{sends}");
            story.add(object(&name, &[ability("react", TYPES[*trigger])]));
        }
        story.emit("guest", draft("a.a", None, &json!({}))).unwrap();
        let mut steps = 0;
        while let open = story.open() && !open.is_empty() {
            let run = *picks[steps % picks.len()].get(&open);
            let agent = story.world.runs.get(run).unwrap().entity.clone();
            let sends: usize = agent.as_str()[agent.as_str().len() - 1..].parse().unwrap();
            // Only one target, or the runs would double with every step.
            let entities: Vec<_> = story.world.entities.iter().map(|entity| entity.id.clone()).collect();
            let target = picks[steps % picks.len()].get(&entities).clone();
            let completed = RunResult {
                events: vec![draft(TYPES[sends], Some(target.as_str()), &json!({}))],
                ..RunResult::default()
            };
            story.done(run, completed).unwrap();
            steps += 1;
            prop_assert!(steps < 5_000, "it does not end");
        }
        prop_assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}

#[test]
fn a_timer_sends_all_of_its_event_or_records_the_reason() {
    let mut story = Story::begin(&[]);
    let counts = json!({"type": "object", "required": ["count"]});
    let strict = Ability {
        arguments: Some(counts),
        ..ability("lift", "bell.lift")
    };
    story.add(object("bell", &[ability("log", "*"), strict]));
    for (timer, data, expected) in [
        (
            "good",
            json!({"count": 1}),
            &[
                "timer.fired",
                "bell.lift",
                "action.requested",
                "action.requested",
            ][..],
        ),
        ("bad", json!({}), &["timer.fired"]),
    ] {
        let set = SetTimer {
            timer: timer.parse().unwrap(),
            due: Some(story.now),
            repeat: None,
            zone: None,
            event: Some(draft("bell.lift", Some("bell"), &data)),
            message: None,
        };
        story.send("guest", Command::SetTimer(set)).unwrap();
        let events = story.send("world", Command::FireDue).unwrap();
        assert_eq!(types(&events), expected);
        let fired: Value = serde_json::from_str(events[0].data.get()).unwrap();
        let reason = fired["refused"].as_str().unwrap_or_default();
        assert_eq!(reason.contains("count"), timer == "bad", "{reason}");
    }
}
