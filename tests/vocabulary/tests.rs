//! Each scope finds its own words, and nothing else.

use crate::rust_text::{Line, lines};
use crate::vocabulary::Vocabulary;

const SAMPLE: &str = r#"
# A comment.
[files]
told
[types]
Told|Heard
[functions]
(?:^|_)hears?(?:_|$)
[code]
\bheard\b
[texts]
\btold\b
[prose]
(?i)\btells?\b
[exempt]
told you so
docs/old.md => tells
"#;

fn found(path: &str, text: &str) -> Vec<String> {
    Vocabulary::parse(SAMPLE).matches(path, text)
}

#[test]
fn each_scope_finds_its_words() {
    let source = r#"
/// Tells the state.
struct Told;
fn a_client_hears(heard: &str) { info!("told") }
"#;
    assert_eq!(
        found("src/told.rs", source),
        [
            "src/told.rs:0: told (Files): told",
            "src/told.rs:2: Tells (Prose): / Tells the state.",
            "src/told.rs:3: Told (Types): Told",
            "src/told.rs:4: _hears (Functions): a_client_hears",
            r#"src/told.rs:4: heard (Code): fn a_client_hears(heard: &str) { info!("") }"#,
            "src/told.rs:4: told (Texts): told",
        ]
    );
}

#[test]
fn other_names_and_texts_are_not_found() {
    let source = r##"
// It is told.
struct ToldAgain(Told);
fn hearing() { told(r#"tell // tells"#, '"', "heard \" // tells") }
"##;
    assert_eq!(found("src/retold.rs", source), [""; 0]);
}

#[test]
fn documents_and_comments_of_other_files_are_prose() {
    assert_eq!(
        found("a.md", "It tells."),
        ["a.md:1: tells (Prose): It tells."]
    );
    let toml = "tell = 1\nname = 2 # tells";
    assert_eq!(found("a.toml", toml), ["a.toml:2: tells (Prose): tells"]);
}

#[test]
fn what_is_exempt_is_not_found() {
    let source = r#"fn text() { ("told you so", "told") }"#;
    assert_eq!(
        found("a.rs", source),
        ["a.rs:1: told (Texts): told you so told"]
    );
    assert_eq!(found("docs/old.md", "It tells."), [""; 0]);
}

#[test]
fn the_words_of_the_project_are_checked_in_every_name() {
    let vocabulary = Vocabulary::parse(include_str!("../vocabulary.txt"));
    for source in [
        "fn is_said_to_all() {}",
        "fn fire_whole() {}",
        "let asked = 1;",
        "let (all_have_asked, rest) = pair;",
        "for told in list {}",
        "list.map(|heard| heard.id)",
        "fn after(said: &str) {}",
        "mod whole;",
    ] {
        let found = vocabulary.matches("src/a.rs", source);
        assert!(!found.is_empty(), "{source}");
    }
    // Names on the wire.
    for source in [
        "View::Whole(done.said)",
        "heard_by: None, asked_at: at, said: step.said.clone(),",
    ] {
        assert_eq!(vocabulary.matches("src/a.rs", source), [""; 0]);
    }
}

#[test]
fn a_source_is_split_into_code_strings_and_comments() {
    let line = |code: &str, strings: &str, comment: &str| Line {
        code: code.to_owned(),
        strings: strings.to_owned(),
        comment: comment.to_owned(),
    };
    assert_eq!(
        lines("let a = \"b\"; // c\n/* d\n/* e */ f */ let g: &'h str;"),
        [
            line("let a = \"\"; ", "b ", " c"),
            line("", "", " d"),
            line(" let g: &'h str;", "", " e  f "),
        ]
    );
    assert_eq!(
        lines("let i = ['\"', '\\'', '\\u{1F600}']; br\"j\\\"; \"k\\\nl\";"),
        [
            line(
                "let i = ['\"', '\\'', '\\u{1F600}']; b\"\"; \"",
                "j\\ k ",
                ""
            ),
            line("\";", "l ", ""),
        ]
    );
}
