//! What of a file belongs to which scope.

use crate::rust_text;
use crate::scope::Scope;

/// The texts of a file with their scopes and lines. A file's name is in line 0.
pub(crate) fn of_file(path: &str, text: &str) -> Vec<(Scope, usize, String)> {
    match path.rsplit_once('.') {
        Some((stem, "rs")) => of_rust(stem, text),
        Some((_, "md")) => prose(text, |line| Some(line)),
        _ => prose(text, |line| {
            line.split_once('#').map(|(_, comment)| comment)
        }),
    }
}

fn of_rust(stem: &str, text: &str) -> Vec<(Scope, usize, String)> {
    let name = stem.rsplit('/').next().unwrap_or(stem);
    let mut texts = vec![(Scope::Files, 0, name.to_owned())];
    for (index, line) in rust_text::lines(text).into_iter().enumerate() {
        for (keywords, scope) in [
            (
                &["struct", "enum", "trait", "type", "union"][..],
                Scope::Types,
            ),
            (&["fn"], Scope::Functions),
        ] {
            let names = defined(&line.code, keywords);
            texts.extend(names.map(|name| (scope, index + 1, name.to_owned())));
        }
        texts.push((Scope::Code, index + 1, line.code));
        texts.push((Scope::Texts, index + 1, line.strings));
        texts.push((Scope::Prose, index + 1, line.comment));
    }
    texts
}

/// The names that follow one of the keywords.
fn defined<'a>(code: &'a str, keywords: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let pairs: Vec<(&str, &str)> = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs
        .into_iter()
        .filter(|(keyword, _)| keywords.contains(keyword))
        .map(|(_, name)| name)
}

fn prose(text: &str, part: impl Fn(&str) -> Option<&str>) -> Vec<(Scope, usize, String)> {
    let lines = text.lines().enumerate();
    lines
        .filter_map(|(index, line)| Some((Scope::Prose, index + 1, part(line)?.to_owned())))
        .collect()
}
