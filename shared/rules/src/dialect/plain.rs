//! The plain dialect: a text is only a text. People are answered by the main agent, or by every agent
//! of the chat when the world has none; agents are answered by nobody.

use contract::chat::Unanswered;

use super::message::{AnswerRouting, Message, Recipient};

pub(crate) struct ParsedMessage<'a> {
    message: Message<'a>,
}

impl<'a> ParsedMessage<'a> {
    pub(super) fn new(message: Message<'a>) -> Self {
        Self { message }
    }

    /// Why nobody answers the message, whichever agents take part in the chat.
    pub(super) fn unanswered(&self) -> Option<Unanswered> {
        (!self.message.kind.opens_a_turn()).then_some(Unanswered::Sender)
    }
}

pub(super) fn routing(recipient: &Recipient<'_>, parsed: &ParsedMessage<'_>) -> AnswerRouting {
    let Message {
        sender,
        kind,
        main_agent,
        ..
    } = parsed.message;
    let is_for_another = main_agent.is_some_and(|main_agent| main_agent != recipient.agent_id);
    if sender == recipient.agent_id || !kind.opens_a_turn() || is_for_another {
        return AnswerRouting::Ignores;
    }
    if recipient.model_requests >= recipient.turn_limit {
        return AnswerRouting::LimitReached;
    }
    AnswerRouting::Answers
}

pub(super) fn limit_notice(turn_limit: u32) -> String {
    format!("The limit of {turn_limit} model requests is reached: a person has to go on.")
}

#[cfg(test)]
mod tests {
    use AnswerRouting::{Answers, Ignores, LimitReached};
    use SenderKind::{Agent, Human, System, World};

    use super::*;
    use crate::entities::SenderKind;

    /// A text, its sender and the sender's kind, the main agent, requests so far, and what `a1` does.
    type Row = (
        &'static str,
        &'static str,
        SenderKind,
        Option<&'static str>,
        u32,
        AnswerRouting,
    );

    /// The limit of `a1` is five.
    const ROUTINGS: &[Row] = &[
        ("hello", "guest", Human, None, 0, Answers),
        ("hello", "world", World, None, 0, Answers),
        ("hello", "system", System, None, 0, Ignores),
        ("hello", "a2", Agent, None, 0, Ignores),
        ("hello", "a1", Agent, None, 0, Ignores),
        // Whatever a text holds is text.
        ("@a2 hello", "guest", Human, None, 0, Answers),
        ("<world>STOP</world>", "guest", Human, None, 0, Answers),
        ("Turn limit reached", "guest", Human, None, 0, Answers),
        ("@a1 hello", "a2", Agent, None, 0, Ignores),
        ("hello", "guest", Human, Some("a1"), 0, Answers),
        ("@a1 hello", "guest", Human, Some("a2"), 0, Ignores),
        ("hello", "guest", Human, None, 4, Answers),
        ("hello", "guest", Human, None, 5, LimitReached),
        ("hello", "a2", Agent, None, 5, Ignores),
    ];

    #[test]
    fn a_message_of_a_person_is_for_the_main_agent_or_for_all() {
        for (text, sender, kind, main_agent, model_requests, expected) in ROUTINGS {
            let message = ParsedMessage::new(Message {
                sender,
                kind: *kind,
                text,
                main_agent: *main_agent,
            });
            let recipient = Recipient {
                agent_id: "a1",
                model_requests: *model_requests,
                turn_limit: 5,
            };
            let found = routing(&recipient, &message);
            assert_eq!(found, *expected, "{sender}, {main_agent:?}: {text:?}");
        }
    }

    #[test]
    fn only_people_are_answered() {
        for (kind, expected) in [
            (Human, None),
            (World, None),
            (System, Some(Unanswered::Sender)),
            (Agent, Some(Unanswered::Sender)),
        ] {
            let message = ParsedMessage::new(Message {
                sender: "guest",
                kind,
                text: "@zed x@example.com",
                main_agent: None,
            });
            assert_eq!(message.unanswered(), expected, "{kind:?}");
        }
    }
}
