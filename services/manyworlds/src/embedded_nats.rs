//! A nats-server of our own: started, kept alive, stopped last.

mod binary;
mod users;

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(crate) use self::binary::find as find_binary;
use self::users::Users;
pub(crate) use self::users::{User, nkey_accounts};

/// A server that has to recover a large store needs a while before it listens.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// A server that has not stopped this long after SIGTERM is killed: it survives that.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// Another process may take the free port first: then try another one.
const PORT_ATTEMPTS: usize = 5;
const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const POLL: Duration = Duration::from_millis(10);
/// The pause before the server is started again doubles from here to the longest.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(5);

/// How the server is to be.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The program.
    pub(crate) binary: PathBuf,
    /// Where everything of it is kept.
    pub(crate) folder: PathBuf,
    /// Whether a write is synced to the disk before it is acknowledged.
    pub(crate) sync_always: bool,
}

/// A running nats-server. One that dies is started again on the same port and store.
pub(crate) struct EmbeddedNats {
    port: u16,
    users: Users,
    stop: CancellationToken,
    supervisor: JoinSet<()>,
}

impl EmbeddedNats {
    /// Starts it, and returns once it listens.
    pub(crate) async fn start(options: Options) -> anyhow::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(&options.folder)
            .with_context(|| format!("make {}", options.folder.display()))?;
        let lock = lock_store(&options.folder).await?;
        let stop = CancellationToken::new();
        let users = Users::new()?;
        for _ in 0..PORT_ATTEMPTS {
            let server = Server {
                port: free_port()?,
                lock: lock.try_clone().context("share the lock")?,
                options: options.clone(),
                users: users.clone(),
                stop: stop.clone(),
            };
            // The worker's file is for workers of one's own: another port and password at each start.
            if let Some(child) = server.start().await? {
                let port = server.port;
                write_private(&options.folder.join("url"), &users.url(User::Worker, port))?;
                let url = users.url(User::Persistence, port);
                write_private(&options.folder.join(PERSISTENCE_URL), &url)?;
                let url = users.url(User::Backup, port);
                write_private(&options.folder.join(BACKUP_URL), &url)?;
                let mut supervisor = JoinSet::new();
                supervisor.spawn(server.keep_alive(child));
                return Ok(Self {
                    port,
                    users,
                    stop,
                    supervisor,
                });
            }
        }
        bail!(
            "nats-server does not start: see {}",
            log_file(&options.folder).display()
        )
    }

    /// Its address, with the name and the password of a user.
    pub(crate) fn url(&self, user: User) -> String {
        self.users.url(user, self.port)
    }

    /// Stops it, and returns once it has ended.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.supervisor.join_next().await.is_some() {}
    }
}

/// The file with the address for a rebuild of the archive.
pub(crate) const PERSISTENCE_URL: &str = "url-persistence";
/// The file with the address for a backup.
pub(crate) const BACKUP_URL: &str = "url-backup";

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(FILE_MODE)
        .open(path)
        .and_then(|mut file| {
            file.set_permissions(Permissions::from_mode(FILE_MODE))?;
            file.write_all(text.as_bytes())
        });
    written.with_context(|| format!("write {}", path.display()))
}

struct Server {
    options: Options,
    users: Users,
    port: u16,
    /// Held by the child too, as its standard input: as long as any of us lives, the store is taken.
    lock: File,
    stop: CancellationToken,
}

impl Server {
    /// Starts the process; `None` when it ended before it listened, or was to stop meanwhile.
    async fn start(&self) -> anyhow::Result<Option<Child>> {
        let folder = &self.options.folder;
        let ports = folder.join("ports");
        let _ = std::fs::remove_dir_all(&ports);
        std::fs::create_dir_all(&ports).with_context(|| format!("make {}", ports.display()))?;
        let config = folder.join("nats.conf");
        write_private(&config, &self.config()?)?;
        let binary = &self.options.binary;
        let mut child = Command::new(binary)
            .arg("-c")
            .arg(&config)
            .envs(self.users.variables())
            .stdin(Stdio::from(self.lock.try_clone()?))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to the whole group, and the server must outlive the services.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        let listens = ports.join(format!(
            "nats-server_{}.ports",
            child.id().unwrap_or_default()
        ));
        let until = Instant::now() + START_TIMEOUT;
        while Instant::now() < until {
            if listens.exists() {
                return Ok(Some(child));
            }
            if child.try_wait()?.is_some() {
                return Ok(None);
            }
            if self.stop.is_cancelled() {
                end(child).await;
                return Ok(None);
            }
            sleep(POLL).await;
        }
        bail!("nats-server does not listen within {START_TIMEOUT:?}")
    }

    fn config(&self) -> anyhow::Result<String> {
        let folder = std::path::absolute(&self.options.folder)?;
        let quoted = |path: &Path| {
            let path = path.to_str().context("the folder's name is not UTF-8")?;
            anyhow::Ok(serde_json::to_string(path)?)
        };
        let sync = if self.options.sync_always {
            "sync_interval: always"
        } else {
            ""
        };
        Ok(format!(
            "# Written by `manyworlds up` on every start.\n\
             server_name: manyworlds\n\
             listen: \"127.0.0.1:{port}\"\n\
             max_payload: 8MB\n\
             pid_file: {pid}\n\
             ports_file_dir: {ports}\n\
             log_file: {log}\n\
             logfile_size_limit: 10MB\n\
             logfile_max_num: 3\n\
             jetstream {{ store_dir: {store}\n {sync} }}\n\
             {users}",
            port = self.port,
            pid = quoted(&pid_file(&folder))?,
            ports = quoted(&folder.join("ports"))?,
            log = quoted(&log_file(&folder))?,
            store = quoted(&folder)?,
            users = self.users.config(),
        ))
    }

    /// Starts the process again whenever it ends, until it is to stop; then ends it.
    async fn keep_alive(self, mut child: Child) {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return end(child).await,
                status = child.wait() => {
                    warn!(status = ?status.ok(), "nats-server ended, starting it again");
                }
            }
            child = match self.start_again().await {
                Some(child) => child,
                None => return,
            };
        }
    }

    /// Starts the process until that succeeds, or it is to stop.
    async fn start_again(&self) -> Option<Child> {
        let mut pause = RESTART_PAUSE_MIN;
        while !self.stop.is_cancelled() {
            let reason = match self.start().await {
                Ok(Some(child)) => {
                    info!(port = self.port, "nats-server is back");
                    return Some(child);
                }
                Ok(None) => "it ended while it started".to_owned(),
                Err(error) => format!("{error:#}"),
            };
            warn!(reason, "nats-server not started");
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => {}
            }
            pause = (pause * 2).min(RESTART_PAUSE_MAX);
        }
        None
    }
}

async fn end(mut child: Child) {
    if let Some(id) = child.id() {
        terminate(id.cast_signed());
    }
    if timeout(STOP_TIMEOUT, child.wait()).await.is_err() {
        warn!("nats-server did not stop, killing it");
        let _ = child.kill().await;
    }
}

fn terminate(process: i32) {
    // It may have ended by itself meanwhile: that is what we want.
    let _ = kill(Pid::from_raw(process), Signal::SIGTERM);
}

/// Takes the store. A server that an earlier run left behind, because that was killed, is stopped.
async fn lock_store(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))?;
    let until = Instant::now() + STOP_TIMEOUT;
    let mut stopping = false;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("lock {}", path.display()));
            }
            Err(TryLockError::WouldBlock) if Instant::now() > until => {
                bail!(
                    "{} is in use by a nats-server that does not stop",
                    folder.display()
                )
            }
            Err(TryLockError::WouldBlock) => {}
        }
        // The lock proves that the process of the file is still the one that wrote it.
        let pid = std::fs::read_to_string(pid_file(folder)).ok();
        if let Some(pid) = pid
            .and_then(|pid| pid.trim().parse().ok())
            .filter(|_| !stopping)
        {
            warn!(
                pid,
                "an earlier run left its nats-server behind, stopping it"
            );
            terminate(pid);
            stopping = true;
        }
        sleep(POLL).await;
    }
}

fn pid_file(folder: &Path) -> PathBuf {
    folder.join("nats-server.pid")
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("nats-server.log")
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    async fn options(folder: &Path) -> Options {
        let wanted = std::env::var_os("NATS_SERVER").map(PathBuf::from);
        Options {
            binary: find_binary(wanted.as_deref()).await.unwrap(),
            folder: folder.join("nats"),
            sync_always: true,
        }
    }

    fn process(folder: &Path) -> Option<i32> {
        let text = std::fs::read_to_string(pid_file(&folder.join("nats"))).ok()?;
        text.trim().parse().ok()
    }

    async fn listens(port: u16) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn a_killed_server_is_back_on_the_same_port_and_a_stopped_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let nats = EmbeddedNats::start(options(folder.path()).await)
            .await
            .unwrap();
        let port = nats.port;
        let first = process(folder.path()).unwrap();
        kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
        testkit::eventually("another server listens", async || {
            process(folder.path()).is_some_and(|next| next != first) && listens(port).await
        })
        .await;
        nats.stop().await;
        assert!(!listens(port).await);
    }

    #[tokio::test]
    async fn a_server_that_was_left_behind_is_stopped_first() {
        let folder = tempfile::tempdir().unwrap();
        let options = options(folder.path()).await;
        std::fs::create_dir_all(&options.folder).unwrap();
        let server = Server {
            port: free_port().unwrap(),
            users: Users::new().unwrap(),
            lock: lock_store(&options.folder).await.unwrap(),
            options: options.clone(),
            stop: CancellationToken::new(),
        };
        let mut left = server.start().await.unwrap().unwrap();
        drop(server);
        // Somebody has to take note of its end, as process 1 does when we are gone.
        let (nats, ended) = tokio::join!(EmbeddedNats::start(options), left.wait());
        ended.unwrap();
        nats.unwrap().stop().await;
    }
}
