//! Whether a value fits a schema, and if not, why.

mod explain;

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::complaint::complaints;
use crate::fault::Fault;
use crate::node::{Node, NodeId};
use crate::path::Step;
use crate::schema::Schema;
use crate::value;

/// The most steps that a check takes, one per value and schema about it: about 100 ms. A schema of
/// some dozens of parts needs some thousands for the longest event.
const STEPS_MAX: usize = 1_000_000;
/// The most values and schemas within each other: each level is one of the stack.
const LEVELS_MAX: usize = 256;
/// A step's worth of text for a pattern.
const BYTES_PER_STEP: usize = 16;

impl Schema {
    /// Whether a value fits.
    ///
    /// # Errors
    /// What does not fit, from 1 to 8 faults: the first that are found.
    pub fn check(&self, value: &RawValue) -> Result<(), Vec<Fault>> {
        let value: Value = serde_json::from_str(value.get())
            .map_err(|error| vec![Fault::of_all(format!("can't be read: {error}"))])?;
        self.check_value(&value)
    }

    pub(crate) fn check_value(&self, value: &Value) -> Result<(), Vec<Fault>> {
        let mut checker = Checker::new(self);
        if checker.holds(Self::ROOT, value) {
            Ok(())
        } else if checker.gave_up {
            Err(vec![Fault::of_all("is too complex to be checked")])
        } else {
            Err(explain::faults(self, value))
        }
    }
}

/// A check under way.
pub(crate) struct Checker<'a> {
    schema: &'a Schema,
    /// What is known of the targets of references, by the address of the value. Without it, one
    /// value could be checked again on each way that leads to it: 2^n ways through n schemas.
    known: HashMap<(NodeId, usize), bool>,
    steps_left: usize,
    levels: usize,
    /// Steps or levels ran out: from then on nothing holds, and no answer means anything.
    gave_up: bool,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            known: HashMap::new(),
            steps_left: STEPS_MAX,
            levels: 0,
            gave_up: false,
        }
    }

    /// Whether `value` fits the schema `id`. Whoever asks sees that the value stays where it is.
    pub(crate) fn holds(&mut self, id: NodeId, value: &Value) -> bool {
        let node = self.schema.node(id);
        if !self.enter(steps(node, value)) {
            return false;
        }
        let holds = complaints(node, value).is_empty()
            && parts(node, value)
                .iter()
                .all(|(_, about, part)| self.holds(*about, part))
            && self.contents_hold(node, value)
            && self.names_hold(node, value)
            && self.in_place_holds(node, value);
        self.leave();
        holds && !self.gave_up
    }

    fn enter(&mut self, steps: usize) -> bool {
        self.gave_up |= steps > self.steps_left || self.levels == LEVELS_MAX;
        if self.gave_up {
            return false;
        }
        self.steps_left -= steps;
        self.levels += 1;
        true
    }

    fn leave(&mut self) {
        self.levels -= 1;
    }

    fn in_place_holds(&mut self, node: &Node, value: &Value) -> bool {
        node.reference
            .is_none_or(|target| self.target_holds(target, value))
            && node.all_of.iter().all(|part| self.holds(*part, value))
            && (node.any_of.is_empty() || node.any_of.iter().any(|part| self.holds(*part, value)))
            && (node.one_of.is_empty() || self.fitting(&node.one_of, value).len() == 1)
            && node.not.is_none_or(|part| !self.holds(part, value))
            && beside(node, value).all(|part| self.holds(part, value))
            && self
                .consequence(node, value)
                .is_none_or(|part| self.holds(part, value))
    }

    fn target_holds(&mut self, target: NodeId, value: &Value) -> bool {
        let key = (target, std::ptr::from_ref(value).addr());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let holds = self.holds(target, value);
        self.known.insert(key, holds);
        holds
    }

    /// Which of these schemas `value` fits.
    fn fitting(&mut self, schemas: &[NodeId], value: &Value) -> Vec<NodeId> {
        let fitting = schemas.iter().filter(|schema| self.holds(**schema, value));
        fitting.copied().collect()
    }

    fn consequence(&mut self, node: &Node, value: &Value) -> Option<NodeId> {
        let condition = node.condition?;
        node.consequence(self.holds(condition, value))
    }

    fn contents_hold(&mut self, node: &Node, value: &Value) -> bool {
        let (Some(contains), Value::Array(items)) = (node.array.contains, value) else {
            return true;
        };
        let found = items
            .iter()
            .filter(|item| self.holds(contains, item))
            .count() as u64;
        let max = node.array.contains_max;
        found >= node.array.contains_min.unwrap_or(1) && max.is_none_or(|max| found <= max)
    }

    fn names_hold(&mut self, node: &Node, value: &Value) -> bool {
        let (Some(names), Value::Object(fields)) = (node.object.names, value) else {
            return true;
        };
        fields
            .keys()
            .all(|name| self.holds_apart(names, &Value::from(name.as_str())))
    }

    /// As [`Self::holds`], of a value that lives for one call only: another may stand at its address
    /// afterwards.
    pub(crate) fn holds_apart(&mut self, id: NodeId, value: &Value) -> bool {
        let known = std::mem::take(&mut self.known);
        let holds = self.holds(id, value);
        self.known = known;
        holds
    }

    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up
    }
}

/// How much there is to do for `node` alone.
fn steps(node: &Node, value: &Value) -> usize {
    let options: usize = node.options.iter().map(Vec::len).sum();
    let by_kind = match value {
        Value::String(text) if node.text.pattern.is_some() => text.len() / BYTES_PER_STEP,
        Value::Array(_) if node.array.unique => value::size(value),
        Value::Object(fields) => {
            let rules = &node.object;
            let names = rules.required.len() + rules.required_beside.len();
            names + fields.len() * (1 + rules.patterns.len())
        }
        _ => 0,
    };
    1 + options + by_kind
}

/// Where a part of a value stands in it.
#[derive(Clone, Copy)]
enum Place<'v> {
    Field(&'v str),
    Item(usize),
}

impl From<Place<'_>> for Step {
    fn from(place: Place<'_>) -> Self {
        match place {
            Place::Field(name) => Self::Field(name.to_owned()),
            Place::Item(index) => Self::Item(index),
        }
    }
}

/// The parts of `value` that `node` says something about, and what.
fn parts<'v>(node: &Node, value: &'v Value) -> Vec<(Place<'v>, NodeId, &'v Value)> {
    let mut parts = Vec::new();
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let about = node.array.about(index);
                parts.extend(about.map(|about| (Place::Item(index), about, item)));
            }
        }
        Value::Object(fields) => {
            for (name, part) in fields {
                let about = node.object.about(name);
                parts.extend(about.map(|about| (Place::Field(name), about, part)));
            }
        }
        _ => {}
    }
    parts
}

/// What is said about all of `value` because one of its fields is there.
fn beside<'n>(node: &'n Node, value: &'n Value) -> impl Iterator<Item = NodeId> + 'n {
    let whole_beside = node.object.whole_beside.iter();
    whole_beside
        .filter(|(name, _)| value.get(name.as_str()).is_some())
        .map(|(_, part)| *part)
}
