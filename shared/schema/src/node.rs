//! The constraints that a schema can have. Each field is a keyword of JSON Schema.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

use crate::kind::Kinds;
use crate::number::Number;

/// The index of a schema among those of its document.
pub(crate) type NodeId = usize;

/// A regular expression; two of the same text are equal.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(pub(crate) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A schema without its parts, which are nodes of their own. An absent keyword allows everything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) kinds: Kinds,
    /// Both `enum`, and `const` as an `enum` of one: a value is in each of them.
    pub(crate) options: Vec<Vec<Value>>,
    pub(crate) number: NumberRules,
    pub(crate) text: TextRules,
    pub(crate) array: ArrayRules,
    pub(crate) object: ObjectRules,
    pub(crate) reference: Option<NodeId>,
    pub(crate) all_of: Vec<NodeId>,
    pub(crate) any_of: Vec<NodeId>,
    pub(crate) one_of: Vec<NodeId>,
    pub(crate) not: Option<NodeId>,
    pub(crate) condition: Option<NodeId>,
    pub(crate) then: Option<NodeId>,
    pub(crate) otherwise: Option<NodeId>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            kinds: Kinds::ALL,
            options: Vec::new(),
            number: NumberRules::default(),
            text: TextRules::default(),
            array: ArrayRules::default(),
            object: ObjectRules::default(),
            reference: None,
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            not: None,
            condition: None,
            then: None,
            otherwise: None,
        }
    }
}

/// The constraints on numbers; other values pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NumberRules {
    pub(crate) minimum: Option<Number>,
    pub(crate) maximum: Option<Number>,
    pub(crate) above: Option<Number>,
    pub(crate) below: Option<Number>,
    pub(crate) multiple_of: Option<Number>,
}

/// The constraints on strings; lengths are in characters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TextRules {
    pub(crate) length_min: u64,
    pub(crate) length_max: Option<u64>,
    pub(crate) pattern: Option<Pattern>,
}

/// The constraints on arrays.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ArrayRules {
    pub(crate) first: Vec<NodeId>,
    /// The schema of all items after the `first`.
    pub(crate) rest: Option<NodeId>,
    pub(crate) count_min: u64,
    pub(crate) count_max: Option<u64>,
    pub(crate) unique: bool,
    pub(crate) contains: Option<NodeId>,
    pub(crate) contains_min: Option<u64>,
    pub(crate) contains_max: Option<u64>,
}

/// The constraints on objects.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ObjectRules {
    pub(crate) fields: BTreeMap<String, NodeId>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    /// The schema of all fields that neither `fields` nor `patterns` match.
    pub(crate) others: Option<NodeId>,
    pub(crate) names: Option<NodeId>,
    pub(crate) required: BTreeSet<String>,
    /// `dependentRequired`: if a value has the key, it must have these fields, too.
    pub(crate) dependent_required: BTreeMap<String, BTreeSet<String>>,
    /// `dependentSchemas`: if a value has the key, it must fit this schema, too.
    pub(crate) dependent_schemas: BTreeMap<String, NodeId>,
    pub(crate) count_min: u64,
    pub(crate) count_max: Option<u64>,
}

impl ObjectRules {
    /// The schemas of the field of this name.
    pub(crate) fn schemas_of<'n>(&'n self, name: &'n str) -> impl Iterator<Item = NodeId> + 'n {
        let named = self.fields.get(name).copied();
        let patterns = self.patterns.iter();
        let matching = patterns.filter(|(pattern, _)| pattern.0.is_match(name));
        let mut known = named
            .into_iter()
            .chain(matching.map(|(_, node)| *node))
            .peekable();
        let others = self.others.filter(|_| known.peek().is_none());
        known.chain(others)
    }
}

impl ArrayRules {
    /// The schema of the item at this index.
    pub(crate) fn schema_of(&self, index: usize) -> Option<NodeId> {
        self.first.get(index).copied().or(self.rest)
    }
}

impl Node {
    /// `false`: no value fits.
    pub(crate) fn impossible() -> Self {
        Self {
            kinds: Kinds::NONE,
            ..Self::default()
        }
    }

    /// The target of its reference, if it has no other constraint.
    pub(crate) fn pure_reference(&self) -> Option<NodeId> {
        let reference = self.reference;
        let plain = Self {
            reference,
            ..Self::default()
        };
        reference.filter(|_| *self == plain)
    }

    /// Whether its only constraint is an `anyOf` or a `oneOf`.
    pub(crate) fn is_pure_choice(&self) -> bool {
        let mut rest = self.clone();
        rest.any_of.clear();
        rest.one_of.clear();
        self.any_of.is_empty() != self.one_of.is_empty() && rest == Self::default()
    }

    /// The schemas that apply to the same value.
    pub(crate) fn in_place(&self) -> impl Iterator<Item = NodeId> {
        let lists = [&self.all_of, &self.any_of, &self.one_of];
        let single = [
            self.reference,
            self.not,
            self.condition,
            self.then,
            self.otherwise,
        ];
        lists
            .into_iter()
            .flatten()
            .copied()
            .chain(single.into_iter().flatten())
            .chain(self.object.dependent_schemas.values().copied())
    }

    /// The node with all references to its parts reset, and its parts in a fixed order.
    pub(crate) fn split_parts(&self) -> (Self, Vec<NodeId>) {
        let mut shell = self.clone();
        let object = &mut shell.object;
        let single = [
            &mut shell.reference,
            &mut shell.not,
            &mut shell.condition,
            &mut shell.then,
            &mut shell.otherwise,
            &mut shell.array.rest,
            &mut shell.array.contains,
            &mut object.others,
            &mut object.names,
        ];
        let all = (single.into_iter().flatten())
            .chain(&mut shell.all_of)
            .chain(&mut shell.any_of)
            .chain(&mut shell.one_of)
            .chain(&mut shell.array.first)
            .chain(object.fields.values_mut())
            .chain(object.patterns.iter_mut().map(|(_, part)| part))
            .chain(object.dependent_schemas.values_mut());
        let parts = all.map(std::mem::take).collect();
        (shell, parts)
    }

    /// Which of `then` and `otherwise` applies.
    pub(crate) fn consequence(&self, condition_holds: bool) -> Option<NodeId> {
        if condition_holds {
            self.then
        } else {
            self.otherwise
        }
    }
}
