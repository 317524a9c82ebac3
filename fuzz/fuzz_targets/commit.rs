//! Commits of a log: what is decoded and encoded again is the same, and a world that replays it does not stop the process.
#![no_main]

use contract::Commit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(commit) = serde_json::from_slice::<Commit>(bytes) else {
        return;
    };
    let json = serde_json::to_string(&commit).expect("a commit as JSON");
    let again: Commit = serde_json::from_str(&json).expect("a commit that is decoded again");
    assert_eq!(serde_json::to_string(&again).expect("JSON"), json);
    let mut world = rules::World::new("lobby".parse().expect("an id"));
    // A commit that no world made may be refused.
    let _ = rules::replay(&mut world, 1, &commit);
});
