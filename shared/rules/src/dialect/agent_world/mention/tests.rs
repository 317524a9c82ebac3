use super::*;

/// Texts, and those whom they address.
const PARAGRAPHS: &[(&str, &[&str])] = &[
    ("", &[]),
    ("@", &[]),
    ("@123", &["123"]),
    ("@agent@invalid", &["agent"]),
    ("@alice how are you?", &["alice"]),
    ("Hello everyone!\n@pro, please respond.", &["pro"]),
    ("Text\n  @bob with spaces", &["bob"]),
    ("hi @pro, what do you think?", &["pro"]),
    ("hey @a1", &["a1"]),
    ("to @a1: do it", &["a1"]),
    ("Dear @a1", &[]),
    (
        "@alice, please start.\n@bob, you handle the next part.",
        &["alice", "bob"],
    ),
    ("@alice\n@alice again", &["alice", "alice"]),
    ("@BOB how are you?", &["bob"]),
    ("@agent-1, hello", &["agent-1"]),
    ("@agent_with-mixed chars", &["agent_with-mixed"]),
    ("@-lead x", &[]),
    ("@a_ x", &["a_"]),
    ("@a1: x", &["a1"]),
    ("@a1!?", &["a1"]),
    ("@Madame Pedagogue", &["madame-pedagogue"]),
    ("@Madame pedagogue", &["madame"]),
    ("@A1 hi", &["a1"]),
    ("@Mary_Jane Smith", &["mary_jane"]),
    ("@名前 hi", &[]),
    ("   @a1 leading spaces", &["a1"]),
    ("- @a1 bullet", &[]),
    ("1. @a1 list", &[]),
    ("`@a1` code", &[]),
    ("(@a1) paren", &[]),
    ("mail a@b.com", &[]),
    ("@world x", &["world"]),
    ("line\r\n@a1 crlf", &["a1"]),
    (
        "@test-agent, valid mention after malformed ones: @@ @test- @test_@",
        &["test-agent"],
    ),
    ("to @Bob Ross and others", &["bob-ross"]),
    ("@a1", &["a1"]),
    (
        "@a1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &["a1"],
    ),
    ("@alice\r\n\r\n@bob\r\n", &["alice", "bob"]),
    ("\n\n\n", &[]),
    ("\r@a1 after a lone carriage return", &["a1"]),
    ("a\r@a1 which breaks no line", &[]),
    ("@a1\n\n  \n@a2\n", &["a1", "a2"]),
    ("\t@a1 behind a tab", &["a1"]),
    ("\u{3000}@a1 behind a wide space", &["a1"]),
    ("HELLO @a1", &["a1"]),
    ("hi\t\t@a1", &["a1"]),
    ("Hello, @a1", &[]),
    ("hi hi @a1", &[]),
    ("hi@a1", &[]),
    ("history @a1", &[]),
    ("hi", &[]),
    ("to\n@a1", &["a1"]),
    ("> @a1 quoted", &[]),
    ("**@a1** bold", &[]),
    ("[@a1](a link)", &[]),
    ("@@a1", &[]),
    ("@ a1", &[]),
    ("@_a1", &[]),
    ("@test-", &["test"]),
    ("@a1--", &["a1"]),
    ("@a1-_-", &["a1-_"]),
    ("@a--b", &["a--b"]),
    ("@a1é", &["a1"]),
    ("@a1名前", &["a1"]),
    ("@étienne hi", &[]),
    ("@a1's turn", &["a1"]),
    ("@a1.b", &["a1"]),
    ("@bob,@carol", &["bob"]),
    ("@bob @carol", &["bob"]),
    ("@A1 Hi there", &["a1-hi"]),
    ("@Ada  \t Lovelace", &["ada-lovelace"]),
    ("@Ada\nLovelace", &["ada"]),
    ("@Ada, Lovelace", &["ada"]),
    ("@Ada Lovelace, please", &["ada-lovelace"]),
    ("@Ada Lovelace's notes", &["ada-lovelace"]),
    ("@Ada King Lovelace", &["ada-king"]),
    ("@Ada Éluard", &["ada"]),
    ("@Ada- Lovelace", &["ada"]),
    ("@ada Lovelace", &["ada"]),
    ("@Ada-Mary Lovelace", &["ada-mary"]),
    ("@Ada Lovelace-King", &["ada-lovelace-king"]),
    ("@Ada \"Lovelace\"", &["ada"]),
    ("@1 Ada", &["1"]),
    ("🙂 @a1", &[]),
    ("@a1🙂", &["a1"]),
];

/// Texts, and the first name with an at sign in them.
const FIRST: &[(&str, Option<&str>)] = &[
    ("", None),
    ("@", None),
    ("@123", Some("123")),
    ("@agent@invalid", Some("agent")),
    ("@alice how are you?", Some("alice")),
    ("Hello everyone!\n@pro, please respond.", Some("pro")),
    ("Text\n  @bob with spaces", Some("bob")),
    ("hi @pro, what do you think?", Some("pro")),
    ("hey @a1", Some("a1")),
    ("to @a1: do it", Some("a1")),
    ("Dear @a1", Some("a1")),
    (
        "@alice, please start.\n@bob, you handle the next part.",
        Some("alice"),
    ),
    ("@alice\n@alice again", Some("alice")),
    ("@BOB how are you?", Some("bob")),
    ("@agent-1, hello", Some("agent-1")),
    ("@agent_with-mixed chars", Some("agent_with-mixed")),
    ("@-lead x", None),
    ("@a_ x", Some("a_")),
    ("@a1: x", Some("a1")),
    ("@a1!?", Some("a1")),
    ("@Madame Pedagogue", Some("madame")),
    ("@Madame pedagogue", Some("madame")),
    ("@A1 hi", Some("a1")),
    ("@Mary_Jane Smith", Some("mary_jane")),
    ("@名前 hi", None),
    ("   @a1 leading spaces", Some("a1")),
    ("- @a1 bullet", Some("a1")),
    ("1. @a1 list", Some("a1")),
    ("`@a1` code", Some("a1")),
    ("(@a1) paren", Some("a1")),
    ("mail a@b.com", Some("b")),
    ("@world x", Some("world")),
    ("line\r\n@a1 crlf", Some("a1")),
    (
        "@test-agent, valid mention after malformed ones: @@ @test- @test_@",
        Some("test-agent"),
    ),
    ("to @Bob Ross and others", Some("bob")),
    ("@a1", Some("a1")),
    (
        "@a1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        Some("a1"),
    ),
    ("@@a1", Some("a1")),
    ("@@@", None),
    ("@ a1 @a2", Some("a2")),
    ("@-lead @a2", Some("a2")),
    ("@--a @b", Some("b")),
    ("@test-", Some("test")),
    ("@a--b", Some("a")),
    ("@a-b-c", Some("a-b-c")),
    ("@a-_b", Some("a-_b")),
    ("@a_-b", Some("a_-b")),
    ("@_a1", Some("_a1")),
    ("@__", Some("__")),
    ("@aé", Some("a")),
    ("@é @a", Some("a")),
    ("hi\n\n@Ada Lovelace", Some("ada")),
    ("first.last@example.com", Some("example")),
    ("x@y-z.org", Some("y-z")),
    ("no one is named", None),
    ("one @", None),
    ("🙂@A1", Some("a1")),
    ("@a1\r\n", Some("a1")),
];

/// Ids, texts, and whether the text addresses the id.
const ADDRESSED: &[(&str, &str, bool)] = &[
    ("a1", "@a1", true),
    ("A1", "@a1", true),
    ("a1", "@A1", true),
    ("a1", "@a10", false),
    ("a10", "@a1", false),
    ("a1", "@a2\n@a1", true),
    ("a1", "hi", false),
    ("a1", "so @a1 says", false),
    ("ada-lovelace", "@Ada Lovelace", true),
    ("Ada Lovelace", "@Ada Lovelace", true),
    ("ada", "@Ada Lovelace", false),
    ("ada_lovelace", "@Ada Lovelace", false),
    ("ada", "@ada lovelace", true),
];

#[test]
fn a_line_that_begins_with_a_name_addresses_it() {
    for (text, expected) in PARAGRAPHS {
        assert_eq!(paragraph_mentions(text), *expected, "{text:?}");
    }
}

#[test]
fn the_first_name_anywhere_is_found() {
    for (text, expected) in FIRST {
        assert_eq!(first_mention(text).as_deref(), *expected, "{text:?}");
    }
}

#[test]
fn an_agent_is_addressed_by_its_id() {
    for (agent_id, text, expected) in ADDRESSED {
        let mentions = paragraph_mentions(text);
        assert_eq!(
            is_addressed(agent_id, &mentions),
            *expected,
            "{agent_id} in {text:?}"
        );
    }
}

#[test]
fn a_leading_mention_addresses_the_agent() {
    for text in ["hello", "", "  indented", "ask @b later", "two\nlines"] {
        let mentions = paragraph_mentions(&with_leading_mention("a1", text));
        assert_eq!(mentions, ["a1"], "{text:?}");
    }
}

#[test]
fn a_huge_text_is_read_in_one_pass() {
    let signs = "@".repeat(1 << 17);
    assert_eq!(first_mention(&signs), None);
    assert!(paragraph_mentions(&signs).is_empty());
    let hyphens = "@-".repeat(1 << 17);
    assert_eq!(first_mention(&hyphens), None);
    let lines = "@a1 says\n".repeat(1 << 16);
    assert_eq!(paragraph_mentions(&lines).len(), 1 << 16);
    let name = format!("@{}", "a".repeat(1 << 17));
    assert_eq!(paragraph_mentions(&name)[0].len(), 1 << 17);
}

#[test]
fn a_mention_stands_anywhere_but_within_a_word() {
    for (text, name) in [
        ("hello", None),
        ("@ada hi", Some("ada")),
        ("@ADA, hi", Some("ADA")),
        ("ask @eve-2 later", Some("eve-2")),
        ("ask @zed-9.", Some("zed-9")),
        ("mail ada@example.org", None),
        ("mail ada@example.org, or @bob_", Some("bob")),
        ("@ alone", None),
        ("(@名前)", Some("名前")),
    ] {
        assert_eq!(first_free_mention(text), name, "{text}");
    }
}

#[test]
fn a_second_capital_is_part_of_a_name_unless_only_the_first_word_is_an_agent() {
    for (agents, text, expected) in [
        (&["ada"][..], "@Ada What time is it?", "ada"),
        (&["ada", "ada-what"], "@Ada What time is it?", "ada-what"),
        (&["ada-lovelace"], "@Ada Lovelace, hello", "ada-lovelace"),
        (&["ada", "ada-lovelace"], "hi @Ada Lovelace", "ada-lovelace"),
        (&[], "@Ada What time is it?", "ada-what"),
        (&["bob"], "@Ada What time is it?", "ada-what"),
        (&["ada"], "@Ada what time is it?", "ada"),
    ] {
        let mentions = known_mentions(text, &|name| agents.contains(&name));
        assert_eq!(mentions, [expected], "{agents:?} {text:?}");
    }
}
