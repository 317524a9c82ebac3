//! The state keeps where samples are, however many there are, in a bounded space.

use serde_json::Value;

use contract::{Command, StreamType};

use super::{append, batches, begin, put};
use crate::tests::{Story, hash};

/// Appends one sample in each of many commits.
fn append_singly(story: &mut Story, name: &str, count: usize) {
    for _ in 0..count {
        story.send("world", append(name, &["1"])).unwrap();
        // The log of a test is not to grow as well.
        if story.log.len() > 100_000 {
            break;
        }
    }
}

/// How many bytes of the state are streams.
fn size(story: &Story) -> usize {
    let world = serde_json::to_value(&story.world).unwrap();
    world["streams"].to_string().len()
}

#[test]
fn a_million_samples_in_batches_take_little_space() {
    let mut story = begin();
    let samples = vec!["1"; 256];
    for _ in 0..1_000_000 / 256 {
        story.send("ada", append("ada:out", &samples)).unwrap();
        story.log.pop();
        // The sequence of a commit is the length of the log in these tests.
        story.log.push(commit_without_events(&story));
    }
    assert!(size(&story) < 100_000, "{}", size(&story));
}

fn commit_without_events(story: &Story) -> contract::Commit {
    contract::Commit {
        clock: None,
        rules: 0,
        id: contract::CommitId::new(),
        at: story.now,
        wake: None,
        commands: Vec::new(),
        events: Vec::new(),
    }
}

#[test]
fn a_stream_with_many_commits_takes_no_places_from_the_others() {
    let mut story = begin();
    let clock = put("world:clock", StreamType::Number);
    story.send("world", clock).unwrap();
    append_singly(&mut story, "ada:out", 50);
    append_singly(&mut story, "world:clock", 70_000);
    let of_small = batches(&story, "ada:out", 0, 1000);
    assert_eq!(of_small.as_array().map(Vec::len), Some(50));
    let of_large = batches(&story, "world:clock", 0, 100_000);
    let commits = of_large.as_array().unwrap();
    assert!(
        (30_000..40_000).contains(&commits.len()),
        "{}",
        commits.len()
    );
    // A range begins at or before its first sample, and each commit holds the sample that it names.
    let offset = commits[0][1].as_u64().unwrap();
    for from in [0, 1, 77, 40_001, 69_999] {
        let found = batches(&story, "world:clock", from, 1);
        let place = |index: usize| found[0][index].as_u64().unwrap();
        assert!(place(0) <= from && from - place(0) < 3, "{from}: {found}");
        assert_eq!(place(1) - offset, place(0));
    }
    assert!(size(&story) < 500_000, "{}", size(&story));
    let remove = Command::RemoveStream {
        stream: "world:clock".parse().unwrap(),
    };
    story.send("world", remove).unwrap();
    let world: Value = serde_json::from_str(&hash(&story.world)).unwrap();
    assert_eq!(world["streams"]["places"], 50);
}
