//! Finding others, and links to them.

use contract::behaviour::LinkState;
use serde_json::json;

use super::super::super::Story;
use super::super::built_ins::student;
use super::super::story;
use super::{Row, refused};

pub(super) const ROWS: &[Row] = &[
    ("connect_by_role", a_role_is_connected, nobody_has_the_role),
    ("find_agents", a_role_is_found, nobody_is_found),
    ("connect_to", a_peer_is_connected, the_peer_is_unknown),
    ("connected", all_are_connected, nobody_is_involved),
    ("disconnected", the_peer_is_gone, nobody_ever_was_there),
    ("disconnect", the_link_is_dropped, || {
        refused("disconnect", json!({}))
    }),
    (
        "disconnect_by_role",
        the_links_of_a_role_are_dropped,
        || refused("disconnect_by_role", json!({})),
    ),
    (
        "agents_are_waiting",
        a_link_is_not_made_yet,
        all_links_are_made,
    ),
];

pub(in crate::tests::behaviours) fn school() -> Story {
    story(&[("t", "teacher", json!(null)), ("s", "student", student())])
}

fn linked() -> Story {
    let mut story = school();
    assert!(story.uses("t", "connect_by_role", json!({"role": "student"})));
    story.wakes_after(0.1);
    assert_eq!(
        story.behaviour("s").links[&"t".parse().unwrap()],
        LinkState::Connected
    );
    story
}

fn a_role_is_connected() -> Story {
    linked()
}

fn nobody_has_the_role() -> Story {
    let mut story = school();
    assert!(!story.uses(
        "t",
        "connect_by_role",
        json!({"role": ["dean", "world_agent~janitor"]})
    ));
    assert!(story.result("t").found.is_empty());
    story
}

fn a_role_is_found() -> Story {
    let mut story = school();
    assert!(story.uses("t", "find_agents", json!({"role": "student"})));
    assert_eq!(story.result("t").found, ["s".parse().unwrap()]);
    story
}

/// With the handshake, only those count that are connected. The last search is what counts.
fn nobody_is_found() -> Story {
    let mut story = school();
    assert!(!story.uses(
        "t",
        "find_agents",
        json!({"role": "student", "handshake_completed": true})
    ));
    assert!(story.result("t").found.is_empty());
    story
}

fn a_peer_is_connected() -> Story {
    let mut story = school();
    assert!(story.uses("t", "connect_to", json!({"peer_id": "s"})));
    // It is connected already.
    assert!(story.uses("t", "connect_to", json!({"peer_id": "s"})));
    story
}

fn the_peer_is_unknown() -> Story {
    let mut story = school();
    for peer in ["nobody", "", "t"] {
        assert!(
            !story.uses("t", "connect_to", json!({"peer_id": peer})),
            "{peer}"
        );
    }
    story
}

fn all_are_connected() -> Story {
    let mut story = linked();
    assert!(story.uses(
        "t",
        "connected",
        json!({"agent": "s", "handshake_completed": true})
    ));
    assert!(story.uses("t", "connected", json!({})));
    story
}

fn nobody_is_involved() -> Story {
    let mut story = linked();
    assert!(!story.uses("s", "connected", json!({})));
    assert!(!story.uses("t", "connected", json!({"agent": ["s", "nobody"]})));
    story
}

fn the_peer_is_gone() -> Story {
    let mut story = linked();
    assert!(story.uses("t", "disconnect", json!({"agent": "s"})));
    assert!(story.uses("t", "disconnected", json!({})));
    assert!(story.uses("s", "disconnected", json!({"agent": "t"})));
    story
}

fn nobody_ever_was_there() -> Story {
    let mut story = linked();
    assert!(!story.uses("t", "disconnected", json!({"agent": "s"})));
    assert!(!story.uses("guest", "disconnected", json!({})));
    story
}

fn the_link_is_dropped() -> Story {
    let mut story = linked();
    assert!(story.uses("t", "disconnect", json!({"agent": "s"})));
    assert!(story.behaviour("s").links.is_empty());
    story
}

fn the_links_of_a_role_are_dropped() -> Story {
    let mut story = linked();
    story.uses("t", "send_engage", json!({}));
    assert_eq!(story.state("s"), "engaged");
    let arguments = json!({"role": "student", "disengage_too": true});
    assert!(story.uses("t", "disconnect_by_role", arguments));
    assert!(story.behaviour("s").links.is_empty());
    assert!(story.behaviour("s").engaged.is_empty());
    story
}

fn a_link_is_not_made_yet() -> Story {
    let mut story = school();
    story.uses("t", "connect_by_role", json!({"role": "student"}));
    assert!(story.uses("t", "agents_are_waiting", json!({})));
    story
}

fn all_links_are_made() -> Story {
    let mut story = linked();
    assert!(!story.uses("t", "agents_are_waiting", json!({})));
    story
}
