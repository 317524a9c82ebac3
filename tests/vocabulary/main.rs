//! The words of the project: nothing has a name or a text that `vocabulary.txt` forbids.
//!
//! `docs/glossary.md` says which words the project uses, and for what.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod files;
mod rust_text;
mod scope;
mod tests;
mod texts;
mod vocabulary;

use std::path::PathBuf;

use vocabulary::Vocabulary;

#[test]
fn no_name_and_no_text_has_a_forbidden_word() {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let vocabulary = Vocabulary::parse(include_str!("../vocabulary.txt"));
    let found: Vec<String> = files::checked(&root)
        .into_iter()
        .flat_map(|path| vocabulary.matches(&path, &files::read(&root, &path)))
        .collect();
    assert!(
        found.is_empty(),
        "{} matches; docs/glossary.md has the words to use\n{}",
        found.len(),
        found.join("\n")
    );
}
