//! Starting, and stopping: all services on one machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use service_kit::CancellationToken;
use tokio::net::TcpListener;
use world_file::WorldFile;

use super::config::Config;
use super::{data_folder, ready, services};
use crate::embedded_nats::{self, EmbeddedNats};
use crate::output::Output;
use crate::read_world::read_world;

/// The longest of the services' own grace periods, and a little more.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(40);

/// The options of `up` on the command line.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where the gateway listens; port 0 takes a free one. An address that other machines can reach
    /// needs `gateway.api_keys` in the configuration
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7000")]
    pub listen: SocketAddr,
    /// Where everything is kept
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    pub data: PathBuf,
    /// A running NATS, instead of one of our own
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// The database, instead of SQLite in the data folder: sqlite://PATH or postgres://...
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// A world file (YAML or JSON) to apply; repeat it for more
    #[arg(long = "world", value_name = "FILE")]
    pub worlds: Vec<PathBuf>,
    /// The nats-server to start, instead of the one on PATH
    #[arg(long, value_name = "PATH", env = "NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
    /// Sync every commit to the disk before it is answered: then not even a power cut loses one
    #[arg(long)]
    pub sync: bool,
}

/// Runs everything until `shutdown`.
///
/// # Errors
/// Whatever kept it from starting, or stopped it before.
pub async fn up(
    options: Options,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let output = Output::new(false);
    let worlds = options
        .worlds
        .iter()
        .map(|path| read_world(path))
        .collect::<Result<Vec<_>, _>>()?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("listen on {}", options.listen))?;
    let _lock = data_folder::take(&options.data)?;
    let config = config.with_database(options.database.as_deref(), &options.data)?;
    let Some(url) = &options.nats else {
        let nats = start_nats(&options).await?;
        let config = config.with_nats(|user| nats.url(user));
        let result = Box::pin(run(config, listener, worlds, output, shutdown)).await;
        // Last: until here the services still stored what they held.
        nats.stop().await;
        return result;
    };
    let config = config.with_nats(|_| url.clone());
    Box::pin(run(config, listener, worlds, output, shutdown)).await
}

async fn start_nats(options: &Options) -> anyhow::Result<EmbeddedNats> {
    EmbeddedNats::start(embedded_nats::Options {
        binary: embedded_nats::find_binary(options.nats_server.as_deref()).await?,
        folder: options.data.join("nats"),
        sync_always: options.sync,
    })
    .await
}

async fn run(
    config: Config,
    listener: TcpListener,
    worlds: Vec<WorldFile>,
    output: Output,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let hint = ready::Hint::of(&worlds, config.key_needed());
    let connected = tokio::select! {
        connected = services::connect(&config) => connected?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let bus = connected.gateway.clone();
    let mut tasks = services::spawn(config, connected, listener, shutdown.clone());
    tasks.spawn("get ready", async move {
        let getting_ready = async {
            ready::apply(&bus, worlds).await?;
            ready::wait(address).await?;
            ready::announce(output, address, &hint)
        };
        tokio::select! {
            result = getting_ready => result?,
            () = shutdown.cancelled() => return Ok(()),
        }
        shutdown.cancelled().await;
        anyhow::Ok(())
    });
    tasks.run(SHUTDOWN_GRACE).await
}
