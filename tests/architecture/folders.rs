//! The files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// Where crates are.
const FOLDERS: [&str; 3] = ["services", "shared", "tests"];

/// What builds leave behind.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// All files below the folders of crates, seen from the root of the workspace, in their order,
/// without hidden folders and what builds leave behind.
pub(crate) fn files(workspace: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        add_files(workspace, Path::new(folder), &mut files);
    }
    files.sort();
    files
}

fn add_files(workspace: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    // A workspace need not have all of the folders.
    for entry in fs::read_dir(workspace.join(folder)).into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = folder.join(&name);
        if !workspace.join(&path).is_dir() {
            files.push(path);
        } else if !SKIPPED.contains(&name.as_str()) && !name.starts_with('.') {
            add_files(workspace, &path, files);
        }
    }
}
