//! Assembles a completion from deltas.

mod arguments;
mod calls;
mod compact;
mod extra;
mod tags;

use serde_json::{Map, Value};

use calls::Calls;
use extra::add_extra;
use tags::{Segment, TagSplitter};

use crate::completion::{Completion, Finish, Usage};
use crate::delta::Delta;
use crate::error::Error;
use crate::piece::Joiner;
use crate::update::Update;

/// Assembles a completion from deltas.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    text: String,
    text_joiner: Joiner,
    tags: TagSplitter,
    reasoning: String,
    reasoning_joiner: Joiner,
    refusal: String,
    refusal_joiner: Joiner,
    calls: Calls,
    extra: Map<String, Value>,
    input_tokens: Option<u64>,
    cached_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    finish: Option<Finish>,
    /// Content came behind the end of the model: some servers write its reason into each piece.
    is_finish_early: bool,
    /// Content came behind the last reason of the end.
    is_finish_outdated: bool,
    /// A message came, be it an empty one.
    has_message: bool,
    is_usage_final: bool,
    is_ended: bool,
}

impl Assembler {
    /// Adds a delta, and the updates that follow from it.
    pub(crate) fn push(&mut self, delta: Delta, updates: &mut impl Extend<Update>) {
        if matches!(
            &delta,
            Delta::Text(_) | Delta::Reasoning(_) | Delta::Call(_)
        ) {
            self.is_finish_outdated = self.finish.is_some();
            self.is_finish_early |= self.is_finish_outdated;
        }
        match delta {
            Delta::Text(piece) => {
                let text = self.text_joiner.push(&piece);
                let segments = self.tags.push(&text);
                self.add_segments(segments, updates);
            }
            Delta::Reasoning(piece) => {
                let text = self.reasoning_joiner.push(&piece);
                self.reasoning.push_str(&text);
            }
            Delta::Refusal(piece) => {
                let text = self.refusal_joiner.push(&piece);
                self.refusal.push_str(&text);
            }
            Delta::Call(piece) => self.calls.push(piece),
            Delta::Extra(fields) => {
                self.has_message = true;
                add_extra(&mut self.extra, fields);
            }
            Delta::Usage {
                input,
                cached_input,
                output,
            } => {
                self.input_tokens = input.or(self.input_tokens);
                self.cached_input_tokens = cached_input.or(self.cached_input_tokens);
                self.output_tokens = output.or(self.output_tokens);
                self.is_usage_final = self.finish.is_some() && !self.is_finish_early;
            }
            Delta::Finish(finish) => {
                // What follows repeats it, unless it is of what came since, or of something that went
                // wrong.
                if self.finish.is_none() || self.is_finish_outdated || finish.is_failure() {
                    self.finish = Some(finish);
                    self.is_finish_outdated = false;
                }
            }
            Delta::End => self.is_ended = true,
        }
    }

    /// Whether the model has written anything yet.
    pub(crate) fn has_begun(&self) -> bool {
        let texts = [&self.text, &self.reasoning, &self.refusal];
        self.tags.has_begun() || !self.calls.is_empty() || texts.iter().any(|text| !text.is_empty())
    }

    /// Whether the model has ended. Counts of tokens may follow.
    pub(crate) fn is_finished(&self) -> bool {
        self.finish.is_some() || self.is_ended
    }

    /// Whether the end that the server reports does not count: content followed.
    pub(crate) fn is_finish_early(&self) -> bool {
        self.is_finish_early
    }

    /// Whether nothing can follow that belongs to the completion.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_ended || self.is_usage_final && !self.is_finish_early
    }

    /// Adds what was held back, because it could have been the beginning of something else.
    pub(crate) fn flush(&mut self, updates: &mut impl Extend<Update>) {
        let text = self.text_joiner.finish();
        let mut segments = self.tags.push(&text);
        segments.extend(self.tags.finish());
        self.add_segments(segments, updates);
        let reasoning = self.reasoning_joiner.finish();
        self.reasoning.push_str(&reasoning);
        let refusal = self.refusal_joiner.finish();
        self.refusal.push_str(&refusal);
    }

    /// The completion.
    ///
    /// # Errors
    /// When the response has ended before the model.
    pub(crate) fn into_completion(self) -> Result<Completion, Error> {
        let finish = match self.finish {
            Some(finish) => finish,
            // Some servers give no reason.
            None if self.is_ended && (self.has_message || self.has_begun()) => {
                match self.calls.is_empty() {
                    true => Finish::Stop,
                    false => Finish::ToolCalls,
                }
            }
            None => return Err(Error::truncated()),
        };
        let is_counted = self.input_tokens.is_some() || self.output_tokens.is_some();
        let usage = is_counted.then(|| Usage {
            input_tokens: self.input_tokens.unwrap_or_default(),
            cached_input_tokens: self.cached_input_tokens,
            output_tokens: self.output_tokens.unwrap_or_default(),
        });
        let is_cut = matches!(finish, Finish::Length | Finish::ContentFilter(_));
        Ok(Completion {
            text: self.text,
            reasoning: self.reasoning,
            refusal: Some(self.refusal).filter(|text| !text.is_empty()),
            calls: self.calls.into_calls(is_cut),
            usage,
            finish,
            extra: self.extra,
        })
    }

    fn add_segments(&mut self, segments: Vec<Segment>, updates: &mut impl Extend<Update>) {
        for segment in segments {
            match segment {
                Segment::Text(text) => {
                    self.text.push_str(&text);
                    updates.extend([Update::Text(text)]);
                }
                Segment::Reasoning(text) => self.reasoning.push_str(&text),
                Segment::Retraction => {
                    let text = std::mem::take(&mut self.text);
                    self.reasoning.push_str(&text);
                    updates.extend([Update::Retracted]);
                }
            }
        }
    }
}
