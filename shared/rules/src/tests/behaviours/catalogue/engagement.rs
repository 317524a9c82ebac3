//! Partners.

use serde_json::json;

use super::super::super::Story;
use super::links::school;
use super::{Row, refused};
use crate::tests::behaviours::outcomes::ends;

pub(super) const ROWS: &[Row] = &[
    ("send_engage", an_offer_is_accepted, nobody_was_found),
    ("engage", a_teacher_is_accepted, another_role_is_not),
    ("set_engaged_partner", a_partner_is_set, || {
        refused("set_engaged_partner", json!({"agent": "guest"}))
    }),
    ("send_disengage", partners_part, there_is_no_partner),
    ("disengage", the_partner_lets_go, a_stranger_lets_go),
    ("disengage_all", all_partners_are_dropped, || {
        refused("disengage_all", json!({}))
    }),
    (
        "all_engagements_completed",
        all_that_were_found_are_partners,
        one_has_not_answered,
    ),
];

fn paired() -> Story {
    let mut story = school();
    story.uses("t", "find_agents", json!({"role": "student"}));
    assert!(story.uses("t", "send_engage", json!({})));
    assert_eq!(story.state("s"), "engaged");
    assert_eq!(story.result("t").engaged, ["s".parse().unwrap()]);
    story
}

fn an_offer_is_accepted() -> Story {
    paired()
}

fn nobody_was_found() -> Story {
    let mut story = school();
    assert!(!story.uses("t", "send_engage", json!({})));
    story
}

fn a_teacher_is_accepted() -> Story {
    let mut story = school();
    story.asks("t", json!({"action": "engage", "targets": ["s"]}));
    assert!(!story.behaviour("s").available);
    story
}

/// The role is that of the roster, whatever the requester says.
fn another_role_is_not() -> Story {
    let mut story = school();
    let offer =
        json!({"action": "engage", "targets": ["s"], "arguments": {"sender_role": "teacher"}});
    story.asks("guest", offer);
    assert_eq!(ends(&story)[0].2.as_deref(), Some("role_mismatch"));
    assert!(story.behaviour("s").available);
    story
}

/// Nobody is its own partner, and who is not there is nobody's.
fn a_partner_is_set() -> Story {
    let mut story = school();
    let partners = json!({"agent": ["s", "t", "nobody"]});
    assert!(story.uses("t", "set_engaged_partner", partners));
    assert_eq!(story.result("t").engaged, ["s".parse().unwrap()]);
    story
}

/// Both are available again.
fn partners_part() -> Story {
    let mut story = paired();
    assert!(story.uses("t", "send_disengage", json!({})));
    assert!(story.result("t").engaged.is_empty());
    assert!(story.behaviour("s").available);
    story
}

fn there_is_no_partner() -> Story {
    let mut story = school();
    assert!(!story.uses(
        "t",
        "send_disengage",
        json!({"send_disconnection_too": true})
    ));
    story
}

fn the_partner_lets_go() -> Story {
    let mut story = paired();
    story.asks("t", json!({"action": "disengage", "targets": ["s"]}));
    assert_eq!(story.state("s"), "init");
    story
}

fn a_stranger_lets_go() -> Story {
    let mut story = paired();
    story.asks("guest", json!({"action": "disengage", "targets": ["s"]}));
    assert_eq!(
        ends(&story).last().unwrap().2.as_deref(),
        Some("not_engaged")
    );
    assert_eq!(story.state("s"), "engaged");
    story
}

/// It changes the entity itself only: its partner gets no request.
fn all_partners_are_dropped() -> Story {
    let mut story = paired();
    assert!(story.uses("t", "disengage_all", json!({})));
    assert!(story.result("t").engaged.is_empty());
    assert!(!story.behaviour("s").available);
    story
}

fn all_that_were_found_are_partners() -> Story {
    let mut story = school();
    // Of none that were found, all are partners.
    assert!(story.uses("t", "all_engagements_completed", json!({})));
    story.uses("t", "find_agents", json!({"role": "student"}));
    story.uses("t", "send_engage", json!({}));
    assert!(story.uses("t", "all_engagements_completed", json!({})));
    story
}

fn one_has_not_answered() -> Story {
    let mut story = school();
    story.uses("t", "find_agents", json!({"role": "student"}));
    assert!(!story.uses("t", "all_engagements_completed", json!({})));
    story
}
