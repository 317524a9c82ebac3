//! SQLite: a file on the machine of the process.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
    SqliteQueryResult, SqliteSynchronous,
};
use sqlx::{Executor as _, Sqlite as Driver, SqlitePool};
use tracing::{info, warn};

use super::backend::{self, Backend, TransactionOutcome};
use super::borrowed_connection::BorrowedConnection;
use super::error::Error;
use super::limits::{ARCHIVE_CONNECTIONS, READ_TIMEOUT};
use super::migrations;
use super::record::Record;
use super::statement::Statement;

/// How long one process waits for another that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the connections to a file that was replaced may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// What SQLite adds to the name of a file for its journal, and for the index of that.
const JOURNAL: &str = "-wal";
const JOURNAL_INDEX: &str = "-shm";
/// Added to the name of a malformed file.
const MALFORMED: &str = ".malformed";
/// A statement looks this often whether it was abandoned: some 10,000 instructions take a millisecond.
const INSTRUCTIONS_PER_CHECK: i32 = 10_000;
/// So many pages may be free, 4 MiB, before the file is made smaller: the next rows need them.
const FREE_PAGES_MAX: i64 = 256;
/// So many pages are released at once, 16 MiB: others may write in between.
const PAGES_RELEASED_MAX: i64 = 1024;

/// A SQLite database: one connection writes, others read at the same time.
#[derive(Clone)]
pub(crate) struct Sqlite {
    options: Arc<SqliteConnectOptions>,
    queries_max: u32,
    pools: Arc<RwLock<Pools>>,
}

#[derive(Clone)]
struct Pools {
    writer: SqlitePool,
    readers: SqlitePool,
    /// The file that is open, once it was opened.
    file: Option<FileId>,
    /// Its journal, as far as it is known.
    journal: Option<FileId>,
}

/// The device and the number of a file: another file in its place has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl Sqlite {
    pub(super) fn open(url: &str, queries_max: u32) -> Result<Self, Error> {
        let options: SqliteConnectOptions =
            url.parse().map_err(|source| Error::InvalidUrl { source })?;
        let options = options
            // Pages of deleted rows can be given back, in steps.
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            // Rows are written in the order of their keys, many at a time: larger pages and fewer
            // checkpoints write fewer pages twice. 64 MiB of journal at most.
            .page_size(16 << 10)
            .pragma("wal_autocheckpoint", "4096")
            // A batch fits in memory until it is committed; otherwise its pages are written repeatedly.
            .pragma("cache_size", "-65536")
            // A statement of many rows keeps what it overwrites until it ends: not in a file.
            .pragma("temp_store", "memory")
            // The checkpoint must survive a loss of power.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        Ok(Self {
            pools: Arc::new(RwLock::new(Pools::of(&options, queries_max))),
            options: Arc::new(options),
            queries_max,
        })
    }

    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let file = self.file();
        if let Some(folder) = file.parent() {
            tokio::fs::create_dir_all(folder)
                .await
                .map_err(|source| Error::CreateFolder { source })?;
        }
        let failed = |source: sqlx::Error| Error::Migrate {
            source: source.into(),
        };
        let mut connection = BorrowedConnection::acquire(&self.pools().writer)
            .await
            .map_err(failed)?;
        let _until_dropped = interrupt_on_drop(&mut connection).await.map_err(failed)?;
        migrations::sqlite()
            .run_direct(None, &mut *connection, false)
            .await
            .map_err(|source| Error::Migrate { source })?;
        match make_shrinkable(&mut connection).await {
            Ok(()) => connection.give_back(),
            // It needs as much space again as the file has: without it, the file only grows.
            Err(error) => warn!(%error, "database not converted: its file will not shrink"),
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        pools.file = FileId::of(&file);
        Ok(())
    }

    pub(super) async fn fetch<T: Record>(&self, statement: Statement) -> sqlx::Result<Vec<T>> {
        let mut connection = BorrowedConnection::acquire(&self.pools().readers).await?;
        let _until_dropped = interrupt_on_drop(&mut connection).await?;
        let rows = backend::fetch(&mut connection, statement).await?;
        connection.give_back();
        Ok(rows)
    }

    pub(super) async fn transaction(
        &self,
        guard: Statement,
        statements: Vec<Statement>,
    ) -> sqlx::Result<TransactionOutcome> {
        // A transaction that begins to write only later fails at once when another process writes.
        let mut connection = BorrowedConnection::acquire(&self.pools().writer).await?;
        let _until_dropped = interrupt_on_drop(&mut connection).await?;
        backend::transaction(connection, "BEGIN IMMEDIATE", guard, statements).await
    }

    /// Whether another file is in the place of the one that is open. If so, it is opened instead: what was
    /// written to the old one would be lost.
    pub(super) async fn reopen_if_replaced(&self) -> bool {
        let before = self.pools();
        let Some(file) = before.file else {
            return false;
        };
        let journal = FileId::of(&self.journal());
        if FileId::of(&self.file()) == Some(file) {
            let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
            pools.journal = journal;
            return false;
        }
        before.close().await;
        // SQLite leaves the journal of a file that was moved, and would take it for that of the new file.
        if journal.is_some() && journal == before.journal {
            let removed = tokio::fs::remove_file(self.journal()).await;
            info!(
                is_removed = removed.is_ok(),
                "journal of the replaced database removed"
            );
        }
        self.reopen();
        true
    }

    /// Closes all connections: the last one writes the journal into the file.
    pub(super) async fn close(&self) {
        self.pools().close().await;
    }

    /// Moves the file and its journal aside, unless another file is in its place already. What was set aside before
    /// is overwritten.
    pub(super) async fn set_aside(&self) -> Result<(), Error> {
        let before = self.pools();
        before.close().await;
        let file = self.file();
        if before
            .file
            .is_none_or(|open| FileId::of(&file) == Some(open))
        {
            for suffix in ["", JOURNAL, JOURNAL_INDEX] {
                let moved = with_suffix(&file, &format!("{MALFORMED}{suffix}"));
                match tokio::fs::rename(with_suffix(&file, suffix), moved).await {
                    Err(source) if source.kind() != ErrorKind::NotFound => {
                        return Err(Error::SetAside { source });
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        }
        self.reopen();
        Ok(())
    }

    fn reopen(&self) {
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        *pools = Pools::of(&self.options, self.queries_max);
    }

    /// Makes the file smaller by some of its free pages.
    pub(super) async fn release_space(&self) -> sqlx::Result<()> {
        let mut connection = BorrowedConnection::acquire(&self.pools().writer).await?;
        let _until_dropped = interrupt_on_drop(&mut connection).await?;
        let count = "PRAGMA freelist_count";
        let free: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut *connection)
            .await?;
        if free > FREE_PAGES_MAX {
            let release = format!("PRAGMA incremental_vacuum({PAGES_RELEASED_MAX})");
            connection.execute(sqlx::AssertSqlSafe(release)).await?;
            // The file itself is written, and cut, when the journal is.
            connection
                .execute("PRAGMA wal_checkpoint(TRUNCATE)")
                .await?;
        }
        connection.give_back();
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.options.get_filename().to_owned()
    }

    fn journal(&self) -> PathBuf {
        with_suffix(&self.file(), JOURNAL)
    }

    fn pools(&self) -> Pools {
        let pools = self.pools.read();
        pools.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Pools {
    fn of(options: &SqliteConnectOptions, queries_max: u32) -> Self {
        // A connection that is idle stays: on a full disk, no other could be opened.
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(READ_TIMEOUT)
                .max_lifetime(None)
                .idle_timeout(None)
        };
        let writer = pool()
            .max_connections(1)
            .connect_lazy_with(options.clone().create_if_missing(true));
        let readers = pool()
            .max_connections(queries_max + ARCHIVE_CONNECTIONS)
            .connect_lazy_with(options.clone().pragma("query_only", "on"));
        Self {
            writer,
            readers,
            file: None,
            journal: None,
        }
    }

    /// Closes all connections, before the next is opened to another file.
    async fn close(&self) {
        let closed = async {
            self.readers.close().await;
            self.writer.close().await;
        };
        if tokio::time::timeout(CLOSE_TIMEOUT, closed).await.is_err() {
            warn!("connections to the database still open");
        }
    }
}

impl FileId {
    /// None when there is no file.
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Converts a file of an earlier version, once.
async fn make_shrinkable(connection: &mut BorrowedConnection<Driver>) -> sqlx::Result<()> {
    const INCREMENTAL: i64 = 2;
    let mode = "PRAGMA auto_vacuum";
    let mode: i64 = sqlx::query_scalar(mode)
        .fetch_one(&mut **connection)
        .await?;
    if mode != INCREMENTAL {
        info!("converting the database, so that its file can shrink");
        connection.execute("VACUUM").await?;
    }
    Ok(())
}

/// Interrupts the statement of a connection when the returned value is dropped. A statement runs on a thread:
/// it would go on when nobody waits for it any more.
async fn interrupt_on_drop(connection: &mut BorrowedConnection<Driver>) -> sqlx::Result<SetOnDrop> {
    let is_abandoned = Arc::new(AtomicBool::new(false));
    let on_drop = SetOnDrop(is_abandoned.clone());
    connection
        .lock_handle()
        .await?
        .set_progress_handler(INSTRUCTIONS_PER_CHECK, move || {
            !is_abandoned.load(Ordering::Relaxed)
        });
    Ok(on_drop)
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Backend for Driver {
    fn translate(sql: String) -> String {
        // A transaction ends with the first error. Otherwise SQLite copies each page that a statement of many rows
        // changes, so that it could undo the statement alone.
        match sql.strip_prefix("INSERT INTO") {
            Some(rest) if !rest.contains("ON CONFLICT") => format!("INSERT OR ROLLBACK INTO{rest}"),
            _ => sql,
        }
    }

    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }
}
