//! Who answers a message.

use std::borrow::Cow;

use super::mention::{first_mention, is_addressed, paragraph_mentions, with_leading_mention};
use super::speaker::Speaker;
use contract::name::kebab_id;

/// What every limit notice says, and what keeps agents from answering one another's.
const LIMIT_REACHED: &str = "Turn limit reached";

/// What an agent does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It asks its model.
    Answers,
    /// It says nothing.
    Ignores,
    /// It has had its turns, and says so with a [`limit_notice`].
    LimitReached,
}

/// An agent that sees a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listener<'a> {
    /// Its id.
    pub(crate) agent_id: &'a str,
    /// How often its model was called since a person or the world last spoke.
    pub(crate) calls: u32,
    /// How often it may be called.
    pub(crate) turn_limit: u32,
}

/// A message as agents hear it: read once, however many agents decide about it.
#[derive(Clone, Debug)]
pub(crate) struct Heard<'a> {
    sender: &'a str,
    speaker: Speaker,
    mentions: Vec<String>,
    names_anybody: bool,
    is_limit_notice: bool,
}

impl<'a> Heard<'a> {
    /// Reads a message.
    pub(crate) fn new(sender: &'a str, speaker: Speaker, text: &str) -> Self {
        Self {
            sender,
            speaker,
            mentions: paragraph_mentions(text),
            names_anybody: first_mention(text).is_some(),
            is_limit_notice: text.contains(LIMIT_REACHED),
        }
    }

    pub(super) fn is_from(&self, agent_id: &str) -> bool {
        self.sender.eq_ignore_ascii_case(agent_id)
    }

    /// A name in the middle of a text addresses nobody, and keeps the others quiet all the same: the
    /// text is about somebody.
    fn is_for(&self, agent_id: &str) -> bool {
        if self.mentions.is_empty() {
            self.speaker.opens_a_turn() && !self.names_anybody
        } else {
            is_addressed(agent_id, &self.mentions)
        }
    }
}

/// What an agent does with a message that it sees.
///
/// The limit comes before the question whom the message is for: an agent that is worn out says so
/// whatever it hears, its own words and other notices aside.
pub(crate) fn decide(listener: &Listener<'_>, heard: &Heard<'_>) -> Decision {
    if heard.is_from(listener.agent_id) || heard.is_limit_notice {
        return Decision::Ignores;
    }
    if listener.calls >= listener.turn_limit {
        return Decision::LimitReached;
    }
    if heard.speaker == Speaker::System || !heard.is_for(listener.agent_id) {
        return Decision::Ignores;
    }
    Decision::Answers
}

/// What an agent says when it has had its turns. It addresses no agent, and so ends the exchange.
pub(crate) fn limit_notice(turn_limit: u32) -> String {
    format!(
        "@human {LIMIT_REACHED} ({turn_limit} LLM calls). Please take control of the conversation."
    )
}

/// The text by which it is decided who answers: a person's message that begins no line with a
/// mention is for the main agent, if the world has one. A mention further on does not change that.
pub(crate) fn routed<'a>(
    text: &'a str,
    speaker: Speaker,
    main_agent_id: Option<&str>,
) -> Cow<'a, str> {
    match main_agent_id {
        Some(agent_id) if speaker.opens_a_turn() && paragraph_mentions(text).is_empty() => {
            Cow::Owned(with_leading_mention(agent_id, text))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The id of the agent that a world's configuration means by its main agent, by id or by name.
///
/// `agents`: each one's id and name. An id goes before a name, if they are two agents'.
pub(crate) fn find_agent<'a>(
    wanted: &str,
    agents: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<&'a str> {
    let wanted = wanted.trim();
    let wanted_id = kebab_id(wanted);
    let is_wanted = |called: &str| {
        let is_same = !wanted.is_empty() && wanted.eq_ignore_ascii_case(called);
        is_same || (wanted_id.is_some() && wanted_id == kebab_id(called))
    };
    let mut by_name = None;
    for (id, name) in agents {
        if is_wanted(id) {
            return Some(id);
        }
        if by_name.is_none() && is_wanted(name) {
            by_name = Some(id);
        }
    }
    by_name
}
