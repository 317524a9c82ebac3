//! A shell in a folder that looks like the repository after a build.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use crate::pages::Fence;
use crate::places::{program_folder, repository};

/// The addresses in the documents: ours, and that of GenWorlds' own server.
const DOCUMENTED: [&str; 2] = ["127.0.0.1:7000", "127.0.0.1:7456"];
/// A guard against a command that never ends.
const BLOCK_MAX: Duration = Duration::from_secs(120);
/// What a command prints that was refused, although it ends well as `curl` does.
const ERRORS: [&str; 3] = ["urn:manyworlds:problem:", "{\"error\":", "\nerror"];

/// A folder, and the processes that its commands have left in the background.
pub(crate) struct Shell {
    folder: TempDir,
    groups: Mutex<Vec<Pid>>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = repository().canonicalize().unwrap();
        for part in ["deploy", "docs", "services", "shared"] {
            symlink(root.join(part), folder.path().join(part)).unwrap();
        }
        fs::create_dir(folder.path().join("target")).unwrap();
        symlink(program_folder(), folder.path().join("target/debug")).unwrap();
        Self {
            folder,
            groups: Mutex::default(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file that a page shows.
    pub(crate) fn write(&self, file: Option<&str>, text: &str) {
        if let Some(file) = file {
            fs::write(self.folder().join(file), text).unwrap();
        }
    }

    /// Runs commands to their end, with the system at `address`.
    ///
    /// # Errors
    /// What they printed, when one of them fails or prints an error.
    pub(crate) async fn run(&self, commands: &str, address: &str) -> Result<(), String> {
        let output = self.folder().join("output");
        let file = File::create(&output).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![program_folder()];
        paths.extend(std::env::split_paths(&path));
        let mut child = Command::new("bash")
            .args(["-euo", "pipefail", "-c"])
            .arg(at(commands, address))
            .current_dir(self.folder())
            .env("MANYWORLDS_URL", format!("http://{address}"))
            .env("PATH", std::env::join_paths(paths).unwrap())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .process_group(0)
            .spawn()
            .unwrap();
        let group = Pid::from_raw(child.id().unwrap().cast_signed());
        self.groups.lock().unwrap().push(group);
        let ended = timeout(BLOCK_MAX, child.wait()).await;
        let bytes = fs::read(&output).unwrap();
        let printed = String::from_utf8_lossy(&bytes);
        let failure = match ended {
            Err(_) => Some(format!("not ended within {BLOCK_MAX:?}")),
            Ok(status) => match status.unwrap() {
                status if !status.success() => Some(status.to_string()),
                _ => error_in(&printed).map(|error| format!("it printed {error:?}")),
            },
        };
        failure.map_or(Ok(()), |failure| Err(format!("{failure}: {printed}")))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        for group in self.groups.lock().unwrap().drain(..) {
            // Most have no process any more.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// The file that a block is: its first line is a comment with the name, `# lab.yaml`.
pub(crate) fn file_name(fence: &Fence) -> Option<String> {
    let name = fence.text.lines().next()?.strip_prefix("# ")?;
    let name = name.split(',').next()?;
    let is_file = [".yaml", ".toml"].iter().any(|end| name.ends_with(end));
    (is_file && !name.contains([' ', '/'])).then(|| name.to_owned())
}

/// The commands with the address of this system.
fn at(commands: &str, address: &str) -> String {
    DOCUMENTED
        .iter()
        .fold(commands.to_owned(), |commands, documented| {
            commands.replace(documented, address)
        })
}

fn error_in(printed: &str) -> Option<&'static str> {
    let printed = format!("\n{printed}");
    ERRORS.into_iter().find(|error| printed.contains(error))
}

#[tokio::test]
async fn a_command_that_fails_or_prints_an_error_is_found() {
    let shell = Shell::new();
    shell.write(Some("a.yaml"), "x: 1\n");
    for (commands, expected) in [
        ("cat a.yaml\necho 7", None),
        ("echo 127.0.0.1:7000 | grep 127.0.0.1:1234", None),
        ("false\necho 7", Some("exit status: 1")),
        ("false | true", Some("exit status: 1")),
        ("echo error: no", Some("it printed")),
        (
            "echo '{\"type\": \"urn:manyworlds:problem:busy\"}'",
            Some("it printed"),
        ),
    ] {
        let result = shell.run(commands, "127.0.0.1:1234").await;
        match expected {
            None => assert_eq!(result, Ok(()), "{commands}"),
            Some(text) => assert!(result.unwrap_err().contains(text), "{commands}"),
        }
    }
}

#[test]
fn a_block_that_begins_with_the_name_of_a_file_is_that_file() {
    let name = |text: &str| {
        file_name(&Fence {
            language: "yaml".to_owned(),
            text: text.to_owned(),
            line: 1,
        })
    };
    assert_eq!(name("# lab.yaml\nid: lab").as_deref(), Some("lab.yaml"));
    assert_eq!(name("# a.toml, for b\nx = 1").as_deref(), Some("a.toml"));
    assert_eq!(name("# in a world's file\nid: lab"), None);
    assert_eq!(name("id: lab"), None);
}
