//! The rules of this build beside those that were there before: the same commands make the same
//! events, refusals, wakes, views and states, byte for byte.

use std::collections::BTreeMap;

use contract::{Commit, FactKind};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::generator::Generator;
use crate::rules_now::Now;
use crate::rules_then::Then;
use crate::session::{Rules, Session, Views};

const COMMANDS: usize = 100_000;
/// Commands of each seed, at most: it ends when its world is deleted.
const COMMANDS_OF_A_SEED: usize = 1_000;
/// Every so many commands all views are compared.
const VIEWS_EVERY: usize = 61;
/// Every so many commands the world goes on from its snapshot.
const SNAPSHOT_EVERY: usize = 251;
/// How the field begins that events have since then.
const PURPOSE: &str = ",\"purpose\":";

#[test]
fn random_commands_make_what_the_rules_before_made_of_them() {
    let mut made = BTreeMap::<String, usize>::new();
    let (mut seed, mut commands) = (1_000, 0);
    while commands < COMMANDS {
        let (log, compared) = compare(seed);
        for event in log.into_iter().flat_map(|commit| commit.events) {
            *made.entry(event.event_type.to_string()).or_default() += 1;
        }
        commands += compared;
        seed += 1;
    }
    for kind in FactKind::ALL {
        let built_in = kind.name();
        let times = made.get(built_in).copied().unwrap_or_default();
        assert!(
            times >= 50,
            "{built_in} was made {times} times: this compares nothing"
        );
    }
}

fn compare(seed: u64) -> (Vec<Commit>, usize) {
    let mut generator = Generator::new(seed);
    let mut commands = 0;
    let (mut then, mut now) = (Session::<Then>::new(), Session::<Now>::new());
    for index in 0..COMMANDS_OF_A_SEED {
        if generator.is_purged() {
            break;
        }
        commands += 1;
        let command = generator.next_command();
        let expected = then.take(&command, generator.now);
        let found = now.take(&command, generator.now);
        let texts = (
            serde_json::to_string(&expected).unwrap(),
            serde_json::to_string(
                &found.map(|events| events.into_iter().map(without_purpose).collect::<Vec<_>>()),
            )
            .unwrap(),
        );
        assert_eq!(texts.1, texts.0, "seed {seed}, command {index}: {command}");
        if let Ok(events) = &expected {
            generator.learn(events);
        }
        if index % VIEWS_EVERY == 0 {
            same_views(&then.views(&generator), now.views(&generator), seed, index);
        }
        if index % SNAPSHOT_EVERY == 0 {
            now.world = Now::from_snapshot(&Now::to_snapshot(&now.world));
        }
    }
    let (then_wakes, now_wakes): (Vec<_>, Vec<_>) = then
        .log
        .iter()
        .zip(&now.log)
        .map(|(then, now)| (then.wake, now.wake))
        .unzip();
    assert_eq!(now_wakes, then_wakes, "seed {seed}");
    now.world = Session::<Now>::replayed(&now.log);
    same_views(
        &then.views(&generator),
        now.views(&generator),
        seed,
        COMMANDS_OF_A_SEED,
    );
    (now.log, commands)
}

/// `action.requested` tells the purpose of its run since then.
fn without_purpose(mut event: contract::Event) -> contract::Event {
    if event.event_type.as_str() == "action.requested" {
        let data = event.data.get();
        if let Some(start) = data.find(PURPOSE) {
            // It is the last field.
            let rest = format!("{}}}", &data[..start]);
            event.data = RawValue::from_string(rest).unwrap();
        }
    }
    event
}

fn same_views(then: &Views, now: Views, seed: u64, index: usize) {
    assert_eq!(now.len(), then.len());
    for (name, mut found) in now {
        remove_purpose(&mut found);
        assert_eq!(
            found.to_string(),
            then[&name].to_string(),
            "{name} at command {index} of seed {seed}"
        );
    }
}

fn remove_purpose(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("purpose");
            fields.values_mut().for_each(remove_purpose);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_purpose),
        _ => {}
    }
}
