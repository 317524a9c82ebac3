//! The patterns of `vocabulary.txt`.

use regex::Regex;

use crate::scope::Scope;
use crate::texts;

#[derive(Debug)]
pub(crate) struct Vocabulary {
    forbidden: Vec<(Scope, Regex)>,
    /// With the beginning of the paths for which each holds.
    exempt: Vec<(String, Regex)>,
}

impl Vocabulary {
    pub(crate) fn parse(text: &str) -> Self {
        let mut vocabulary = Self {
            forbidden: Vec::new(),
            exempt: Vec::new(),
        };
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line
                .strip_prefix('[')
                .and_then(|line| line.strip_suffix(']'))
            {
                Some(name) if name.chars().all(char::is_alphabetic) => section = name,
                _ => vocabulary.add(section, line),
            }
        }
        vocabulary
    }

    fn add(&mut self, section: &str, line: &str) {
        let scope = match section {
            "files" => Scope::Files,
            "types" => Scope::Types,
            "functions" => Scope::Functions,
            "code" => Scope::Code,
            "texts" => Scope::Texts,
            "prose" => Scope::Prose,
            "exempt" => {
                let (path, pattern) = line.split_once(" => ").unwrap_or(("", line));
                self.exempt.push((path.to_owned(), regex(pattern)));
                return;
            }
            unknown => panic!("no section [{unknown}]"),
        };
        let pattern = match scope.is_of_full_names() {
            true => regex(&format!("^(?:{line})$")),
            false => regex(line),
        };
        self.forbidden.push((scope, pattern));
    }

    /// What a file has that is forbidden: `path:line: word (scope): text`.
    pub(crate) fn matches(&self, path: &str, file: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (scope, line, text) in texts::of_file(path, file) {
            let exempt = self.exempt_parts(path, &text);
            let patterns = self.forbidden.iter().filter(|(of, _)| *of == scope);
            for word in patterns.flat_map(|(_, pattern)| pattern.find_iter(&text)) {
                let is_within =
                    |part: &(usize, usize)| part.0 <= word.start() && word.end() <= part.1;
                if !exempt.iter().any(is_within) {
                    let (word, text) = (word.as_str().trim(), text.trim());
                    found.push(format!("{path}:{line}: {word} ({scope:?}): {text}"));
                }
            }
        }
        found
    }

    fn exempt_parts(&self, path: &str, text: &str) -> Vec<(usize, usize)> {
        let patterns = self
            .exempt
            .iter()
            .filter(|(begin, _)| path.starts_with(begin));
        patterns
            .flat_map(|(_, pattern)| pattern.find_iter(text))
            .map(|part| (part.start(), part.end()))
            .collect()
    }
}

fn regex(pattern: &str) -> Regex {
    match Regex::new(pattern) {
        Ok(regex) => regex,
        Err(error) => panic!("{pattern}: {error}"),
    }
}
