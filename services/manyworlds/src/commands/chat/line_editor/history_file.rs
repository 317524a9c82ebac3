//! The lines that were typed, kept for the next time.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

const FOLDER_MODE: u32 = 0o700;

/// The file of the history: `manyworlds/chat_history` in the folder of the state of programs, as the XDG Base Directory
/// Specification has it. Only its owner may read it.
pub(super) struct HistoryFile {
    path: PathBuf,
}

impl HistoryFile {
    /// Reads the file into the editor's history. None when there is no folder for it: a history is not worth an error.
    pub(super) fn open<H: Helper>(editor: &mut Editor<H, FileHistory>) -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name);
        let folder = state_folder(variable("XDG_STATE_HOME"), variable("HOME"))?.join("manyworlds");
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(FOLDER_MODE);
        builder.create(&folder).ok()?;
        let path = folder.join("chat_history");
        // There is none the first time.
        let _ = editor.load_history(&path);
        Some(Self { path })
    }

    /// Adds a line to the history and to the file, which the library makes for its owner alone.
    pub(super) fn add<H: Helper>(&mut self, editor: &mut Editor<H, FileHistory>, line: &str) {
        if matches!(editor.add_history_entry(line), Ok(true)) {
            let _ = editor.append_history(&self.path);
        }
    }
}

/// The folder of the state of programs. A relative path is invalid there, and passed over.
fn state_folder(state: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let state = state.map(PathBuf::from).filter(|path| path.is_absolute());
    let home = home.map(PathBuf::from).filter(|path| path.is_absolute());
    state.or_else(|| Some(home?.join(".local/state")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_specification() {
        for (state, home, expected) in [
            (Some("/s"), Some("/h"), Some("/s")),
            (Some("relative"), Some("/h"), Some("/h/.local/state")),
            (Some(""), Some("/h"), Some("/h/.local/state")),
            (None, Some("/h"), Some("/h/.local/state")),
            (None, Some(""), None),
            (None, None, None),
        ] {
            let found = state_folder(state.map(OsString::from), home.map(OsString::from));
            assert_eq!(found, expected.map(PathBuf::from), "{state:?} {home:?}");
        }
    }
}
