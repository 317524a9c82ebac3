//! The work queue: runs that wait for workers, and claims to those that must not begin twice.

use std::sync::Arc;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::kv;
use async_nats::jetstream::kv::CreateErrorKind;
use async_nats::jetstream::message::PublishMessage;
use contract::{ActionName, Run, RunId, Seq, run, subject};
use uuid::Uuid;

use crate::connection::Connection;
use crate::consumer::UNACKED_MAX;
use crate::{Consumer, Error, json, trace};

/// Dispatches runs, consumes them, and claims them. Cheap to clone.
#[derive(Clone)]
pub struct WorkQueue {
    connection: Arc<Connection>,
    claims: Arc<kv::Store>,
}

impl WorkQueue {
    pub(crate) fn new(connection: &Arc<Connection>, claims: kv::Store) -> Self {
        Self {
            connection: Arc::clone(connection),
            claims: Arc::new(claims),
        }
    }

    /// Puts a run in the work queue, and returns once it is stored. A second one of the same id within
    /// two minutes is dropped.
    ///
    /// # Errors
    /// [`Error::Broker`] when it may not be stored: repeat it.
    pub async fn dispatch(&self, run: &Run, traceparent: Option<&str>) -> Result<(), Error> {
        self.publish(run, run.id.to_string(), traceparent).await
    }

    /// Puts a run whose dead letter has this sequence in the work queue again. Twice within two minutes is once.
    ///
    /// # Errors
    /// As [`Self::dispatch`].
    pub async fn dispatch_again(
        &self,
        run: &Run,
        dead_letter: Seq,
        traceparent: Option<&str>,
    ) -> Result<(), Error> {
        let id = format!("{} after {dead_letter}", run.id);
        self.publish(run, id, traceparent).await
    }

    async fn publish(
        &self,
        run: &Run,
        message_id: String,
        traceparent: Option<&str>,
    ) -> Result<(), Error> {
        let subject = subject::run(&run.action, &run.world, &run.entity);
        let mut message = PublishMessage::build()
            .payload(json::encode(&subject, run)?)
            .message_id(message_id);
        if let Some(traceparent) = traceparent {
            message = message.header(trace::TRACEPARENT, traceparent);
        }
        let connection = &self.connection;
        connection
            .publish_stored("dispatch a run", subject, message)
            .await
    }

    /// The consumer that all workers of an action share.
    ///
    /// # Errors
    /// [`Error::SetUp`] when it can't be created.
    pub async fn run_consumer(&self, action: &ActionName) -> Result<Consumer, Error> {
        let config = pull::Config {
            durable_name: Some(subject::action_consumer(action)),
            filter_subject: subject::runs_of(action),
            ack_policy: AckPolicy::Explicit,
            ack_wait: run::ACK_WAIT,
            max_ack_pending: UNACKED_MAX,
            ..Default::default()
        };
        Consumer::open(&self.connection, subject::ACTIONS_STREAM, config).await
    }

    /// How many runs of all actions wait for a worker, or are with one.
    ///
    /// # Errors
    /// [`Error::Broker`] while they can't be counted.
    pub async fn open_runs(&self) -> Result<u64, Error> {
        let jetstream = &self.connection.jetstream;
        let stream = jetstream.get_stream(subject::ACTIONS_STREAM).await;
        let stream = stream.map_err(|e| Error::broker("count runs", e))?;
        Ok(stream.cached_info().state.messages)
    }

    /// Claims a run for `claimant`; whether it is the first to do so. Once a claim is answered, no other
    /// ever succeeds, whatever is killed; the same claimant may repeat it. Claims are kept for longer
    /// than a run may take.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not known: repeat it.
    pub async fn claim(&self, run: RunId, claimant: Uuid) -> Result<bool, Error> {
        let (key, value) = (run.to_string(), claimant.to_string());
        match self.claims.create(&key, value.clone().into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let holder = self.claims.get(&key).await;
                let holder = holder.map_err(|e| Error::broker("read a claim", e))?;
                Ok(holder.is_some_and(|holder| holder == value))
            }
            Err(error) => Err(Error::broker("claim a run", error)),
        }
    }
}
