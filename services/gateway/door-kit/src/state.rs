//! What the handlers of all doors share.

use std::collections::BTreeSet;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use contract::commit::Position;
use contract::{Accepted, Command, CommandId, EntityId, Rejection, RejectionCode, WorldId};
use futures::future::BoxFuture;
use service_kit::Health;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::allowed_hosts::AllowedHosts;
use crate::api_keys::ApiKeys;
use crate::broker::{Broker, BrokerConnection, Clock};
use crate::connections::Connections;
use crate::fanout::{Fanout, Filter, FrameSlot, Subscription};
use crate::metrics::Metrics;
use crate::permissions::{Scope, check_world, lacks_scope};
use crate::presence::{ConnectedEntities, EntityConnection, report_until};
use crate::principal::{Principal, PrincipalId};
use crate::problem::Problem;
use crate::rate_limit::RateLimit;
use crate::settings::{Settings, SocketLimits};
use crate::tokens::Tokens;
use crate::used_keys::UsedKeys;

/// The target of what is logged of changes of worlds, with who made them.
const AUDIT: &str = "audit";

/// What the handlers of all doors share.
pub struct DoorState {
    /// Requests to worlds, their logs and the archive.
    pub broker: Broker,
    /// The clock of all services.
    pub clock: Clock,
    /// The open connections.
    pub connections: Connections,
    /// The largest body of a request.
    pub body_bytes_max: usize,
    /// The largest body that describes a world.
    pub world_bytes_max: usize,
    pub(crate) body_within: Duration,
    /// How long a client may wait for the end of a turn or of a run.
    pub turn_deadline: Duration,
    /// A silent event stream sends a comment this often.
    pub sse_keep_alive: Duration,
    /// The limits of one WebSocket.
    pub socket_limits: SocketLimits,
    /// Open connections end when this is cancelled.
    pub shutdown: CancellationToken,
    /// Clients that wait for the end of a turn or of a run wait no longer when this is cancelled.
    pub turns_cut: CancellationToken,
    /// The tasks of WebSockets and hubs: shutdown waits for them.
    pub tasks: TaskTracker,
    pub(crate) api_keys: ApiKeys,
    /// The tokens of clients.
    pub tokens: Arc<Tokens>,
    pub(crate) allowed_hosts: AllowedHosts,
    /// Where the trace of a request is shown, with `{trace_id}` in the place of its id.
    pub trace_url: Option<String>,
    pub(crate) metrics: Arc<Metrics>,
    fanout: Fanout,
    pub(crate) rate_limit: RateLimit,
    wrong_keys: RateLimit,
    pub(crate) used_keys: UsedKeys,
    connected_entities: Arc<ConnectedEntities>,
}

impl DoorState {
    /// The state of doors that reach the broker through `connection`.
    pub fn new(
        settings: Settings,
        connection: BrokerConnection,
        shutdown: CancellationToken,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        let tasks = TaskTracker::new();
        Self {
            clock: Clock::new(connection.clone()),
            broker: Broker::new(connection, settings.deadlines),
            connections: Connections::new(settings.connections_max, Arc::clone(&metrics)),
            body_bytes_max: settings.body_bytes_max,
            world_bytes_max: settings.world_bytes_max,
            body_within: settings.body_within,
            turn_deadline: settings.deadlines.turn,
            sse_keep_alive: settings.sse_keep_alive,
            socket_limits: settings.socket,
            api_keys: settings.api_keys,
            tokens: settings.tokens,
            allowed_hosts: settings.allowed_hosts,
            trace_url: settings.trace_url,
            fanout: Fanout::new(settings.fanout, Arc::clone(&metrics), tasks.clone()),
            rate_limit: RateLimit::new(settings.rate),
            wrong_keys: RateLimit::new(settings.wrong_keys),
            used_keys: UsedKeys::default(),
            connected_entities: Arc::default(),
            metrics,
            shutdown,
            turns_cut: CancellationToken::new(),
            tasks,
        }
    }

    /// Whether clients need an API key or a token.
    pub fn needs_credentials(&self) -> bool {
        !self.api_keys.is_empty() || self.tokens.is_enabled()
    }

    /// Counts a request of a principal. Frames of a WebSocket are counted by [`crate::Socket`].
    ///
    /// # Errors
    /// 429 when it has sent too many.
    pub(crate) fn check_rate(&self, principal: PrincipalId) -> Result<(), Problem> {
        let checked = self.rate_limit.check(&principal);
        checked.map_err(|wait| too_many("too many requests: wait before the next", wait))
    }

    /// Counts a wrong key of an address.
    ///
    /// # Errors
    /// 429 when it has sent too many.
    pub(crate) fn check_wrong_keys(&self, address: PrincipalId) -> Result<(), Problem> {
        let checked = self.wrong_keys.check(&address);
        checked.map_err(|wait| too_many("too many wrong API keys: wait before the next", wait))
    }

    /// Checks that a principal may do everything.
    ///
    /// # Errors
    /// 403 when its worlds, its entities or its scopes are limited.
    pub fn require_unlimited(&self, principal: &Principal) -> Result<(), Problem> {
        if principal.permissions().is_unlimited() {
            return Ok(());
        }
        let detail = "this client may not do everything, and this door does not say who does what where: use /v1";
        Err(Rejection::new(RejectionCode::NotAllowed, detail, None).into())
    }

    /// Checks that a principal may act as every entity, and as the world.
    ///
    /// # Errors
    /// 403 when its entities are limited.
    pub fn require_every_entity(&self, principal: &Principal) -> Result<(), Problem> {
        if self.may_act_as_all(principal) {
            return Ok(());
        }
        let detail = "this client may act as some entities only, and this is for those who operate the system";
        Err(Rejection::new(RejectionCode::NotAllowed, detail, None).into())
    }

    /// Checks that a principal has a scope in a world.
    ///
    /// # Errors
    /// 403 when it has not.
    pub fn require_scope(
        &self,
        principal: &Principal,
        world: &WorldId,
        scope: Scope,
    ) -> Result<(), Problem> {
        let permissions = principal.permissions();
        check_world(permissions, world)?;
        if permissions.has(scope) {
            return Ok(());
        }
        Err(lacks_scope(scope))
    }

    /// Sends a command of a principal, and returns once its events are durable.
    ///
    /// # Errors
    /// 403 when the principal may not use the world or send such a command, and with the field `sender` when it
    /// may not act as the sender; otherwise as [`Broker::send_command`].
    pub fn send_command<'a>(
        &'a self,
        principal: &'a Principal,
        world: &'a WorldId,
        id: CommandId,
        (sender, command): (EntityId, Command),
    ) -> BoxFuture<'a, Result<Accepted, Problem>> {
        match self.check_command(principal, world, (&sender, &command)) {
            Ok(()) => self.send_own_command(principal, world, id, (sender, command)),
            Err(problem) => Box::pin(future::ready(Err(problem))),
        }
    }

    /// Sends a command that a door makes itself of what a principal, who may send it, has sent. A change of what the world
    /// is made of is logged with the principal, here and in the log of the world.
    ///
    /// # Errors
    /// As [`Broker::send_command`].
    pub fn send_own_command<'a>(
        &'a self,
        principal: &'a Principal,
        world: &'a WorldId,
        id: CommandId,
        sent: (EntityId, Command),
    ) -> BoxFuture<'a, Result<Accepted, Problem>> {
        Box::pin(self.send_and_log(principal, world, id, sent))
    }

    async fn send_and_log(
        &self,
        principal: &Principal,
        world: &WorldId,
        id: CommandId,
        (sender, command): (EntityId, Command),
    ) -> Result<Accepted, Problem> {
        let is_change = Scope::of_command(&command) == Scope::Manage;
        let named = is_change.then(|| principal.audit_name()).flatten();
        let sent = (sender, command);
        let accepted = self
            .broker
            .send_command_of(named.clone(), world, id, sent)
            .await?;
        if is_change {
            let named = named.unwrap_or_else(|| principal.id().to_string());
            // The events that came of it have this id, and a number behind it.
            info!(
                target: AUDIT,
                principal = %named,
                world.id = %world,
                command.id = %id.0,
                seq = accepted.seq,
                "world changed"
            );
        }
        Ok(accepted)
    }

    /// Checks that a principal may send a command as this sender.
    ///
    /// # Errors
    /// As [`Self::send_command`], without what the world refuses.
    pub fn check_command(
        &self,
        principal: &Principal,
        world: &WorldId,
        (sender, command): (&EntityId, &Command),
    ) -> Result<(), Problem> {
        self.require_scope(principal, world, Scope::of_command(command))?;
        self.check_sender(principal, sender)
    }

    /// Notes that a connection is of an entity, until what is returned is dropped: the entity is present in
    /// its world meanwhile, if its brain is a client.
    pub fn connect_entity(&self, world: &WorldId, entity: &EntityId) -> EntityConnection {
        self.connected_entities.connect(world, entity)
    }

    /// Notes that an entity, of which there may be connections, has become another kind of entity.
    pub fn reconnect_entity(&self, world: &WorldId, entity: &EntityId) {
        self.connected_entities.report_again(world, entity);
    }

    /// Reports to the worlds of which entities there are connections, and to those who look at the system how this
    /// gateway is. Returns after the last report, when
    /// `closed` is cancelled because all connections have ended.
    pub async fn report_connections(&self, health: Health, closed: CancellationToken) {
        let count = self.connections.counter();
        let about_this = move || {
            let (open, max) = count();
            let status = [("connections", open), ("connections_max", max)];
            let status = status.map(|(name, number)| (name.to_owned(), number.into()));
            (health.problems(), status.into_iter().collect())
        };
        let connection = &self.broker.connection;
        let report = report_until(&self.connected_entities, connection, about_this, closed);
        // The watch that it holds is large.
        Box::pin(report).await;
    }

    /// Checks that a principal may act as this sender.
    ///
    /// # Errors
    /// 403 with the field `sender` when its permissions list entities without it.
    pub fn check_sender(&self, principal: &Principal, sender: &EntityId) -> Result<(), Problem> {
        let entities = principal.permissions().entities.as_ref();
        if entities.is_none_or(|entities| entities.contains(sender)) {
            return Ok(());
        }
        let detail = format!("this client may not act as {sender}");
        let field = Some("sender".to_owned());
        Err(Rejection::new(RejectionCode::NotAllowed, detail, field).into())
    }

    /// Whether a principal may act as every entity, and as the world.
    pub fn may_act_as_all(&self, principal: &Principal) -> bool {
        principal.permissions().entities.is_none()
    }

    /// Whether a principal may read sessions of this client: it may act as the client.
    pub fn may_read_session(&self, principal: &Principal, client: &EntityId) -> bool {
        self.check_sender(principal, client).is_ok()
    }

    /// Checks that a principal may read sessions of this client.
    ///
    /// # Errors
    /// 403 with the field `session` when its permissions list entities without the client.
    pub fn check_session_reader(
        &self,
        principal: &Principal,
        client: &EntityId,
    ) -> Result<(), Problem> {
        if self.may_read_session(principal, client) {
            return Ok(());
        }
        let detail = "this client may read sessions of its own entities only";
        let field = Some("session".to_owned());
        Err(Rejection::new(RejectionCode::NotAllowed, detail, field).into())
    }

    /// The clients of whose sessions a principal may read events in the log of a world; all when absent.
    pub fn readable_clients(&self, principal: &Principal) -> Option<Arc<BTreeSet<EntityId>>> {
        let entities = principal.permissions().entities.as_ref();
        entities.map(|entities| Arc::new(entities.clone()))
    }

    /// Counts a frame that repeats an event which its client has received: it is no new event.
    pub fn record_repeated_frame(&self) {
        self.metrics.frame_repeated();
    }

    /// Registers a form in which a door writes frames, before it serves the first request.
    pub fn register_frame_slot(&self) -> FrameSlot {
        self.fanout.register_frame_slot()
    }

    /// Subscribes to the events of a world from now on. [`Subscription::resume_after`] begins earlier.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub fn subscribe<'a>(
        &'a self,
        world: &'a WorldId,
        filter: Filter,
    ) -> BoxFuture<'a, Result<Subscription, Problem>> {
        self.subscribe_after(world, filter, None)
    }

    /// Subscribes to the events of a world after a position that a client sent, or from now on:
    /// [`Subscription::start`] is where the events begin.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub fn subscribe_after<'a>(
        &'a self,
        world: &'a WorldId,
        filter: Filter,
        after: Option<Position>,
    ) -> BoxFuture<'a, Result<Subscription, Problem>> {
        Box::pin(self.open_subscription(world, filter, after))
    }

    async fn open_subscription(
        &self,
        world: &WorldId,
        filter: Filter,
        after: Option<Position>,
    ) -> Result<Subscription, Problem> {
        let connection = &self.broker.connection;
        let bus = connection.bus().await?;
        let subscription = async {
            let mut subscription = self.fanout.subscribe(&bus, world, filter).await?;
            if let Some(after) = after {
                subscription.start_after(after).await?;
            }
            Ok::<_, Problem>(subscription)
        };
        connection.with_connection(subscription).await
    }
}

fn too_many(detail: &str, wait: Duration) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).with_retry_after(wait)
}
