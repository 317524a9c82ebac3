//! `manyworlds backup`: a copy of a system, running or not.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use bus::StreamStore;
use clap::Args;
use contract::subject;
use service_kit::CancellationToken;

use super::file::{self, BackupWriter, Header, Summary};
use super::streams::streams;
use super::target::Nats;
use crate::embedded_nats::User;
use crate::output::Output;
use crate::up::config::Config;

/// The options of `backup` on the command line.
#[derive(Debug, Clone, Args)]
pub struct BackupOptions {
    /// The file to write, or a folder for a file that has the time in its name
    #[arg(value_name = "FILE_OR_FOLDER")]
    pub file: PathBuf,
    /// The folder of `manyworlds up`, whether that runs or not
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    pub data: PathBuf,
    /// The NATS of the services, instead of the one in the folder
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// The nats-server to start when `up` does not run, instead of the one on PATH
    #[arg(long, value_name = "PATH", env = "NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
}

/// Writes a backup and returns once it is complete and on the disk.
///
/// # Errors
/// What kept it from being complete: there is no file then.
pub async fn backup(
    options: BackupOptions,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let path = file_path(&options.file)?;
    let nats = Nats {
        data: &options.data,
        url: options.nats.as_deref(),
        server: options.nats_server.as_deref(),
    };
    let copy = |nats: bus::Config| {
        let path = path.clone();
        async move {
            tokio::select! {
                copied = copy_all(&nats, &path) => copied,
                () = shutdown.cancelled() => bail!("it was interrupted"),
            }
        }
    };
    let copied = nats.with(&config, User::Backup, copy).await;
    let summary = copied.inspect_err(|_| {
        // Half a backup is none.
        let _ = std::fs::remove_file(file::partial(&path));
    })?;
    let line = format!(
        "{}: complete up to commit {} of the log",
        path.display(),
        summary.log_last_seq
    );
    Ok(Output::new(false).line(&line)?)
}

async fn copy_all(nats: &bus::Config, path: &Path) -> anyhow::Result<Summary> {
    let store = StreamStore::connect(nats, "backup").await?;
    let log = store.extent(subject::LOG_STREAM).await?;
    ensure!(log.is_some(), "there is no log at {}", nats.shown_url());
    let header = Header::new(store.dispatched_until().await?);
    let mut writer = BackupWriter::create(path, &header)?;
    for stream in streams() {
        copy_stream(&store, &stream, &mut writer).await?;
    }
    writer.finish()
}

async fn copy_stream(
    store: &StreamStore,
    stream: &str,
    writer: &mut BackupWriter,
) -> anyhow::Result<()> {
    // A later release has added some.
    let Some(mut copy) = store.copy(stream).await? else {
        return Ok(());
    };
    writer.begin_stream(copy.header())?;
    while let Some(chunk) = copy.next().await? {
        writer.chunk(&chunk)?;
    }
    Ok(())
}

/// The file itself, or one with the time in its name in a folder.
fn file_path(given: &Path) -> anyhow::Result<PathBuf> {
    let path = if given.is_dir() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        given.join(format!("manyworlds-{}.backup", now.as_millis()))
    } else {
        given.to_owned()
    };
    ensure!(!path.exists(), "{} is there already", path.display());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        ensure!(folder.is_dir(), "there is no folder {}", folder.display());
    }
    std::path::absolute(&path).with_context(|| format!("find {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_never_takes_the_place_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let inside = file_path(folder.path()).unwrap();
        assert!(inside.starts_with(folder.path()), "{}", inside.display());
        let file = folder.path().join("one.backup");
        assert_eq!(file_path(&file).unwrap(), file);
        std::fs::write(&file, "").unwrap();
        assert!(file_path(&file).is_err());
        assert!(file_path(&folder.path().join("none/one.backup")).is_err());
    }
}
