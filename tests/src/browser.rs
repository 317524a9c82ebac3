//! The browser of this machine, and Playwright, which drives it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How Debian and others call the browser.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The program of a browser.
///
/// # Errors
/// What to do where none is there.
pub fn program() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut programs = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    programs
        .find(|program| program.is_file())
        .ok_or_else(|| format!("none of {NAMES:?} is there: apt-get install chromium"))
}

/// The `node_modules` with Playwright, which are installed if they are not yet.
///
/// # Errors
/// Why they can't be installed: npm may be missing, or its registry.
pub fn modules() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let script = root.join("deploy/scripts/get-api-clients.sh");
    let output = Command::new(script)
        .arg("browser")
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(Path::new(folder.trim()).join("node_modules"))
}
