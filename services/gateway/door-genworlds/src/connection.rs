//! One open connection: the events of the world go one way, the frames of the client the other.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use contract::EventType;
use door_kit::{
    Closed, DoorState, Frame, Inbound, Outcome, Payload, Pipeline, Problem, Reading, Socket,
    Subscription, not_sent,
};
use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture};
use tracing::{Instrument as _, Span};

use crate::handler::{ConnectionHandler, PreparedFrame, SentFrame};

/// One open connection.
pub(crate) struct ClientConnection {
    socket: Socket,
    subscription: Subscription,
    handler: Arc<ConnectionHandler>,
    /// The client's frames, so that events and replies keep their order.
    pipeline: Pipeline<Place>,
    /// A frame for which the world is read, once the pipeline is empty. The next one waits unread.
    single: Option<SingleFrame>,
}

struct SingleFrame {
    event_type: EventType,
    sender: String,
    replies: BoxFuture<'static, Vec<String>>,
}

/// The place of a frame in the order of its client.
enum Place {
    /// Its event was sent.
    Sent {
        sent: SentFrame,
        /// It ends with the outcome.
        _span: Span,
    },
    /// It is replied to with this frame.
    Refused(String),
}

impl ClientConnection {
    pub(crate) fn new(
        socket: Socket,
        mut subscription: Subscription,
        doors: Arc<DoorState>,
        handler: Arc<ConnectionHandler>,
    ) -> Self {
        let world = handler.world().clone();
        // These clients can't resume from a position: what is lost with a connection is lost for them. So one
        // that is busy with its own action is waited for, and then reads what it missed from the log.
        subscription.read_log_when_overtaken();
        Self {
            socket: socket.with_patience(handler.busy_max()),
            subscription,
            handler,
            pipeline: Pipeline::new(doors, world),
            single: None,
        }
    }

    /// Runs until the connection is closed. What was read from the client until then is still sent.
    pub(crate) async fn run(mut self) {
        self.report_lost_position();
        let closed = self.run_until_closed().await;
        // A client may be long in closing its side, and its entity is disconnected already.
        let Self {
            socket,
            handler,
            pipeline,
            single,
            ..
        } = self;
        drop(handler);
        socket.close(closed).await;
        pipeline.finish().await;
        if let Some(single) = single {
            single.replies.await;
        }
    }

    /// Reports that the client's position is not one of this log.
    fn report_lost_position(&mut self) {
        let start = self.subscription.start();
        if start.complete {
            return;
        }
        let position = start.position;
        let detail =
            format!("this position is not one of the log: what follows is after {position}");
        let problem = Problem::new(StatusCode::GONE, "position_unknown", detail);
        let problem = problem.with_field("after");
        let frame = self.handler.problem_frame(None, None, problem);
        self.socket.queue(frame);
    }

    async fn run_until_closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.step().await {
                return closed;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Closed> {
        let is_full = self.pipeline.is_full() || self.socket.is_backed_up();
        let reading = match self.single.is_some() || is_full {
            false => Reading::Active,
            true => Reading::Paused,
        };
        tokio::select! {
            // What waits to be written is not added to: the log keeps what follows.
            frame = self.subscription.next(), if !self.socket.has_queued() => {
                let frame = frame?;
                self.deliver(&frame);
            }
            outcomes = self.pipeline.next() => {
                let frames = self.settle(outcomes);
                self.queue(frames);
            }
            Some(frames) = OptionFuture::from(self.single.as_mut().map(|single| &mut single.replies)),
                if self.pipeline.is_empty() =>
            {
                self.single = None;
                self.queue(frames);
            }
            event = self.socket.next_event(reading) => match self.socket.handle(event?).await? {
                Some(Inbound::Text(text)) => self.handle(&text),
                Some(Inbound::Binary(_)) => {
                    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                    let detail = "frames are text: JSON";
                    let problem = Problem::new(status, "unsupported_media_type", detail);
                    let frame = self.handler.problem_frame(None, None, problem);
                    self.pipeline.push_place(Place::Refused(frame));
                }
                None => {}
            },
        }
        Ok(())
    }

    /// Queues an event, and those that are there already.
    fn deliver(&mut self, frame: &Frame) {
        if let Some(text) = encode(&self.handler, frame) {
            self.socket.queue(text);
        }
        while !self.socket.has_queued_batch()
            && let Some(frame) = self.subscription.try_next()
        {
            if let Some(text) = encode(&self.handler, &frame) {
                self.socket.queue(text);
            }
        }
    }

    /// The frames that reply to those whose outcomes are known.
    fn settle(&mut self, outcomes: Vec<Outcome<Place>>) -> Vec<String> {
        let mut frames = Vec::new();
        let mut is_answered = true;
        for (place, outcome) in outcomes {
            match (place, outcome) {
                (Place::Refused(frame), _) => frames.push(frame),
                (Place::Sent { sent, .. }, Some(outcome)) => {
                    // What the world refuses is answered.
                    is_answered &= !matches!(&outcome, Err(problem) if problem.rejection.is_none());
                    frames.extend(self.handler.reply_to_sent(&sent, outcome));
                }
                (Place::Sent { .. }, None) => {}
            }
        }
        // As what waits in the pipeline: it would overtake.
        if let Some(single) = self.single.take_if(|_| !is_answered) {
            let (sender, event_type) = (single.sender.as_str(), single.event_type.as_str());
            let not_sent = not_sent();
            let handler = &self.handler;
            frames.push(handler.problem_frame(Some(sender), Some(event_type), not_sent));
        }
        frames
    }

    fn queue(&mut self, frames: Vec<String>) {
        for frame in frames {
            self.socket.queue(frame);
        }
    }

    fn handle(&mut self, text: &str) {
        let handler = Arc::clone(&self.handler);
        let span = door_kit::frame_span(handler.world());
        match span.in_scope(|| handler.prepare(text)) {
            PreparedFrame::Command {
                id,
                sender,
                command,
                sent,
            } => {
                let _span = span.clone();
                let place = Place::Sent { sent, _span };
                let _entered = span.enter();
                self.pipeline
                    .push(id, (sender, *command), text.len(), place);
            }
            PreparedFrame::Single(inbound) => {
                let event_type = inbound.event_type.clone();
                let sender = inbound.sender.clone();
                let replies = async move { handler.handle(*inbound).await };
                self.single = Some(SingleFrame {
                    event_type,
                    sender,
                    replies: replies.instrument(span).boxed(),
                });
            }
            PreparedFrame::Refused(frame) => self.pipeline.push_place(Place::Refused(frame)),
            PreparedFrame::Repeated => {}
        }
    }
}

fn encode(handler: &ConnectionHandler, frame: &Frame) -> Option<Utf8Bytes> {
    let Payload::Event(event) = &frame.payload else {
        return None;
    };
    handler.update_profile(event);
    handler.encode(frame, event)
}
