//! Where something stands in a value, as our API writes it: `items[0].price`.

use std::fmt;

/// Of a name that a sender made up, no more than this is repeated.
pub(crate) const QUOTED_CHARACTERS_MAX: usize = 64;

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Item(usize),
    /// Any item of an array.
    EachItem,
    /// Any field that is not named.
    OtherField,
}

/// The way from a value to a part of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The path of a part of what is called `root`.
    pub(crate) fn below(&self, root: &str) -> String {
        match self.0.first() {
            None | Some(Step::Item(_) | Step::EachItem | Step::OtherField) => {
                format!("{root}{self}")
            }
            Some(Step::Field(name)) if !is_plain(name) => format!("{root}{self}"),
            Some(Step::Field(_)) => format!("{root}.{self}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if is_plain(name) => {
                    let dot = if index == 0 { "" } else { "." };
                    write!(f, "{dot}{}", Short(name))?;
                }
                Step::Field(name) => write!(f, "[{:?}]", Short(name).to_string())?,
                Step::Item(item) => write!(f, "[{item}]")?,
                Step::EachItem => f.write_str("[]")?,
                Step::OtherField => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Whether a name needs no quotes.
fn is_plain(name: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
    !name.is_empty() && name.chars().all(is_part)
}

/// The beginning of a text.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(QUOTED_CHARACTERS_MAX) {
            None => f.write_str(self.0),
            Some(_) => {
                let kept = self.0.chars().take(QUOTED_CHARACTERS_MAX - 1);
                write!(f, "{}…", kept.collect::<String>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_in_our_api() {
        let field = |name: &str| Step::Field(name.to_owned());
        let long = "x".repeat(80);
        for (steps, expected) in [
            (vec![], "data".to_owned()),
            (
                vec![field("items"), Step::Item(0), field("price")],
                "data.items[0].price".into(),
            ),
            (vec![Step::Item(2)], "data[2]".into()),
            (vec![Step::EachItem, field("a")], "data[].a".into()),
            (vec![field("a"), Step::OtherField], "data.a[*]".into()),
            (vec![field("a b")], r#"data["a b"]"#.into()),
            (vec![field("a"), field("")], r#"data.a[""]"#.into()),
            (vec![field(&long)], format!("data.{}…", "x".repeat(63))),
        ] {
            assert_eq!(Path(steps).below("data"), expected);
        }
    }
}
