//! Titles as tables: messages and the outputs of models, and the titles that they make.

use super::from_message::from_message;
use super::from_model::{EMPTY_TITLES, fallback, from_model, is_low_quality, sanitised};

/// Models' outputs, the titles that they are, and whether they say nothing.
const SANITISED: &[(&str, &str, bool)] = &[
    ("Title: Planning A Trip", "Planning A Trip", false),
    ("- bullet title", "bullet title", false),
    ("\"Quoted Title\"", "Quoted Title", false),
    ("`code`", "code", false),
    ("Ends with period.", "Ends with period", false),
    ("multi\nline title", "multi", false),
    ("chat", "chat", true),
    ("ok", "ok", true),
    ("  spaces   inside ", "spaces inside", false),
    ("snake_case_title", "snake case title", false),
    ("", "", true),
    (" \r\n\t", "", true),
    ("\r\n\r\nSecond line\r\n", "Second line", false),
    ("## Heading", "Heading", false),
    ("#Heading", "Heading", false),
    ("* starred item", "starred item", false),
    ("• dotted item", "dotted item", false),
    ("**Bold Title**", "Bold Title", false),
    ("-5 degrees", "-5 degrees", false),
    ("1. First point", "First point", false),
    ("12) Twelfth point", "Twelfth point", false),
    ("1.5 litres of milk", "1.5 litres of milk", false),
    ("2001: A Space Odyssey", "2001: A Space Odyssey", false),
    ("# 1. Title: \"Everything\"!", "Everything", false),
    ("TITLE:Shouted", "Shouted", false),
    ("Title:", "", true),
    ("Subtitle: kept", "Subtitle: kept", false),
    ("'Single Quotes'", "Single Quotes", false),
    ("Bob's World", "Bob's World", false),
    ("The \"Best\" Plan", "The Best Plan", false),
    ("Really?!", "Really", false),
    ("Wait...", "Wait", false),
    ("Version 1.2", "Version 1.2", false),
    ("NEW CHAT", "NEW CHAT", true),
    ("\"New Chat.\"", "New Chat", true),
    ("Untitled", "Untitled", true),
    ("chat_session", "chat session", true),
    ("Chat about cats", "Chat about cats", false),
    ("...", "", true),
    ("日本", "日本", true),
    ("日本語", "日本語", false),
];

/// People's messages, and the title that is taken from them.
const FALLBACKS: &[(&[&str], Option<&str>)] = &[
    (&["Hello"], Some("Hello")),
    (&["new chat"], None),
    (
        &["@gemini search most recent 10 youtube videos about google stock"],
        None,
    ),
    (&["hi there"], Some("hi there")),
    (
        &["ok", "Plan my trip to Rome"],
        Some("Plan my trip to Rome"),
    ),
    (
        &[
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "short one",
        ],
        Some("short one"),
    ),
    (
        &[
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
            "short one",
        ],
        Some("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
    ),
    (&[], None),
    (&["", " ", "\r\n"], None),
    (
        &["# Plan the trip.\nIt is a long story"],
        Some("Plan the trip"),
    ),
    (&["chat", "ok", "no"], None),
    (&["first one", "second one"], Some("first one")),
];

/// Messages, and the title that each gives its chat.
const FROM_MESSAGES: &[(&str, &str)] = &[
    ("Hello", "New Chat"),
    ("Hi! What is Rust?", "What is Rust?..."),
    ("Let me know the plan", "know the plan..."),
    ("# Heading here", "Heading here..."),
    ("   ", "New Chat"),
    (
        "one two three four five six",
        "one two three four five six...",
    ),
    (
        "Averyveryverylongwordthatkeepsgoing andanotherverylongwordthatkeepsgoing x",
        "Averyveryverylongwordthatkeepsgoing andanotherverylongwordthatkeepsgoing x",
    ),
    ("ends with comma,", "ends with comma"),
    ("", "New Chat"),
    ("**", "New Chat"),
    ("Hi!", "New Chat"),
    ("Hey, hello", "hello..."),
    ("Hello world", "world..."),
    ("hello. World", "World..."),
    ("History of Rome", "History of Rome"),
    ("Hi-fi for beginners", "Hi-fi for beginners"),
    ("Hello, I am Bob", "Bob..."),
    ("I'm looking for a flat", "looking for a flat..."),
    ("I amend the plan", "I amend the plan"),
    ("I'll pay", "pay..."),
    ("I will pay", "pay..."),
    ("Hi, let me pay", "pay..."),
    ("**Bold** words", "Bold words"),
    ("What is C#", "What is C#"),
    ("one two three four five", "one two three four five"),
    ("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8..."),
    ("two\r\nlines", "two lines"),
    ("colon: semicolon;", "colon: semicolon"),
    (
        "Understand everything. Considerably extraordinary circumstances",
        "Understand everything...",
    ),
    (
        "extraordinary circumstances considerably influence everything, incidentally",
        "extraordinary circumstances considerably influence everything...",
    ),
    ("Überraschung", "Überraschung"),
];

#[test]
fn a_title_is_the_first_line_without_its_marks() {
    for (output, expected, is_low) in SANITISED {
        let title = sanitised(output);
        assert_eq!(title, *expected, "{output:?}");
        assert_eq!(is_low_quality(&title), *is_low, "{output:?}");
    }
}

#[test]
fn every_empty_title_says_nothing() {
    for title in EMPTY_TITLES {
        assert!(is_low_quality(title), "{title}");
        assert!(is_low_quality(&title.to_uppercase()), "{title}");
    }
}

#[test]
fn the_first_short_message_serves_as_a_title() {
    for (messages, expected) in FALLBACKS {
        let title = fallback(messages.iter().copied());
        assert_eq!(title.as_deref(), *expected, "{messages:?}");
    }
}

#[test]
fn a_message_gives_its_chat_a_title() {
    for (message, expected) in FROM_MESSAGES {
        assert_eq!(from_message(message), *expected, "{message:?}");
    }
}

#[test]
fn what_the_model_wrote_goes_before_what_people_wrote() {
    let messages = ["Plan my trip"];
    let title = |output| from_model(output, messages);
    assert_eq!(title("Trip to Rome.").as_deref(), Some("Trip to Rome"));
    assert_eq!(title("Chat").as_deref(), Some("Plan my trip"));
    assert_eq!(title("").as_deref(), Some("Plan my trip"));
    assert_eq!(from_model("ok", ["chat"]), None);
}

#[test]
fn a_long_title_is_cut_between_characters() {
    let title = |length| from_model(&"é".repeat(length), []).unwrap();
    assert_eq!(title(100), "é".repeat(100));
    assert_eq!(title(101), "é".repeat(97) + "...");
    assert_eq!(title(1 << 20), "é".repeat(97) + "...");
}
