//! Keeps the reserve of storage filled, from which a world can be deleted where there is no space.

use std::sync::Arc;
use std::time::Duration;

use service_kit::{CancellationToken, ErrorChain};
use tracing::debug;

use crate::resources::Resources;

/// How often it is looked at. A piece is missing only once a world was deleted while there was no space.
const FILL_EVERY: Duration = Duration::from_mins(1);

/// Runs until `shutdown`.
pub(crate) async fn run(
    resources: Arc<Resources>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(FILL_EVERY);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = resources.bus.reserve().fill().await {
            debug!(error = %ErrorChain(&error), "the reserve of storage is not filled");
        }
    }
    Ok(())
}
