//! What an attempt at a run has published of an answer.

use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::SessionId;
use contract::flow::NodeStep;

/// The text that the attempts of one delivery have published for a node: when the answer is interrupted, that
/// is what the client has got.
#[derive(Default)]
pub(crate) struct SentText {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    step: Option<NodeStep>,
    text: String,
    is_closed: bool,
}

/// To what a chunk belongs.
pub(crate) enum Origin {
    /// A chat, or nothing.
    Chat,
    /// An answer in a session.
    Node(NodeStep),
}

impl SentText {
    /// The run is one of a node.
    pub(crate) fn begin(&self, step: &NodeStep) {
        self.lock().step.get_or_insert_with(|| step.clone());
    }

    /// Takes note of a piece that is published now. `None` when it must not be: the run was cancelled, or its
    /// chunks do not go to the client as they come.
    pub(crate) fn admit(&self, text: &str, is_progress: bool) -> Option<Origin> {
        let mut state = self.lock();
        if state.is_closed {
            return None;
        }
        let Some(step) = state.step.clone() else {
            return Some(Origin::Chat);
        };
        if !step.answers || !step.live {
            return None;
        }
        if !is_progress {
            state.text.push_str(text);
        }
        Some(Origin::Node(step))
    }

    /// The answer begins anew.
    pub(crate) fn restart(&self) {
        self.lock().text.clear();
    }

    /// Nothing is published any more. What was published, if the run answers in a session.
    pub(crate) fn close(&self) -> Option<(SessionId, String)> {
        let mut state = self.lock();
        state.is_closed = true;
        let step = state.step.as_ref().filter(|step| step.answers)?;
        let session = step.session;
        Some((session, std::mem::take(&mut state.text)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
