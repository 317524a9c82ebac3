//! What an entity can not use: each refusal names the field.

use contract::{Command, RejectionCode};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::super::Story;
use super::catalogue::school;
use super::{all_types, append, declare};

/// The refusal of a use of an action: the code, and the field.
fn refusal(story: &mut Story, action: &str, arguments: &Value) -> (RejectionCode, String) {
    let command = Command::UseAction {
        action: action.parse().unwrap(),
        arguments: Some(to_raw_value(arguments).unwrap()),
        interaction: None,
    };
    let refused = story.send("t", command);
    let refused = refused.expect_err(&format!("{action} {arguments}"));
    (refused.code, refused.field.unwrap_or_default())
}

#[test]
fn badges_are_checked() {
    use RejectionCode::{Invalid, TooLarge, UnknownEntity};
    let many: Vec<&str> = std::iter::repeat_n("s", 10_000).collect();
    let badges = "suggest_badges_to_world";
    let mut story = school();
    for (action, arguments, code, field) in [
        (badges, json!({"colour": 1}), Invalid, "colour"),
        (badges, json!({"agent": 7}), Invalid, "agent"),
        (badges, json!({"agent": [["s"]]}), Invalid, "agent"),
        (badges, json!({"agent": []}), Invalid, "agent"),
        (badges, json!({"agent": many}), TooLarge, "agent"),
        (badges, json!({"agent": "nobody"}), UnknownEntity, "agent"),
        (
            badges,
            json!({"agent": ["s", "nobody"]}),
            UnknownEntity,
            "agent[1]",
        ),
        (badges, json!({"score": "1"}), Invalid, "score"),
        (badges, json!({"score": 2}), Invalid, "score"),
        (badges, json!({"score": -0.5}), Invalid, "score"),
        (badges, json!({"badge_type": "gold"}), Invalid, "badge_type"),
        (badges, json!({"badge_type": null}), Invalid, "badge_type"),
        (
            badges,
            json!({"badge_description": "x".repeat(5000)}),
            TooLarge,
            "badge_description",
        ),
    ] {
        check(&mut story, action, &arguments, code, field);
    }
    let types = all_types(&story);
    assert!(!types.contains(&"badge.awarded".to_owned()), "{types:?}");
    story.replays();
}

#[test]
fn what_has_no_meaning_is_refused_with_the_field() {
    use RejectionCode::{Invalid, TooLarge, UnknownEntity};
    let many: Vec<&str> = std::iter::repeat_n("s", 10_000).collect();
    let role = "suggest_role_to_world";
    let mut story = school();
    for (action, arguments, code, field) in [
        (role, json!({}), Invalid, "role"),
        (role, json!({"role": 7}), Invalid, "role"),
        (role, json!({"role": ""}), Invalid, "role"),
        (role, json!({"role": "dean"}), Invalid, "role"),
        (role, json!({"role": ["teacher"]}), Invalid, "role"),
        (
            role,
            json!({"role": "teacher", "agent": []}),
            Invalid,
            "agent",
        ),
        (
            role,
            json!({"role": "teacher", "agent": many}),
            TooLarge,
            "agent",
        ),
        (
            role,
            json!({"role": "teacher", "agent": "nobody"}),
            UnknownEntity,
            "agent",
        ),
        (
            "ask_world_stats",
            json!({"filters": []}),
            Invalid,
            "filters",
        ),
        (
            "ask_world_stats",
            json!({"filters": {"names": ["s"]}}),
            Invalid,
            "filters.names",
        ),
        ("ask_world_stats", json!({"since": 1}), Invalid, "since"),
        ("show", json!({"interaction": 1}), Invalid, "interaction"),
        ("show", json!({"timeout": 1}), Invalid, "timeout"),
        ("record", json!({"num_steps": "2"}), Invalid, "num_steps"),
        (
            "record",
            json!({"streams": {"stdout": ["t:x"]}}),
            Invalid,
            "streams",
        ),
    ] {
        check(&mut story, action, &arguments, code, field);
    }
    story.replays();
}

fn check(story: &mut Story, action: &str, arguments: &Value, code: RejectionCode, field: &str) {
    let expected = (code, format!("arguments.{field}"));
    assert_eq!(refusal(story, action, arguments), expected, "{action}");
}

/// What nothing would look at is refused, and not ignored.
#[test]
fn ids_and_functions_are_not_for_commands() {
    let mut story = school();
    for (action, arguments, field) in [
        (
            "send",
            json!({"target": "s", "data_samples": [1], "forced_uuid": "u"}),
            "forced_uuid",
        ),
        (
            "send",
            json!({"target": "s", "data_samples": [1], "id": "mine"}),
            "id",
        ),
        (
            "connect_by_role",
            json!({"role": "student", "filter_fcn": "f"}),
            "filter_fcn",
        ),
        (
            "received_some_asked_data",
            json!({"processing_fcn": "f"}),
            "processing_fcn",
        ),
    ] {
        let (code, found) = refusal(&mut story, action, &arguments);
        assert_eq!(
            (code, found),
            (RejectionCode::Invalid, format!("arguments.{field}"))
        );
    }
    // The defaults give nothing.
    let send = json!({"target": "s", "data_samples": [1], "id": "random", "forced_uuid": null, "timeout": -1});
    assert!(story.uses("t", "send", send));
    story.replays();
}

/// A wildcard may stand for nobody: then the action is false.
#[test]
fn a_suggestion_about_nobody_is_false() {
    let mut story = school();
    assert!(!story.uses(
        "t",
        "suggest_badges_to_world",
        json!({"agent": "<valid_cmp>"})
    ));
    story.replays();
}

#[test]
fn recordings_count_as_streams_of_their_entity() {
    let mut story = school();
    declare(&mut story, "t:raw");
    append(&mut story, "t:raw", &[json!(1)]);
    for number in 0..998 {
        declare(&mut story, &format!("t:s{number}"));
    }
    let record = json!({"streams": ["t:raw"], "num_steps": 1});
    assert!(!story.uses(
        "t",
        "record",
        json!({"streams": ["t:raw", "t:raw"], "num_steps": 1})
    ));
    assert!(story.uses("t", "record", record.clone()));
    assert!(!story.uses("t", "record", record));
    assert!(
        story
            .world
            .streams
            .get(&"t:recorded2".parse().unwrap())
            .is_none()
    );
    story.replays();
}
