//! The data folder belongs to one process at a time.

use std::fs::{File, Permissions, TryLockError};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Makes the folder if it is not there, and takes it until the lock is dropped or the process ends.
///
/// # Errors
/// When another process has it.
pub(super) fn take(folder: &Path) -> anyhow::Result<File> {
    if let Some(lock) = take_if_free(folder)? {
        return Ok(lock);
    }
    let owner = std::fs::read_to_string(lock_file(folder)).unwrap_or_default();
    bail!(
        "{} is in use by process {}: stop that one, or choose another folder with --data",
        folder.display(),
        owner.trim()
    );
}

/// As [`take`]; none when another process has it.
pub(super) fn take_if_free(folder: &Path) -> anyhow::Result<Option<File>> {
    make_private(folder)?;
    let path = lock_file(folder);
    let mut lock = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(FILE_MODE)
        .open(&path)
        .with_context(|| format!("open {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("lock {}", path.display()));
        }
        Err(TryLockError::WouldBlock) => return Ok(None),
    }
    // The lock is what counts; the number only names the process, for people.
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())?;
    Ok(Some(lock))
}

fn lock_file(folder: &Path) -> PathBuf {
    folder.join("manyworlds.lock")
}

/// Makes a file that only its owner may read, if it is not there: what opens it does not change that.
///
/// # Errors
/// When it can't be made.
pub(super) fn make_private_file(path: &Path) -> anyhow::Result<()> {
    let made = File::options()
        .create(true)
        .append(true)
        .mode(FILE_MODE)
        .open(path);
    let made = made.and_then(|file| file.set_permissions(Permissions::from_mode(FILE_MODE)));
    made.with_context(|| format!("make {}", path.display()))
}

/// Makes a folder into which only its owner may look, or makes it so: it has all messages, and secrets.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    let made = std::fs::create_dir_all(folder);
    let made = made.and_then(|()| {
        let permissions = Permissions::from_mode(FOLDER_MODE);
        std::fs::set_permissions(folder, permissions)
    });
    made.with_context(|| format!("make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let lock = take(folder.path()).unwrap();
        let error = take(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        assert!(take_if_free(folder.path()).unwrap().is_none());
        drop(lock);
        take(folder.path()).unwrap();
    }

    #[test]
    fn only_its_owner_may_look_into_it() {
        let parent = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let folder = parent.path().join("data");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let database = folder.join("manyworlds.db");
        std::fs::write(&database, "").unwrap();
        let _lock = take(&folder).unwrap();
        make_private_file(&database).unwrap();
        assert_eq!(mode(&folder), FOLDER_MODE);
        assert_eq!(mode(&database), FILE_MODE);
        assert_eq!(mode(&folder.join("manyworlds.lock")), FILE_MODE);
    }
}
