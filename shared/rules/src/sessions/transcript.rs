//! The transcript of a session: the end of it that nodes get.

use std::collections::VecDeque;

use contract::EventId;
use contract::flow::TranscriptMessage;
use serde::{Deserialize, Serialize};

use super::limits::{MESSAGE_BYTES_MAX, TRANSCRIPT_BYTES_MAX, TRANSCRIPT_MESSAGES_MAX};
use crate::text::truncate;

const ASSISTANT: &str = "assistant";
/// The longest name of a role: clients call their own roles as they like.
const ROLE_BYTES_MAX: usize = 64;

/// The newest messages of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Transcript {
    messages: VecDeque<Entry>,
}

/// A message of a transcript.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    /// The event that it came with.
    event: EventId,
    role: String,
    text: String,
    /// Whether a node answered it; else the client sent it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    from_node: bool,
    /// Whether it came from both sides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    returned: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    interrupted: bool,
}

impl Transcript {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The messages, oldest first, each with its event.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (EventId, TranscriptMessage)> {
        self.messages.iter().map(|entry| {
            let message = TranscriptMessage {
                role: entry.role.clone(),
                content: entry.text.clone(),
                interrupted: entry.interrupted,
            };
            (entry.event, message)
        })
    }

    /// A message that the client sends. An answer that it returns is there already.
    pub(super) fn push_from_client(&mut self, event: EventId, role: &str, text: &str) {
        if role != ASSISTANT || !self.match_other_side(text, false) {
            self.push(Entry {
                event,
                role: role.to_owned(),
                text: text.to_owned(),
                from_node: false,
                returned: false,
                interrupted: false,
            });
        }
    }

    /// The content of a request, unless it is the last message of the user.
    pub(super) fn push_content(&mut self, event: EventId, text: &str) {
        let last = self.messages.back();
        if last.is_some_and(|last| last.role == "user" && last.text == text) {
            return;
        }
        self.push_from_client(event, "user", text);
    }

    /// The text of an answer. The client may have returned it before, when it was interrupted.
    pub(super) fn push_answer(&mut self, event: EventId, text: &str, interrupted: bool) {
        if text.is_empty() || self.match_other_side(text, true) {
            return;
        }
        self.push(Entry {
            event,
            role: ASSISTANT.to_owned(),
            text: text.to_owned(),
            from_node: true,
            returned: false,
            interrupted,
        });
    }

    /// The messages of a request are all there are.
    pub(super) fn replace(&mut self, event: EventId, messages: Vec<TranscriptMessage>) {
        self.messages.clear();
        for message in messages {
            self.push(Entry {
                event,
                role: message.role,
                text: message.content,
                from_node: false,
                // What answers it is another message.
                returned: true,
                interrupted: false,
            });
        }
    }

    /// Finds the answer that came from the other side already, or the part of it that was sent before an
    /// interrupt.
    fn match_other_side(&mut self, text: &str, from_node: bool) -> bool {
        /// How far back an answer is looked for: clients return it within the next turn.
        const LOOKBACK: usize = 8;
        let text = normalized(text);
        let newest = self.messages.iter_mut().rev().take(LOOKBACK);
        let mut open = newest.filter(|entry| {
            entry.role == ASSISTANT && entry.from_node != from_node && !entry.returned
        });
        let found = open.find(|entry| {
            let known = normalized(&entry.text);
            known == text || known.starts_with(&text) || text.starts_with(&known)
        });
        match found {
            Some(entry) => {
                entry.returned = true;
                true
            }
            None => false,
        }
    }

    fn push(&mut self, mut entry: Entry) {
        entry.text = truncate(&entry.text, MESSAGE_BYTES_MAX);
        entry.role = truncate(&entry.role, ROLE_BYTES_MAX);
        self.messages.push_back(entry);
        let mut bytes: usize = self.messages.iter().map(|entry| entry.text.len()).sum();
        while self.messages.len() > TRANSCRIPT_MESSAGES_MAX || bytes > TRANSCRIPT_BYTES_MAX {
            match self.messages.pop_front() {
                Some(oldest) => bytes -= oldest.text.len(),
                None => break,
            }
        }
    }
}

/// A text as it is compared: chunks may have been joined with other spaces.
fn normalized(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u128) -> EventId {
        EventId(uuid::Uuid::from_u128(number))
    }

    fn texts(transcript: &Transcript) -> Vec<String> {
        let messages = transcript.iter();
        messages
            .map(|(_, message)| format!("{}: {}", message.role, message.content))
            .collect()
    }

    #[test]
    fn a_returned_answer_is_there_once() {
        let mut transcript = Transcript::default();
        transcript.push_from_client(event(1), "user", "hi");
        transcript.push_answer(event(2), "ok  then", false);
        transcript.push_from_client(event(3), "assistant", "ok then");
        transcript.push_from_client(event(4), "user", "again");
        transcript.push_answer(event(5), "ok then", false);
        transcript.push_from_client(event(6), "assistant", "ok then");
        transcript.push_from_client(event(7), "assistant", "ok then");
        let expected = [
            "user: hi",
            "assistant: ok  then",
            "user: again",
            "assistant: ok then",
            "assistant: ok then",
        ];
        assert_eq!(texts(&transcript), expected);
    }

    #[test]
    fn an_interrupted_answer_that_the_client_returned_first_is_there_once() {
        let mut transcript = Transcript::default();
        transcript.push_from_client(event(1), "user", "hi");
        transcript.push_from_client(event(2), "assistant", "one two");
        transcript.push_answer(event(3), "one two three", true);
        assert_eq!(texts(&transcript), ["user: hi", "assistant: one two"]);
    }

    #[test]
    fn a_transcript_keeps_its_end() {
        let mut transcript = Transcript::default();
        for number in 0..200 {
            transcript.push_from_client(event(number), "user", &format!("{number}"));
        }
        assert_eq!(transcript.messages.len(), TRANSCRIPT_MESSAGES_MAX);
        for number in 0..20 {
            transcript.push_from_client(event(number), "user", &"x".repeat(100_000));
        }
        let bytes: usize = transcript
            .messages
            .iter()
            .map(|entry| entry.text.len())
            .sum();
        assert!(bytes <= TRANSCRIPT_BYTES_MAX, "{bytes}");
    }
}
