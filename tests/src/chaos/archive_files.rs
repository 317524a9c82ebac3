//! Copies of the archive's files, and of whole folders.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::{Cluster, Http, Shape};

/// What SQLite adds to the name of a file for its journal, and for the index of that.
const JOURNAL: &str = "-wal";
const JOURNAL_INDEX: &str = "-shm";
/// A part of a file that is not all of it.
const TORN_PERCENT: u64 = 60;

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies a database with its journal, whatever is written meanwhile.
pub(super) fn copy_database(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::copy(from, to)?;
    let journal = beside(from, JOURNAL);
    if journal.exists() {
        std::fs::copy(journal, beside(to, JOURNAL))?;
    }
    Ok(())
}

/// Puts a copy with its journal in the place of a database that may be open.
pub(super) fn replace_database(copy: &Path, database: &Path) -> io::Result<()> {
    let journal = beside(copy, JOURNAL);
    if journal.exists() {
        std::fs::rename(journal, beside(database, JOURNAL))?;
    }
    std::fs::rename(copy, database)
}

/// Puts a copy in the place of a database that nobody has open, and leaves nothing of the old one.
pub(super) fn replace_closed_database(copy: &Path, database: &Path) -> io::Result<()> {
    for suffix in [JOURNAL, JOURNAL_INDEX] {
        let file = beside(database, suffix);
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    replace_database(copy, database)
}

/// Cuts a file, as a copy does that was interrupted.
pub(super) fn tear(file: &Path) -> io::Result<()> {
    let file = std::fs::OpenOptions::new().write(true).open(file)?;
    let length = file.metadata()?.len();
    file.set_len(length * TORN_PERCENT / 100)
}

/// Puts a copy in the place of a folder.
pub(super) fn replace_by_copy(folder: &Path) -> io::Result<()> {
    let original = beside(folder, "-original");
    std::fs::rename(folder, &original)?;
    copy_folder(&original, folder)?;
    std::fs::remove_dir_all(original)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes the archive of another system, with a world, to `file`.
pub(super) async fn write_foreign(file: &Path) -> io::Result<()> {
    let shape = Shape {
        workers: 0,
        ..Shape::default()
    };
    let mut other = Cluster::start(shape).await;
    let world = json!({"id": "other", "entities": [{"id": "guest", "kind": "user"}]});
    Http::post(&other.gateways, "/v1/worlds", &world).await;
    let archived = "/v1/worlds/other/events?after=0&wait_for=1";
    testkit::eventually_within(Duration::from_secs(30), "it is archived", async || {
        let page = Http::get(&other.gateways, archived).await;
        page["events"]
            .as_array()
            .is_some_and(|events| !events.is_empty())
    })
    .await;
    // The last connection that is closed leaves one file.
    other.replica("persistence", 0).terminate();
    copy_database(other.archive(), file)
}
