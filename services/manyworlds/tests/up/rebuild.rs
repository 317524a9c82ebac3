//! `manyworlds rebuild`, beside a running system and without one.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{PROGRAM, Up};

fn rebuild(folder: &Path, worlds: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["rebuild", "--data"]).arg(folder).args(worlds);
    command.output().unwrap()
}

fn assert_rebuilt(output: &Output) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.contains("The archive is complete."), "{error}");
}

#[test]
fn the_archive_is_rebuilt_beside_a_running_system_and_without_one() {
    let folder = TempDir::new().unwrap();
    let mut first = Up::start(folder.path());
    first.says(&["chat", "lobby"], "@ada thanks\n");
    let list = ["world", "list"];
    let before = first.says(&list, "");
    assert!(before.contains("The Lobby"), "{before}");
    assert_rebuilt(&rebuild(folder.path(), &["lobby"]));
    assert_eq!(first.says(&list, ""), before);
    assert_rebuilt(&rebuild(folder.path(), &[]));
    assert_eq!(first.says(&list, ""), before);
    assert!(first.stop().success());

    assert_rebuilt(&rebuild(folder.path(), &[]));
    let second = Up::start(folder.path());
    assert_eq!(second.says(&list, ""), before);
}

#[test]
fn a_folder_without_a_log_is_not_rebuilt() {
    let folder = TempDir::new().unwrap();
    let output = rebuild(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("has no log"), "{error}");
}
