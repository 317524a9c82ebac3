//! The structure of the workspace: which crate and which file may use which other one.
//!
//! `tables.rs` says what the architecture allows. `allowed.txt` lists the imports between files that
//! break a rule and are not yet gone.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod allowed;
mod check;
mod circles;
mod crates;
mod folders;
mod imports;
mod layers;
mod manifest;
mod orphans;
mod parents;
mod sizes;
mod subjects;
mod tables;
mod tests;
mod violation;

use std::path::PathBuf;

use violation::Violation;

#[test]
fn crates_use_only_what_they_may() {
    assert_none(&crates::violations(&root(), &tables::CRATE_RULES));
}

#[test]
fn files_import_only_what_they_may() {
    let violations = check::imports(&root(), tables::LAYERS);
    let edits = allowed::edits(include_str!("allowed.txt"), &violations);
    assert!(edits.is_empty(), "{edits}");
}

#[test]
fn subjects_are_built_in_one_file() {
    assert_none(&check::subjects(&root()));
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    assert_none(&sizes::violations(&root()));
}

#[test]
fn every_source_file_is_named_by_a_module() {
    assert_none(&orphans::violations(&root()));
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn assert_none(violations: &[Violation]) {
    let lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}
