//! Requests to worlds, to their logs and to the archive.

use bus::{Bus, LogStart, SampleRange, Samples, ViewAt};
use contract::ability::AvailableAbility;
use contract::mind::MindView;
use contract::query::Query;
use contract::stream::StreamAppended;
use contract::view::{EncodedView, GetView, ViewRequest};
use contract::{
    Accepted, Command, CommandId, CommandRequest, Commit, Entity, EntityId, Event, Rejection,
    RejectionCode, Seq, WorldId,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::connection::BrokerConnection;
use crate::problem::Problem;
use crate::settings::Deadlines;

/// Sends the requests of doors.
pub struct Broker {
    pub(crate) connection: BrokerConnection,
    deadlines: Deadlines,
}

/// What an entity perceives and may use.
pub struct Offers {
    /// The abilities that it may use: its own, and those of objects.
    pub abilities: Vec<AvailableAbility>,
    /// The entities that it perceives, itself first.
    pub entities: Vec<Entity>,
}

/// What became of the commands of an ordered batch.
pub(crate) struct BatchOutcomes {
    /// The answers to the first ones, in order.
    pub(crate) decided: Vec<Result<Accepted, Problem>>,
    /// Why the others have none. They may still have been, or be, accepted.
    pub(crate) lost: Option<Problem>,
}

impl BatchOutcomes {
    fn of_one(outcome: Result<Accepted, Problem>) -> Self {
        match outcome {
            Err(problem) if problem.rejection.is_none() => Self::lost(problem),
            decided => Self {
                decided: vec![decided],
                lost: None,
            },
        }
    }

    fn lost(problem: Problem) -> Self {
        Self {
            decided: Vec::new(),
            lost: Some(problem),
        }
    }
}

/// The rows that answer a query.
pub struct QueryRows<Row> {
    /// In the order that the query promises.
    pub rows: Vec<Row>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A commit of a world's log.
pub struct LogCommit {
    /// Its position.
    pub seq: Seq,
    /// What it holds.
    pub commit: Commit,
}

impl Broker {
    pub(crate) fn new(connection: BrokerConnection, deadlines: Deadlines) -> Self {
        Self {
            connection,
            deadlines,
        }
    }

    /// Sends a command, and returns once its events are durable.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub async fn send_command(
        &self,
        world: &WorldId,
        id: CommandId,
        sender: EntityId,
        command: Command,
    ) -> Result<Accepted, Problem> {
        self.send_command_of(None, world, id, (sender, command))
            .await
    }

    /// As [`Self::send_command`], with the client behind it, which the log is to name.
    pub(crate) fn send_command_of<'a>(
        &'a self,
        principal: Option<String>,
        world: &'a WorldId,
        id: CommandId,
        (sender, command): (EntityId, Command),
    ) -> BoxFuture<'a, Result<Accepted, Problem>> {
        Box::pin(async move {
            let command = self.with_stored_spec(world, id, command).await?;
            let request = CommandRequest {
                id,
                sender,
                command,
                trace: bus::trace::current(),
                run: None,
                principal,
            };
            self.send_request(world, request).await
        })
    }

    /// Sends commands that the world decides in this order, and returns once what it accepted is durable, or
    /// the rest has no answer by the deadline. At most one batch of a sequence may be under way.
    pub(crate) async fn send_ordered(
        &self,
        world: &WorldId,
        mut commands: Vec<CommandRequest>,
    ) -> BatchOutcomes {
        // One command is in order by itself: it can travel with those of other connections.
        if commands.len() <= 1 {
            let Some(command) = commands.pop() else {
                return BatchOutcomes {
                    decided: Vec::new(),
                    lost: None,
                };
            };
            return BatchOutcomes::of_one(self.send_request(world, command).await);
        }
        let sent = async {
            let bus = self.connection.bus().await?;
            let worlds = bus.worlds();
            let replies = worlds.ordered_commands(world, commands, self.deadlines.command);
            let replies = replies.map(Ok::<_, Problem>);
            self.connection.with_connection(replies).await
        };
        match sent.await {
            Ok(replies) => {
                let decided = replies.decided.into_iter();
                BatchOutcomes {
                    decided: decided.map(|reply| reply.map_err(Problem::from)).collect(),
                    lost: replies.error.map(Problem::from),
                }
            }
            Err(problem) => BatchOutcomes::lost(problem),
        }
    }

    async fn send_request(
        &self,
        world: &WorldId,
        request: CommandRequest,
    ) -> Result<Accepted, Problem> {
        let bus = self.connection.bus().await?;
        let accepted = bus.worlds().command(world, request, self.deadlines.command);
        self.connection.with_connection(accepted).await
    }

    /// A view of the newest state of a world.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub async fn view<G: GetView>(
        &self,
        world: &WorldId,
        request: G,
    ) -> Result<ViewAt<G::View>, Problem> {
        self.view_at(world, request, None).await
    }

    /// A view of the newest state of a world, or of that after the commit `at`.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub async fn view_at<G: GetView>(
        &self,
        world: &WorldId,
        request: G,
        at: Option<Seq>,
    ) -> Result<ViewAt<G::View>, Problem> {
        let view = self.encoded_view(world, request.into_request(), at).await?;
        ViewAt::decode(world, &view).map_err(Problem::from)
    }

    /// A view of the state of a world, as the world wrote it: of the newest state, or of that after the
    /// commit `at`.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub fn encoded_view<'a>(
        &'a self,
        world: &'a WorldId,
        request: ViewRequest,
        at: Option<Seq>,
    ) -> BoxFuture<'a, Result<EncodedView, Problem>> {
        Box::pin(async move {
            let bus = self.connection.bus().await?;
            let worlds = bus.worlds();
            let view = worlds.encoded_view(world, request, at, self.deadlines.command);
            self.connection.with_connection(view).await
        })
    }

    /// What an entity perceives and may use.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub async fn offers(&self, world: &WorldId, entity: &EntityId) -> Result<Offers, Problem> {
        let bus = self.connection.bus().await?;
        let offers = bus.worlds().offers(world, entity, self.deadlines.command);
        let (abilities, entities) = self.connection.with_connection(offers).await?;
        Ok(Offers {
            abilities,
            entities,
        })
    }

    /// The mind of an agent.
    ///
    /// # Errors
    /// The rejection of the world, or 503 when it did not answer.
    pub async fn mind(&self, world: &WorldId, agent: &EntityId) -> Result<MindView, Problem> {
        let bus = self.connection.bus().await?;
        let mind = bus.worlds().mind(world, agent, self.deadlines.command);
        self.connection.with_connection(mind).await
    }

    /// Queries the archive.
    ///
    /// # Errors
    /// 404 when it is to wait for a commit that is not in the log, 503 when it did not answer.
    pub async fn query<Q: Query>(&self, query: &Q) -> Result<QueryRows<Q::Row>, Problem> {
        let bus = self.connection.bus().await?;
        let archive = bus.archive();
        let rows = archive.query(query, self.deadlines.query);
        let rows = self.connection.with_connection(rows);
        // At once: the archive waits for seconds before it gives up.
        let in_log = require_in_log(&bus, query.waits_for());
        let ((), (rows, has_more)) = tokio::try_join!(in_log, rows)?;
        Ok(QueryRows { rows, has_more })
    }

    /// Queries the archive for rows of a world.
    ///
    /// # Errors
    /// 404 when there are none and there is no such world, 503 when it did not answer.
    pub async fn query_world<Q: Query>(
        &self,
        world: &WorldId,
        query: &Q,
    ) -> Result<QueryRows<Q::Row>, Problem> {
        let found = self.query(query).await?;
        if found.rows.is_empty() {
            self.require_world(world).await?;
        }
        Ok(found)
    }

    /// Reads samples of a stream from the log, as it is now or as it was after the commit `at`.
    ///
    /// # Errors
    /// 404 when there is no such stream, 503 when the world did not answer or the log could not be read.
    pub async fn read_samples(
        &self,
        world: &WorldId,
        range: &SampleRange,
        at: Option<Seq>,
    ) -> Result<Samples, Problem> {
        let bus = self.connection.bus().await?;
        let streams = bus.streams();
        let samples = streams.read(world, range, at, self.deadlines.command);
        self.connection.with_connection(samples).await
    }

    /// Reads what an accepted command has appended to a stream. It must have made that event first.
    ///
    /// # Errors
    /// 503 when the log could not be read.
    pub async fn appended_samples(
        &self,
        world: &WorldId,
        accepted: Accepted,
    ) -> Result<StreamAppended, Problem> {
        let bus = self.connection.bus().await?;
        let streams = bus.streams();
        let appended = streams.appended(world, accepted, self.deadlines.command);
        self.connection.with_connection(appended).await
    }

    /// Checks that a world has a log.
    ///
    /// # Errors
    /// 404 when it has none, 503 when that could not be read.
    pub async fn require_world(&self, world: &WorldId) -> Result<(), Problem> {
        let bus = self.connection.bus().await?;
        let log = bus.log();
        let last_seq = || log.last_seq(world);
        if self
            .connection
            .read(self.deadlines.command, last_seq)
            .await?
            == 0
        {
            return Err(Problem::unknown_world(world));
        }
        Ok(())
    }

    /// Reads the events of an accepted command; none while the replica of the log that answers lags behind.
    ///
    /// # Errors
    /// 503 when the log could not be read.
    pub async fn events_of(
        &self,
        world: &WorldId,
        accepted: Accepted,
    ) -> Result<Vec<Event>, Problem> {
        let bus = self.connection.bus().await?;
        let log = bus.log();
        let commit = || log.read_some(world, accepted.seq.saturating_sub(1), 1);
        let entries = self.connection.read(self.deadlines.command, commit).await?;
        let entry = entries.iter().find(|entry| entry.seq == accepted.seq);
        let Some(entry) = entry else {
            return Ok(Vec::new());
        };
        let [first, count] = [accepted.first, accepted.events].map(|n| n as usize);
        let events = entry.commit()?.events.into_iter();
        Ok(events.skip(first).take(count).collect())
    }

    /// Where the log of a world begins; `None` when the replica that answers does not know yet.
    ///
    /// # Errors
    /// 503 when the log could not be read.
    pub async fn log_start(&self, world: &WorldId) -> Result<Option<LogStart>, Problem> {
        let bus = self.connection.bus().await?;
        let log = bus.log();
        let start = || log.start(world);
        self.connection.read(self.deadlines.command, start).await
    }

    /// Reads the next commits of a world's log after `after`; none at its end. A commit that is
    /// malformed is an error in its place.
    ///
    /// # Errors
    /// 503 when the log could not be read.
    pub async fn read_commits(
        &self,
        world: &WorldId,
        after: Seq,
    ) -> Result<impl Iterator<Item = Result<LogCommit, Problem>> + use<>, Problem> {
        let bus = self.connection.bus().await?;
        let log = bus.log();
        let page = || log.read(world, after);
        let entries = self.connection.read(self.deadlines.command, page).await?;
        Ok(entries.into_iter().map(|entry| {
            let commit = entry.commit()?;
            let seq = entry.seq;
            Ok(LogCommit { seq, commit })
        }))
    }
}

/// Checks that the log has a commit that the archive is to wait for. Where the log can't be read, the archive answers.
async fn require_in_log(bus: &Bus, seq: Option<Seq>) -> Result<(), Problem> {
    let Some(seq) = seq else {
        return Ok(());
    };
    match bus.log().end().await {
        Ok(end) if end.last < seq => {
            let detail = format!("the log of all worlds ends at {}", end.last);
            let field = Some("wait_for".to_owned());
            Err(Rejection::new(RejectionCode::InFuture, detail, field).into())
        }
        _ => Ok(()),
    }
}
