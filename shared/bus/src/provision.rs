//! The streams and buckets that must be there before anybody uses the connection.

use std::time::Duration;

use async_nats::jetstream::{self, kv, stream};
use contract::subject;

use crate::Error;
use crate::membership::LEASE;

/// Within this long the work queue drops a second dispatch of the same run. A crashed dispatcher
/// repeats itself within seconds; the world refuses a second result in any case.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// How long a claim is kept: a run has a day at most.
const CLAIM_AGE_MAX: Duration = Duration::from_hours(48);
/// How long a description of a world is kept that no world has applied. It is removed when it is applied, which takes
/// seconds, or as long as no world service runs.
const SPEC_AGE_MAX: Duration = Duration::from_hours(90 * 24);
/// How long a dead letter is kept for a person to look at.
const DEAD_LETTER_AGE_MAX: Duration = Duration::from_hours(30 * 24);
/// How long a due wake is kept until it is consumed. A schedule is never further away.
const WAKE_AGE_MAX: Duration = Duration::from_hours(366 * 24);

/// The key-value buckets.
pub(crate) struct Buckets {
    pub(crate) leases: kv::Store,
    pub(crate) snapshots: kv::Store,
    pub(crate) past_snapshots: kv::Store,
    pub(crate) claims: kv::Store,
    pub(crate) weights: kv::Store,
    pub(crate) specs: kv::Store,
    pub(crate) connections: kv::Store,
    pub(crate) custom_actions: kv::Store,
}

/// Creates the streams and buckets that are missing. A stream that exists keeps its configuration,
/// except for what it republishes.
///
/// # Errors
/// [`Error::SetUp`] names the stream or bucket that could not be created: try again.
pub(crate) async fn provision(
    jetstream: &jetstream::Context,
    replicas: usize,
) -> Result<Buckets, Error> {
    for config in streams(replicas) {
        let name = config.name.clone();
        create_stream(jetstream, config)
            .await
            .map_err(|source| Error::set_up(name, source))?;
    }
    let leases = kv::Config {
        bucket: subject::LEASES_BUCKET.to_owned(),
        max_age: LEASE * 2,
        num_replicas: replicas,
        ..Default::default()
    };
    let lasting = |bucket: &str| kv::Config {
        bucket: bucket.to_owned(),
        num_replicas: replicas,
        ..Default::default()
    };
    let claims = kv::Config {
        bucket: subject::CLAIMS_BUCKET.to_owned(),
        max_age: CLAIM_AGE_MAX,
        num_replicas: replicas,
        ..Default::default()
    };
    let specs = kv::Config {
        bucket: subject::SPECS_BUCKET.to_owned(),
        max_age: SPEC_AGE_MAX,
        num_replicas: replicas,
        ..Default::default()
    };
    Ok(Buckets {
        leases: create_bucket(jetstream, leases).await?,
        snapshots: create_bucket(jetstream, lasting(subject::SNAPSHOTS_BUCKET)).await?,
        past_snapshots: create_bucket(jetstream, lasting(subject::PAST_SNAPSHOTS_BUCKET)).await?,
        claims: create_bucket(jetstream, claims).await?,
        weights: create_bucket(jetstream, lasting(subject::WEIGHTS_BUCKET)).await?,
        specs: create_bucket(jetstream, specs).await?,
        connections: create_bucket(jetstream, lasting(subject::CONNECTIONS_BUCKET)).await?,
        custom_actions: create_bucket(jetstream, lasting(subject::CUSTOM_ACTIONS_BUCKET)).await?,
    })
}

async fn create_stream(
    jetstream: &jetstream::Context,
    config: stream::Config,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let republish = config.republish.clone();
    let stream = jetstream.get_or_create_stream(config).await?;
    let existing = &stream.cached_info().config;
    if existing.republish != republish {
        let changed = stream::Config {
            republish,
            ..existing.clone()
        };
        jetstream.update_stream(changed).await?;
    }
    Ok(())
}

async fn create_bucket(
    jetstream: &jetstream::Context,
    config: kv::Config,
) -> Result<kv::Store, Error> {
    let name = config.bucket.clone();
    if let Ok(store) = jetstream.get_key_value(&name).await {
        return Ok(store);
    }
    jetstream
        .create_key_value(config)
        .await
        .map_err(|source| Error::set_up(name, source))
}

fn streams(replicas: usize) -> [stream::Config; 4] {
    let stream = |name: &str, subjects: &[&str]| stream::Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(ToString::to_string).collect(),
        num_replicas: replicas,
        duplicate_window: DUPLICATE_WINDOW,
        allow_direct: true,
        ..Default::default()
    };
    [
        stream::Config {
            deny_delete: true,
            republish: Some(stream::Republish {
                source: subject::LOG_REPUBLISH.0.to_owned(),
                destination: subject::LOG_REPUBLISH.1.to_owned(),
                headers_only: false,
            }),
            ..stream(subject::LOG_STREAM, &[subject::LOG_ALL])
        },
        stream::Config {
            retention: stream::RetentionPolicy::WorkQueue,
            // Only an acknowledgement removes a run.
            deny_delete: true,
            deny_purge: true,
            ..stream(subject::ACTIONS_STREAM, &[subject::ACTIONS_ALL])
        },
        stream::Config {
            allow_message_schedules: true,
            allow_message_ttl: true,
            allow_rollup: true,
            max_age: WAKE_AGE_MAX,
            ..stream(
                subject::TIMERS_STREAM,
                &[subject::TIMERS_ALL, subject::WAKES_ALL],
            )
        },
        stream::Config {
            max_age: DEAD_LETTER_AGE_MAX,
            deny_delete: true,
            deny_purge: true,
            ..stream(subject::DEAD_STREAM, &[subject::DEAD_ALL])
        },
    ]
}
