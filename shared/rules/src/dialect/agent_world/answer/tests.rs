use super::*;
use crate::dialect::agent_world::tests::kind_of;

/// Texts, agents, and the text without the agent before its lines.
const SELF_MENTIONS: &[(&str, &str, &str)] = &[
    (
        "@alice I should handle this.",
        "alice",
        "I should handle this.",
    ),
    ("@Alice @ALICE @alice I can help.", "alice", "I can help."),
    ("", "alice", ""),
    (
        "@alice First paragraph.\n@alice Second paragraph.",
        "alice",
        "First paragraph.\nSecond paragraph.",
    ),
    (
        "@alice\n@alice @alice\nContent here",
        "alice",
        "\n\nContent here",
    ),
    ("@alice, hello there", "alice", "hello there"),
    ("@alice,@alice,start here", "alice", "start here"),
    ("  @gm  @gm  ", "gm", "  "),
    ("@a1: colon", "a1", "@a1: colon"),
    ("hey @a1", "a1", "hey @a1"),
    ("@a.b x", "a.b", "x"),
    ("@a10 hi", "a1", "@a10 hi"),
    ("@a1@a1 hi", "a1", "@a1@a1 hi"),
    ("  @a1 indented", "a1", "  indented"),
    ("\t@a1,\t@a1 tabs", "a1", "\ttabs"),
    ("@a1\r\n@a1 next\r\n", "a1", "\nnext\r\n"),
    ("@a1 ,, hi", "a1", "hi"),
    ("@a1", "a1", ""),
    ("@a1,", "a1", ""),
    ("@a2 hi", "a1", "@a2 hi"),
    ("@a1 @a2 @a1 hi", "a1", "@a2 @a1 hi"),
    ("- @a1 item", "a1", "- @a1 item"),
    ("  spaces stay  ", "a1", "  spaces stay  "),
    ("\n\n@a1 late\n", "a1", "\n\nlate\n"),
    ("@", "a1", "@"),
    ("@é", "a1", "@é"),
];

/// Texts, senders, agents, and whether the sender is to be mentioned.
const SHOULD: &[(&str, &str, &str, bool)] = &[
    ("hello", "human", "a1", false),
    ("hello", "you", "a1", false),
    ("hello", "system", "a1", true),
    ("hello", "A1", "a1", false),
    ("@a3 hi", "a2", "a1", false),
    ("@a1 hi", "a2", "a1", true),
    ("mid @a3 hi", "a2", "a1", true),
    ("", "a2", "a1", false),
    ("hello", "", "a1", false),
    ("hello", "HUMAN", "a1", false),
    ("hello", "user", "a1", false),
    ("hello", "world", "a1", true),
    ("hello", "a2", "a1", true),
    ("  \r\n ", "a2", "a1", false),
    ("@a1 hi\n@a3 too", "a2", "a1", false),
    ("@A1 hi", "a2", "a1", true),
    ("hi @a3", "a2", "a1", false),
    ("- @a3", "a2", "a1", true),
    ("hello\n\n@a2 done", "a2", "a1", false),
];

/// Texts, senders, and the text with the sender addressed.
const ADDED: &[(&str, &str, &str)] = &[
    ("Hello there!", "human", "@human Hello there!"),
    ("@gm Hello there!", "human", "@gm Hello there!"),
    ("   ", "gm", "   "),
    ("text", "", "text"),
    (
        "<world>DONE</world> Task completed.",
        "gm",
        "Task completed.",
    ),
    (
        "Some text <world>STOP</world> more text",
        "gm",
        "Some text  more text",
    ),
    ("<WORLD>STOP</WORLD> x", "human", "x"),
    (
        "<world>TO: pro, gm, con</world> Team meeting.",
        "human",
        "@pro\n@gm\n@con\n\nTeam meeting.",
    ),
    (
        "<world>TO:  alice , bob , charlie  </world> Clean this up.",
        "human",
        "@alice\n@bob\n@charlie\n\nClean this up.",
    ),
    (
        "<world>TO:</world> No recipients.",
        "human",
        "@human No recipients.",
    ),
    (
        "@existing <world>STOP</world> Override mention.",
        "human",
        "Override mention.",
    ),
    (
        "@existing, <world>TO: bob</world> Remove comma too.",
        "human",
        "@bob\n\nRemove comma too.",
    ),
    (
        "@user1\n@user2 <world>DONE</world> Clean response.",
        "gm",
        "Clean response.",
    ),
    (
        "@alice, @bob, <world>STOP</world> Remove commas too.",
        "human",
        "Remove commas too.",
    ),
    (
        "<world> STOP </world> x",
        "gm",
        "@gm <world> STOP </world> x",
    ),
    ("<world>TO: a</world>", "gm", "@a\n\n"),
    ("Hi @bob", "gm", "Hi @bob"),
    (
        "<world>TO: a</world> <world>STOP</world> both",
        "gm",
        "@a\n\n<world>STOP</world> both",
    ),
    ("  spaces  ", "gm", "@gm spaces"),
    ("", "gm", ""),
    ("first\n@bob second", "gm", "first\n@bob second"),
    ("  @bob as it is  ", "gm", "  @bob as it is  "),
    ("so @bob says", "gm", "@gm so @bob says"),
    ("<world>pass</world>", "gm", ""),
    ("<World>Pass</wOrLd> bye", "gm", "bye"),
    ("bye <world>PASS</world>", "gm", "bye"),
    ("<world>STOP</world> @bob bye", "gm", "bye"),
    ("@bob: <world>STOP</world> bye", "gm", "bye"),
    ("@bob <world>STOP</world>", "gm", ""),
    (
        "<world>STOP</world> done\n@bob thanks",
        "gm",
        "done\n@bob thanks",
    ),
    (
        "<world>STOP</world> <world>DONE</world> x",
        "gm",
        "<world>DONE</world> x",
    ),
    ("<world>WAIT</world> x", "gm", "@gm <world>WAIT</world> x"),
    (
        "<world>WAIT</world> <world>STOP</world> x",
        "gm",
        "<world>WAIT</world>  x",
    ),
    ("<world>STOP</world", "gm", "@gm <world>STOP</world"),
    ("<world>STOP x", "gm", "@gm <world>STOP x"),
    ("< world>STOP</world> x", "gm", "@gm < world>STOP</world> x"),
    ("<world><world>STOP</world> x", "gm", "<world> x"),
    ("<world></world> x", "gm", "@gm <world></world> x"),
    ("<world>to:bob</world>hi", "gm", "@bob\n\nhi"),
    (
        "<world>TO: @bob, , @ada</world> hi",
        "gm",
        "@bob\n@ada\n\nhi",
    ),
    ("<world>TO: bob\nada</world> hi", "gm", "@bob\n@ada\n\nhi"),
    (
        "<world> TO: bob</world> hi",
        "gm",
        "@gm <world> TO: bob</world> hi",
    ),
    (
        "@ada <world>TO: bob, bob</world>\r\nhi",
        "gm",
        "@bob\n@bob\n\nhi",
    ),
    ("<world>TO: , </world> @bob hi", "gm", "@bob hi"),
    ("<world>TO:</world>", "gm", ""),
    ("naïve <world>DONE</world> 🙂", "gm", "naïve  🙂"),
];

/// Texts, senders, agents, whether they address whom they answer, and what is posted.
const FINISHED: &[(&str, &str, &str, bool, &str)] = &[
    ("I am done", "human", "a1", true, "I am done"),
    ("I am done", "a2", "a1", false, "I am done"),
    ("@a1 me", "human", "a1", true, "me"),
    ("@a3 go", "a2", "a1", true, "@a3 go"),
    (
        "<world>STOP</world> bye",
        "human",
        "a1",
        true,
        "<world>STOP</world> bye",
    ),
    (
        "<world>TO: a3</world> go",
        "human",
        "a1",
        true,
        "<world>TO: a3</world> go",
    ),
    ("@a1 @a3 go", "a2", "a1", true, "@a3 go"),
    ("Hi @a3 there", "a2", "a1", true, "Hi @a3 there"),
    ("I am done", "a2", "a1", true, "@a2 I am done"),
    ("I am done", "world", "a1", true, "@world I am done"),
    ("I am done", "system", "a1", true, "@system I am done"),
    ("I am done", "a1", "a1", true, "I am done"),
    ("@a1 me", "a2", "a1", true, "@a2 me"),
    ("@a1 me", "a2", "a1", false, "me"),
    ("@a1", "a2", "a1", true, ""),
    ("<world>STOP</world> bye", "a2", "a1", true, "bye"),
    (
        "<world>STOP</world> bye",
        "a2",
        "a1",
        false,
        "<world>STOP</world> bye",
    ),
    (
        "@a3 <world>STOP</world> bye",
        "a2",
        "a1",
        true,
        "@a3 <world>STOP</world> bye",
    ),
    ("<world>TO: a3</world> go", "a2", "a1", true, "@a3\n\ngo"),
    (
        "@a1, <world>TO: a3, a4</world> go",
        "a2",
        "a1",
        true,
        "@a3\n@a4\n\ngo",
    ),
    ("@a1 one\r\n@a1 two", "a2", "a1", true, "@a2 one\r\ntwo"),
    ("so @a3 says", "a2", "a1", true, "@a2 so @a3 says"),
    ("@a1: me", "a2", "a1", true, "@a1: me"),
    (" \n", "a2", "a1", true, " \n"),
];

#[test]
fn an_agent_does_not_address_itself() {
    for (text, agent_id, expected) in SELF_MENTIONS {
        assert_eq!(
            remove_self_mentions(text, agent_id),
            *expected,
            "{agent_id}: {text:?}"
        );
    }
}

#[test]
fn another_agent_is_mentioned_unless_somebody_is() {
    for (text, sender, agent_id, expected) in SHOULD {
        let answer = Answer {
            text,
            agent_id,
            sender,
            kind: kind_of(sender),
            auto_reply: true,
        };
        let should = should_auto_mention(text, &answer);
        assert_eq!(should, *expected, "{agent_id} to {sender}: {text:?}");
    }
}

#[test]
fn a_mention_goes_before_the_text_unless_a_tag_says_otherwise() {
    for (text, sender, expected) in ADDED {
        assert_eq!(
            add_auto_mention(text, sender),
            *expected,
            "to {sender}: {text:?}"
        );
    }
}

#[test]
fn a_reply_addresses_whom_it_answers() {
    for (text, sender, agent_id, auto_reply, expected) in FINISHED {
        let answer = Answer {
            text,
            agent_id,
            sender,
            kind: kind_of(sender),
            auto_reply: *auto_reply,
        };
        assert_eq!(
            finish_answer(&answer),
            *expected,
            "{agent_id} to {sender}: {text:?}"
        );
    }
}

#[test]
fn a_huge_reply_is_made_ready_in_one_pass() {
    for part in ["<world>", "<world>TO: a", "@a1 ", "@a2 ", "<", "@a1\n"] {
        let text = part.repeat(1 << 17);
        let answer = Answer {
            text: &text,
            agent_id: "a1",
            sender: "a2",
            kind: kind_of("a2"),
            auto_reply: true,
        };
        assert!(
            finish_answer(&answer).len() <= text.len() + "@a2 ".len(),
            "{part:?}"
        );
    }
}
