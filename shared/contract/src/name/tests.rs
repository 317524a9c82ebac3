use super::*;

/// Names, and their ids.
const IDS: &[(&str, Option<&str>)] = &[
    ("My World", Some("my-world")),
    ("MyWorld", Some("my-world")),
    ("A1", Some("a1")),
    ("Ünïcode Näme", Some("unicode-name")),
    ("foo_bar", Some("foo-bar")),
    ("--x--", Some("x")),
    ("a1B2", Some("a1b2")),
    ("x", Some("x")),
    ("", None),
    ("名前", None),
    ("---", None),
    ("🙂", None),
    ("名前 Bot", Some("bot")),
    ("my-world", Some("my-world")),
    ("  My   World!  ", Some("my-world")),
    ("HTMLParser", Some("htmlparser")),
    ("parseHTML", Some("parse-html")),
    ("camelCaseName", Some("camel-case-name")),
    ("My World 2", Some("my-world-2")),
    ("a.b/c", Some("a-b-c")),
    ("Bob's", Some("bob-s")),
    ("tab\tand\r\nline", Some("tab-and-line")),
    ("Zoë", Some("zoe")),
    ("Zoe\u{308}", Some("zoe")),
    ("Łódź", Some("lodz")),
    ("Straße", Some("strasse")),
    ("Ærøskøbing", Some("aeroskobing")),
    ("Nguyễn Thị", Some("nguyen-thi")),
    ("Čapek", Some("capek")),
    ("İstanbul ılık", Some("istanbul-ilik")),
    ("Þór Œuvre Đà", Some("thor-oeuvre-da")),
    ("éAé", Some("e-ae")),
    ("Ｗｉｄｅ", Some("wide")),
    ("Привет", None),
];

#[test]
fn a_name_makes_an_id() {
    for (name, expected) in IDS {
        assert_eq!(kebab_id(name).as_deref(), *expected, "{name:?}");
    }
}

#[test]
fn an_id_makes_itself() {
    for id in IDS.iter().filter_map(|(_, id)| *id) {
        assert_eq!(kebab_id(id).as_deref(), Some(id));
    }
}
