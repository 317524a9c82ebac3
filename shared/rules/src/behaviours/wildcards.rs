//! Wildcards: texts such as `<agent>` that stand for a value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::substitution::Substitution;

/// Texts, and what replaces them.
pub type Wildcards = BTreeMap<String, Value>;

/// Wildcards that every machine has when it runs: the agent's id, the world's, the agent's role, and its
/// partner.
pub const BUILT_IN_WILDCARDS: &[&str] = &["<agent>", "<world>", "<role>", "<partner>"];
/// Wildcards that actions themselves replace, since their value changes: the stream of the playlist that is
/// next, and the agents that passed the last comparison.
pub const DYNAMIC_WILDCARDS: &[&str] = &["<playlist>", "<valid_cmp>"];

/// The arguments with wildcards replaced, at any depth.
///
/// Names of fields stay as they are. A text that is exactly a wildcard becomes its value, of whatever type.
/// Inside of a longer text a wildcard whose value is a text is replaced; others stay. What was put in is not
/// searched again, so that the order of the wildcards does not matter; of two that fit at one place the
/// longer is replaced.
pub fn resolve(args: &Map<String, Value>, wildcards: &Wildcards) -> Map<String, Value> {
    Substitution::new(wildcards, usize::MAX).arguments(args)
}

/// The text of a message with wildcards replaced; here numbers and truth values are replaced too.
pub fn resolve_text(text: &str, wildcards: &Wildcards) -> String {
    Substitution::new(wildcards, usize::MAX).message(text)
}

/// Whether it is a wildcard that a machine replaces when it runs.
pub(super) fn is_known(wildcard: &str) -> bool {
    BUILT_IN_WILDCARDS.contains(&wildcard) || DYNAMIC_WILDCARDS.contains(&wildcard)
}

/// The wildcards in a text by their form: `<`, a letter, letters, digits and underscores, `>`.
pub(super) fn find(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('<').filter_map(|(begin, _)| {
        let after = &text[begin + 1..];
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        let is_name = after.starts_with(|c: char| c.is_ascii_alphabetic());
        (is_name && after[end..].starts_with('>')).then(|| &text[begin..begin + end + 2])
    })
}
