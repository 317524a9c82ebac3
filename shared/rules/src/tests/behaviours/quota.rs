//! Machines of a world whose log holds all that it may hold.

use contract::command::WorldUpdate;
use contract::{Command, Quota};
use serde_json::json;

use super::story;

#[test]
fn machines_wait_until_there_is_room() {
    let mut story = story(&[(
        "w",
        "worker",
        json!({"initial": "a", "states": {
            "a": {"transitions": [{"action": "nop", "delay_seconds": 1, "to": "b"}]},
            "b": {"transitions": [{"action": "nop", "delay_seconds": 1, "to": "a"}]},
        }}),
    )]);
    story.wakes_after(1.0);
    assert_eq!(story.state("w"), "b");
    let quota = |events| {
        Command::UpdateWorld(WorldUpdate {
            quota: Some(Quota {
                events,
                bytes: None,
            }),
            ..WorldUpdate::default()
        })
    };
    story.send("world", quota(Some(1))).unwrap();
    let before = story.world.quota.size().events;
    for _ in 0..10 {
        story.wakes_after(1.0);
    }
    assert_eq!(story.state("w"), "b");
    // The end of its delay, and that it waits.
    assert_eq!(story.world.quota.size().events, before + 2);
    assert_eq!(story.world.next_due(), None);
    story.replays();
    story.send("world", quota(None)).unwrap();
    story.wakes_after(0.0);
    assert_eq!(story.state("w"), "a");
    story.replays();
}
