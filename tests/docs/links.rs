//! Links between pages, and to files of the repository.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::pages::{self, Page};
use crate::places::repository;

/// The page of the book that lists all others.
const SUMMARY: &str = "docs/SUMMARY.md";

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let pages = pages::all();
    let broken: Vec<String> = pages
        .iter()
        .flat_map(|page| broken_links(page, &pages))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = Page {
        path: "docs/tour.md".to_owned(),
        ..Page::parse(
            "# Here\n[a](#here) [b](#there) [c](nowhere.md) [d](../README.md#x) [e](https://x.y/z)",
        )
    };
    let found = broken_links(&page, &pages::all());
    let expected = ["#there", "nowhere.md", "../README.md#x"];
    let expected = expected.map(|link| format!("docs/tour.md:2: {link}"));
    assert_eq!(found, expected);
}

#[test]
fn the_book_has_every_page() {
    let summary = Page::read(SUMMARY);
    let linked: Vec<String> = summary
        .links
        .iter()
        .map(|(_, link)| normal(&Path::new("docs").join(link)))
        .collect();
    let missing: Vec<String> = pages::all()
        .into_iter()
        .map(|page| page.path)
        .filter(|path| path != SUMMARY && !linked.contains(path))
        .collect();
    assert!(missing.is_empty(), "not in {SUMMARY}: {missing:?}");
}

fn broken_links(page: &Page, pages: &[Page]) -> Vec<String> {
    let anchors: BTreeMap<&str, &[String]> = pages
        .iter()
        .chain([page])
        .map(|page| (page.path.as_str(), &*page.anchors))
        .collect();
    let is_broken = |link: &str| {
        if link.contains("://") || link.starts_with("mailto:") {
            return false;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = match file {
            "" => page.path.clone(),
            file => {
                let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
                normal(&folder.join(file))
            }
        };
        let has_anchor = |anchors: &&[String]| anchors.iter().any(|known| known == anchor);
        !repository().join(&path).exists()
            || !(anchor.is_empty() || anchors.get(&*path).is_some_and(has_anchor))
    };
    page.links
        .iter()
        .filter(|(_, link)| is_broken(link))
        .map(|(line, link)| format!("{}:{line}: {link}", page.path))
        .collect()
}

/// A path without `..`, from the folder of the repository.
fn normal(path: &Path) -> String {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(part) => normal.push(part),
            _ => {}
        }
    }
    normal.to_str().unwrap().to_owned()
}
