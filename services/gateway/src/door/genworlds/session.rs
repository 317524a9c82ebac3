//! One open connection: what happens in the world goes one way, what the client says the other.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use axum::http::StatusCode;
use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture};
use tracing::{Instrument as _, info_span};

use super::talk::Talk;
use crate::fanout::{Body, Feed, Frame};
use crate::problem::Problem;
use crate::socket::{Heard, Over, Socket};

pub(super) struct Session {
    socket: Socket,
    feed: Feed,
    talk: Arc<Talk>,
    /// What becomes of the client's last frame. Its next one waits unread: an event is behind those
    /// that its sender sent before.
    answer: Option<BoxFuture<'static, Vec<String>>>,
}

impl Session {
    pub(super) fn new(socket: Socket, feed: Feed, talk: Arc<Talk>) -> Self {
        Self {
            socket,
            feed,
            talk,
            answer: None,
        }
    }

    /// Goes on until the connection is over; `complete`: whether the log still has all that the
    /// client has not heard.
    pub(super) async fn run(mut self, complete: bool) {
        let over = match self.begin(complete).await {
            Ok(()) => self.talk().await,
            Err(over) => over,
        };
        self.socket.end(over).await;
    }

    async fn begin(&mut self, complete: bool) -> Result<(), Over> {
        if complete {
            return Ok(());
        }
        let detail = "the log has no such place any more: what follows happens from now on";
        let problem = Problem::new(StatusCode::GONE, "position_unknown", detail).at("after");
        self.socket.say(self.talk.refuse(None, problem)).await
    }

    async fn talk(&mut self) -> Over {
        loop {
            if let Err(over) = self.turn().await {
                return over;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Over> {
        let is_free = self.answer.is_none();
        tokio::select! {
            frame = self.feed.next() => {
                let frame = frame?;
                self.deliver(&frame).await
            }
            Some(frames) = OptionFuture::from(self.answer.as_mut()) => {
                self.answer = None;
                for frame in frames {
                    self.socket.say(frame).await?;
                }
                Ok(())
            }
            due = self.socket.due(is_free) => match self.socket.see_to(due?).await? {
                Some(heard) => self.hear(heard).await,
                None => Ok(()),
            },
        }
    }

    /// Tells an event, and those that are there already, in one go.
    async fn deliver(&mut self, frame: &Frame) -> Result<(), Over> {
        let talk = &self.talk;
        let Some(first) = tell(talk, frame) else {
            return Ok(());
        };
        let others = || {
            while let Some(frame) = self.feed.try_next() {
                if let Some(text) = tell(talk, &frame) {
                    return Some(text);
                }
            }
            None
        };
        self.socket.say_all(first, others).await
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Over> {
        let text = match heard {
            Heard::Text(text) => text,
            Heard::Binary => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                let detail = "frames are text: JSON";
                let problem = Problem::new(status, "unsupported_media_type", detail);
                return self.socket.say(self.talk.refuse(None, problem)).await;
            }
        };
        let talk = Arc::clone(&self.talk);
        let span = info_span!("frame", otel.kind = "server", world.id = %talk.world());
        let answer = async move { talk.hear(&text).await };
        self.answer = Some(answer.instrument(span).boxed());
        Ok(())
    }
}

fn tell(talk: &Talk, frame: &Frame) -> Option<Utf8Bytes> {
    let Body::Event(event) = &frame.body else {
        return None;
    };
    talk.note(event);
    talk.tell(frame, event)
}
