//! The commands of one connection, in order: they leave in batches, one after the other.

mod command_queue;
mod outcomes;

use std::future::pending;
use std::sync::Arc;

use contract::{Accepted, Command, CommandId, CommandRequest, EntityId, WorldId};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use self::command_queue::{Batch, CommandQueue, Slot};
use self::outcomes::{assign, fail};
use crate::broker::BatchOutcomes;
use crate::problem::Problem;
use crate::state::DoorState;

/// The commands of one connection to a world, in order.
///
/// The first command is sent at once. Those that are pushed while a batch is under way leave with the next
/// one, which the world decides in order and which is repeated as one. There is never a second batch under
/// way. When a batch has no answer by its deadline, what waits behind it is not sent: it would overtake.
///
/// `T` is what the connection needs to know of a command when its outcome is there.
pub struct Pipeline<T> {
    doors: Arc<DoorState>,
    world: WorldId,
    queue: CommandQueue<T, CommandRequest>,
    under_way: Option<UnderWay<T>>,
}

/// A batch that was sent, and has no outcomes yet.
struct UnderWay<T> {
    slots: Vec<Slot<T>>,
    commands: usize,
    outcomes: BoxFuture<'static, BatchOutcomes>,
}

/// A place in the sequence, and the outcome of its command; none if it has no command.
pub type Outcome<T> = (T, Option<Result<Accepted, Problem>>);

impl<T> Pipeline<T> {
    /// The pipeline of a connection to `world`.
    pub fn new(doors: Arc<DoorState>, world: WorldId) -> Self {
        Self {
            doors,
            world,
            queue: CommandQueue::default(),
            under_way: None,
        }
    }

    /// Adds a command of `size_bytes`, in the current trace. Its id must be its own, or that of a key.
    pub fn push(
        &mut self,
        id: CommandId,
        (sender, command): (EntityId, Command),
        size_bytes: usize,
        place: T,
    ) {
        let request = CommandRequest {
            id,
            sender,
            command,
            trace: bus::trace::current(),
            run: None,
            principal: None,
        };
        self.queue.push(place, Some((request, size_bytes)));
    }

    /// Adds a place without a command: it comes back behind the outcomes of those before it.
    pub fn push_place(&mut self, place: T) {
        self.queue.push(place, None);
    }

    /// Whether the connection must not read on.
    pub fn is_full(&self) -> bool {
        let in_flight_max = self.doors.socket_limits.commands_in_flight_max;
        let under_way = self.under_way.as_ref().map_or(0, |batch| batch.commands);
        self.queue.is_full() || under_way + self.queue.len() >= in_flight_max
    }

    /// Whether everything that was added has come back.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_none() && self.queue.len() == 0
    }

    /// The next outcomes, in the order in which their places were added; waits for ever while it is empty. A
    /// caller may stop waiting at any time.
    pub async fn next(&mut self) -> Vec<Outcome<T>> {
        if self.under_way.is_none() {
            self.under_way = self.send_next();
        }
        let Some(under_way) = &mut self.under_way else {
            return pending().await;
        };
        let outcomes = (&mut under_way.outcomes).await;
        let slots = self.under_way.take().map_or(Vec::new(), |sent| sent.slots);
        let is_lost = outcomes.lost.is_some();
        let mut settled = assign(slots, outcomes);
        if is_lost {
            settled.extend(fail(self.queue.drain(), &not_sent()));
        }
        settled
    }

    /// Sends what was added, once the connection is closed: what was read from a client is sent, unless a
    /// batch has no answer by its deadline.
    pub async fn finish(mut self) {
        while !self.is_empty() {
            self.next().await;
        }
    }

    fn send_next(&mut self) -> Option<UnderWay<T>> {
        let Batch { slots, commands } = self.queue.next_batch()?;
        let (doors, world) = (Arc::clone(&self.doors), self.world.clone());
        let count = commands.len();
        let outcomes = async move { doors.broker.send_ordered(&world, commands).await };
        Some(UnderWay {
            slots,
            commands: count,
            outcomes: outcomes.boxed(),
        })
    }
}

/// The problem of what waited behind commands that have no answer.
pub fn not_sent() -> Problem {
    Problem::unavailable("not sent: a frame before it has no answer yet")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::allowed_hosts::AllowedHosts;
    use crate::api_keys::ApiKeys;
    use crate::broker::BrokerConnection;
    use crate::settings::{Deadlines, FanoutSettings, RateQuota, Settings, SocketLimits};

    const SECOND: Duration = Duration::from_secs(1);
    const ONE_A_SECOND: RateQuota = RateQuota {
        requests_per_second: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    };

    /// The state of doors whose broker can't be reached.
    fn doors(commands_in_flight_max: usize) -> Arc<DoorState> {
        let settings = Settings {
            tokens: Arc::default(),
            api_keys: ApiKeys::new([]),
            allowed_hosts: AllowedHosts::default(),
            trace_url: None,
            deadlines: Deadlines {
                command: SECOND,
                query: SECOND,
                turn: SECOND,
            },
            rate: ONE_A_SECOND,
            wrong_keys: ONE_A_SECOND,
            body_bytes_max: 1000,
            world_bytes_max: 1000,
            body_within: SECOND,
            connections_max: 1,
            fanout: FanoutSettings {
                backlog_max: 1,
                catch_up_bytes_max: 1000,
                catch_up_every: SECOND,
            },
            sse_keep_alive: SECOND,
            socket: SocketLimits {
                message_bytes_max: 1000,
                write_buffer_bytes_max: 1000,
                commands_in_flight_max,
                ping_every: SECOND,
                pong_within: SECOND,
                write_timeout: SECOND,
            },
        };
        let connection = BrokerConnection::default();
        Arc::new(DoorState::new(
            settings,
            connection,
            CancellationToken::new(),
        ))
    }

    fn pipeline(commands_in_flight_max: usize) -> Pipeline<usize> {
        Pipeline::new(doors(commands_in_flight_max), "lobby".parse().unwrap())
    }

    fn push(pipeline: &mut Pipeline<usize>, place: usize) {
        let command = (EntityId::world(), Command::DeleteWorld);
        pipeline.push(CommandId::new(), command, 10, place);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_behind_a_lost_batch_is_not_sent() {
        let mut pipeline = pipeline(10);
        push(&mut pipeline, 0);
        // It is sent, and has no outcome yet.
        assert_eq!(pipeline.next().now_or_never(), None);
        push(&mut pipeline, 1);
        pipeline.push_place(2);
        push(&mut pipeline, 3);
        let outcomes = pipeline.next().await;
        let details = outcomes.iter().map(|(place, outcome)| {
            let problem = outcome
                .as_ref()
                .map(|outcome| outcome.as_ref().unwrap_err());
            (
                *place,
                problem.map(|problem| (problem.code, problem.detail.starts_with("not sent"))),
            )
        });
        let details: Vec<_> = details.collect();
        let not_sent = Some(("unavailable", true));
        let lost = Some(("unavailable", false));
        assert_eq!(
            details,
            [(0, lost), (1, not_sent), (2, None), (3, not_sent)]
        );
        assert!(pipeline.is_empty());
        // A place without a command comes back at once.
        pipeline.push_place(4);
        assert_eq!(pipeline.next().now_or_never(), Some(vec![(4, None)]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_pipeline_is_read_into_again_once_its_outcomes_are_there() {
        let mut pipeline = pipeline(3);
        for place in 0..3 {
            assert!(!pipeline.is_full());
            push(&mut pipeline, place);
            // The first is under way, and counts.
            assert_eq!(pipeline.next().now_or_never(), None);
        }
        assert!(pipeline.is_full());
        assert_eq!(pipeline.next().await.len(), 3);
        assert!(!pipeline.is_full());
        push(&mut pipeline, 3);
        pipeline.finish().await;
    }
}
