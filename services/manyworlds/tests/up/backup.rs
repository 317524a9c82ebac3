//! `manyworlds backup` and `manyworlds restore` with the folder of `manyworlds up`.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{PROGRAM, Up};

fn run(command: &str, file: &Path, data: &Path, more: &[&str]) -> Output {
    let mut process = Command::new(PROGRAM);
    process.arg(command).arg(file).arg("--data").arg(data);
    process.args(more).output().unwrap()
}

fn assert_done(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_refused(output: &Output, reason: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains(reason), "{error}");
}

#[test]
fn a_system_is_restored_from_a_backup_into_a_folder() {
    let folder = TempDir::new().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    let (running, stopped) = (
        folder.path().join("1.backup"),
        folder.path().join("2.backup"),
    );
    let mut first = Up::start(&data);
    first.says(&["chat", "lobby"], "@ada thanks\n");
    let printed = assert_done(&run("backup", &running, &data, &[]));
    assert!(printed.contains("complete up to commit"), "{printed}");
    assert_refused(&run("backup", &running, &data, &[]), "is there already");
    assert_refused(
        &run("restore", &running, &data, &["--replace"]),
        "in use by process",
    );
    first.says(&["chat", "lobby"], "@bob thanks\n");
    assert!(first.stop().success());
    let printed = assert_done(&run("backup", &stopped, &data, &[]));

    // The check names the same commit.
    let checked = assert_done(&run("restore", &stopped, &data, &["--check"]));
    let commit = |text: &str| {
        let rest = text.split("up to commit ").nth(1).unwrap();
        rest.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(commit(&printed), commit(&checked));

    // An empty folder takes it as it is.
    assert_done(&run("restore", &stopped, &other, &[]));
    let second = Up::start(&other);
    let history = second.says(&["history", "lobby"], "");
    for sender in ["ada: ", "bob: "] {
        assert_eq!(history.matches(sender).count(), 1, "{history}");
    }
    let answers = second.says(&["chat", "lobby"], "@ada thanks\n");
    assert_eq!(answers, "ada: You are welcome, guest.\n");
    drop(second);

    // What is there is not lost.
    assert_refused(&run("restore", &running, &data, &[]), "--replace");
    assert_done(&run("restore", &running, &data, &["--replace"]));
    let aside = std::fs::read_dir(&data).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("replaced-")
    });
    assert_eq!(aside.count(), 1);
    let third = Up::start(&data);
    let history = third.says(&["history", "lobby"], "");
    assert!(
        history.contains("ada: ") && !history.contains("bob: "),
        "{history}"
    );
}

#[test]
fn what_is_no_backup_is_refused() {
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("x"));
    assert_refused(&run("restore", &file, &data, &[]), "open ");
    std::fs::write(&file, "PK").unwrap();
    assert_refused(
        &run("restore", &file, &data, &[]),
        "no backup of Manyworlds",
    );
    assert_refused(&run("backup", folder.path(), &data, &[]), "has no log");
    assert!(!data.join("nats").exists());
}
