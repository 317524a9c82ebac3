//! Pages in Markdown: their code blocks, links and anchors.

use std::collections::BTreeMap;
use std::fs;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::places::repository;

/// A document.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Its place in the repository: `docs/tour.md`.
    pub(crate) path: String,
    pub(crate) fences: Vec<Fence>,
    /// Where its links and pictures lead, with the line of each.
    pub(crate) links: Vec<(usize, String)>,
    /// The anchors of its headings.
    pub(crate) anchors: Vec<String>,
}

/// A fenced code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) language: String,
    pub(crate) text: String,
    /// The line of its first fence, from 1.
    pub(crate) line: usize,
}

/// All documents: those of the repository's folder, and those of `docs`.
pub(crate) fn all() -> Vec<Page> {
    let mut paths = Vec::new();
    for folder in ["", "docs/"] {
        for entry in fs::read_dir(repository().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                paths.push(format!("{folder}{name}"));
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

impl Page {
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(repository().join(path)).unwrap();
        Self {
            path: path.to_owned(),
            ..Self::parse(&text)
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let mut slugs = BTreeMap::new();
        let (mut heading, mut fence) = (None::<String>, None::<Fence>);
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = 1 + text[..range.start].matches('\n').count();
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    fence = Some(Fence {
                        language: language(&kind),
                        text: String::new(),
                        line,
                    });
                }
                Event::End(TagEnd::CodeBlock) => page.fences.extend(fence.take()),
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    page.anchors.push(numbered(&mut slugs, slug));
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((line, dest_url.to_string()));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(open) = fence.as_mut().map(|fence| &mut fence.text) {
                        open.push_str(&text);
                    } else if let Some(open) = &mut heading {
                        open.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

fn language(kind: &CodeBlockKind<'_>) -> String {
    match kind {
        CodeBlockKind::Fenced(language) => language.to_string(),
        CodeBlockKind::Indented => String::new(),
    }
}

/// The anchor of a heading, as code hosts and mdBook make it.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        })
        .collect()
}

/// The second heading of a text has `-1` behind its anchor, and so on.
fn numbered(slugs: &mut BTreeMap<String, usize>, slug: String) -> String {
    let count = slugs.entry(slug.clone()).or_default();
    *count += 1;
    match *count {
        1 => slug,
        count => format!("{slug}-{}", count - 1),
    }
}

#[test]
fn a_page_has_its_blocks_links_and_anchors() {
    let text = "# A `b`, c\n\n[x](y.md#z)\n\n```sh\necho 1\n\necho 2\n```\n\n## A b c\n";
    let page = Page::parse(text);
    assert_eq!(page.anchors, ["a-b-c", "a-b-c-1"]);
    assert_eq!(page.links, [(3, "y.md#z".to_owned())]);
    let fence = Fence {
        language: "sh".to_owned(),
        text: "echo 1\n\necho 2\n".to_owned(),
        line: 5,
    };
    assert_eq!(page.fences, [fence]);
}
