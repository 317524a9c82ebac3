//! The NATS whose streams are copied or restored.

use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::embedded_nats::{self, EmbeddedNats, User};
use crate::up::config::Config;
use crate::up::data_folder;

/// Where it is: at an address, or in the folder of `manyworlds up`.
pub(super) struct Nats<'a> {
    pub(super) data: &'a Path,
    pub(super) url: Option<&'a str>,
    pub(super) server: Option<&'a Path>,
}

impl Nats<'_> {
    /// Does this with it: with the one at the address, the one of the folder that runs, or one that runs for this only.
    pub(super) async fn with<T, F>(
        &self,
        config: &Config,
        user: User,
        run: impl FnOnce(bus::Config) -> F,
    ) -> anyhow::Result<T>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        let at = |url: &str| bus::Config {
            url: url.to_owned(),
            ..config.world.nats.clone()
        };
        if let Some(url) = self.url {
            return run(at(url)).await;
        }
        let folder = self.data.join("nats");
        ensure!(
            folder.is_dir(),
            "{} has no log: pass the folder of `manyworlds up` with --data, or --nats",
            self.data.display()
        );
        let Some(_lock) = data_folder::take_if_free(self.data)? else {
            let file = folder.join(embedded_nats::BACKUP_URL);
            let url = std::fs::read_to_string(&file);
            let url = url.with_context(|| format!("read {}", file.display()))?;
            return run(at(url.trim())).await;
        };
        self.start(folder.as_path(), config, user, run).await
    }

    /// Does this with a nats-server that runs for this only, in a folder that nobody else uses.
    pub(super) async fn start<T, F>(
        &self,
        folder: &Path,
        config: &Config,
        user: User,
        run: impl FnOnce(bus::Config) -> F,
    ) -> anyhow::Result<T>
    where
        F: Future<Output = anyhow::Result<T>>,
    {
        let nats = EmbeddedNats::start(embedded_nats::Options {
            binary: embedded_nats::find_binary(self.server).await?,
            folder: folder.to_owned(),
            sync_always: false,
        })
        .await?;
        let config = bus::Config {
            url: nats.url(user),
            ..config.world.nats.clone()
        };
        let result = run(config).await;
        nats.stop().await;
        result
    }
}
