//! The runtime of a service: command line, configuration, telemetry, health, tasks, shutdown.
//!
//! It knows none of our messages. Start with [`service_main`], the whole `main` of a service, then [`Bootstrap`] and [`Tasks`].

mod arguments;
mod bootstrap;
mod chain;
pub mod config;
pub mod health;
mod healthcheck;
mod json_fields;
mod json_log;
mod pages;
pub mod spans;
mod tasks;
pub mod telemetry;

use std::pin::Pin;

pub use arguments::{ServiceCommand, parse_arguments};
pub use bootstrap::Bootstrap;
pub use chain::ErrorChain;
pub use health::Health;
pub use healthcheck::{check_health, reachable};
pub use pages::use_small_pages;
pub use tasks::Tasks;
pub use tokio_util::sync::CancellationToken;

/// A service that runs. It is boxed, so that it is compiled once, in the crate of the service: what an `async fn` does
/// is compiled in each binary and test that awaits it.
pub type ServiceFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A commit makes many small, short-lived allocations: the system's allocator took a sixth of the
/// world service's time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The `main` of a service: reads its configuration, starts telemetry, and runs the service until
/// SIGTERM or Ctrl-C.
///
/// # Errors
/// The error that stopped the service.
pub fn service_main<C, F>(
    name: &'static str,
    run: impl FnOnce(C, CancellationToken) -> F,
) -> anyhow::Result<()>
where
    C: serde::de::DeserializeOwned,
    F: Future<Output = anyhow::Result<()>>,
{
    let config = config::load()?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let telemetry = telemetry::init(name)?;
            let shutdown = tasks::shutdown_on_signal();
            let result = run(config, shutdown).await;
            telemetry.shutdown();
            result
        })
}
