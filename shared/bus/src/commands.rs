//! Requests to worlds: asked until answered, and served by whoever owns the partition.

use std::time::Duration;

use async_nats::client::RequestErrorKind;
use async_nats::{Message, Subscriber};
use contract::id::Partition;
use contract::{
    Accepted, CommandRequest, Context, InvocationId, Rejection, RejectionCode, Reply, Request, Seq,
    WorldId, subject,
};
use futures::StreamExt;
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::{Bus, Error, trace};

/// How long one attempt waits: the lease of a world service that was killed runs out meanwhile.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// The first pause between attempts; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_millis(250);

impl Bus {
    /// Sends a command until its world has answered. The command's id makes every repeat harmless.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`; the command may still have
    /// been, or be, accepted: ask again with the same id.
    pub async fn command(
        &self,
        world: &WorldId,
        request: CommandRequest,
        deadline: Duration,
    ) -> Result<Result<Accepted, Rejection>, Error> {
        match self
            .ask(world, &Request::Command(request), deadline)
            .await?
        {
            Reply::Accepted(accepted) => Ok(Ok(accepted)),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// The state of a world as JSON, now or after the commit `at`, with the last commit in it.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`.
    pub async fn state(
        &self,
        world: &WorldId,
        at: Option<Seq>,
        deadline: Duration,
    ) -> Result<Result<(Seq, Box<RawValue>), Rejection>, Error> {
        match self.ask(world, &Request::State { at }, deadline).await? {
            Reply::State { seq, state } => Ok(Ok((seq, state))),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// What a worker needs to know for an invocation.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`.
    pub async fn context(
        &self,
        world: &WorldId,
        invocation: InvocationId,
        deadline: Duration,
    ) -> Result<Result<Context, Rejection>, Error> {
        match self
            .ask(world, &Request::Context { invocation }, deadline)
            .await?
        {
            Reply::Context(context) => Ok(Ok(*context)),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    async fn ask(
        &self,
        world: &WorldId,
        request: &Request,
        deadline: Duration,
    ) -> Result<Reply, Error> {
        let subject = subject::command(world);
        let payload = serde_json::to_vec(request).map_err(|source| Error::Encode {
            subject: subject.clone(),
            source,
        })?;
        let payload = bytes::Bytes::from(payload);
        let until = Instant::now() + deadline;
        let mut pause = PAUSE_MIN;
        loop {
            let remaining = until.saturating_duration_since(Instant::now());
            let reason = match self
                .attempt(&subject, &payload, remaining.min(ATTEMPT_TIMEOUT))
                .await
            {
                Ok(Reply::Unavailable { reason }) => reason,
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_transient() => crate::bus::chain(&error),
                Err(error) => return Err(error),
            };
            if Instant::now() + pause >= until {
                return Err(Error::Unanswered { subject, reason });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn attempt(
        &self,
        subject: &str,
        payload: &bytes::Bytes,
        timeout: Duration,
    ) -> Result<Reply, Error> {
        let request = async_nats::Request {
            payload: Some(payload.clone()),
            headers: trace::headers(),
            timeout: Some(Some(timeout)),
            inbox: None,
        };
        let answer = self
            .client
            .send_request(subject.to_owned(), request)
            .await
            .map_err(|error| {
                let reason = match error.kind() {
                    RequestErrorKind::NoResponders => "nobody serves it now".to_owned(),
                    _ => error.to_string(),
                };
                Error::Unanswered {
                    subject: subject.to_owned(),
                    reason,
                }
            })?;
        serde_json::from_slice(&answer.payload).map_err(|source| Error::Decode {
            subject: subject.to_owned(),
            source,
        })
    }

    /// Serves the requests of a partition, together with every other replica that does.
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn serve(&self, partition: Partition) -> Result<Requests, Error> {
        let subscriber = self
            .client
            .queue_subscribe(
                subject::commands_of(partition),
                subject::WORLD_GROUP.to_owned(),
            )
            .await
            .map_err(|e| Error::broker("serve a partition", e))?;
        Ok(Requests {
            bus: self.clone(),
            subscriber,
        })
    }
}

fn unexpected(world: &WorldId, reply: &Reply) -> Error {
    Error::Refused {
        subject: subject::command(world),
        reason: format!("an answer to another question: {reply:?}"),
    }
}

/// The requests of one partition. Dropped, it serves no more.
pub struct Requests {
    bus: Bus,
    subscriber: Subscriber,
}

impl Requests {
    /// The next request; `None` when the connection is closed for good. One that can't be read is
    /// answered here.
    pub async fn next(&mut self) -> Option<Incoming> {
        loop {
            let message = self.subscriber.next().await?;
            if let Some(incoming) = self.read(message).await {
                return Some(incoming);
            }
        }
    }

    /// Stops taking new requests; those that came before are still handed out by [`Self::next`].
    ///
    /// # Errors
    /// [`Error::Broker`] when NATS can't be told.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.subscriber
            .drain()
            .await
            .map_err(|e| Error::broker("leave a partition", e))
    }

    async fn read(&self, message: Message) -> Option<Incoming> {
        let reply = message.reply.clone()?;
        let answer_to = Answer {
            bus: self.bus.clone(),
            reply,
        };
        let world = subject::world_of(&message.subject);
        let request = serde_json::from_slice::<Request>(&message.payload);
        match (world, request) {
            (Some(world), Ok(request)) => Some(Incoming {
                world,
                request,
                traceparent: trace::of(message.headers.as_ref()),
                answer: answer_to,
            }),
            (world, request) => {
                let detail = match request {
                    Err(error) => error.to_string(),
                    Ok(_) => format!("{} names no world: {world:?}", message.subject),
                };
                let code = RejectionCode::Invalid;
                answer_to
                    .send(&Reply::Rejected(Rejection {
                        code,
                        detail,
                        field: None,
                    }))
                    .await;
                None
            }
        }
    }
}

/// A request that waits for its answer.
pub struct Incoming {
    /// The world that is asked.
    pub world: WorldId,
    /// What is asked.
    pub request: Request,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    /// How to answer.
    pub answer: Answer,
}

/// Where the answer to a request goes.
pub struct Answer {
    bus: Bus,
    reply: async_nats::Subject,
}

impl Answer {
    /// Answers. An answer that gets lost is asked for again, so there is nothing to report. One
    /// that NATS would not carry is refused in its place: nobody could ever be told.
    pub async fn send(self, reply: &Reply) {
        let Ok(mut payload) = serde_json::to_vec(reply) else {
            return;
        };
        let bytes_max = self.bus.client.server_info().max_payload;
        if payload.len() > bytes_max {
            let detail = format!(
                "the answer has {} bytes; NATS carries at most {bytes_max}",
                payload.len()
            );
            let code = RejectionCode::TooLarge;
            let refusal = Reply::Rejected(Rejection {
                code,
                detail,
                field: None,
            });
            payload = serde_json::to_vec(&refusal).unwrap_or_default();
        }
        let _ = self.bus.client.publish(self.reply, payload.into()).await;
    }
}
