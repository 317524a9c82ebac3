//! Logs and snapshots that an earlier build wrote, and what it answered about them: this build reads
//! them, and answers the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::{Commit, FactKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::recorded::canonical;
use crate::rules_now::Now;
use crate::session::{Rules, Session, agents};

/// What was answered to one question after a commit.
#[derive(Serialize, Deserialize)]
struct Recorded {
    seq: u64,
    view: String,
    answer: Value,
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folders = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    folders.collect()
}

fn lines<T: for<'de> Deserialize<'de>>(file: &Path) -> Vec<T> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_log_of_an_earlier_build_makes_the_same_views() {
    for folder in folders() {
        let log: Vec<Commit> = lines(&folder.join("commits.jsonl"));
        let recorded: Vec<Recorded> = lines(&folder.join("views.jsonl"));
        for recorded in recorded {
            let first = usize::try_from(recorded.seq).unwrap();
            let world = Session::<Now>::replayed(&log[..first]);
            let run = recorded.view.strip_prefix("context ");
            let runs: Vec<_> = run
                .map(|run| serde_json::from_value(run.into()).unwrap())
                .into_iter()
                .collect();
            let views = Now::views(&world, &agents(), &runs);
            let place = format!("{} {} {}", folder.display(), recorded.seq, recorded.view);
            assert_eq!(
                canonical(views[&recorded.view].clone()),
                canonical(recorded.answer),
                "{place}"
            );
        }
    }
}

#[test]
fn the_logs_hold_every_type_of_event() {
    let mut found = BTreeSet::new();
    for folder in folders() {
        let log: Vec<Commit> = lines(&folder.join("commits.jsonl"));
        let events = log.into_iter().flat_map(|commit| commit.events);
        found.extend(events.map(|event| event.event_type.as_str().to_owned()));
    }
    for kind in FactKind::ALL {
        let built_in = kind.name();
        assert!(found.contains(built_in), "{built_in}");
    }
}
