//! `manyworlds nats-accounts`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::embedded_nats::nkey_accounts;
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder, which is created
    folder: PathBuf,
}

/// Writes an nkey for each part of the system, and the part of nats-server's configuration that lets each do what it
/// needs and no more. Files that are there are errors.
pub(crate) fn run(options: &Options, output: Output) -> anyhow::Result<()> {
    let folder = &options.folder;
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("create {}", folder.display()))?;
    let accounts = nkey_accounts()?;
    let seeds = accounts.seeds.iter();
    let mut files: Vec<(String, &str, u32)> = seeds
        .map(|(user, seed)| (format!("{user}.nk"), seed.as_str(), 0o600))
        .collect();
    files.push(("users.conf".to_owned(), &accounts.config, 0o644));
    for (name, ..) in &files {
        let path = folder.join(name);
        anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    }
    for (name, text, mode) in files {
        let path = folder.join(name);
        write_new(&path, text, mode).with_context(|| format!("write {}", path.display()))?;
        output.line(&path.display().to_string())?;
    }
    output.note(
        "include users.conf in the configuration of nats-server, and give each service its file:",
    );
    output.note("  [nats] url = \"nats://world@HOST:4222\", nkey = \"FOLDER/world.nk\"");
    Ok(())
}

fn write_new(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use bus::{Bus, Config};
    use testkit::NatsServer;

    use super::*;

    #[tokio::test]
    async fn services_connect_with_the_keys_and_nobody_does_without() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: folder.path().join("accounts"),
        };
        run(&options, Output::new(true)).unwrap();
        let config = options.folder.join("users.conf");
        let nats = NatsServer::start_with(&["-c", config.to_str().unwrap()]);
        let address = nats.address();
        let of = |user: &str| {
            let nkey = options.folder.join(format!("{user}.nk"));
            let mode = fs::metadata(&nkey).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{user}");
            Config {
                url: format!("nats://{user}@{address}"),
                nkey: Some(nkey),
                ..Config::default()
            }
        };
        // The world service makes the streams, and the others find them.
        for user in ["world", "gateway", "worker", "persistence"] {
            let bus = Bus::connect(&of(user), "test").await.unwrap();
            assert!(bus.is_connected(), "{user}");
        }
        let without = Config {
            url: nats.url(),
            ..Config::default()
        };
        let refused = Bus::connect(&without, "test");
        let refused = tokio::time::timeout(std::time::Duration::from_secs(2), refused).await;
        assert!(!matches!(refused, Ok(Ok(_))), "connected without a key");
        // What is there is not overwritten.
        let error = run(&options, Output::new(true)).unwrap_err();
        assert!(error.to_string().ends_with("is there already"), "{error}");
    }
}
