use AnswerRouting::{Answers, Ignores, LimitReached};

use super::*;
use crate::dialect::agent_world::tests::kind_of;

const NO_AGENTS: &dyn Fn(&str) -> bool = &|_| false;

/// Texts, senders, calls so far, and what the agent `test-agent` does, which may have five.
const DECISIONS: &[(&str, &str, u32, AnswerRouting)] = &[
    ("@test-agent, please help", "user", 0, Answers),
    ("Hello everyone!\n@test-agent, respond", "user", 0, Answers),
    (
        "@test-agent, start.\n@other-agent, next.",
        "user",
        0,
        Answers,
    ),
    ("@Test-Agent, how are you?", "user", 0, Answers),
    ("Hi @test-agent", "user", 0, Answers),
    ("To @test-agent please", "user", 0, Answers),
    ("Hello everyone!", "user", 0, Answers),
    ("Hello everyone!", "HUMAN", 0, Answers),
    ("Hello everyone!", "bob", 0, Ignores),
    (
        "Queue update for @test-agent to review.",
        "world",
        0,
        Ignores,
    ),
    ("@other-agent, hello", "world", 0, Ignores),
    ("@test-agent, hello", "system", 0, Ignores),
    ("own", "test-agent", 0, Ignores),
    ("@test-agent x", "other-agent", 0, Answers),
    ("Hello @test-agent", "other-agent", 0, Answers),
    (
        "Turn limit reached (5 LLM calls). Please take control.",
        "other-agent",
        0,
        Ignores,
    ),
    ("@test-agent Turn limit reached?", "user", 0, Ignores),
    ("@test-agent hi", "Bob Smith", 0, Answers),
    ("x@y.com", "user", 0, Ignores),
    ("@other-agent hi", "user", 4, Ignores),
    ("Hello everyone!", "HUMAN", 4, Answers),
    ("Hello everyone!", "bob", 4, Ignores),
    ("own", "test-agent", 4, Ignores),
    ("@test-agent x", "other-agent", 4, Answers),
    ("Turn limit reached", "user", 4, Ignores),
    ("@other-agent hi", "user", 5, LimitReached),
    ("Hello everyone!", "HUMAN", 5, LimitReached),
    ("Hello everyone!", "bob", 5, LimitReached),
    ("own", "test-agent", 5, Ignores),
    ("@test-agent x", "other-agent", 5, LimitReached),
    ("Turn limit reached", "user", 5, Ignores),
    ("@other-agent hi", "user", 6, LimitReached),
    ("Hello everyone!", "HUMAN", 6, LimitReached),
    ("Hello everyone!", "bob", 6, LimitReached),
    ("own", "test-agent", 6, Ignores),
    ("@test-agent x", "other-agent", 6, LimitReached),
    ("Turn limit reached", "user", 6, Ignores),
    ("", "human", 0, Answers),
    (" \r\n", "human", 0, Answers),
    ("Hello everyone!", "you", 0, Answers),
    ("Hello everyone!", "world", 0, Answers),
    ("Hello everyone!", "World", 0, Answers),
    ("@test-agent, hello", "world", 0, Answers),
    ("Hello everyone!", "system", 0, Ignores),
    ("Hello everyone!", "System", 0, Ignores),
    ("@test-agent, hello", "System", 0, Answers),
    ("Hello everyone!", "", 0, Ignores),
    ("Hello everyone!", "User42", 0, Ignores),
    ("@test-agent, hello", "User42", 0, Answers),
    ("own", "Test-Agent", 0, Ignores),
    ("@test-agent note to myself", "TEST-AGENT", 5, Ignores),
    ("please ask @test-agent", "human", 0, Ignores),
    ("please ask @test-agent", "other-agent", 0, Ignores),
    ("- @test-agent", "human", 0, Ignores),
    ("@Test Agent hi", "human", 0, Answers),
    ("@test-agents hi", "human", 0, Ignores),
    ("@test hi", "human", 0, Ignores),
    (
        "@other-agent x\r\n@test-agent y\r\n",
        "other-agent",
        0,
        Answers,
    ),
    ("<world>pass</world>", "human", 0, Answers),
    ("turn limit reached", "human", 0, Answers),
    ("We said: Turn limit reached.", "world", 0, Ignores),
    ("Turn limit reached", "system", 9, Ignores),
    ("@test-agent, hello", "system", 5, LimitReached),
    ("Hello everyone!", "world", 5, LimitReached),
    ("nobody is asked", "", 5, LimitReached),
    ("please ask @other-agent", "human", 5, LimitReached),
    ("@test-agent x", "other-agent", 4294967295, LimitReached),
];

/// Texts, senders, main agents, and the text that decides who answers.
const ROUTED: &[(&str, &str, Option<&str>, &str)] = &[
    ("hello", "human", Some("a2"), "@a2 hello"),
    ("hello", "human", None, "hello"),
    ("ask @a3 later", "human", Some("a2"), "@a2 ask @a3 later"),
    ("@a3 hello", "human", Some("a2"), "@a3 hello"),
    ("hi @a3", "human", Some("a2"), "hi @a3"),
    (
        "hello\n@a3 and you",
        "human",
        Some("a2"),
        "hello\n@a3 and you",
    ),
    ("hello", "HUMAN", Some("a2"), "@a2 hello"),
    ("hello", "world", Some("a2"), "@a2 hello"),
    ("hello", "you", Some("a2"), "@a2 hello"),
    ("hello", "system", Some("a2"), "hello"),
    ("hello", "a3", Some("a2"), "hello"),
    ("hello", "", Some("a2"), "hello"),
    ("", "human", Some("a2"), "@a2 "),
    ("- @a3", "human", Some("a2"), "@a2 - @a3"),
];

#[test]
fn an_agent_answers_what_is_for_it() {
    for (text, sender, calls, expected) in DECISIONS {
        let recipient = Recipient {
            agent_id: "test-agent",
            model_requests: *calls,
            turn_limit: 5,
        };
        let decision = routing(
            &recipient,
            &ParsedMessage::new(sender, kind_of(sender), text, NO_AGENTS),
        );
        assert_eq!(decision, *expected, "{sender}, {calls} calls: {text:?}");
    }
}

#[test]
fn a_limit_notice_says_how_many_turns_there_were_and_is_answered_by_nobody() {
    let notice = limit_notice(5);
    let expected = "@human Turn limit reached (5 LLM calls). \
                    Please take control of the conversation.";
    assert_eq!(notice, expected);
    for calls in [0, 5] {
        let recipient = Recipient {
            agent_id: "a1",
            model_requests: calls,
            turn_limit: 5,
        };
        assert_eq!(
            routing(
                &recipient,
                &ParsedMessage::new("a2", kind_of("a2"), &notice, NO_AGENTS)
            ),
            Ignores
        );
    }
}

#[test]
fn a_message_to_nobody_goes_to_the_main_agent() {
    for (text, sender, main_agent, expected) in ROUTED {
        assert_eq!(
            default_recipient(text, kind_of(sender), *main_agent),
            *expected,
            "{sender}: {text:?}"
        );
    }
}

#[test]
fn a_routed_message_is_answered_by_the_main_agent_alone() {
    let text = default_recipient("ask @a3 later", kind_of("human"), Some("a2"));
    let message = ParsedMessage::new("human", kind_of("human"), &text, NO_AGENTS);
    for (agent_id, expected) in [("a1", Ignores), ("a2", Answers), ("a3", Ignores)] {
        let recipient = Recipient {
            agent_id,
            model_requests: 0,
            turn_limit: 5,
        };
        assert_eq!(routing(&recipient, &message), expected, "{agent_id}");
    }
}

#[test]
fn a_message_that_is_for_nobody_says_why() {
    use Unanswered::{LimitNotice, MentionInText, Sender};
    for (text, sender, main_agent, expected) in [
        ("hello", "user", None, None),
        ("@zed hello", "user", None, None),
        ("hello\n@zed", "user", None, None),
        ("ask @zed later", "user", None, Some(MentionInText)),
        ("write to x@example.com", "user", None, Some(MentionInText)),
        ("- @zed", "user", None, Some(MentionInText)),
        // It is for the main agent.
        ("ask @zed later", "user", Some("ada"), None),
        ("ask @zed later", "world", None, Some(MentionInText)),
        ("@zed hello", "world", None, None),
        ("hello", "system", None, Some(Sender)),
        ("@zed hello", "system", None, Some(Sender)),
        ("hello", "bob", None, Some(Sender)),
        ("ask @zed later", "bob", None, Some(Sender)),
        ("@zed hello", "bob", None, None),
        ("@zed Turn limit reached", "user", None, Some(LimitNotice)),
    ] {
        let message = Message {
            sender,
            kind: kind_of(sender),
            text,
            main_agent,
        };
        let message = ParsedMessage::with_default_recipient(&message, NO_AGENTS);
        assert_eq!(message.unanswered(), expected, "{sender}: {text:?}");
    }
}
