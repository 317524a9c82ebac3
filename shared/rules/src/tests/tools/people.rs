//! Calls that wait for people, and what people say to them.

use contract::tool::{Permission, QuestionAnswer, ToolAccess, ToolCall, Verdict};
use contract::{Command, RejectionCode, Timestamp};

use super::super::{Story, hash, types};
use super::{access, call, question};

#[test]
fn a_person_says_what_becomes_of_a_call() {
    let table: &[(Verdict, &[&str])] = &[
        (Verdict::Approved, &["approval.ended", "action.requested"]),
        (
            Verdict::Denied {
                reason: "not today".into(),
            },
            &["approval.ended", "action.requested"],
        ),
    ];
    for (verdict, then) in table {
        let mut story = Story::with_tools(&["ada"], &access(Permission::Ask));
        story.say("hello");
        story.calls(&[call("1", "write")]).unwrap();
        assert!(
            story.open().is_empty(),
            "nothing runs while a person thinks"
        );
        assert_eq!(
            types(&story.decide("guest", verdict.clone()).unwrap()),
            *then
        );
        let run = story.open()[0];
        if *verdict == Verdict::Approved {
            story.returns(run, "written");
            assert_eq!(story.results(), [("written".to_owned(), false)]);
        } else {
            let reason = "a person refused this: not today".to_owned();
            assert_eq!(story.results(), [(reason, true)]);
        }
        story.answer(story.open()[0], "done").unwrap();
        assert!(story.world.chats.open_turns() == 0);
        assert_eq!(hash(&story.replayed()), hash(&story.world));
    }
}

#[test]
fn verdicts_that_a_call_can_not_have() {
    let answered = |question: &str, options: &[&str]| Verdict::Answered {
        answers: vec![QuestionAnswer {
            question: question.into(),
            options: options.iter().map(|id| (*id).into()).collect(),
            text: None,
        }],
    };
    let leave = call("1", "write");
    let asks = question(&["a", "b"]);
    let table: &[(&ToolCall, &str, Verdict, Option<&str>)] = &[
        (&leave, "ada", Verdict::Approved, Some("sender")),
        (&leave, "guest", Verdict::Expired, Some("verdict")),
        (&leave, "guest", Verdict::Cancelled, Some("verdict")),
        (&leave, "guest", answered("q", &["a"]), Some("verdict")),
        (&asks, "guest", Verdict::Approved, Some("verdict")),
        (
            &asks,
            "guest",
            answered("other", &[]),
            Some("verdict.answered.answers[0].question"),
        ),
        (
            &asks,
            "guest",
            answered("q", &["c"]),
            Some("verdict.answered.answers[0].options[0]"),
        ),
        (
            &asks,
            "guest",
            answered("q", &["a", "b"]),
            Some("verdict.answered.answers[0].options"),
        ),
        (&asks, "guest", answered("q", &["b"]), None),
        (&leave, "world", Verdict::Approved, None),
    ];
    for (call, sender, verdict, field) in table {
        let mut story = Story::with_tools(&["ada"], &access(Permission::Ask));
        story.say("hello");
        story.calls(std::slice::from_ref(*call)).unwrap();
        let id = story.waiting()[0].id;
        let refused = story.decide(sender, verdict.clone()).err();
        let at = refused.and_then(|rejection| rejection.field);
        assert_eq!(at.as_deref(), *field, "{} {sender} {verdict:?}", call.name);
        if field.is_none() {
            let approval = id;
            let again = story.send(
                "guest",
                Command::Decide {
                    approval,
                    verdict: verdict.clone(),
                },
            );
            assert_eq!(again.unwrap_err().code, RejectionCode::AlreadyEnded);
        }
    }
}

#[test]
fn the_answers_of_people_are_the_result() {
    let mut story = Story::with_tools(&["ada"], &access(Permission::Auto));
    story.say("hello");
    story.calls(&[question(&[])]).unwrap();
    let answers = vec![QuestionAnswer {
        question: "q".into(),
        options: Vec::new(),
        text: Some("the blue one".into()),
    }];
    story
        .decide("guest", Verdict::Answered { answers })
        .unwrap();
    let (text, failed) = &story.results()[0];
    assert_eq!(text, r#"[{"question":"q","text":"the blue one"}]"#);
    assert!(!failed);
}

#[test]
fn nobody_is_waited_for_longer_than_the_agent_may() {
    let limited = ToolAccess {
        approval_timeout_seconds: Some(std::time::Duration::from_hours(50)),
        ..ToolAccess::default()
    };
    let mut story = Story::with_tools(&["ada"], &limited);
    story.say("hello");
    story.calls(&[call("1", "write")]).unwrap();
    story.now = story.now + std::time::Duration::from_hours(49);
    assert!(story.send("world", Command::FireDue).unwrap().is_empty());
    story.now = story.now + std::time::Duration::from_hours(1);
    let events = story.send("world", Command::FireDue).unwrap();
    assert_eq!(types(&events), ["approval.ended", "action.requested"]);
    assert_eq!(
        story.results(),
        [("nobody answered in time".to_owned(), true)]
    );
    assert!(
        story.world.schedule.due_at(Timestamp::MAX).count() == 1,
        "the agent's own deadline"
    );
}
