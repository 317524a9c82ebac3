//! Wildcards in arguments, messages and times.

use serde_json::{Value, json};

use crate::behaviours::{Wildcards, resolve, resolve_text};

fn wildcards() -> Wildcards {
    let given = json!({
        "<agent>": "t", "<agent>:x": "longer", "<steps>": 998, "<list>": ["a", "b"], "<on>": true,
        "<ref>": "<agent>:recorded1", "<none>": null, "": "nothing",
    });
    given.as_object().unwrap().clone().into_iter().collect()
}

#[test]
fn wildcards_are_replaced_in_arguments() {
    for (given, expected) in [
        (json!("<agent>"), json!("t")),
        (json!("<agent>:cats and <agent>"), json!("t:cats and t")),
        (json!("<agent>:x"), json!("longer")),
        (json!("<agent>:xy"), json!("longery")),
        (json!("<steps>"), json!(998)),
        (json!("of <steps>"), json!("of <steps>")),
        (json!("<list>"), json!(["a", "b"])),
        (json!("<on>"), json!(true)),
        (json!("<none>"), json!(null)),
        // What was put in is not searched again.
        (json!("<ref>"), json!("<agent>:recorded1")),
        (json!("a <ref>"), json!("a <agent>:recorded1")),
        (json!("<playlist>"), json!("<playlist>")),
        (
            json!("<Agent> < agent > <agent é<agent>"),
            json!("<Agent> < agent > <agent ét"),
        ),
        (
            json!({"stdin": ["<agent>:y", {"<agent>": "<steps>"}]}),
            json!({"stdin": ["t:y", {"<agent>": 998}]}),
        ),
        (
            json!([1, 2.5, null, false, ""]),
            json!([1, 2.5, null, false, ""]),
        ),
    ] {
        let args = json!({ "<agent>": given });
        let resolved = resolve(args.as_object().unwrap(), &wildcards());
        assert_eq!(Value::Object(resolved), json!({ "<agent>": expected }));
    }
}

#[test]
fn numbers_are_replaced_in_messages_too() {
    let text = resolve_text("<agent>: <steps> of <list>, <on><none>", &wildcards());
    assert_eq!(text, "t: 998 of <list>, true<none>");
}
