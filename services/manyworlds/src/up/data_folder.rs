//! The data folder belongs to one process at a time.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

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
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let path = lock_file(folder);
    let mut lock = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
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
}
