//! Messages that nobody answers.

use super::*;

#[test]
fn a_message_without_an_answer_ends_with_the_reason() {
    use Unanswered::{MentionInText, NoAgents, Sender, UnknownMention};
    for (reason, mention, kind) in [
        (Some(NoAgents), None, "queue-dispatch"),
        (Some(UnknownMention), Some("zed"), "queue-dispatch"),
        (Some(MentionInText), None, "queue-dispatch"),
        (Some(Sender), None, "queue-dispatch"),
        // The event is of an earlier build.
        (None, None, "queue-dispatch"),
    ] {
        let mut script = Script::new(RenderOptions::default());
        script.unknown_mention = mention.map(str::to_owned);
        script.message("human", true, false);
        script.end_turn_with(reason);
        assert!(script.is_finished);
        assert_eq!(
            script.steps(),
            ["message human", "system error", "world idle 0"]
        );
        let content = &script.last("system")["content"];
        let text = content["message"].as_str().unwrap();
        assert_eq!(
            text.contains("@zed"),
            mention.is_some(),
            "{reason:?}: {text}"
        );
        assert_eq!(content["failureKind"], kind);
        let question = script.turn.event(0).message().to_string();
        assert_eq!(content["triggeringMessageId"], question);
        let outcome = &script.projector.outcome;
        assert_eq!(outcome.last_message, Value::Null);
        let (found, envelope) = outcome.unanswered.as_ref().unwrap();
        assert_eq!(*found, reason.unwrap_or(Unanswered::Other));
        assert_eq!(envelope["data"]["content"], *content);
    }
}

#[test]
fn an_agent_that_ends_without_a_text_is_reported() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let run = script.request_run("ada");
    let done = ActionCompleted {
        run,
        call: None,
        output: None,
        said: String::new(),
        calls: Vec::new(),
        usage: None,
    };
    let id = CommandId::new().event(0);
    script.apply("ada", id, &Fact::ActionCompleted(done));
    script.end_turn_with(Some(Unanswered::NoText));
    let steps = script.steps();
    assert_eq!(steps[2..], ["system error", "world idle 0"]);
    assert_eq!(script.last("system")["content"]["failureKind"], "no-answer");
}

#[test]
fn what_failed_or_was_cancelled_is_reported_once() {
    for reason in [Unanswered::Failed, Unanswered::Cancelled] {
        let mut script = Script::new(RenderOptions::default());
        script.message("human", true, false);
        let run = script.request_run("ada");
        script.fail(run, "ada");
        script.end_turn_with(Some(reason));
        let steps = script.steps();
        assert!(!steps.contains(&"system error".to_owned()), "{steps:?}");
        assert_eq!(steps.last().unwrap(), "world idle 0");
        let unanswered = script.projector.outcome.unanswered.as_ref();
        assert_eq!(unanswered.map(|(reason, _)| *reason), Some(reason));
    }
}

#[test]
fn a_stream_without_an_end_reports_each_message_that_nobody_answers() {
    let activity = crate::fixtures::activity(&[]);
    let mut script = Script::new(RenderOptions::default());
    let chat = Some("main".parse().unwrap());
    script.projector = SseProjector::continuous(chat, RenderOptions::default(), &activity);
    for reason in [Some(Unanswered::MentionInText), None] {
        script.turn = CommandId::new();
        script.message("human", true, false);
        script.end_turn_with(reason);
    }
    let expected = [
        "message human",
        "system error",
        "world idle 0",
        "message human",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
}

#[test]
fn a_message_is_refused_when_nobody_was_to_answer_it() {
    let mut script = Script::new(RenderOptions::default());
    script.message("human", true, false);
    let ended = |turn: MessageId, unanswered| TurnEnded { turn, unanswered };
    let own = script.turn.event(0).message();
    let other = CommandId::new().event(0).message();
    let no_agents = Some(Unanswered::NoAgents);
    assert!(script.projector.is_refused(&ended(own, no_agents)));
    assert!(!script.projector.is_refused(&ended(own, None)));
    assert!(!script.projector.is_refused(&ended(other, no_agents)));
    script.request_run("ada");
    let cancelled = Some(Unanswered::Cancelled);
    assert!(!script.projector.is_refused(&ended(own, cancelled)));
}

#[test]
fn the_title_is_written_before_the_report_that_nobody_answers() {
    let mut script = Script::new(RenderOptions::default());
    script.unanswered = Some(Unanswered::NoAgents);
    script.message("human", true, false);
    script.set_title();
    script.end_turn_with(Some(Unanswered::NoAgents));
    let expected = [
        "message human",
        "sse chat-updated system",
        "system chat-title-updated",
        "system error",
        "world idle 0",
    ];
    assert_eq!(script.steps(), expected);
}
