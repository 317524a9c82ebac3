//! The catalogue of built-in actions.

use std::collections::BTreeSet;

use serde_json::json;

use crate::behaviours::{
    Argument, ArgumentDefault, BUILT_IN_ACTIONS, BuiltIn, Class, Reads, built_in,
};

#[test]
fn every_action_of_the_reference_is_there() {
    let names = "connect_by_role find_agents connect_to connected disconnected disconnect \
        disconnect_by_role agents_are_waiting send_engage engage set_engaged_partner send_disengage \
        disengage disengage_all all_engagements_completed send process learn nop show subscribe \
        send_subscribe record set_pref_streams first_pref_stream next_pref_stream check_pref_stream \
        evaluate compare_eval all_sent_completed all_asked_finished received_some_asked_data \
        suggest_badges_to_world suggest_role_to_world ask_world_stats";
    for name in names.split_whitespace() {
        assert!(built_in(name).is_some(), "{name}");
    }
    let unique: BTreeSet<&str> = BUILT_IN_ACTIONS.iter().map(|action| action.name).collect();
    assert_eq!(unique.len(), BUILT_IN_ACTIONS.len());
    assert_eq!(
        unique.len(),
        names.split_whitespace().count() + 2,
        "on_received is another name, and respond is for messages"
    );
}

#[test]
fn nobody_requests_what_an_agent_sends_in_its_own_name() {
    for action in BUILT_IN_ACTIONS {
        let sends = action.class == Class::Sends;
        assert_eq!(action.requestable, !sends, "{}", action.name);
    }
}

#[test]
fn a_default_has_the_type_of_its_argument() {
    for action in BUILT_IN_ACTIONS {
        for argument in action.arguments {
            let Some(value) = argument.default.value() else {
                continue;
            };
            assert!(argument.takes(&value), "{} {}", action.name, argument.name);
        }
    }
    let required = built_in("suggest_role_to_world").unwrap();
    assert!(required.argument("role").unwrap().is_required());
    let default = built_in("send").unwrap().argument("timeout").unwrap();
    assert_eq!(default.default.value(), Some(json!(-1.0)));
}

/// The table of `docs/behaviours.md` is the catalogue.
#[test]
fn the_document_has_the_catalogue() {
    let document = include_str!("../../../../../docs/behaviours.md");
    let rows = BUILT_IN_ACTIONS.iter().map(row);
    let missing: Vec<String> = rows.filter(|row| !document.contains(row)).collect();
    let missing = missing.join("\n");
    assert!(
        missing.is_empty(),
        "docs/behaviours.md lacks the rows\n{missing}"
    );
}

fn row(action: &BuiltIn) -> String {
    let arguments: Vec<String> = action.arguments.iter().map(shown).collect();
    let class = match action.class {
        Class::Guard => "guard",
        Class::Local => "local",
        Class::Sends => "sends",
        Class::Run => "run",
    };
    let requested = match (action.requestable, action.needs_input) {
        (false, _) => "no",
        (true, false) => "yes",
        (true, true) => "only with a request or data",
    };
    let reads: Vec<String> = action.reads.iter().map(part).collect();
    let arguments = or(arguments.join("; "), "none");
    let reads = or(reads.join(", "), "nothing");
    let name = action.name;
    format!("| `{name}` | {arguments} | {class} | {requested} | {reads} |")
}

/// `valid_cmp` of `ValidCmp`.
fn part(reads: &Reads) -> String {
    format!("{reads:?}")
        .to_lowercase()
        .replace("validcmp", "valid_cmp")
}

fn or(text: String, empty: &str) -> String {
    if text.is_empty() {
        empty.to_owned()
    } else {
        text
    }
}

fn shown(argument: &Argument) -> String {
    let kind = argument.kind.name();
    let default = match argument.default {
        ArgumentDefault::Required => "required".to_owned(),
        default => default.value().unwrap_or_default().to_string(),
    };
    format!("`{}`: {kind} ({default})", argument.name)
}
