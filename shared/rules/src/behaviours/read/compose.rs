//! Templates: copies of their states become states of the behaviour.

use std::collections::{BTreeMap, BTreeSet};

use contract::Rejection;
use contract::behaviour::{
    Destination, Document, OrderedMap, State, Teleport, Template, Transition, Warning, WarningCode,
};
use serde_json::Value;

use super::parsed::{
    ALL_STATES, Located, Parsed, ParsedAction, ParsedState, ParsedTransition, unknown_state,
};
use crate::rejection::{field_path, invalid};

/// What a document and a template have in common.
struct Part<'a> {
    /// Where it stands: empty for the document.
    path: String,
    initial: &'a str,
    wildcards: &'a BTreeMap<String, Value>,
    states: &'a OrderedMap<State>,
    transitions: &'a OrderedMap<Vec<Transition>>,
    teleports: &'a [Teleport],
}

impl<'a> Part<'a> {
    fn of_document(document: &'a Document) -> Self {
        Self {
            path: String::new(),
            initial: &document.initial,
            wildcards: &document.wildcards,
            states: &document.states,
            transitions: &document.transitions,
            teleports: &document.teleports,
        }
    }

    fn of_template(name: &str, template: &'a Template) -> Self {
        Self {
            path: format!("templates.{name}"),
            initial: &template.initial,
            wildcards: &template.wildcards,
            states: &template.states,
            transitions: &template.transitions,
            teleports: &template.teleports,
        }
    }

    fn is_document(&self) -> bool {
        self.path.is_empty()
    }
}

/// One copy of a part.
struct Copy {
    initial: usize,
    scope: usize,
    /// The index of its first state. Those of templates that it uses come behind its own.
    first: usize,
    /// The states that it may name, by the names that they have in it.
    names: BTreeMap<String, usize>,
}

impl Copy {
    fn state(&self, name: &str, path: &str) -> Result<usize, Rejection> {
        let found = self.names.get(name).copied();
        found.ok_or_else(|| unknown_state(name, path))
    }
}

/// A transition whose states are not looked up yet: they may come from a template further down.
struct Named<'a> {
    from: Located<&'a str>,
    to: Located<Target<'a>>,
    transition: Transition,
    path: String,
}

enum Target<'a> {
    State(&'a str),
    Index(usize),
}

impl Named<'_> {
    /// The transition from the states that `from` has for the one that it goes to.
    fn resolve(
        self,
        copy: &Copy,
        from: impl Fn(usize) -> Vec<usize>,
        is_teleport: bool,
    ) -> Result<ParsedTransition, Rejection> {
        let Self {
            to,
            transition,
            path,
            ..
        } = self;
        let at = |name: &str| format!("{path}.{name}");
        let index = match to.value {
            Target::State(name) => copy.state(name, &to.path)?,
            Target::Index(index) => index,
        };
        let on_failure = transition.on_failure.as_deref();
        let on_failure = on_failure.map(|name| copy.state(name, &at("on_failure")));
        Ok(ParsedTransition {
            from: from(index),
            to: Located::new(index, to.path),
            on_failure: on_failure.transpose()?,
            scope: copy.scope,
            action: ParsedAction {
                name: Located::new(transition.action, at("action")),
                args: Located::new(transition.args, at("args")),
            },
            ready: Located::new(transition.ready, at("ready")),
            high_priority: transition.high_priority,
            is_teleport,
            delay: Located::new(transition.delay_seconds, at("delay_seconds")),
            retry: Located::new(transition.retry_seconds, at("retry_seconds")),
            max: Located::new(transition.max_seconds, at("max_seconds")),
            message: transition.message,
            path,
        })
    }
}

/// Reads a document, and puts copies of templates in place of the references to them.
pub(super) fn compose(document: &Document) -> Result<Parsed, Rejection> {
    let mut composer = Composer {
        templates: &document.templates,
        parsed: Parsed::default(),
        teleports: Vec::new(),
        open: Vec::new(),
        used: BTreeSet::new(),
    };
    let copy = composer.place(&Part::of_document(document), None)?;
    composer.finish(copy.initial)
}

struct Composer<'a> {
    templates: &'a OrderedMap<Template>,
    parsed: Parsed,
    /// They come behind all other transitions.
    teleports: Vec<ParsedTransition>,
    /// The templates that are being placed.
    open: Vec<&'a str>,
    used: BTreeSet<&'a str>,
}

impl<'a> Composer<'a> {
    /// Adds a copy of a part, with the templates that it uses.
    fn place(&mut self, part: &Part<'a>, outer: Option<usize>) -> Result<Copy, Rejection> {
        let scope = self.push_scope(part, outer);
        let first = self.parsed.states.len();
        let names = self.push_states(part, scope)?;
        let initial = names.get(part.initial).copied();
        let initial = initial
            .ok_or_else(|| unknown_state(part.initial, &field_path(&part.path, "initial")))?;
        let mut copy = Copy {
            initial,
            scope,
            first,
            names,
        };
        let ordinary = self.ordinary(part, &mut copy)?;
        let teleports = self.teleports(part, &mut copy)?;
        for named in ordinary {
            let from = copy.state(named.from.value, &named.from.path)?;
            let transition = named.resolve(&copy, |_| vec![from], false)?;
            self.parsed.push_transition(transition)?;
        }
        for named in teleports {
            let from = match named.from.value {
                ALL_STATES => None,
                name => Some(copy.state(name, &named.from.path)?),
            };
            let parsed = &self.parsed;
            let sources =
                |to| from.map_or_else(|| parsed.all_but(copy.first, to), |from| vec![from]);
            let teleport = named.resolve(&copy, sources, true)?;
            self.teleports.push(teleport);
        }
        Ok(copy)
    }

    fn finish(mut self, initial: usize) -> Result<Parsed, Rejection> {
        self.parsed.initial = initial;
        for teleport in self.teleports {
            self.parsed.push_transition(teleport)?;
        }
        for (name, _) in self.templates.iter() {
            if !self.used.contains(name) {
                self.parsed.warnings.push(Warning {
                    field: format!("templates.{name}"),
                    code: WarningCode::UnusedTemplate,
                    detail: format!("no transition goes to the template {name:?}: not checked"),
                });
            }
        }
        Ok(self.parsed)
    }

    /// Adds the wildcards of a part. Those of what uses it win.
    fn push_scope(&mut self, part: &Part<'_>, outer: Option<usize>) -> usize {
        let mut wildcards = part.wildcards.clone();
        if let Some(outer) = outer.and_then(|outer| self.parsed.scopes.get(outer)) {
            wildcards.extend(outer.clone());
        }
        self.parsed.scopes.push(wildcards);
        self.parsed.scopes.len() - 1
    }

    fn push_states(
        &mut self,
        part: &Part<'_>,
        scope: usize,
    ) -> Result<BTreeMap<String, usize>, Rejection> {
        let mut names = BTreeMap::new();
        for (name, state) in part.states.iter() {
            let path = field_path(&part.path, &format!("states.{name}"));
            if state.action.is_none() && !state.args.is_empty() {
                let detail = "arguments without an action";
                return Err(invalid(format!("{path}.args"), detail));
            }
            let free = free_name(name, |candidate| {
                let is_own = candidate != name && part.states.get(candidate).is_some();
                is_own || self.parsed.find(candidate).is_some()
            });
            names.insert(name.to_owned(), self.parsed.states.len());
            self.parsed.push_state(ParsedState {
                name: Located::new(free, path.clone()),
                scope,
                blocking: state.blocking,
                wait: Located::new(state.wait_seconds.clone(), format!("{path}.wait_seconds")),
                action: state.action.as_ref().map(|action| ParsedAction {
                    name: Located::new(action.clone(), format!("{path}.action")),
                    args: Located::new(state.args.clone(), format!("{path}.args")),
                }),
                message: state.message.clone(),
            })?;
        }
        Ok(names)
    }

    /// The transitions of the states, then those that are added to states of templates.
    fn ordinary(&mut self, part: &Part<'a>, copy: &mut Copy) -> Result<Vec<Named<'a>>, Rejection> {
        let own = part.states.iter().map(|(from, state)| {
            let path = field_path(&part.path, &format!("states.{from}.transitions"));
            (from, path, state.transitions.as_slice())
        });
        let added = part.transitions.iter().map(|(from, transitions)| {
            let path = field_path(&part.path, &format!("transitions.{from}"));
            (from, path, transitions.as_slice())
        });
        let mut found = Vec::new();
        for (from, list, transitions) in own.chain(added) {
            for (index, transition) in transitions.iter().enumerate() {
                let path = format!("{list}[{index}]");
                found.push(Named {
                    from: Located::new(from, list.clone()),
                    to: self.target(part, &transition.to, &path, copy)?,
                    transition: transition.clone(),
                    path,
                });
            }
        }
        Ok(found)
    }

    fn teleports(&mut self, part: &Part<'a>, copy: &mut Copy) -> Result<Vec<Named<'a>>, Rejection> {
        let mut found = Vec::new();
        for (index, teleport) in part.teleports.iter().enumerate() {
            let path = field_path(&part.path, &format!("teleports[{index}]"));
            found.push(Named {
                from: Located::new(teleport.from.as_str(), format!("{path}.from")),
                to: self.target(part, &teleport.to, &path, copy)?,
                transition: teleport.transition(),
                path,
            });
        }
        Ok(found)
    }

    /// Where a transition goes. If that is a template, a copy of it is added.
    fn target(
        &mut self,
        part: &Part<'a>,
        to: &'a Destination,
        path: &str,
        copy: &mut Copy,
    ) -> Result<Located<Target<'a>>, Rejection> {
        let name = match to {
            Destination::State(name) => {
                return Ok(Located::new(Target::State(name), format!("{path}.to")));
            }
            Destination::Template { template } => template.as_str(),
        };
        let path = format!("{path}.to.template");
        let Some(template) = self.templates.get(name) else {
            return Err(invalid(path, format!("unknown template: {name:?}")));
        };
        if self.open.contains(&name) {
            let detail = format!("the template {name:?} would be part of itself");
            return Err(invalid(path, detail));
        }
        self.used.insert(name);
        self.open.push(name);
        let placed = self.place(&Part::of_template(name, template), Some(copy.scope))?;
        self.open.pop();
        for (name, index) in placed.names {
            let name = if part.is_document() {
                self.parsed.states[index].name.value.clone()
            } else {
                free_name(&name, |candidate| copy.names.contains_key(candidate))
            };
            copy.names.insert(name, index);
        }
        Ok(Located::new(Target::Index(placed.initial), path))
    }
}

/// The name, or the first of `NAME.1`, `NAME.2` and so on that is free.
fn free_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.to_owned();
    let mut count = 0_usize;
    while is_taken(&free) {
        count += 1;
        free = format!("{name}.{count}");
    }
    free
}
