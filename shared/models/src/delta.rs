//! What a piece of a response adds to the completion: one type for all protocols.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::completion::Finish;
use crate::piece::Piece;

/// What a piece of a response adds to the completion.
#[derive(Debug)]
pub(crate) enum Delta {
    /// Text, in which some servers leave the reasoning, in tags.
    Text(Piece),
    /// Reasoning, in a field of its own.
    Reasoning(Piece),
    /// Why the model refuses to answer.
    Refusal(Piece),
    /// A piece of a tool call.
    Call(CallPiece),
    /// Fields of the message that the provider needs again with it. Without any it shows that there is
    /// a message.
    Extra(Map<String, Value>),
    /// Tokens so far: a later count replaces an earlier one.
    Usage {
        input: Option<u64>,
        /// Those of `input` that came from a cache.
        cached_input: Option<u64>,
        output: Option<u64>,
    },
    /// The model has ended. Only counts of tokens may follow.
    Finish(Finish),
    /// Nothing follows.
    End,
}

/// A piece of a tool call, or a complete one.
#[derive(Debug, Default)]
pub(crate) struct CallPiece {
    pub(crate) slot: Slot,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) arguments: Option<ArgumentsPiece>,
    /// Fields that the provider needs again with the call.
    pub(crate) extra: Map<String, Value>,
}

/// Which call a piece is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Slot {
    /// A call of its own: it is complete.
    New,
    /// The call of this number.
    Index(u64),
    /// The response does not number its calls.
    #[default]
    Unnumbered,
}

/// Arguments of a call, or a piece of them.
#[derive(Debug)]
pub(crate) enum ArgumentsPiece {
    /// JSON text, or a piece of it.
    Text(Piece),
    /// A JSON value.
    Value(Box<RawValue>),
    /// A form from which the arguments can't be known, with the reason.
    Unknown(String),
}

impl ArgumentsPiece {
    /// Whether it adds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl CallPiece {
    /// Whether it has arguments, or a part of them.
    pub(crate) fn has_arguments(&self) -> bool {
        let arguments = self.arguments.as_ref();
        arguments.is_some_and(|arguments| !arguments.is_empty())
    }
}
