//! The constraints that several schemas of a document put on one value together.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::check::Checker;
use crate::kind::Kinds;
use crate::node::{Node, NodeId};
use crate::schema::Schema;

/// The values that fit all of some schemas, including those that apply through `$ref` and `allOf`.
#[derive(Clone)]
pub(super) struct View<'a> {
    schema: &'a Schema,
    ids: BTreeSet<NodeId>,
    /// The nodes of whose `anyOf` or `oneOf` one alternative was chosen, which is among the `ids`.
    chosen: BTreeSet<(NodeId, Group)>,
    /// Only values of these kinds are considered.
    limit: Kinds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    AnyOf,
    OneOf,
}

/// The cases in which a view is compared.
pub(super) enum Cases<'a> {
    /// No other values fit; some of these may not fit either.
    Values(Vec<Value>),
    /// A value that fits the view fits one of these.
    Alternatives(Vec<View<'a>>),
    Single,
}

impl<'a> View<'a> {
    pub(super) fn new(schema: &'a Schema, ids: impl IntoIterator<Item = NodeId>) -> Self {
        let mut view = Self {
            schema,
            ids: BTreeSet::new(),
            chosen: BTreeSet::new(),
            limit: Kinds::ALL,
        };
        view.add(ids);
        view
    }

    fn add(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        let mut open: Vec<_> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            let id = self.schema.dereference(id);
            if self.ids.insert(id) {
                let node = self.schema.node(id);
                open.extend(node.reference);
                open.extend(&node.all_of);
            }
        }
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &'a Node> {
        self.ids.iter().map(|id| self.schema.node(*id))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.ids.iter().copied()
    }

    pub(super) fn limited(&self, limit: Kinds) -> Self {
        Self {
            limit,
            ..self.clone()
        }
    }

    /// How many schemas it consists of.
    pub(super) fn size(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no constraints, so that all values fit.
    pub(super) fn is_unconstrained(&self) -> bool {
        self.ids.is_empty() && self.limit == Kinds::ALL
    }

    pub(super) fn kinds(&self) -> Kinds {
        self.nodes()
            .fold(self.limit, |kinds, node| kinds.and(node.kinds))
    }

    pub(super) fn cases(&self) -> Cases<'a> {
        let options = self.nodes().flat_map(|node| &node.options);
        if let Some(options) = options.min_by_key(|options| options.len()) {
            return Cases::Values(options.clone());
        }
        if Kinds::NULL.or(Kinds::BOOLEAN).contains(self.kinds()) {
            return Cases::Values(vec![Value::Null, false.into(), true.into()]);
        }
        for id in &self.ids {
            let node = self.schema.node(*id);
            for (group, alternatives) in
                [(Group::AnyOf, &node.any_of), (Group::OneOf, &node.one_of)]
            {
                if !alternatives.is_empty() && !self.chosen.contains(&(*id, group)) {
                    return Cases::Alternatives(self.with_each(*id, group, alternatives));
                }
            }
        }
        Cases::Single
    }

    fn with_each(&self, id: NodeId, group: Group, alternatives: &[NodeId]) -> Vec<Self> {
        let choose = |alternative: &NodeId| {
            let mut view = self.clone();
            if self.schema.node(id).is_pure_choice() {
                view.ids.remove(&id);
            } else {
                view.chosen.insert((id, group));
            }
            view.add([*alternative]);
            view
        };
        alternatives.iter().map(choose).collect()
    }

    /// Those of `values` that fit.
    pub(super) fn fitting(&self, values: &[Value], checker: &mut Checker<'_>) -> Vec<Value> {
        let mut fits = |value: &&Value| {
            self.limit.contains(Kinds::of(value))
                && self.ids.iter().all(|id| checker.fits_temporary(*id, value))
        };
        values.iter().filter(&mut fits).cloned().collect()
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.nodes().any(|node| node.object.required.contains(name))
    }

    pub(super) fn required(&self) -> BTreeSet<&'a String> {
        self.nodes()
            .flat_map(|node| &node.object.required)
            .collect()
    }

    /// The constraints on the field of this name.
    pub(super) fn field(&self, name: &str) -> Self {
        Self::new(
            self.schema,
            self.nodes().flat_map(|node| node.object.schemas_of(name)),
        )
    }

    /// The constraints on fields that are neither named nor match a pattern.
    pub(super) fn other_fields(&self) -> Self {
        Self::new(
            self.schema,
            self.nodes().filter_map(|node| node.object.others),
        )
    }

    /// Whether a schema applies to the field of this name, even one that forbids it.
    pub(super) fn declares(&self, name: &str) -> bool {
        self.nodes()
            .any(|node| node.object.schemas_of(name).next().is_some())
    }

    pub(super) fn declares_other_fields(&self) -> bool {
        self.nodes().any(|node| node.object.others.is_some())
    }

    /// The constraints on the names of fields, if there are any.
    pub(super) fn names(&self) -> Option<Self> {
        let names: Vec<_> = self.nodes().filter_map(|node| node.object.names).collect();
        (!names.is_empty()).then(|| Self::new(self.schema, names))
    }

    /// The constraints of the part `id` of one of its nodes.
    pub(super) fn part(&self, id: NodeId) -> Self {
        Self::new(self.schema, [id])
    }

    /// The constraints on the item at this index.
    pub(super) fn item(&self, index: usize) -> Self {
        Self::new(
            self.schema,
            self.nodes().filter_map(|node| node.array.schema_of(index)),
        )
    }

    fn key(&self) -> (&BTreeSet<NodeId>, &BTreeSet<(NodeId, Group)>, Kinds) {
        (&self.ids, &self.chosen, self.limit)
    }
}

/// Two views of one document are compared by what they consist of.
impl Ord for View<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for View<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for View<'_> {}
