//! One process of the system.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::eventually_within;

/// Longer than the grace of any service.
const END_WITHIN: Duration = Duration::from_secs(60);
const HINT: &str = "run `cargo build --workspace --bins --examples` first, with the same profile";

/// A service as a process of its own, which can be killed and started again as it was.
pub struct Process {
    /// What it is called in reports.
    pub name: String,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    log: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts the service or example `binary` with these variables. What it logs is kept in `folder`.
    ///
    /// # Panics
    /// When it can't be started: `cargo build --workspace --bins --examples` makes all of them.
    pub fn start(
        binary: &str,
        name: impl Into<String>,
        environment: BTreeMap<String, String>,
        folder: &Path,
    ) -> Self {
        let name = name.into();
        let mut process = Self {
            binary: beside_this_one(binary),
            environment,
            log: folder.join(format!("{name}.log")),
            name,
            child: None,
        };
        process.restart();
        process
    }

    /// Runs a program to its end with these arguments, variables and input: what it printed.
    ///
    /// # Panics
    /// When it can't be started, or fails.
    pub fn output(
        binary: &str,
        arguments: &[&str],
        environment: &BTreeMap<String, String>,
        input: &str,
    ) -> String {
        let ended = Self::run(binary, arguments, environment, input);
        let [printed, complaint] =
            [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(
            ended.status.success(),
            "{binary} {arguments:?}: {printed}{complaint}"
        );
        printed
    }

    /// Runs a program to its end, which may be a failure.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn run(
        binary: &str,
        arguments: &[&str],
        environment: &BTreeMap<String, String>,
        input: &str,
    ) -> Output {
        let mut child = Command::new(beside_this_one(binary))
            .args(arguments)
            .envs(environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect(HINT);
        // A process that wants no input may have closed it already.
        let _ = child
            .stdin
            .take()
            .map(|mut to| to.write_all(input.as_bytes()));
        child.wait_with_output().expect("its output")
    }

    /// Its number, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, as it was started first.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn restart(&mut self) {
        self.kill();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log file");
        let child = Command::new(&self.binary)
            .envs(&self.environment)
            .env("RUST_LOG", "info,async_nats=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child =
            Some(child.unwrap_or_else(|error| {
                panic!("start {}: {error}; {HINT}", self.binary.display())
            }));
    }

    /// Replaces its binary by that of this build, for when it is started again.
    pub fn set_binary(&mut self, binary: &str) {
        self.binary = beside_this_one(binary);
    }

    /// Sets variables for when it is started again.
    pub fn set_variables(&mut self, variables: &[(&str, String)]) {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        self.environment.extend(owned);
    }

    /// Removes variables for when it is started again.
    pub fn remove_variables(&mut self, variables: &[(&str, String)]) {
        for (name, _) in variables {
            self.environment.remove(*name);
        }
    }

    /// Stops it in the middle of whatever it does, without its noticing.
    pub fn pause(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Asks it to end, and says whether it ended well.
    pub fn terminate(&mut self) -> bool {
        self.signal(Signal::SIGTERM);
        let ended = self.child.take().map(|mut child| child.wait());
        ended.is_some_and(|status| status.is_ok_and(|status| status.success()))
    }

    /// Asks it to end, waits for that without blocking others, and returns whether it ended well.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn end(&mut self) -> bool {
        self.signal(Signal::SIGTERM);
        let Some(mut child) = self.child.take() else {
            return false;
        };
        let (mut status, name) = (None, format!("{} ends", self.name));
        eventually_within(END_WITHIN, &name, async || {
            status = child.try_wait().expect("its status");
            status.is_some()
        })
        .await;
        status.is_some_and(|status| status.success())
    }

    /// The last lines that it logged.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = kill(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.resume();
        self.kill();
    }
}

/// The binary of a service: in the folder of this one, or above it when this one is a test.
fn beside_this_one(binary: &str) -> PathBuf {
    let this = std::env::current_exe().expect("the path of this process");
    let folder = this.parent().expect("a folder");
    let folder = if folder.ends_with("deps") {
        folder.parent().expect("a folder")
    } else {
        folder
    };
    folder.join(binary)
}
