//! Requests to worlds, asked until answered.

use std::slice;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use bytes::Bytes;
use contract::ability::AvailableAbility;
use contract::command::View;
use contract::mind::MindView;
use contract::{
    Accepted, CommandRequest, Entity, EntityId, Rejection, Reply, Request, RequestEnvelope,
    RunContext, RunId, Seq, WorldId, subject,
};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::batch_codec::{decode_array, encode_array};
use crate::{Bus, Error, parts, trace};

/// How long one attempt waits: the lease of a world service that was killed runs out meanwhile.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
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
        match self.ask(world, Request::Command(request), deadline).await? {
            Reply::Accepted(accepted) => Ok(Ok(accepted)),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// As much of the state of a world as `view` says, as JSON, now or after the commit `at`, with the
    /// last commit in it.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`.
    pub async fn state(
        &self,
        world: &WorldId,
        at: Option<Seq>,
        view: View,
        deadline: Duration,
    ) -> Result<Result<(Seq, Box<RawValue>), Rejection>, Error> {
        let request = Request::State { at, view };
        match self.ask(world, request, deadline).await? {
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
        invocation: RunId,
        deadline: Duration,
    ) -> Result<Result<RunContext, Rejection>, Error> {
        match self
            .ask(world, Request::Context { invocation }, deadline)
            .await?
        {
            Reply::Context(context) => Ok(Ok(*context)),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// What an entity may make use of, and whom and what it perceives.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`.
    pub async fn offers(
        &self,
        world: &WorldId,
        agent: &EntityId,
        deadline: Duration,
    ) -> Result<Result<(Vec<AvailableAbility>, Vec<Entity>), Rejection>, Error> {
        let agent = agent.clone();
        match self.ask(world, Request::Offers { agent }, deadline).await? {
            Reply::Offers { offers, entities } => Ok(Ok((offers, entities))),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// What an agent has in mind.
    ///
    /// # Errors
    /// [`Error::Unanswered`] when nobody answered within `deadline`.
    pub async fn mind(
        &self,
        world: &WorldId,
        agent: &EntityId,
        deadline: Duration,
    ) -> Result<Result<MindView, Rejection>, Error> {
        let agent = agent.clone();
        match self.ask(world, Request::Mind { agent }, deadline).await? {
            Reply::Mind(mind) => Ok(Ok(*mind)),
            Reply::Rejected(rejection) => Ok(Err(rejection)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    async fn ask(
        &self,
        world: &WorldId,
        request: Request,
        deadline: Duration,
    ) -> Result<Reply, Error> {
        let subject = subject::command(world);
        // What tells of a whole world may be large and take long: it holds nobody else up.
        let mut alone = matches!(
            request,
            Request::State { .. } | Request::Offers { .. } | Request::Mind { .. }
        );
        // A past state is folded from the beginning of the log. Asked again, that begins again.
        let patience = match &request {
            Request::State { at: Some(_), .. } => deadline,
            _ => ATTEMPT_TIMEOUT,
        };
        let trace = trace::current();
        let asked = serde_json::to_vec(&RequestEnvelope {
            request: Box::new(request),
            trace,
        });
        let asked = Bytes::from(asked.map_err(|source| Error::Encode {
            subject: subject.clone(),
            source,
        })?);
        let until = Instant::now() + deadline;
        let mut pause = PAUSE_MIN;
        loop {
            let timeout = until
                .saturating_duration_since(Instant::now())
                .min(patience);
            let attempt = if alone {
                self.attempt_alone(&subject, &asked, timeout).await
            } else {
                self.attempt_together(world, &asked, timeout).await
            };
            let reason = match attempt {
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
            alone = true;
        }
    }

    async fn attempt_alone(
        &self,
        subject: &str,
        asked: &Bytes,
        timeout: Duration,
    ) -> Result<Reply, Error> {
        let question = encode_array(slice::from_ref(asked)).into();
        let answer = parts::ask(&self.client, subject, question, timeout).await;
        let answer = answer.map_err(|reason| Error::Unanswered {
            subject: subject.to_owned(),
            reason,
        })?;
        let mut replies = read(subject, &answer, 1)?;
        replies.pop().unwrap_or_else(|| Err(short(subject)))
    }

    async fn attempt_together(
        &self,
        world: &WorldId,
        asked: &Bytes,
        timeout: Duration,
    ) -> Result<Reply, Error> {
        let reply = self.lanes.ask(self, world, asked.clone());
        let reply = tokio::time::timeout(timeout, reply).await;
        reply.unwrap_or_else(|elapsed| {
            Err(Error::Unanswered {
                subject: subject::command(world),
                reason: elapsed.to_string(),
            })
        })
    }
}

/// Asks a world several things in one message; as many replies come back, in the same order. A reply
/// that this build does not know is an error of its own.
pub(crate) async fn ask_together(
    bus: &Bus,
    subject: &str,
    asked: &[Bytes],
    timeout: Duration,
) -> Result<Vec<Result<Reply, Error>>, Error> {
    let request = async_nats::Request {
        payload: Some(encode_array(asked).into()),
        headers: trace::headers(),
        timeout: Some(Some(timeout)),
        inbox: None,
    };
    let answer = bus
        .client
        .send_request(subject.to_owned(), request)
        .await
        .map_err(|error| Error::Unanswered {
            subject: subject.to_owned(),
            reason: match error.kind() {
                RequestErrorKind::NoResponders => "nobody serves it now".to_owned(),
                _ => error.to_string(),
            },
        })?;
    read(subject, &answer.payload, asked.len())
}

/// Reads the replies to so many requests.
fn read(subject: &str, answer: &[u8], asked: usize) -> Result<Vec<Result<Reply, Error>>, Error> {
    let undecoded = |source| Error::Decode {
        subject: subject.to_owned(),
        source,
    };
    let replies = decode_array::<Reply>(answer).map_err(undecoded)?;
    if replies.len() != asked {
        return Err(short(subject));
    }
    let replies = replies.into_iter().map(|reply| reply.map_err(undecoded));
    Ok(replies.collect())
}

fn short(subject: &str) -> Error {
    Error::Refused {
        subject: subject.to_owned(),
        reason: "it was not answered with one reply for each request".to_owned(),
    }
}

fn unexpected(world: &WorldId, reply: &Reply) -> Error {
    Error::Refused {
        subject: subject::command(world),
        reason: format!("an answer to another question: {reply:?}"),
    }
}
