use super::*;

/// The configured text, and the id of the agent that it means.
const FOUND: &[(&str, Option<&str>)] = &[
    ("ada-lovelace", Some("ada-lovelace")),
    ("Ada-Lovelace", Some("ada-lovelace")),
    ("Ada Lovelace", Some("ada-lovelace")),
    ("AdaLovelace", Some("ada-lovelace")),
    (" ada lovelace ", Some("ada-lovelace")),
    ("@ada-lovelace", Some("ada-lovelace")),
    ("The Countess", Some("c1")),
    ("the-countess", Some("c1")),
    ("c1", Some("c1")),
    ("Ünal", Some("u1")),
    ("unal", Some("u1")),
    ("名前", Some("n1")),
    ("b1", Some("b1")),
    ("ada", None),
    ("", None),
    ("  ", None),
    ("名", None),
];

#[test]
fn the_main_agent_is_found_by_id_before_name() {
    let agents = [
        ("a1", "b1"),
        ("ada-lovelace", "The Enchantress"),
        ("b1", ""),
        ("c1", "The Countess"),
        ("c2", "The Countess"),
        ("u1", "Ünal"),
        ("n1", "名前"),
    ];
    for (wanted, expected) in FOUND {
        assert_eq!(find_agent(wanted, agents), *expected, "{wanted:?}");
    }
}
