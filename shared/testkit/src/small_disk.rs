//! A disk that can be full.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Less than this may be free when a disk is to be full: a file takes the rest.
const BALLAST_BYTES: u64 = 64 << 10;
/// How often a disk is made as small as what it has, which others write meanwhile.
const ATTEMPTS_MAX: usize = 50;

/// A file system of its own, in memory. It is removed with this value.
pub struct SmallDisk {
    folder: TempDir,
    size_bytes: u64,
}

impl SmallDisk {
    /// None where file systems can't be mounted, not even with sudo.
    ///
    /// # Panics
    /// If there is no temporary folder.
    pub fn mount(size_bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = format!("size={size_bytes},mode=1777");
        let mounted = run_as_root(
            &["mount", "-t", "tmpfs", "-o", &options, "tmpfs"],
            folder.path(),
        );
        mounted.then_some(Self { folder, size_bytes })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves no space on it. Memory is not used for that.
    ///
    /// # Panics
    /// If its size can't be changed.
    pub fn fill(&self) {
        let is_shrunk =
            || (0..ATTEMPTS_MAX).any(|_| self.resize(self.used_bytes() + BALLAST_BYTES));
        assert!(is_shrunk(), "a disk as small as what it has");
        let mut ballast = File::create(self.ballast()).expect("a file");
        while ballast.write_all(&[0; 4096]).is_ok() {}
    }

    /// Frees the space that [`fill`](Self::fill) has taken.
    ///
    /// # Panics
    /// If its size can't be changed.
    pub fn free(&self) {
        assert!(self.resize(self.size_bytes), "a disk as large as it was");
        let _ = std::fs::remove_file(self.ballast());
    }

    fn used_bytes(&self) -> u64 {
        let output = Command::new("df")
            .args(["--block-size=1", "--output=used"])
            .arg(self.path())
            .output()
            .expect("df");
        let text = String::from_utf8_lossy(&output.stdout);
        let used = text.split_whitespace().last().map(str::parse);
        used.expect("a number").expect("a number")
    }

    fn resize(&self, bytes: u64) -> bool {
        let options = format!("remount,size={bytes}");
        run_as_root(&["mount", "-o", &options], self.path())
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run_as_root(&["umount", "-l"], self.path());
    }
}

fn run_as_root(command: &[&str], path: &Path) -> bool {
    let run = |before: &[&str]| {
        let words = [before, command].concat();
        let mut command = Command::new(words[0]);
        let status = command.args(&words[1..]).arg(path).output();
        status.is_ok_and(|output| output.status.success())
    };
    run(&[]) || run(&["sudo", "-n"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_until_it_is_freed() {
        let Some(disk) = SmallDisk::mount(32 << 20) else {
            eprintln!("skipped: this user can't mount a file system");
            return;
        };
        let write = |name: &str, bytes: usize| {
            let mut file = File::create(disk.path().join(name))?;
            file.write_all(&vec![1; bytes])
        };
        write("a", 1 << 20).unwrap();
        for name in ["b", "c"] {
            disk.fill();
            let error = write(name, 4096).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
            disk.free();
            write(name, 1 << 20).unwrap();
        }
    }
}
