//! The files that are checked.

use std::fs;
use std::path::Path;

/// What is checked: source files, manifests, documents, workflows and world files.
const EXTENSIONS: [&str; 5] = ["rs", "toml", "md", "yml", "yaml"];

/// What builds and runs leave behind, and what is recorded: it stays as it was written.
const SKIPPED: [&str; 7] = [
    "target",
    "node_modules",
    "data",
    "golden",
    "fixtures",
    "migrations",
    "CHANGELOG.md",
];

/// Hidden folders that are ours.
const HIDDEN: [&str; 3] = [".ci", ".config", ".github"];

/// The paths of the files below `root`, in their order.
pub(crate) fn checked(root: &Path) -> Vec<String> {
    let mut files = Vec::new();
    add(root, "", &mut files);
    files.sort();
    files
}

pub(crate) fn read(root: &Path, path: &str) -> String {
    match fs::read_to_string(root.join(path)) {
        Ok(text) => text,
        Err(error) => panic!("read {path}: {error}"),
    }
}

fn add(root: &Path, folder: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let hidden = name.starts_with('.') && !HIDDEN.contains(&name.as_str());
        // The messages of `shared/contract/golden` are data; `tests/golden` reads them, and is code.
        let is_code = name == "golden" && folder.ends_with("/tests");
        if hidden || (SKIPPED.contains(&name.as_str()) && !is_code) {
            continue;
        }
        let path = match folder {
            "" => name.clone(),
            folder => format!("{folder}/{name}"),
        };
        if entry.file_type().unwrap().is_dir() {
            add(root, &path, files);
        } else if has_checked_extension(&name) {
            files.push(path);
        }
    }
}

fn has_checked_extension(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| EXTENSIONS.contains(&extension))
}
