//! A world's variables, and the prompts that are filled with them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// The variables of a world, as its text defines them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables<'a> {
    values: HashMap<&'a str, &'a str>,
}

impl<'a> Variables<'a> {
    /// Reads lines of `NAME=value`. Empty lines and those that begin with `#` are skipped; the last
    /// of two definitions holds. A line that defines nothing is left out, so that a slip of the pen
    /// costs one variable and not the world.
    ///
    /// A value is all that stands behind the first `=`, without the spaces around it: quotes and
    /// `#` are part of it.
    pub(crate) fn parse(text: &'a str) -> Self {
        let values = text.lines().filter_map(definition).collect();
        Self { values }
    }

    /// The value of a variable, if it has one. Names are case-sensitive.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.values.get(name).copied()
    }

    /// The prompt with the value of each variable in place of its `{{name}}`, with or without
    /// spaces inside. A variable that is not defined is empty. Values are taken as they are: a
    /// `{{name}}` in one stays. What comes behind `bytes_max` is cut: a short prompt may have many of them.
    pub(crate) fn fill(&self, prompt: &str, bytes_max: usize) -> String {
        let mut filled = String::with_capacity(prompt.len());
        let mut rest = prompt;
        while filled.len() < bytes_max
            && let Some((inside, after)) = rest.split_once("}}")
        {
            rest = after;
            // The nearest opening is the one that belongs to this end: what stands before it is text.
            match inside.rsplit_once("{{") {
                Some((before, name)) if is_name(name.trim()) => {
                    filled.push_str(before);
                    filled.push_str(self.get(name.trim()).unwrap_or_default());
                }
                _ => {
                    filled.push_str(inside);
                    filled.push_str("}}");
                }
            }
        }
        filled.push_str(rest);
        filled.truncate(filled.floor_char_boundary(bytes_max));
        filled
    }
}

fn definition(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    is_name(name).then_some((name, value.trim()))
}

/// A comment is no name either, whatever stands behind its `#`.
fn is_name(text: &str) -> bool {
    let is_part =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    !text.is_empty() && text.chars().all(is_part)
}
