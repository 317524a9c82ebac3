//! Blocks of commands that the tests do not run, each with its reason.

use std::fs;

use crate::pages::Fence;
use crate::places::repository;

const FILE: &str = "tests/docs/not_run.txt";

/// The list of `not_run.txt`.
pub(crate) struct NotRun(Vec<Entry>);

struct Entry {
    page: String,
    /// The first line of the block.
    first_line: String,
}

impl NotRun {
    pub(crate) fn read() -> Self {
        Self::parse(&fs::read_to_string(repository().join(FILE)).unwrap())
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(entries.map(Entry::parse).collect())
    }

    /// Whether the block is not to be run.
    pub(crate) fn lists(&self, page: &str, fence: &Fence) -> bool {
        self.0.iter().any(|entry| entry.is_of(page, fence))
    }

    /// The entries that are not for exactly one of these blocks.
    pub(crate) fn unmatched(&self, blocks: &[(&str, &Fence)]) -> Vec<String> {
        let count = |entry: &Entry| {
            let blocks = blocks.iter();
            blocks
                .filter(|(page, fence)| entry.is_of(page, fence))
                .count()
        };
        self.0
            .iter()
            .filter(|entry| count(entry) != 1)
            .map(|entry| format!("{}: {}", entry.page, entry.first_line))
            .collect()
    }
}

impl Entry {
    /// `PAGE: FIRST LINE => REASON`.
    fn parse(line: &str) -> Self {
        let parsed = line
            .rsplit_once(" => ")
            .filter(|(_, reason)| !reason.trim().is_empty())
            .and_then(|(block, _)| block.split_once(": "));
        let Some((page, first_line)) = parsed else {
            panic!("{FILE}: a line is `PAGE: FIRST LINE => REASON`, not {line:?}");
        };
        Self {
            page: page.to_owned(),
            first_line: first_line.trim().to_owned(),
        }
    }

    fn is_of(&self, page: &str, fence: &Fence) -> bool {
        self.page == page && fence.text.lines().next().map(str::trim) == Some(&self.first_line)
    }
}

#[test]
fn an_entry_is_for_one_block() {
    let fence = |text: &str| Fence {
        language: "sh".to_owned(),
        text: text.to_owned(),
        line: 1,
    };
    let list = NotRun::parse("# why\na.md: x y => it never ends\n\nb.md: z => so\n");
    let (first, second) = (fence("x y\nz\n"), fence("z\n"));
    assert!(list.lists("a.md", &first));
    assert!(!list.lists("b.md", &first));
    assert!(!list.lists("a.md", &second));
    assert_eq!(list.unmatched(&[("a.md", &first)]), ["b.md: z"]);
}
