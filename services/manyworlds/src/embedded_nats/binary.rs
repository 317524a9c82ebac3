//! Which nats-server to start.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// Older ones have known vulnerabilities, or lack message schedules.
const OLDEST: [u32; 3] = [2, 14, 3];
const HOW: &str = "get one with deploy/scripts/get-nats-server.sh, or name one with --nats-server";

/// The server that was named, else the first that is new enough: on PATH, then where
/// `get-nats-server.sh` puts it.
///
/// # Errors
/// When there is none, or the one that was named is too old.
pub(crate) async fn find(wanted: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(path) = wanted {
        check(path).await?;
        return Ok(path.to_owned());
    }
    let mut reasons = Vec::new();
    for path in on_path().chain(beside_the_workspace()) {
        match check(&path).await {
            Ok(()) => return Ok(path),
            Err(reason) => reasons.push(format!("{reason:#}")),
        }
    }
    if reasons.is_empty() {
        bail!("there is no nats-server on this machine: {HOW}")
    }
    bail!("{}: {HOW}", reasons.join("; "))
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    files(folders.into_iter(), "nats-server")
}

fn beside_the_workspace() -> impl Iterator<Item = PathBuf> {
    let above = |path: PathBuf| -> Vec<PathBuf> { path.ancestors().map(Path::to_owned).collect() };
    let here = std::env::current_dir().map(above).unwrap_or_default();
    // The program is in target/{profile}.
    let program = std::env::current_exe().map(above).unwrap_or_default();
    files(here.into_iter().chain(program), ".tools/nats-server")
}

fn files(folders: impl Iterator<Item = PathBuf>, name: &str) -> impl Iterator<Item = PathBuf> {
    folders
        .map(move |folder| folder.join(name))
        .filter(|path| path.is_file())
}

async fn check(path: &Path) -> anyhow::Result<()> {
    let output = Command::new(path)
        .arg("--version")
        .output()
        .await
        .with_context(|| format!("run {}", path.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        None => bail!("{} does not print its version", path.display()),
        Some(version) if version < OLDEST => bail!(
            "{} is nats-server {}, and {} is the oldest that will do",
            path.display(),
            dotted(version),
            dotted(OLDEST)
        ),
        Some(_) => Ok(()),
    }
}

/// The first `1.2.3` in a text: `nats-server: v2.15.1`.
fn version(text: &str) -> Option<[u32; 3]> {
    text.split(|letter: char| letter != '.' && !letter.is_ascii_digit())
        .find_map(|word| {
            let numbers: Vec<u32> = word
                .split('.')
                .map(str::parse)
                .collect::<Result<_, _>>()
                .ok()?;
            numbers.try_into().ok()
        })
}

fn dotted(version: [u32; 3]) -> String {
    version.map(|number| number.to_string()).join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("nats-server: v2.15.1\n"), Some([2, 15, 1]));
        assert_eq!(version("nats-server: v2.14.3-RC.1"), Some([2, 14, 3]));
        assert_eq!(version("usage: nats-server 2."), None);
        assert!(version("v2.9.10") < Some(OLDEST));
    }

    #[tokio::test]
    async fn a_program_that_is_no_nats_server_is_refused() {
        let error = find(Some(Path::new("/bin/true"))).await.unwrap_err();
        assert!(error.to_string().contains("/bin/true"), "{error}");
    }
}
