//! Assembles tool calls: servers disagree about which of index, id and name a piece has, and whether they
//! repeat them.

use serde_json::{Map, Value};

use super::arguments::ArgumentsParts;
use super::extra::add_extra;
use crate::completion::{Arguments, Call};
use crate::delta::{CallPiece, Slot};

/// The calls of a completion, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<OpenCall>,
    /// The call of the last piece: a piece that names no call continues it.
    last: usize,
}

#[derive(Debug, Default)]
struct OpenCall {
    slot: Slot,
    id: Option<String>,
    name: String,
    arguments: ArgumentsParts,
    extra: Map<String, Value>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn push(&mut self, piece: CallPiece) {
        let is_blank = piece.id.is_none() && piece.name.is_none() && !piece.has_arguments();
        let at = match self.find(&piece) {
            Some(at) => at,
            // An empty object, at the end of a list.
            None if is_blank && piece.extra.is_empty() => return,
            None => {
                let slot = piece.slot;
                self.calls.push(OpenCall {
                    slot,
                    ..OpenCall::default()
                });
                self.calls.len() - 1
            }
        };
        self.last = at;
        if let Some(call) = self.calls.get_mut(at) {
            call.add(piece);
        }
    }

    /// The calls. With `is_cut` the model was stopped: a call without arguments may have lost them.
    pub(super) fn into_calls(self, is_cut: bool) -> Vec<Call> {
        let slots: Vec<Slot> = self.calls.iter().map(|call| call.slot).collect();
        let last = self.calls.len().saturating_sub(1);
        let calls = self.calls.into_iter().enumerate();
        let mut calls: Vec<Call> = calls
            .map(|(at, call)| call.close(is_cut, at == last))
            .collect();
        let lost: Vec<bool> = (0..calls.len())
            .map(|at| may_have_lost(&calls, &slots, at))
            .collect();
        for (call, is_lost) in calls.iter_mut().zip(lost) {
            if is_lost && matches!(call.arguments, Arguments::Absent) {
                let reason = "it is not known which call has which arguments".to_owned();
                call.arguments = Arguments::Unknown { reason };
            }
        }
        calls
    }

    /// The call that a piece continues; `None` when it begins one.
    fn find(&self, piece: &CallPiece) -> Option<usize> {
        match piece.slot {
            Slot::New => None,
            Slot::Index(_) => match self.newest(|call| call.slot == piece.slot) {
                Some(at) => self.calls[at].is_continued_by(piece).then_some(at),
                None => self.find_renumbered(piece),
            },
            Slot::Unnumbered => self.find_unnumbered(piece),
        }
    }

    /// The call of a piece with a number that no call has: one whose number changes, or came late.
    fn find_renumbered(&self, piece: &CallPiece) -> Option<usize> {
        if piece.id.is_some()
            && let Some(at) = self.newest(|call| call.id == piece.id)
        {
            let call = &self.calls[at];
            let is_open = !call.arguments.is_empty() && !call.arguments.is_complete();
            let is_same = piece.name.as_ref() == Some(&call.name);
            return (piece.name.is_none() || is_open && is_same).then_some(at);
        }
        let last = self.calls.get(self.last)?;
        let is_late = last.slot == Slot::Unnumbered && (piece.id.is_none() || last.id.is_none());
        (piece.name.is_none() && is_late).then_some(self.last)
    }

    fn find_unnumbered(&self, piece: &CallPiece) -> Option<usize> {
        let last = self.calls.get(self.last)?;
        if piece.id.is_some() {
            if let Some(at) = self.newest(|call| call.id == piece.id) {
                return self.calls[at].is_continued_by(piece).then_some(at);
            }
            // The id comes late.
            let is_late = last.id.is_none()
                && (piece.name.is_none() || piece.name.as_ref() == Some(&last.name))
                && !last.arguments.is_complete();
            return is_late.then_some(self.last);
        }
        last.is_continued_by(piece).then_some(self.last)
    }

    fn newest(&self, is_it: impl Fn(&OpenCall) -> bool) -> Option<usize> {
        self.calls.iter().rposition(is_it)
    }
}

/// Whether another call may have the arguments of this one: it names no tool, or it has the same name, and
/// the same id or number.
fn may_have_lost(calls: &[Call], slots: &[Slot], at: usize) -> bool {
    let (call, slot) = (&calls[at], slots[at]);
    let is_numbered = matches!(slot, Slot::Index(_));
    let others = calls.iter().zip(slots).enumerate();
    let mut others = others.filter(|(other, _)| *other != at);
    others.any(|(_, (other, other_slot))| {
        let is_same_id = !call.id.is_empty() && other.id == call.id;
        let is_same_slot = is_numbered && *other_slot == slot;
        other.name.is_empty() || other.name == call.name && (is_same_id || is_same_slot)
    })
}

impl OpenCall {
    /// Whether a piece with the same number, the same id, or neither belongs to this call.
    fn is_continued_by(&self, piece: &CallPiece) -> bool {
        let is_other_id = matches!((&self.id, &piece.id), (Some(one), Some(other)) if one != other);
        let is_same_id = piece.id.is_some() && self.id == piece.id;
        let is_complete = || self.arguments.is_complete();
        let Some(name) = &piece.name else {
            // Some servers make an id for each piece.
            return !(is_other_id && is_complete() && piece.has_arguments());
        };
        let is_open = !self.arguments.is_empty() && !is_complete();
        if is_other_id {
            return is_open && self.name == *name;
        }
        if self.name.is_empty() {
            return true;
        }
        let is_numbered = piece.slot != Slot::Unnumbered;
        if self.arguments.is_empty() {
            // A name in pieces, or a repeated one. Without a number or an id it is another call.
            return is_numbered || is_same_id;
        }
        if is_open {
            return self.name == *name;
        }
        // Complete: a repetition, or another call.
        let is_repetition = self.name == *name
            && piece
                .arguments
                .as_ref()
                .is_none_or(|arguments| self.arguments.is_repeated_by(arguments));
        is_numbered && is_same_id || is_repetition && (is_numbered || is_same_id)
    }

    fn add(&mut self, piece: CallPiece) {
        if self.slot == Slot::Unnumbered {
            self.slot = piece.slot;
        }
        self.id = self.id.take().or(piece.id);
        if let Some(name) = piece.name {
            self.add_name(&name);
        }
        if let Some(arguments) = piece.arguments
            && !self.arguments.is_repeated_by(&arguments)
        {
            self.arguments.push(arguments);
        }
        add_extra(&mut self.extra, piece.extra);
    }

    /// A name that is repeated, in full or with more at its end, replaces the one before; another one
    /// continues it.
    fn add_name(&mut self, name: &str) {
        match name.starts_with(&self.name) {
            true => name.clone_into(&mut self.name),
            false if self.arguments.is_empty() => self.name.push_str(name),
            false => {}
        }
    }

    /// The call. With `is_cut` the model was stopped, in its last call or behind it.
    fn close(self, is_cut: bool, is_last: bool) -> Call {
        let may_be_cut = is_cut && is_last && self.arguments.may_be_cut();
        let arguments = match (self.name.is_empty(), self.arguments.resolve()) {
            (true, _) => Arguments::Unknown {
                reason: "the call names no tool".to_owned(),
            },
            (false, arguments) => {
                let is_object = matches!(arguments, Arguments::Object(_));
                match is_cut && !is_object || may_be_cut {
                    true => Arguments::Unknown {
                        reason: "the model was stopped before the call was complete".to_owned(),
                    },
                    false => arguments,
                }
            }
        };
        Call {
            id: self.id.unwrap_or_default(),
            name: self.name,
            arguments,
            extra: self.extra,
        }
    }
}
