//! `manyworlds restore`: a system as it was when a backup was made.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use bus::{Bus, Entry, StreamExtent, StreamHeader, StreamStore};
use clap::Args;
use contract::{Fact, Run, Seq, subject};
use futures::TryStreamExt as _;
use service_kit::CancellationToken;

use super::file::{BackupReader, Record, Summary};
use super::streams::streams;
use super::target::Nats;
use crate::embedded_nats::User;
use crate::output::Output;
use crate::up::config::Config;
use crate::up::data_folder;

/// The options of `restore` on the command line.
#[derive(Debug, Clone, Args)]
pub struct RestoreOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The folder for `manyworlds up`, which may not run meanwhile
    #[arg(long, value_name = "FOLDER", default_value = "data")]
    pub data: PathBuf,
    /// The NATS of the services, instead of the one in the folder. None of them may run meanwhile
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// Restore although something is there already: in a folder it is moved aside, at a NATS it is deleted
    #[arg(long)]
    pub replace: bool,
    /// Only check that the file is a complete backup
    #[arg(long)]
    pub check: bool,
    /// The nats-server to start, instead of the one on PATH
    #[arg(long, value_name = "PATH", env = "NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
}

/// Restores a backup and returns once all of it is there.
///
/// # Errors
/// What kept it from that. Nothing is changed if the file is not a complete backup, or something is there already.
pub async fn restore(
    options: RestoreOptions,
    config: Config,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let output = Output::new(false);
    let reader = BackupReader::open(&options.file)?;
    if options.check {
        let summary = end_of(reader)?;
        let line = format!(
            "a complete backup, up to commit {} of the log",
            summary.log_last_seq
        );
        return Ok(output.line(&line)?);
    }
    let nats = Nats {
        data: &options.data,
        url: options.nats.as_deref(),
        server: options.nats_server.as_deref(),
    };
    let replace = options.replace;
    let run = |nats: bus::Config| async move {
        tokio::select! {
            restored = restore_all(&nats, reader, replace) => restored,
            () = shutdown.cancelled() => bail!("it was interrupted: restore it again with --replace"),
        }
    };
    let summary = if options.nats.is_some() {
        nats.with(&config, User::World, run).await?
    } else {
        let _lock = data_folder::take(&options.data)?;
        make_room(&options.data, replace)?;
        let folder = options.data.join("nats");
        nats.start(&folder, &config, User::World, run).await?
    };
    let line = format!(
        "restored up to commit {} of the log; the archive is filled from it",
        summary.log_last_seq
    );
    Ok(output.line(&line)?)
}

fn end_of(mut reader: BackupReader) -> anyhow::Result<Summary> {
    loop {
        if let Record::End(summary) = reader.next()? {
            return Ok(summary);
        }
    }
}

/// Makes sure that a folder has neither a log nor an archive. What is there is moved aside, if that is wanted.
fn make_room(data: &Path, replace: bool) -> anyhow::Result<()> {
    let parts = [
        "nats",
        "manyworlds.db",
        "manyworlds.db-wal",
        "manyworlds.db-shm",
    ];
    let there: Vec<&str> = parts
        .into_iter()
        .filter(|part| data.join(part).exists())
        .collect();
    if there.is_empty() {
        return Ok(());
    }
    ensure!(
        replace,
        "{} has a log or an archive already: pass --replace to move them aside, or another folder with --data",
        data.display()
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let aside = data.join(format!("replaced-{}", now.as_millis()));
    fs::create_dir(&aside).with_context(|| format!("make {}", aside.display()))?;
    for part in there {
        let moved = fs::rename(data.join(part), aside.join(part));
        moved.with_context(|| format!("move {part} to {}", aside.display()))?;
    }
    Ok(())
}

async fn restore_all(
    nats: &bus::Config,
    reader: BackupReader,
    replace: bool,
) -> anyhow::Result<Summary> {
    let store = StreamStore::connect(nats, "restore").await?;
    let dispatched_until = reader.header().dispatched_until;
    clear(&store, replace).await?;
    let summary = restore_streams(&store, reader).await;
    let summary = summary.context("it is not complete: restore it again with --replace")?;
    let bus = Box::pin(Bus::connect(nats, "restore")).await?;
    dispatch_again(&bus, dispatched_until).await?;
    Ok(summary)
}

/// Makes sure that none of the streams is there, nor a service that uses them.
async fn clear(store: &StreamStore, replace: bool) -> anyhow::Result<()> {
    // Leases are at most seconds old.
    let leases = bus::bucket_stream(subject::LEASES_BUCKET);
    let held = store.extent(&leases).await?.unwrap_or_default();
    ensure!(
        held.messages == 0,
        "services run: stop all of them, and try again a few seconds later"
    );
    // These two are in no backup, and worth nothing afterwards.
    let passing = [leases, bus::bucket_stream(subject::CONNECTIONS_BUCKET)];
    let mut there = Vec::new();
    for name in streams().into_iter().chain(passing.clone()) {
        if let Some(extent) = store.extent(&name).await? {
            let is_empty = extent == StreamExtent::default() || passing.contains(&name);
            ensure!(
                replace || is_empty,
                "the stream {name} has messages already: pass --replace to delete all that is there"
            );
            there.push(name);
        }
    }
    for name in there {
        store.delete(&name).await?;
    }
    Ok(())
}

async fn restore_streams(store: &StreamStore, mut reader: BackupReader) -> anyhow::Result<Summary> {
    let mut record = reader.next()?;
    loop {
        let header = match record {
            Record::Stream(header) => header,
            Record::End(summary) => return Ok(summary),
            Record::Chunk(_) => bail!("it is damaged: a piece of no stream"),
        };
        let restored = store.restore(&header).await?;
        record = reader.next()?;
        while let Record::Chunk(bytes) = record {
            restored.send(bytes.into()).await?;
            record = reader.next()?;
        }
        let extent = restored.finish().await;
        let extent = extent.with_context(|| format!("the stream {}", header.name))?;
        check(&header, extent)?;
    }
}

/// A stream may have more than it had when its copy was begun, and never less, unless what is in it has aged.
fn check(header: &StreamHeader, extent: StreamExtent) -> anyhow::Result<()> {
    let copied = header.extent()?;
    ensure!(
        extent.last_seq >= copied.last_seq,
        "the stream {} ends at {}, and should at {}",
        header.name,
        extent.last_seq,
        copied.last_seq
    );
    Ok(())
}

/// Dispatches what the commits behind this one request: while the backup was made, that went into streams of which
/// it has an earlier copy. What is there twice is done once: a run by its id, a schedule by its subject.
async fn dispatch_again(bus: &Bus, after: Seq) -> anyhow::Result<()> {
    let newest = bus.log().end().await?.newest;
    if newest <= after {
        return Ok(());
    }
    let mut entries = Box::pin(bus.log().tail(after).await?);
    while let Some(entry) = entries.try_next().await? {
        dispatch_commit(bus, &entry).await?;
        if entry.seq >= newest {
            break;
        }
    }
    Ok(())
}

async fn dispatch_commit(bus: &Bus, entry: &Entry) -> anyhow::Result<()> {
    // A malformed one became a dead letter when it was dispatched.
    let Ok(commit) = entry.commit() else {
        return Ok(());
    };
    if let Some(due) = commit.wake {
        let due = commit.clock_at(due);
        bus.schedules().schedule_wake(&entry.world, due).await?;
    }
    for (event, _) in commit.work() {
        let fact = Fact::parse(&event.event_type, &event.data).ok().flatten();
        let run = fact.and_then(|fact| Run::dispatched_by(&entry.world, event, fact));
        if let Some(run) = run {
            let trace = event.trace.as_deref();
            bus.work_queue().dispatch(&run, trace).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_kept_or_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        make_room(folder.path(), false).unwrap();
        fs::create_dir(folder.path().join("nats")).unwrap();
        fs::write(folder.path().join("nats/x"), "").unwrap();
        fs::write(folder.path().join("manyworlds.db"), "").unwrap();
        let error = make_room(folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("--replace"), "{error}");
        assert!(folder.path().join("nats/x").exists());
        make_room(folder.path(), true).unwrap();
        assert!(!folder.path().join("nats").exists());
        let aside = fs::read_dir(folder.path()).unwrap().next().unwrap();
        let aside = aside.unwrap().path();
        assert!(aside.join("nats/x").exists() && aside.join("manyworlds.db").exists());
    }
}
