//! One open connection: the events of the world go one way, the frames of the client the other.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use door_kit::{Closed, Frame, Inbound, Payload, Problem, Reading, Socket, Subscription};
use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture};
use tracing::{Instrument as _, info_span};

use crate::handler::ConnectionHandler;

/// One open connection.
pub(crate) struct ClientConnection {
    socket: Socket,
    subscription: Subscription,
    handler: Arc<ConnectionHandler>,
    /// The replies to the client's last frame. Its next one waits unread, so that events keep the order
    /// of their sender.
    replies: Option<BoxFuture<'static, Vec<String>>>,
}

impl ClientConnection {
    pub(crate) fn new(
        socket: Socket,
        subscription: Subscription,
        handler: Arc<ConnectionHandler>,
    ) -> Self {
        Self {
            socket,
            subscription,
            handler,
            replies: None,
        }
    }

    /// Runs until the connection is closed.
    pub(crate) async fn run(mut self) {
        let closed = match self.report_lost_position().await {
            Ok(()) => self.run_until_closed().await,
            Err(closed) => closed,
        };
        // A client may be long in closing its side, and its entity is disconnected already.
        let Self {
            socket,
            handler,
            replies,
            ..
        } = self;
        drop((handler, replies));
        socket.close(closed).await;
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
        let reading = match self.replies {
            None => Reading::Active,
            Some(_) => Reading::Paused,
        };
        tokio::select! {
            frame = self.subscription.next() => {
                let frame = frame?;
                self.deliver(&frame).await
            }
            Some(frames) = OptionFuture::from(self.replies.as_mut()) => {
                self.replies = None;
                for frame in frames {
                    self.socket.send(frame).await?;
                }
                Ok(())
            }
            event = self.socket.next_event(reading) => match self.socket.handle(event?).await? {
                Some(Inbound::Text(text)) => {
                    self.handle(text);
                    Ok(())
                }
                Some(Inbound::Binary) => {
                    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                    let detail = "frames are text: JSON";
                    let problem = Problem::new(status, "unsupported_media_type", detail);
                    self.send_problem(problem).await
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

    fn handle(&mut self, text: Utf8Bytes) {
        let handler = Arc::clone(&self.handler);
        let span = info_span!("frame", otel.kind = "server", world.id = %handler.world());
        let replies = async move { handler.handle(&text).await };
        self.replies = Some(replies.instrument(span).boxed());
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
