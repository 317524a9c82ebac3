//! Why a value does not fit: faults with the most specific paths that can be determined.

use std::collections::HashSet;

use serde_json::Value;

use super::checker::Checker;
use super::parts::{Key, dependent_schemas, parts};
use crate::constraints::{Options, Violation, violations};
use crate::fault::Fault;
use crate::node::{Node, NodeId};
use crate::path::{Path, Step};
use crate::schema::Schema;

/// Several faults at once save the sender attempts; hundreds do not.
const FAULTS_MAX: usize = 8;
/// Why `value` does not fit: at least one fault.
pub(super) fn faults(schema: &Schema, value: &Value) -> Vec<Fault> {
    let mut explainer = Explainer {
        checker: Checker::new(schema),
        path: Path::default(),
        explained: HashSet::new(),
        faults: Vec::new(),
    };
    explainer.explain(Schema::ROOT, value);
    if explainer.faults.is_empty() {
        explainer
            .faults
            .push(Fault::of_root("does not fit its schema"));
    }
    explainer.faults
}

struct Explainer<'a> {
    checker: Checker<'a>,
    path: Path,
    /// What was explained, by the address of the value: many paths may lead to one fault.
    explained: HashSet<(NodeId, usize)>,
    faults: Vec<Fault>,
}

impl Explainer<'_> {
    fn explain(&mut self, id: NodeId, value: &Value) {
        let is_enough = self.faults.len() >= FAULTS_MAX || self.checker.is_exhausted();
        if is_enough || self.checker.fits(id, value) || !self.checker.enter(0) {
            return;
        }
        if self
            .explained
            .insert((id, std::ptr::from_ref(value).addr()))
        {
            self.explain_node(id, value);
        }
        self.checker.leave();
    }

    fn explain_node(&mut self, id: NodeId, value: &Value) {
        let node = self.checker.schema.node(id);
        let violations = violations(node, value);
        let is_of_another_kind = matches!(violations[..], [(_, Violation::Kind { .. })]);
        for (field, violation) in violations {
            match field {
                None => self.fault(violation.to_string()),
                Some(name) => self.fault_within(name, violation.to_string()),
            }
        }
        if is_of_another_kind {
            return;
        }
        for (key, schema, part) in parts(node, value) {
            self.within(key.into(), |explainer| explainer.explain(schema, part));
        }
        self.explain_contents(node, value);
        self.explain_in_place(node, value);
    }

    fn explain_contents(&mut self, node: &Node, value: &Value) {
        if !self.checker.contents_fit(node, value) {
            self.fault("has too few or too many of the items that it must contain");
        }
        if let (Some(names), Value::Object(fields)) = (node.object.names, value) {
            for name in fields.keys() {
                if !self
                    .checker
                    .fits_temporary(names, &Value::from(name.as_str()))
                {
                    self.fault_within(name, "is not an allowed name of a field");
                }
            }
        }
    }

    fn explain_in_place(&mut self, node: &Node, value: &Value) {
        let consequence = self.checker.consequence(node, value);
        let all = node
            .reference
            .into_iter()
            .chain(node.all_of.iter().copied());
        for part in all.chain(dependent_schemas(node, value)).chain(consequence) {
            self.explain(part, value);
        }
        if !node.any_of.is_empty() && self.checker.fitting(&node.any_of, value).is_empty() {
            self.explain_alternatives(&node.any_of, value);
        }
        if !node.one_of.is_empty() {
            match self.checker.fitting(&node.one_of, value).len() {
                0 => self.explain_alternatives(&node.one_of, value),
                1 => {}
                fitting => self.fault(format!("must fit one of the allowed forms, not {fitting}")),
            }
        }
        if node.not.is_some_and(|part| self.checker.fits(part, value)) {
            self.fault("is what it must not be");
        }
    }

    /// `value` fits none of these alternatives. If only one of them can be intended, its faults are
    /// reported.
    fn explain_alternatives(&mut self, alternatives: &[NodeId], value: &Value) {
        let intended = alternatives
            .iter()
            .filter(|id| self.may_be_intended(**id, value));
        let intended: Vec<_> = intended.copied().collect();
        if let [alternative] = intended[..] {
            return self.explain(alternative, value);
        }
        let options = alternatives
            .iter()
            .map(|id| self.checker.schema.node(*id).options.first());
        match options.collect::<Option<Vec<_>>>() {
            Some(options) => {
                let options: Vec<_> = options.into_iter().flatten().cloned().collect();
                self.fault(format!("must be {}", Options(&options)));
            }
            None => self.fault(format!(
                "fits none of the {} allowed forms",
                alternatives.len()
            )),
        }
    }

    /// Whether `value` has a kind that `id` allows and, if it is an object, fits the fields with
    /// fixed values: the tags of a Rust enum.
    fn may_be_intended(&self, id: NodeId, value: &Value) -> bool {
        let node = self.checker.schema.node(id);
        let fits_itself = violations(node, value).iter().all(|(_, violation)| {
            let is_missing = matches!(violation, Violation::Missing);
            let is_other = matches!(violation, Violation::Kind { .. } | Violation::Option(_));
            !is_other && (!is_missing || node.object.fields.len() > 1)
        });
        let tag_fits = |(key, schema, part): &(Key<'_>, NodeId, &Value)| {
            let node = self.checker.schema.node(*schema);
            let is_tag = matches!(key, Key::Field(_)) && !node.options.is_empty();
            !is_tag || violations(node, part).is_empty()
        };
        fits_itself
            && parts(node, value).iter().all(tag_fits)
            && node
                .reference
                .is_none_or(|target| self.may_be_intended(target, value))
    }

    fn within(&mut self, step: Step, visit: impl FnOnce(&mut Self)) {
        self.path.push(step);
        visit(self);
        self.path.pop();
    }

    fn fault_within(&mut self, name: &str, reason: impl Into<String>) {
        let step = Step::Field(name.to_owned());
        self.within(step, |explainer| explainer.fault(reason));
    }

    fn fault(&mut self, reason: impl Into<String>) {
        let fault = Fault {
            path: self.path.below(Fault::ROOT),
            reason: reason.into(),
        };
        // Two paths through a schema may find the same fault; and once the checker is exhausted, none
        // is valid.
        let is_new = !self.faults.contains(&fault) && !self.checker.is_exhausted();
        if is_new && self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}
