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
use tracing::{Instrument as _, Span, info_span};

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
        subscription: Subscription,
        doors: Arc<DoorState>,
        handler: Arc<ConnectionHandler>,
    ) -> Self {
        let world = handler.world().clone();
        Self {
            socket,
            subscription,
            handler,
            pipeline: Pipeline::new(doors, world),
            single: None,
        }
    }

    /// Runs until the connection is closed. What was read from the client until then is still sent.
    pub(crate) async fn run(mut self) {
        let closed = match self.report_lost_position().await {
            Ok(()) => self.run_until_closed().await,
            Err(closed) => closed,
        };
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

    /// Reports that the log has not all events after the client's position any more.
    async fn report_lost_position(&mut self) -> Result<(), Closed> {
        if self.subscription.start().complete {
            return Ok(());
        }
        let detail = "the log has this position no more: what follows happens from now on";
        let problem = Problem::new(StatusCode::GONE, "position_unknown", detail);
        self.send_problem(problem.with_field("after")).await
    }

    async fn run_until_closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.step().await {
                return closed;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Closed> {
        let reading = match self.single.is_some() || self.pipeline.is_full() {
            false => Reading::Active,
            true => Reading::Paused,
        };
        tokio::select! {
            frame = self.subscription.next() => {
                let frame = frame?;
                self.deliver(&frame).await
            }
            outcomes = self.pipeline.next() => {
                let frames = self.settle(outcomes);
                self.send(frames).await
            }
            Some(frames) = OptionFuture::from(self.single.as_mut().map(|single| &mut single.replies)),
                if self.pipeline.is_empty() =>
            {
                self.single = None;
                self.send(frames).await
            }
            event = self.socket.next_event(reading) => match self.socket.handle(event?).await? {
                Some(Inbound::Text(text)) => {
                    self.handle(&text);
                    Ok(())
                }
                Some(Inbound::Binary(_)) => {
                    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                    let detail = "frames are text: JSON";
                    let problem = Problem::new(status, "unsupported_media_type", detail);
                    let frame = self.handler.problem_frame(None, problem);
                    self.pipeline.push_place(Place::Refused(frame));
                    Ok(())
                }
                None => Ok(()),
            },
        }
    }

    /// Sends an event, and those that are there already, in one write.
    async fn deliver(&mut self, frame: &Frame) -> Result<(), Closed> {
        let handler = &self.handler;
        let Some(first) = encode(handler, frame) else {
            return Ok(());
        };
        let others = || {
            while let Some(frame) = self.subscription.try_next() {
                if let Some(text) = encode(handler, &frame) {
                    return Some(text);
                }
            }
            None
        };
        self.socket.send_batch(first, others).await
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
            let event_type = Some(single.event_type.as_str());
            frames.push(self.handler.problem_frame(event_type, not_sent()));
        }
        frames
    }

    async fn send(&mut self, frames: Vec<String>) -> Result<(), Closed> {
        for frame in frames {
            self.socket.send(frame).await?;
        }
        Ok(())
    }

    fn handle(&mut self, text: &str) {
        let handler = Arc::clone(&self.handler);
        let span = info_span!("frame", otel.kind = "server", world.id = %handler.world());
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
                let event_type = inbound.event_type().clone();
                let replies = async move { handler.handle(*inbound).await };
                self.single = Some(SingleFrame {
                    event_type,
                    replies: replies.instrument(span).boxed(),
                });
            }
            PreparedFrame::Refused(frame) => self.pipeline.push_place(Place::Refused(frame)),
        }
    }

    async fn send_problem(&mut self, problem: Problem) -> Result<(), Closed> {
        let frame = self.handler.problem_frame(None, problem);
        self.socket.send(frame).await
    }
}

fn encode(handler: &ConnectionHandler, frame: &Frame) -> Option<Utf8Bytes> {
    let Payload::Event(event) = &frame.payload else {
        return None;
    };
    handler.update_profile(event);
    handler.encode(frame, event)
}
