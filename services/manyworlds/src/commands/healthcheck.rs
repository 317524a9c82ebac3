//! `manyworlds healthcheck`: whether the gateway is ready, for the health check of a container.

use anyhow::bail;
use client::{Client, Readiness};

/// Succeeds if the gateway is ready.
pub(crate) async fn run(client: &Client) -> anyhow::Result<()> {
    match client.readiness().await? {
        Readiness::Ready => Ok(()),
        Readiness::NotReady { reason } => bail!("not ready: {reason}"),
    }
}
