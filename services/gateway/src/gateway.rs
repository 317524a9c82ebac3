//! What every request shares.

use std::sync::Arc;
use std::time::Duration;

use contract::ability::AvailableAbility;
use contract::command::View;
use contract::commit::Position;
use contract::mind::MindView;
use contract::{Accepted, Command, CommandId, CommandRequest, Entity, EntityId, Seq, WorldId};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Keys, Principal};
use crate::config::Config;
use crate::connections::Connections;
use crate::fanout::{Fanout, Feed, Filter, Ready};
use crate::link::Link;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::rate::RateLimit;

/// The gateway: its configuration and what is open.
pub(crate) struct Gateway {
    pub(crate) config: Config,
    pub(crate) link: Link,
    pub(crate) keys: Keys,
    pub(crate) connections: Connections,
    pub(crate) fanout: Fanout,
    pub(crate) metrics: Arc<Metrics>,
    /// Event streams end when this is cancelled.
    pub(crate) shutdown: CancellationToken,
    /// The WebSockets and hubs: shutdown waits for them.
    pub(crate) tasks: TaskTracker,
    rate: RateLimit,
}

impl Gateway {
    pub(crate) fn new(config: Config, link: Link, shutdown: CancellationToken) -> Self {
        let metrics = Arc::new(Metrics::new());
        let tasks = TaskTracker::new();
        Self {
            keys: Keys::new(&config.api_keys),
            connections: Connections::new(config.limits.connections_max, Arc::clone(&metrics)),
            fanout: Fanout::new(
                config.limits.backlog_max,
                config.limits.catch_up_every,
                Arc::clone(&metrics),
                tasks.clone(),
            ),
            rate: RateLimit::new(config.limits.rate),
            config,
            link,
            metrics,
            shutdown,
            tasks,
        }
    }

    /// # Errors
    /// 429 when the client asks too often.
    pub(crate) fn check_rate(&self, principal: &Principal) -> Result<(), Problem> {
        self.rate.check(&principal.0).map_err(|wait| {
            let status = axum::http::StatusCode::TOO_MANY_REQUESTS;
            Problem::new(status, "too_many_requests", "you ask too often").retry_after(wait)
        })
    }

    /// Sends a command, and returns once it is durable.
    ///
    /// # Errors
    /// The rule that refused it, or 503 when its world could not be asked.
    pub(crate) async fn command(
        &self,
        world: &WorldId,
        id: CommandId,
        sender: EntityId,
        command: Command,
    ) -> Result<Accepted, Problem> {
        let bus = self.link.bus().await?;
        let request = CommandRequest {
            id,
            sender,
            command,
            trace: bus::trace::current(),
        };
        let sent = bus
            .worlds()
            .command(world, request, self.config.command_deadline);
        self.link.during(sent).await
    }

    /// As much of the state of a world as `view` says, now or as it was after `at`, and the last
    /// commit in it.
    ///
    /// # Errors
    /// The rule that refused it, or 503 when its world could not be asked.
    pub(crate) async fn state(
        &self,
        world: &WorldId,
        at: Option<Seq>,
        view: View,
    ) -> Result<(Seq, Box<RawValue>), Problem> {
        let bus = self.link.bus().await?;
        let asked = bus
            .worlds()
            .encoded_view(world, view.into(), at, self.config.command_deadline);
        let view = self.link.during(asked).await?;
        Ok((view.seq, view.json))
    }

    /// What an entity may make use of, and whom and what it perceives.
    ///
    /// # Errors
    /// The problem that a client is told.
    pub(crate) async fn offers(
        &self,
        world: &WorldId,
        agent: &EntityId,
    ) -> Result<(Vec<AvailableAbility>, Vec<Entity>), Problem> {
        let bus = self.link.bus().await?;
        let asked = bus
            .worlds()
            .offers(world, agent, self.config.command_deadline);
        self.link.during(asked).await
    }

    /// What an agent has in mind.
    ///
    /// # Errors
    /// The problem that a client is told.
    pub(crate) async fn mind(
        &self,
        world: &WorldId,
        agent: &EntityId,
    ) -> Result<MindView, Problem> {
        let bus = self.link.bus().await?;
        let asked = bus
            .worlds()
            .mind(world, agent, self.config.command_deadline);
        self.link.during(asked).await
    }

    /// Begins to watch a world: behind `after`, or from now on.
    ///
    /// # Errors
    /// 404 when there is no such world, 503 when its log can't be read.
    pub(crate) async fn watch(
        &self,
        world: &WorldId,
        filter: Filter,
        after: Option<Position>,
    ) -> Result<(Feed, Ready), Problem> {
        let bus = self.link.bus().await?;
        let begin = async {
            let mut feed = self.fanout.join(&bus, world, filter).await?;
            let ready = feed.start_after(after).await?;
            Ok::<_, Problem>((feed, ready))
        };
        self.link.during(begin).await
    }

    /// Asks the archive.
    ///
    /// # Errors
    /// 503 when it can't answer now.
    pub(crate) async fn query<Q: contract::query::Query>(
        &self,
        query: &Q,
    ) -> Result<(Vec<Q::Row>, bool), Problem> {
        let bus = self.link.bus().await?;
        let asked = bus.archive().query(query, self.config.query_deadline);
        self.link.during(asked).await
    }

    /// How long a client may wait for a turn, or for an invocation.
    pub(crate) fn turn_deadline(&self) -> Duration {
        self.config.turn_deadline
    }
}
