//! Messages that expect a reply, of one or more subjects.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use async_nats::subject::ToSubject;
use async_nats::{HeaderMap, Message, Subject, Subscriber};
use bytes::Bytes;
use futures::StreamExt;

use super::reply_address::ReplyAddress;
use crate::connection::Connection;
use crate::{Error, trace};

/// A message that expects a reply.
pub(super) struct RequestMessage {
    pub(super) subject: Subject,
    pub(super) headers: Option<HeaderMap>,
    pub(super) payload: Bytes,
    pub(super) reply_to: ReplyAddress,
}

impl RequestMessage {
    /// The trace that it belongs to.
    pub(super) fn traceparent(&self) -> Option<String> {
        trace::of(self.headers.as_ref())
    }
}

/// Messages that expect a reply. Dropped, it is unsubscribed.
pub(super) struct RequestSubscription {
    connection: Arc<Connection>,
    subscribers: Vec<Subscriber>,
}

impl RequestSubscription {
    /// No subject yet.
    pub(super) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
            subscribers: Vec::new(),
        }
    }

    /// Adds a subject: each subscriber gets every message.
    pub(super) async fn add(&mut self, subject: impl ToSubject) -> Result<(), Error> {
        let subscriber = self.connection.client.subscribe(subject).await;
        let subscriber = subscriber.map_err(|e| Error::broker("subscribe to requests", e))?;
        self.subscribers.push(subscriber);
        Ok(())
    }

    /// Adds a subject as a member of a queue group: each message goes to one of its members.
    pub(super) async fn join(&mut self, subject: impl ToSubject, group: &str) -> Result<(), Error> {
        let client = &self.connection.client;
        let subscriber = client.queue_subscribe(subject, group.to_owned()).await;
        let subscriber = subscriber.map_err(|e| Error::broker("subscribe to requests", e))?;
        self.subscribers.push(subscriber);
        Ok(())
    }

    /// The next message; `None` when the connection is closed for good, or all are handed out after
    /// [`Self::drain`]. One that expects no reply is skipped.
    pub(super) async fn next(&mut self) -> Option<RequestMessage> {
        loop {
            let message = self.next_message().await?;
            let Some(inbox) = message.reply else { continue };
            return Some(RequestMessage {
                subject: message.subject,
                headers: message.headers,
                payload: message.payload,
                reply_to: ReplyAddress::new(&self.connection, inbox),
            });
        }
    }

    /// Unsubscribes; what was sent before is still handed out.
    pub(super) async fn drain(&mut self) -> Result<(), Error> {
        for subscriber in &mut self.subscribers {
            let drained = subscriber.drain().await;
            drained.map_err(|e| Error::broker("unsubscribe from requests", e))?;
        }
        Ok(())
    }

    /// A request passes here for every message, so nothing is allocated to select between subscribers.
    async fn next_message(&mut self) -> Option<Message> {
        poll_fn(|context| {
            let mut is_open = false;
            for subscriber in &mut self.subscribers {
                match subscriber.poll_next_unpin(context) {
                    Poll::Ready(Some(message)) => return Poll::Ready(Some(message)),
                    Poll::Ready(None) => {}
                    Poll::Pending => is_open = true,
                }
            }
            if is_open {
                Poll::Pending
            } else {
                Poll::Ready(None)
            }
        })
        .await
    }
}
