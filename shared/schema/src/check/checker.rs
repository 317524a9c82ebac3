//! Checks without reasons: fast, and within a limited number of steps.

use std::collections::HashMap;

use serde_json::Value;

use super::parts::{dependent_schemas, parts};
use crate::constraints::violations;
use crate::node::{Node, NodeId};
use crate::schema::Schema;
use crate::value;

/// The most steps of a check, one per pair of a value and a schema: about 100 ms. A schema of some
/// dozens of parts needs some thousands for the longest event.
const STEPS_MAX: usize = 1_000_000;
/// The most levels of values and schemas within each other: each is a level of the stack.
const LEVELS_MAX: usize = 256;
/// How many bytes of text a pattern matches in one step.
const BYTES_PER_STEP: usize = 16;

/// Checks values against the schemas of one document, within a limited number of steps.
pub(crate) struct Checker<'a> {
    pub(super) schema: &'a Schema,
    /// The results for the targets of references, by the address of the value. Without it, a value
    /// could be checked again for each path that leads to it: 2^n paths through n schemas.
    results: HashMap<(NodeId, usize), bool>,
    steps_left: usize,
    levels: usize,
    /// Steps or levels ran out: from then on nothing fits, and no result is valid.
    is_exhausted: bool,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            results: HashMap::new(),
            steps_left: STEPS_MAX,
            levels: 0,
            is_exhausted: false,
        }
    }

    /// Whether `value` fits the schema `id`. The value must keep its address while the checker is
    /// used.
    pub(crate) fn fits(&mut self, id: NodeId, value: &Value) -> bool {
        let node = self.schema.node(id);
        if !self.enter(steps(node, value)) {
            return false;
        }
        let fits = violations(node, value).is_empty()
            && parts(node, value)
                .iter()
                .all(|(_, schema, part)| self.fits(*schema, part))
            && self.contents_fit(node, value)
            && self.names_fit(node, value)
            && self.in_place_fits(node, value);
        self.leave();
        fits && !self.is_exhausted
    }

    pub(super) fn enter(&mut self, steps: usize) -> bool {
        self.is_exhausted |= steps > self.steps_left || self.levels == LEVELS_MAX;
        if self.is_exhausted {
            return false;
        }
        self.steps_left -= steps;
        self.levels += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }

    fn in_place_fits(&mut self, node: &Node, value: &Value) -> bool {
        node.reference
            .is_none_or(|target| self.target_fits(target, value))
            && node.all_of.iter().all(|part| self.fits(*part, value))
            && (node.any_of.is_empty() || node.any_of.iter().any(|part| self.fits(*part, value)))
            && (node.one_of.is_empty() || self.fitting(&node.one_of, value).len() == 1)
            && node.not.is_none_or(|part| !self.fits(part, value))
            && dependent_schemas(node, value).all(|part| self.fits(part, value))
            && self
                .consequence(node, value)
                .is_none_or(|part| self.fits(part, value))
    }

    fn target_fits(&mut self, target: NodeId, value: &Value) -> bool {
        let key = (target, std::ptr::from_ref(value).addr());
        if let Some(result) = self.results.get(&key) {
            return *result;
        }
        let fits = self.fits(target, value);
        self.results.insert(key, fits);
        fits
    }

    /// Those of `schemas` that `value` fits.
    pub(super) fn fitting(&mut self, schemas: &[NodeId], value: &Value) -> Vec<NodeId> {
        let fitting = schemas.iter().filter(|schema| self.fits(**schema, value));
        fitting.copied().collect()
    }

    pub(super) fn consequence(&mut self, node: &Node, value: &Value) -> Option<NodeId> {
        let condition = node.condition?;
        node.consequence(self.fits(condition, value))
    }

    pub(super) fn contents_fit(&mut self, node: &Node, value: &Value) -> bool {
        let (Some(contains), Value::Array(items)) = (node.array.contains, value) else {
            return true;
        };
        let found = items
            .iter()
            .filter(|item| self.fits(contains, item))
            .count() as u64;
        let max = node.array.contains_max;
        found >= node.array.contains_min.unwrap_or(1) && max.is_none_or(|max| found <= max)
    }

    fn names_fit(&mut self, node: &Node, value: &Value) -> bool {
        let (Some(names), Value::Object(fields)) = (node.object.names, value) else {
            return true;
        };
        fields
            .keys()
            .all(|name| self.fits_temporary(names, &Value::from(name.as_str())))
    }

    /// Like [`Self::fits`], for a temporary value: another value may have its address afterwards.
    pub(crate) fn fits_temporary(&mut self, id: NodeId, value: &Value) -> bool {
        let results = std::mem::take(&mut self.results);
        let fits = self.fits(id, value);
        self.results = results;
        fits
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }
}

/// The steps that checking `node` takes, without its parts.
fn steps(node: &Node, value: &Value) -> usize {
    let options: usize = node.options.iter().map(Vec::len).sum();
    let by_kind = match value {
        Value::String(text) if node.text.pattern.is_some() => text.len() / BYTES_PER_STEP,
        Value::Array(_) if node.array.unique => value::size(value),
        Value::Object(fields) => {
            let rules = &node.object;
            let names = rules.required.len() + rules.dependent_required.len();
            names + fields.len() * (1 + rules.patterns.len())
        }
        _ => 0,
    };
    1 + options + by_kind
}
