use super::*;
use crate::dialect::agent_world::tests::kind_of;

/// Texts, senders, and whether the model of `a1` is shown them.
const SHOWN: &[(&str, &str, bool)] = &[
    ("x", "human", true),
    ("@a2 x", "human", false),
    ("x", "a2", false),
    ("mid @a1", "a2", false),
    ("x", "system", false),
    ("mine", "a1", true),
    ("@a1 x", "human", true),
    ("ask @a1", "human", false),
    ("x", "world", true),
    ("@a1 x", "world", true),
    ("@a2 x", "world", false),
    ("@a1 x", "a2", true),
    ("hi @a1", "a2", true),
    ("@a1 x", "system", false),
    ("mine", "A1", true),
    ("Turn limit reached", "human", false),
    ("", "human", true),
    ("@a2 x\r\n@a1 y", "a2", true),
];

#[test]
fn a_model_is_shown_what_its_agent_posted_and_what_was_for_it() {
    for (text, sender, expected) in SHOWN {
        let message = ParsedMessage::new(sender, kind_of(sender), text, &|_| false);
        assert_eq!(is_shown("a1", &message), *expected, "{sender}: {text:?}");
    }
}
