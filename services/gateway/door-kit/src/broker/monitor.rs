//! How the system is: who is alive, what waits, and what could not be handled.

use bus::{LogSummary, Queue, Replica, StoredDeadLetter};
use contract::{Run, Seq, WorldId};

use super::client::Broker;
use crate::problem::Problem;

/// The system as it is now.
pub struct SystemSummary {
    /// The processes that are alive.
    pub replicas: Vec<Replica>,
    /// What waits for them.
    pub queues: Vec<Queue>,
    /// The log of all worlds.
    pub log: LogSummary,
    /// How many dead letters are kept.
    pub dead_letters: u64,
}

impl Broker {
    /// Reads how the system is.
    ///
    /// # Errors
    /// 503 when it can't be read.
    pub async fn system(&self) -> Result<SystemSummary, Problem> {
        let bus = self.connection.bus().await?;
        let (monitor, letters) = (bus.monitor(), bus.dead_letters());
        let reads = async {
            let (replicas, queues, log, dead_letters) = tokio::try_join!(
                monitor.replicas(),
                monitor.queues(),
                monitor.log(),
                letters.count()
            )?;
            Ok::<_, bus::Error>(SystemSummary {
                replicas,
                queues,
                log,
                dead_letters,
            })
        };
        self.connection.with_connection(reads).await
    }

    /// Reads the next dead letters behind `after`, oldest first, of one world or of all.
    ///
    /// # Errors
    /// 503 when they can't be read.
    pub async fn dead_letters(
        &self,
        world: Option<&WorldId>,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Problem> {
        let bus = self.connection.bus().await?;
        let letters = bus.dead_letters().read(world, after, limit);
        self.connection.with_connection(letters).await
    }

    /// Reads one dead letter; `None` when it is not kept.
    ///
    /// # Errors
    /// 503 when it can't be read.
    pub async fn dead_letter(&self, seq: Seq) -> Result<Option<StoredDeadLetter>, Problem> {
        let bus = self.connection.bus().await?;
        let letter = bus.dead_letters().get(seq);
        self.connection.with_connection(letter).await
    }

    /// Hands the run of a dead letter to the workers again.
    ///
    /// # Errors
    /// 503 when it may not be stored.
    pub async fn dispatch_again(&self, run: &Run, dead_letter: Seq) -> Result<(), Problem> {
        let bus = self.connection.bus().await?;
        let trace = bus::trace::current();
        let queue = bus.work_queue();
        let dispatched = queue.dispatch_again(run, dead_letter, trace.as_deref());
        self.connection.with_connection(dispatched).await
    }
}
