//! `manyworlds rebuild`: the archive's tables, filled from the log again.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use contract::WorldId;
use service_kit::CancellationToken;

use super::config::Config;
use super::data_folder;
use crate::embedded_nats::{self, EmbeddedNats, User};
use crate::output::Output;

/// The options of `rebuild` on the command line.
#[derive(Debug, Clone, Args)]
pub struct RebuildOptions {
    /// The worlds to rebuild; all when none is given
    #[arg(value_name = "WORLD")]
    pub worlds: Vec<WorldId>,
    /// The folder of `manyworlds up`, whether that runs or not
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    pub data: PathBuf,
    /// The NATS of the services, instead of the one in the folder
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// The database, instead of SQLite in the folder: sqlite://PATH or postgres://...
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The nats-server to start when `up` does not run, instead of the one on PATH
    #[arg(long, value_name = "PATH", env = "NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
}

/// Rebuilds the archive and returns once it is complete.
///
/// # Errors
/// What kept it from being completed. It goes on when `up` or this command is started again.
pub async fn rebuild(
    options: RebuildOptions,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let config = config.with_database(options.database.as_deref(), &options.data)?;
    let worlds = options.worlds.clone();
    let run = |url: &str| {
        let config = config.with_nats(|_| url.to_owned());
        persistence::rebuild(config.persistence, worlds, shutdown)
    };
    if let Some(url) = &options.nats {
        run(url).await?;
    } else {
        rebuild_in(&options, run).await?;
    }
    Output::new(false).note("The archive is complete.");
    Ok(())
}

/// Rebuilds with the NATS of the data folder: the one that runs, or one that runs for this only.
async fn rebuild_in<F>(options: &RebuildOptions, run: impl FnOnce(&str) -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let folder = options.data.join("nats");
    anyhow::ensure!(
        folder.is_dir(),
        "{} has no log: pass the folder of `manyworlds up` with --data, or --nats and --database",
        options.data.display()
    );
    let Some(_lock) = data_folder::take_if_free(&options.data)? else {
        return run(&url_of(&folder)?).await;
    };
    let nats = EmbeddedNats::start(embedded_nats::Options {
        binary: embedded_nats::find_binary(options.nats_server.as_deref()).await?,
        folder,
        sync_always: false,
    })
    .await?;
    // It makes what a later release has added.
    let result = run(&nats.url(User::World)).await;
    nats.stop().await;
    result
}

fn url_of(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join(embedded_nats::PERSISTENCE_URL);
    let url = std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    Ok(url.trim().to_owned())
}
