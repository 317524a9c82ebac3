//! Why a value does not fit: the faults, as deep in the value as they can be told apart.

use std::collections::HashSet;

use serde_json::Value;

use super::{Checker, Place, beside, parts};
use crate::complaint::{Complaint, Options, complaints};
use crate::fault::Fault;
use crate::node::{Node, NodeId};
use crate::path::{Path, Step};
use crate::schema::Schema;

/// Whoever sent a value wants the next fault after the last one too, but not hundreds of them.
const FAULTS_MAX: usize = 8;
/// What a value is called that is not part of another.
const ROOT: &str = "data";

impl Fault {
    pub(super) fn of_all(reason: impl Into<String>) -> Self {
        Self {
            path: ROOT.to_owned(),
            reason: reason.into(),
        }
    }
}

/// What is wrong with a `value` that does not fit: at least one fault.
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
            .push(Fault::of_all("does not fit its schema"));
    }
    explainer.faults
}

struct Explainer<'a> {
    checker: Checker<'a>,
    path: Path,
    /// What was looked at, by the address of the value: many ways may lead to one fault.
    explained: HashSet<(NodeId, usize)>,
    faults: Vec<Fault>,
}

impl Explainer<'_> {
    fn explain(&mut self, id: NodeId, value: &Value) {
        let is_enough = self.faults.len() >= FAULTS_MAX || self.checker.gave_up;
        if is_enough || self.checker.holds(id, value) || !self.checker.enter(0) {
            return;
        }
        if self
            .explained
            .insert((id, std::ptr::from_ref(value).addr()))
        {
            self.explain_now(id, value);
        }
        self.checker.leave();
    }

    fn explain_now(&mut self, id: NodeId, value: &Value) {
        let node = self.checker.schema.node(id);
        let complaints = complaints(node, value);
        let is_of_another_kind = matches!(complaints[..], [(_, Complaint::Kind { .. })]);
        for (field, complaint) in complaints {
            match field {
                None => self.fault(complaint.to_string()),
                Some(name) => self.fault_within(name, complaint.to_string()),
            }
        }
        if is_of_another_kind {
            return;
        }
        for (place, about, part) in parts(node, value) {
            self.within(place.into(), |explainer| explainer.explain(about, part));
        }
        self.explain_contents(node, value);
        self.explain_in_place(node, value);
    }

    fn explain_contents(&mut self, node: &Node, value: &Value) {
        if !self.checker.contents_hold(node, value) {
            self.fault("has too few or too many of the items that it must contain");
        }
        if let (Some(names), Value::Object(fields)) = (node.object.names, value) {
            for name in fields.keys() {
                if !self.checker.holds_apart(names, &Value::from(name.as_str())) {
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
        for part in all.chain(beside(node, value)).chain(consequence) {
            self.explain(part, value);
        }
        if !node.any_of.is_empty() && self.checker.fitting(&node.any_of, value).is_empty() {
            self.explain_forms(&node.any_of, value);
        }
        if !node.one_of.is_empty() {
            match self.checker.fitting(&node.one_of, value).len() {
                0 => self.explain_forms(&node.one_of, value),
                1 => {}
                fitting => self.fault(format!("must fit one of the allowed forms, not {fitting}")),
            }
        }
        if node.not.is_some_and(|part| self.checker.holds(part, value)) {
            self.fault("is what it must not be");
        }
    }

    /// `value` fits none of these forms. If only one of them can be meant, its faults are told.
    fn explain_forms(&mut self, forms: &[NodeId], value: &Value) {
        let meant = forms.iter().filter(|form| self.may_be_meant(**form, value));
        let meant: Vec<_> = meant.copied().collect();
        if let [form] = meant[..] {
            return self.explain(form, value);
        }
        let options = forms
            .iter()
            .map(|form| self.checker.schema.node(*form).options.first());
        match options.collect::<Option<Vec<_>>>() {
            Some(options) => {
                let options: Vec<_> = options.into_iter().flatten().cloned().collect();
                self.fault(format!("must be {}", Options(&options)));
            }
            None => self.fault(format!("fits none of the {} allowed forms", forms.len())),
        }
    }

    /// Whether `value` is of the kind that `id` is about and, if both are objects, fits its fields of
    /// fixed values: the tags of a Rust enum.
    fn may_be_meant(&self, id: NodeId, value: &Value) -> bool {
        let node = self.checker.schema.node(id);
        let fits_itself = complaints(node, value).iter().all(|(_, complaint)| {
            let is_missing = matches!(complaint, Complaint::Missing);
            let is_other = matches!(complaint, Complaint::Kind { .. } | Complaint::Option(_));
            !is_other && (!is_missing || node.object.fields.len() > 1)
        });
        let tag_fits = |(place, about, part): &(Place<'_>, NodeId, &Value)| {
            let about = self.checker.schema.node(*about);
            let is_tag = matches!(place, Place::Field(_)) && !about.options.is_empty();
            !is_tag || complaints(about, part).is_empty()
        };
        fits_itself
            && parts(node, value).iter().all(tag_fits)
            && node
                .reference
                .is_none_or(|target| self.may_be_meant(target, value))
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
            path: self.path.below(ROOT),
            reason: reason.into(),
        };
        // Two ways through a schema may find the same; and once the checker gave up, none is real.
        let is_news = !self.faults.contains(&fault) && !self.checker.gave_up;
        if is_news && self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}
