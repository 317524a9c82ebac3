//! The constraints of a schema on a value itself, without its parts.

use std::fmt;

use serde_json::{Map, Value};

use crate::kind::Kinds;
use crate::node::{Node, NumberRules};
use crate::number::Number;
use crate::path::Short;
use crate::value;

/// The most options of a list that a text names.
const OPTIONS_NAMED_MAX: usize = 8;

/// A constraint that a value violates. As text: the end of a sentence that begins with the path.
#[derive(Debug)]
pub(crate) enum Violation<'a> {
    Kind {
        expected: Kinds,
        found: Kinds,
    },
    Option(&'a [Value]),
    TooLow(Number),
    TooHigh(Number),
    NotAbove(Number),
    NotBelow(Number),
    NotMultiple(Number),
    TooFew {
        limit: u64,
        found: u64,
        of: &'static str,
    },
    TooMany {
        limit: u64,
        found: u64,
        of: &'static str,
    },
    Pattern(&'a str),
    NotUnique,
    /// The path is that of the missing field.
    Missing,
    MissingDependent(&'a str),
}

/// The constraints of `node` that `value` violates, each with the missing field if there is one.
pub(crate) fn violations<'a>(
    node: &'a Node,
    value: &Value,
) -> Vec<(Option<&'a str>, Violation<'a>)> {
    let found = Kinds::of(value);
    if !node.kinds.contains(found) {
        let expected = node.kinds;
        return vec![(None, Violation::Kind { expected, found })];
    }
    let mut all = Vec::new();
    for options in &node.options {
        if !options.iter().any(|option| value::equal(option, value)) {
            all.push((None, Violation::Option(options)));
        }
    }
    match value {
        Value::Number(number) => check_number(&node.number, number.into(), &mut all),
        Value::String(text) => check_text(node, text, &mut all),
        Value::Array(items) => check_array(node, items, &mut all),
        Value::Object(fields) => check_object(node, fields, &mut all),
        Value::Null | Value::Bool(_) => {}
    }
    all
}

type Violations<'a> = Vec<(Option<&'a str>, Violation<'a>)>;

fn check_number<'a>(rules: &NumberRules, number: Number, all: &mut Violations<'a>) {
    let found = [
        rules
            .minimum
            .filter(|limit| number < *limit)
            .map(Violation::TooLow),
        rules
            .maximum
            .filter(|limit| number > *limit)
            .map(Violation::TooHigh),
        rules
            .above
            .filter(|limit| number <= *limit)
            .map(Violation::NotAbove),
        rules
            .below
            .filter(|limit| number >= *limit)
            .map(Violation::NotBelow),
        rules
            .multiple_of
            .filter(|step| !number.is_multiple_of(*step))
            .map(Violation::NotMultiple),
    ];
    all.extend(
        found
            .into_iter()
            .flatten()
            .map(|violation| (None, violation)),
    );
}

fn check_text<'a>(node: &'a Node, text: &str, all: &mut Violations<'a>) {
    let rules = &node.text;
    if rules.length_min > 0 || rules.length_max.is_some() {
        let length = text.chars().count() as u64;
        check_count(rules.length_min, rules.length_max, length, "character", all);
    }
    if let Some(pattern) = rules
        .pattern
        .as_ref()
        .filter(|pattern| !pattern.0.is_match(text))
    {
        all.push((None, Violation::Pattern(pattern.0.as_str())));
    }
}

fn check_array<'a>(node: &'a Node, items: &[Value], all: &mut Violations<'a>) {
    let rules = &node.array;
    check_count(
        rules.count_min,
        rules.count_max,
        items.len() as u64,
        "item",
        all,
    );
    if rules.unique && !value::are_unique(items) {
        all.push((None, Violation::NotUnique));
    }
}

fn check_object<'a>(node: &'a Node, fields: &Map<String, Value>, all: &mut Violations<'a>) {
    let rules = &node.object;
    check_count(
        rules.count_min,
        rules.count_max,
        fields.len() as u64,
        "field",
        all,
    );
    let is_missing = |name: &&String| !fields.contains_key(name.as_str());
    for name in rules.required.iter().filter(is_missing) {
        all.push((Some(name), Violation::Missing));
    }
    for (present, names) in &rules.dependent_required {
        if fields.contains_key(present) {
            for name in names.iter().filter(is_missing) {
                all.push((Some(name), Violation::MissingDependent(present)));
            }
        }
    }
}

fn check_count<'a>(
    min: u64,
    max: Option<u64>,
    found: u64,
    of: &'static str,
    all: &mut Violations<'a>,
) {
    if found < min {
        all.push((
            None,
            Violation::TooFew {
                limit: min,
                found,
                of,
            },
        ));
    }
    if let Some(limit) = max.filter(|limit| found > *limit) {
        all.push((None, Violation::TooMany { limit, found, of }));
    }
}

impl fmt::Display for Violation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind {
                expected: Kinds::NONE,
                ..
            } => f.write_str("is not allowed"),
            Self::Kind { expected, found } => write!(f, "must be {expected}, not {found}"),
            Self::Option(options) => write!(f, "must be {}", Options(options)),
            Self::TooLow(limit) => write!(f, "must be at least {limit}"),
            Self::TooHigh(limit) => write!(f, "must be at most {limit}"),
            Self::NotAbove(limit) => write!(f, "must be more than {limit}"),
            Self::NotBelow(limit) => write!(f, "must be less than {limit}"),
            Self::NotMultiple(step) => write!(f, "must be a multiple of {step}"),
            Self::TooFew { limit, found, of } => {
                write!(f, "must have at least {}, not {found}", Count(*limit, of))
            }
            Self::TooMany { limit, found, of } => {
                write!(f, "must have at most {}, not {found}", Count(*limit, of))
            }
            Self::Pattern(pattern) => write!(f, "must match the pattern {}", Short(pattern)),
            Self::NotUnique => f.write_str("must not have two equal items"),
            Self::Missing => f.write_str("is required"),
            Self::MissingDependent(name) => write!(f, "is required beside {}", Short(name)),
        }
    }
}

/// As part of a sentence: `"a", "b" or "c"`.
pub(crate) struct Options<'a>(pub(crate) &'a [Value]);

impl fmt::Display for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.0.iter().take(OPTIONS_NAMED_MAX);
        let named: Vec<_> = named
            .map(|option| Short(&option.to_string()).to_string())
            .collect();
        match named.split_last() {
            None => f.write_str("nothing"),
            Some((last, [])) => f.write_str(last),
            Some((last, others)) if named.len() == self.0.len() => {
                write!(f, "{} or {last}", others.join(", "))
            }
            Some(_) => {
                let more = self.0.len() - named.len();
                write!(f, "{} or one of {more} others", named.join(", "))
            }
        }
    }
}

/// As part of a sentence: `1 item`, `2 items`.
pub(crate) struct Count<'a>(pub(crate) u64, pub(crate) &'a str);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}
