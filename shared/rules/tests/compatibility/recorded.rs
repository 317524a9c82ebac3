//! What random commands made when it was recorded, as a hash for each seed.
//!
//! `recorded.txt` has a line for each seed, with the SHA-256 of all results. A change of the rules that
//! is meant to change them writes the new hashes there, which the failure prints.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::generator::Generator;
use crate::rules_now::Now;
use crate::session::{Rules, Session};

/// Commands of each seed.
const COMMANDS: usize = 2_000;
/// Every so many commands all views are part of the hash.
const VIEWS_EVERY: usize = 97;

/// Every so many commands the world goes on from its snapshot.
const SNAPSHOT_EVERY: usize = 251;

/// Optional fields that were added after the hashes were recorded.
const NEWER_FIELDS: [&str; 8] = [
    "purpose",
    "sender_kind",
    "truncated",
    "unanswered",
    "unknown_mention",
    "concurrent",
    "memory_cleared_at",
    "log_size",
];

const RECORDED: &str = include_str!("recorded.txt");

#[test]
fn random_commands_make_what_they_made_before() {
    let mut found = String::new();
    for line in RECORDED.lines() {
        let (seed, _) = line.split_once(' ').unwrap();
        let hash = hash_of::<Now>(seed.parse().unwrap());
        found.push_str(&format!("{seed} {hash}\n"));
    }
    assert_eq!(found, RECORDED);
}

fn hash_of<R: Rules>(seed: u64) -> String {
    let mut generator = Generator::new(seed);
    let mut session = Session::<R>::new();
    let mut hash = Sha256::new();
    for index in 0..COMMANDS {
        if generator.is_purged() {
            session = Session::new();
        }
        let command = generator.next_command();
        let result = match session.take(&command, generator.now) {
            Ok(events) => {
                generator.learn(&events);
                serde_json::to_value(&events).unwrap()
            }
            Err(rejection) => serde_json::to_value(&rejection).unwrap(),
        };
        hash.update(canonical(result));
        if index % SNAPSHOT_EVERY == 0 {
            session.world = R::from_snapshot(&R::to_snapshot(&session.world));
        }
        if index % VIEWS_EVERY == 0 {
            for (name, view) in session.views(&generator) {
                hash.update(name);
                hash.update(canonical(view));
            }
        }
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Text that does not depend on the order of keys. Sentences for people may be put better.
pub(crate) fn canonical(mut value: Value) -> String {
    leave_out(&mut value);
    value.sort_all_objects();
    value.to_string()
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for name in NEWER_FIELDS {
                fields.remove(name);
            }
            if fields.contains_key("code") && fields.contains_key("detail") {
                fields.remove("detail");
                fields.remove("cause");
            }
            fields.values_mut().for_each(leave_out);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        _ => {}
    }
}
