//! The answers that are on their way: their chunks are live, their frames durable, and the client gets both in
//! the order in which their nodes sent them.

use std::collections::{HashMap, VecDeque};

use contract::commit::Position;
use contract::flow::FlowFrame;
use contract::flow::atoms::{
    ERROR, RESPONSE_CHUNK, RESPONSE_END, RESPONSE_START, chunk as chunk_data, empty,
};
use contract::{Chunk, CommandId, EventId, NodeId, RunId, Timestamp};
use serde::Deserialize;

use super::answer::{Answer, Sent};
use super::item::SessionFrame;

/// Chunks that wait for the start of their answer. When there are more, the oldest are dropped: the durable
/// text has them.
const EARLY_CHUNKS_MAX: usize = 256;

/// A node answers a turn once at a time.
type Place = (NodeId, EventId);

/// The answers of a session that are on their way.
pub(super) struct Answers {
    open: HashMap<Place, Answer>,
    /// Chunks may overtake the start of their answer on the way from the broker.
    early: VecDeque<(Place, Chunk)>,
    /// Whether the client may have got the start of an answer before.
    resumed: bool,
}

impl Answers {
    pub(super) fn new(resumed: bool) -> Self {
        Self {
            open: HashMap::new(),
            early: VecDeque::new(),
            resumed,
        }
    }

    /// What the client gets of a chunk of a worker.
    pub(super) fn on_chunk(&mut self, chunk: &Chunk) -> Vec<SessionFrame> {
        let (Some(node), Some(turn)) = (&chunk.node, chunk.turn) else {
            return Vec::new();
        };
        if chunk.progress {
            return Vec::new();
        }
        let place = (node.clone(), EventId(turn.0));
        match self.open.get_mut(&place) {
            Some(answer) if answer.is_of(chunk.run) => send_chunk(answer, &place, chunk),
            _ => {
                if self.early.len() >= EARLY_CHUNKS_MAX {
                    self.early.pop_front();
                }
                self.early.push_back((place, chunk.clone()));
                Vec::new()
            }
        }
    }

    /// What the client gets of an event that leaves the flow.
    pub(super) fn on_frame(
        &mut self,
        position: Position,
        frame: FlowFrame,
        run: Option<RunId>,
    ) -> Vec<SessionFrame> {
        let place = match (&frame.node, frame.turn) {
            (Some(node), Some(turn)) => (node.clone(), turn),
            _ => return vec![SessionFrame::durable(position, frame)],
        };
        match frame.event_type.as_str() {
            RESPONSE_START => self.start(position, frame, place, run),
            RESPONSE_CHUNK => self.continue_answer(position, frame, place),
            RESPONSE_END => self.end(position, frame, &place),
            ERROR => {
                if let Some(answer) = self.open.get_mut(&place) {
                    answer.failed = true;
                }
                vec![SessionFrame::durable(position, frame)]
            }
            _ => vec![SessionFrame::durable(position, frame)],
        }
    }

    fn start(
        &mut self,
        position: Position,
        frame: FlowFrame,
        place: Place,
        run: Option<RunId>,
    ) -> Vec<SessionFrame> {
        let mut frames = vec![SessionFrame::durable(position, frame)];
        let mut answer = Answer::new(run);
        let (early, others): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut self.early)
            .into_iter()
            .partition(|(at, _)| *at == place);
        self.early = others;
        for (_, chunk) in &early {
            if answer.is_of(chunk.run) {
                frames.extend(send_chunk(&mut answer, &place, chunk));
            }
        }
        self.open.insert(place, answer);
        frames
    }

    fn continue_answer(
        &mut self,
        position: Position,
        frame: FlowFrame,
        place: Place,
    ) -> Vec<SessionFrame> {
        let Some(text) = text_of(&frame) else {
            return vec![SessionFrame::durable(position, frame)];
        };
        let Some(answer) = self.open.get_mut(&place) else {
            if !self.resumed {
                return vec![SessionFrame::durable(position, frame)];
            }
            // The client has got its start before, and nobody knows how much of the rest: what it has got
            // is void.
            let mut answer = Answer::new(None);
            answer.on_durable(&text);
            self.open.insert(place, answer);
            let mut frames = restart(&frame);
            frames.push(SessionFrame::durable(position, frame));
            return frames;
        };
        match answer.on_durable(&text) {
            Sent::Nothing => Vec::new(),
            Sent::Whole => vec![SessionFrame::durable(position, frame)],
            Sent::Rest(rest) => vec![SessionFrame::durable(position, with_text(frame, &rest))],
            Sent::Anew(text) => {
                let mut frames = restart(&frame);
                frames.push(SessionFrame::durable(position, with_text(frame, &text)));
                frames
            }
        }
    }

    fn end(&mut self, position: Position, frame: FlowFrame, place: &Place) -> Vec<SessionFrame> {
        self.early.retain(|(at, _)| at != place);
        let mut frames = Vec::new();
        let answer = self.open.remove(place);
        // An answer that was interrupted is what was sent of it.
        let anew = answer.filter(|_| !frame.interrupted);
        if let Some(text) = anew.and_then(Answer::text_anew) {
            frames.extend(restart(&frame));
            if !text.is_empty() {
                let piece = beside(&frame, RESPONSE_CHUNK, &["anew"]);
                frames.push(SessionFrame::live(with_text(piece, &text)));
            }
        }
        frames.push(SessionFrame::durable(position, frame));
        frames
    }
}

fn send_chunk(answer: &mut Answer, place: &Place, chunk: &Chunk) -> Vec<SessionFrame> {
    let piece = |text: &str| SessionFrame::live(with_text(frame_of(place, chunk), text));
    match answer.on_chunk(chunk.attempt, chunk.index, &chunk.text) {
        Sent::Nothing => Vec::new(),
        Sent::Whole => vec![piece(&chunk.text)],
        Sent::Rest(rest) => vec![piece(&rest)],
        Sent::Anew(text) => {
            let mut frames = restart(&frame_of(place, chunk));
            frames.push(piece(&text));
            frames
        }
    }
}

/// The frame of a chunk, without its text.
fn frame_of((node, turn): &Place, chunk: &Chunk) -> FlowFrame {
    let (run, attempt, index) = (
        chunk.run.to_string(),
        chunk.attempt.to_string(),
        chunk.index.to_string(),
    );
    FlowFrame {
        id: derived_id(&["chunk", &run, &attempt, &index]),
        sender_id: None,
        event_type: RESPONSE_CHUNK.to_owned(),
        node: Some(node.clone()),
        turn: Some(*turn),
        timestamp: Timestamp::now(),
        metadata: None,
        interrupted: false,
        data: empty(),
    }
}

/// The frames between what is void of an answer and its new beginning.
fn restart(cause: &FlowFrame) -> Vec<SessionFrame> {
    [RESPONSE_END, RESPONSE_START]
        .map(|event_type| SessionFrame {
            restarted: true,
            ..SessionFrame::live(beside(cause, event_type, &["restart", event_type]))
        })
        .into()
}

/// A frame of another type, of the same node and turn, that is not in the log.
fn beside(cause: &FlowFrame, event_type: &str, purpose: &[&str]) -> FlowFrame {
    let cause_id = cause.id.to_string();
    let parts: Vec<&str> = purpose.iter().copied().chain([cause_id.as_str()]).collect();
    FlowFrame {
        id: derived_id(&parts),
        sender_id: None,
        event_type: event_type.to_owned(),
        metadata: None,
        interrupted: false,
        data: empty(),
        ..cause.clone()
    }
}

/// An id for what is not in the log: the same on every connection.
fn derived_id(parts: &[&str]) -> EventId {
    CommandId::from_key(parts).event(0)
}

fn with_text(frame: FlowFrame, text: &str) -> FlowFrame {
    FlowFrame {
        data: chunk_data(text),
        ..frame
    }
}

fn text_of(frame: &FlowFrame) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        text: String,
    }
    let data: Option<Text> = serde_json::from_str(frame.data.get()).ok();
    data.map(|data| data.text)
}
