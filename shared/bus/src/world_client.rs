//! Sends requests to worlds, and repeats them until a world has replied.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::ability::AvailableAbility;
use contract::mind::MindView;
use contract::view::{EncodedView, GetView, ViewRequest};
use contract::{
    Accepted, CommandRequest, Entity, EntityId, Reply, Request, RequestEnvelope, RunContext, RunId,
    Seq, WorldId, subject,
};

use futures::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::attempts::Attempts;
use crate::batch_codec::{decode_reply, encode_array};
use crate::connection::Connection;
use crate::ordered_batch::{self, OrderedReplies};
use crate::owners::Owners;
use crate::request_batcher::RequestBatcher;
use crate::{CommandError, Error, chunked_reply, trace};

/// How long one attempt waits: the lease of a world service that was killed runs out meanwhile.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the first attempt to read a past state waits. Each further one waits twice as long.
const PAST_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// Sends commands to worlds and reads their states. Cheap to clone.
///
/// Each request is repeated until the world has replied or `deadline` is over. Commands and contexts
/// that this process sends to one world at the same time travel in batches.
#[derive(Clone)]
pub struct WorldClient {
    connection: Arc<Connection>,
    owners: Arc<Owners>,
    batcher: Arc<RequestBatcher>,
}

/// A view, and the moment that it is of.
#[derive(Debug, Clone)]
pub struct ViewAt<V> {
    /// The last commit that is in it.
    pub seq: Seq,
    /// The view.
    pub view: V,
}

impl<V: DeserializeOwned> ViewAt<V> {
    /// Decodes a view of a world.
    ///
    /// # Errors
    /// When it is a view of another type.
    pub fn decode(world: &WorldId, encoded: &EncodedView) -> Result<Self, CommandError> {
        let view = encoded.decode().map_err(|source| {
            let subject = subject::command(world);
            CommandError::transport(world, Error::Decode { subject, source })
        })?;
        let seq = encoded.seq;
        Ok(Self { seq, view })
    }
}

impl WorldClient {
    pub(crate) fn new(connection: &Arc<Connection>, owners: Owners) -> Self {
        let owners = Arc::new(owners);
        let batcher = RequestBatcher::new(connection, &owners, ATTEMPT_TIMEOUT);
        Self {
            connection: Arc::clone(connection),
            owners,
            batcher: Arc::new(batcher),
        }
    }

    /// Sends a command, and returns once it is in the log. The command's id makes repeats harmless.
    ///
    /// # Errors
    /// [`CommandError::Rejected`] is the world's answer. After any other the command may still have
    /// been, or be, accepted: repeat it with the same id.
    pub async fn command(
        &self,
        world: &WorldId,
        request: CommandRequest,
        deadline: Duration,
    ) -> Result<Accepted, CommandError> {
        let request = Request::Command(request);
        match self.request(world, request, deadline).await? {
            Reply::Accepted(accepted) => Ok(accepted),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// Sends commands that the world decides in this order, each after the one before it, and returns once
    /// what it accepted is in the log. What has no answer is repeated as one until `deadline` is over. They
    /// must fit in one message of NATS together; at most one batch of a sequence may be under way.
    pub async fn ordered_commands(
        &self,
        world: &WorldId,
        commands: Vec<CommandRequest>,
        deadline: Duration,
    ) -> OrderedReplies {
        let client = &self.connection.client;
        let limits = (deadline, ATTEMPT_TIMEOUT);
        ordered_batch::send(client, &self.owners, world, commands, limits).await
    }

    /// A view of the state of a world, now or after the commit `at`.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn view<G: GetView>(
        &self,
        world: &WorldId,
        request: G,
        at: Option<Seq>,
        deadline: Duration,
    ) -> Result<ViewAt<G::View>, CommandError> {
        let request = request.into_request();
        let encoded = self.encoded_view(world, request, at, deadline).await?;
        ViewAt::decode(world, &encoded)
    }

    /// A view of the state of a world as JSON, to pass it on undecoded: now, or after the commit `at`.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn encoded_view(
        &self,
        world: &WorldId,
        view: ViewRequest,
        at: Option<Seq>,
        deadline: Duration,
    ) -> Result<EncodedView, CommandError> {
        let request = Request::State { at, view };
        match self.request(world, request, deadline).await? {
            Reply::View(view) => Ok(view),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// What a worker needs to know for a run.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn context(
        &self,
        world: &WorldId,
        run: RunId,
        deadline: Duration,
    ) -> Result<RunContext, CommandError> {
        let request = Request::Context { run };
        match self.request(world, request, deadline).await? {
            Reply::Context(context) => Ok(*context),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// The abilities that an entity may use, and whom and what it perceives.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn offers(
        &self,
        world: &WorldId,
        agent: &EntityId,
        deadline: Duration,
    ) -> Result<(Vec<AvailableAbility>, Vec<Entity>), CommandError> {
        let agent = agent.clone();
        let request = Request::Offers { agent };
        match self.request(world, request, deadline).await? {
            Reply::Offers { offers, entities } => Ok((offers, entities)),
            reply => Err(unexpected(world, &reply)),
        }
    }

    /// The mind of an agent.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn mind(
        &self,
        world: &WorldId,
        agent: &EntityId,
        deadline: Duration,
    ) -> Result<MindView, CommandError> {
        let agent = agent.clone();
        let request = Request::Mind { agent };
        match self.request(world, request, deadline).await? {
            Reply::Mind(mind) => Ok(*mind),
            reply => Err(unexpected(world, &reply)),
        }
    }

    fn request<'a>(
        &'a self,
        world: &'a WorldId,
        request: Request,
        deadline: Duration,
    ) -> BoxFuture<'a, Result<Reply, CommandError>> {
        Box::pin(self.request_until_answered(world, request, deadline))
    }

    async fn request_until_answered(
        &self,
        world: &WorldId,
        request: Request,
        deadline: Duration,
    ) -> Result<Reply, CommandError> {
        let mut is_single = is_sent_alone(&request);
        // A past state is folded from the log, which may take long, and a repeat begins again.
        let is_past = matches!(&request, Request::State { at: Some(_), .. });
        let mut attempt_timeout = match is_past {
            true => PAST_ATTEMPT_TIMEOUT,
            false => ATTEMPT_TIMEOUT,
        };
        let payload = encode(world, request)?;
        let mut attempts = Attempts::new(deadline);
        loop {
            let timeout = attempts.timeout(attempt_timeout);
            let attempt = if is_single {
                self.send_single(world, &payload, timeout).await
            } else {
                self.send_batched(world, &payload, timeout).await
            };
            let error = match attempt {
                Ok(Reply::Rejected(rejection)) => return Err(CommandError::Rejected(rejection)),
                Ok(Reply::Unavailable { reason }) => CommandError::Unavailable {
                    world: world.clone(),
                    reason,
                },
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if !error.is_transient() || !attempts.pause().await {
                return Err(error);
            }
            is_single = true;
            if is_past {
                attempt_timeout *= 2;
            }
        }
    }

    async fn send_batched(
        &self,
        world: &WorldId,
        request: &Bytes,
        timeout: Duration,
    ) -> Result<Reply, CommandError> {
        let reply = self.batcher.send(world, request.clone());
        match tokio::time::timeout(timeout, reply).await {
            Ok(reply) => reply,
            Err(_) => Err(CommandError::Timeout {
                world: world.clone(),
            }),
        }
    }

    async fn send_single(
        &self,
        world: &WorldId,
        request: &Bytes,
        timeout: Duration,
    ) -> Result<Reply, CommandError> {
        let subject = subject::command(world);
        let batch: Bytes = encode_array(slice::from_ref(request)).into();
        let client = &self.connection.client;
        let send = |subject: String| {
            let batch = batch.clone();
            async move { chunked_reply::request(client, &subject, batch, timeout).await }
        };
        let reply = self.owners.request(world, send).await;
        let reply = reply.map_err(|cause| CommandError::no_reply(world, cause))?;
        let reply = decode_reply(&subject, &reply);
        reply.map_err(|error| CommandError::transport(world, error))
    }
}

/// Whether a request may have a large answer, or take long: it must not hold up a batch.
fn is_sent_alone(request: &Request) -> bool {
    match request {
        Request::State { at, view } => at.is_some() || view.is_large(),
        Request::Offers { .. } | Request::Mind { .. } => true,
        Request::Command(_) | Request::Context { .. } => false,
    }
}

fn encode(world: &WorldId, request: Request) -> Result<Bytes, CommandError> {
    let trace = match &request {
        // It may have waited: the request behind it is not what is being done now.
        Request::Command(command) if command.trace.is_some() => command.trace.clone(),
        _ => trace::current(),
    };
    let envelope = RequestEnvelope {
        request: Box::new(request),
        trace,
    };
    serde_json::to_vec(&envelope)
        .map(Bytes::from)
        .map_err(|source| {
            let subject = subject::command(world);
            CommandError::transport(world, Error::Encode { subject, source })
        })
}

fn unexpected(world: &WorldId, reply: &Reply) -> CommandError {
    let source = Error::UnexpectedReply {
        subject: subject::command(world),
        reason: format!("{reply:?}"),
    };
    CommandError::transport(world, source)
}
