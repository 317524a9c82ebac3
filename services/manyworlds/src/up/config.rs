//! What `up` reads from `MANYWORLDS_CONFIG` and `MANYWORLDS_*`: a section for each service.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::data_folder;
use crate::embedded_nats::User;

#[cfg(feature = "up")]
use {
    agent_worker::Config as WorkerConfig, gateway::Config as GatewayConfig,
    world::Config as WorldConfig,
};

/// Of the world service, without `up`: how NATS is reached. The rest is not read.
#[cfg(not(feature = "up"))]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct WorldConfig {
    /// How NATS is reached.
    pub nats: bus::Config,
}

/// Of the agent worker, without `up`: not read.
#[cfg(not(feature = "up"))]
#[derive(Debug, Clone, Default, Deserialize)]
pub struct WorkerConfig {}

/// Of the gateway, without `up`: not read.
#[cfg(not(feature = "up"))]
#[derive(Debug, Clone, Default, Deserialize)]
pub struct GatewayConfig {}

/// The configuration of `up`. In each section, `nats` and where health is served are not used: they
/// are `up`'s own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Of the world service.
    pub world: WorldConfig,
    /// Of the agent worker.
    pub agent_worker: WorkerConfig,
    /// Of the gateway. Its `listen` is `--listen`.
    pub gateway: GatewayConfig,
    /// Of persistence. Its `database` is `--database`.
    pub persistence: persistence::Config,
}

impl Config {
    /// Uses this database, or SQLite in the data folder.
    ///
    /// # Errors
    /// When the folder's name can't be part of an address.
    pub(super) fn with_database(
        mut self,
        database: Option<&str>,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        self.persistence.database = match database {
            Some(url) => url.to_owned(),
            None => {
                let file = std::path::absolute(folder.join("manyworlds.db"))?;
                data_folder::make_private_file(&file)?;
                let file = file.to_str().context("the folder's name is not UTF-8")?;
                format!("sqlite://{file}")
            }
        };
        Ok(self)
    }

    /// Uses this NATS for all services, each as its own user.
    pub(super) fn with_nats(mut self, url: impl Fn(User) -> String) -> Self {
        self.world.nats.url = url(User::World);
        self.persistence.nats.url = url(User::Persistence);
        #[cfg(feature = "up")]
        {
            self.agent_worker.nats.url = url(User::Worker);
            self.gateway.nats.url = url(User::Gateway);
            // No proxy is before its only gateway.
            self.gateway.drain_delay = std::time::Duration::ZERO;
        }
        self
    }

    /// Whether clients have to show an API key.
    #[cfg(feature = "up")]
    pub(super) fn key_needed(&self) -> bool {
        !self.gateway.api_keys.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, Box<service_kit::config::Error>> {
        let environment = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        service_kit::config::load_from(None, environment).map_err(Box::new)
    }

    #[cfg(feature = "up")]
    #[test]
    fn each_service_has_its_section() {
        let config = load(&[("MANYWORLDS_AGENT_WORKER__SLOTS_MAX", "3")]).unwrap();
        assert_eq!(config.agent_worker.slots_max, 3);
    }

    #[test]
    fn a_section_that_does_not_exist_is_a_mistake() {
        assert!(load(&[("MANYWORLDS_GATWAY__LISTEN", "x")]).is_err());
    }

    #[test]
    fn sqlite_is_in_the_data_folder() {
        let config = Config::default();
        let folder = tempfile::tempdir().unwrap();
        let config = config.with_database(None, folder.path()).unwrap();
        let expected = format!("sqlite://{}/manyworlds.db", folder.path().display());
        assert_eq!(config.persistence.database, expected);
    }
}
