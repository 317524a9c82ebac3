//! The reader of UNaIVERSE's behaviour files. All fields but the initial state, the actions and the
//! destinations may be absent.

use std::collections::BTreeMap;

use contract::Rejection;
use contract::behaviour::{OrderedMap, Seconds};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::foreign_lists::read_lists;
use super::json::read;
use super::message::decode_references;
use super::parsed::{
    ALL_STATES, Located, Parsed, ParsedAction, ParsedState, ParsedTransition, unknown_state,
};
use super::unknown_fields::unknown_fields;

#[derive(Deserialize)]
struct File {
    machine: Header,
    #[serde(default)]
    states: OrderedMap<FileState>,
    #[serde(default)]
    transitions: OrderedMap<Vec<Arrow>>,
    #[serde(default)]
    teleports: OrderedMap<Vec<Arrow>>,
    #[serde(default)]
    wildcards: Option<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Header {
    initial_state: String,
    msg: Option<String>,
}

#[derive(Default, Deserialize)]
struct FileState {
    action: Option<String>,
    action_kwargs: Option<Map<String, Value>>,
    msg: Option<String>,
    blocking: Option<bool>,
    time_to_wait_before_acting: Option<Seconds>,
}

#[derive(Deserialize)]
struct Arrow {
    on: On,
    goto: String,
}

#[derive(Deserialize)]
struct On {
    action: String,
    action_kwargs: Option<Map<String, Value>>,
    msg: Option<String>,
    ready: Option<bool>,
    high_priority: Option<bool>,
    max_duration: Option<Seconds>,
    retry_timeout: Option<Seconds>,
    delay: Option<Seconds>,
}

/// Reads a file of the other system, in its present or its older form.
pub(in crate::behaviours) fn read_foreign(json: &str) -> Result<Parsed, Rejection> {
    let fields: BTreeMap<String, IgnoredAny> = read(json)?;
    if !fields.contains_key("machine") {
        return read_lists(json);
    }
    let file: File = read(json)?;
    let mut parsed = Parsed {
        message: file.machine.msg.as_deref().map(decode_references),
        scopes: vec![file.wildcards.clone().unwrap_or_default()],
        warnings: unknown_fields(json)?,
        ..Parsed::default()
    };
    push_states(&mut parsed, &file)?;
    let initial = &file.machine.initial_state;
    parsed.initial = parsed.state(initial, "machine.initial_state")?;
    let in_groups = file.transitions.iter().map(|(from, arrows)| {
        let arrows = by_destination(arrows);
        (from, "transitions", false, arrows)
    });
    // Teleports from all states come before those of single states.
    let of_all = file
        .teleports
        .iter()
        .filter(|(from, _)| *from == ALL_STATES);
    let of_one = file
        .teleports
        .iter()
        .filter(|(from, _)| *from != ALL_STATES);
    let teleports = of_all.chain(of_one).map(|(from, arrows)| {
        let arrows: Vec<(usize, &Arrow)> = arrows.iter().enumerate().collect();
        (from, "teleports", true, arrows)
    });
    for (from, section, is_teleport, arrows) in in_groups.chain(teleports) {
        let path = format!("{section}.{from}");
        for (index, arrow) in arrows {
            let path = format!("{path}[{index}]");
            push_transition(&mut parsed, from, &path, arrow, is_teleport)?;
        }
    }
    Ok(parsed)
}

/// Transitions as the other system tries them: all to one state, in their order, before those to the next.
fn by_destination(arrows: &[Arrow]) -> Vec<(usize, &Arrow)> {
    let mut first = BTreeMap::new();
    for (index, arrow) in arrows.iter().enumerate() {
        first.entry(arrow.goto.as_str()).or_insert(index);
    }
    let mut arrows: Vec<(usize, &Arrow)> = arrows.iter().enumerate().collect();
    arrows.sort_by_key(|(_, arrow)| first.get(arrow.goto.as_str()));
    arrows
}

/// Adds the states of the file, or, if it lists none, those that transitions name.
fn push_states(parsed: &mut Parsed, file: &File) -> Result<(), Rejection> {
    for (name, state) in file.states.iter() {
        push_state(parsed, name, format!("states.{name}"), state)?;
    }
    if !file.states.is_empty() {
        return Ok(());
    }
    let unlisted = FileState::default();
    let initial = &file.machine.initial_state;
    push_state(parsed, initial, "machine.initial_state".into(), &unlisted)?;
    let sections = [
        ("transitions", &file.transitions),
        ("teleports", &file.teleports),
    ];
    for (section, arrows) in sections {
        for (from, arrows) in arrows.iter() {
            let path = format!("{section}.{from}");
            let goto = arrows.iter().enumerate();
            let goto =
                goto.map(|(index, arrow)| (arrow.goto.as_str(), format!("{path}[{index}].goto")));
            let from = (from != ALL_STATES).then(|| (from, path.clone()));
            for (name, path) in from.into_iter().chain(goto) {
                if parsed.find(name).is_none() {
                    push_state(parsed, name, path, &unlisted)?;
                }
            }
        }
    }
    Ok(())
}

fn push_state(
    parsed: &mut Parsed,
    name: &str,
    path: String,
    state: &FileState,
) -> Result<(), Rejection> {
    let wait = state.time_to_wait_before_acting.clone().unwrap_or_default();
    let action = state.action.as_ref().map(|action| ParsedAction {
        name: Located::new(action.clone(), format!("{path}.action")),
        args: Located::new(
            state.action_kwargs.clone().unwrap_or_default(),
            format!("{path}.action_kwargs"),
        ),
    });
    parsed.push_state(ParsedState {
        scope: 0,
        blocking: state.blocking.unwrap_or(true),
        wait: Located::new(wait, format!("{path}.time_to_wait_before_acting")),
        action,
        message: state.msg.as_deref().map(decode_references),
        name: Located::new(name.to_owned(), path),
    })
}

fn push_transition(
    parsed: &mut Parsed,
    from: &str,
    path: &str,
    arrow: &Arrow,
    is_teleport: bool,
) -> Result<(), Rejection> {
    let On {
        action,
        action_kwargs,
        msg,
        ready,
        high_priority,
        max_duration,
        retry_timeout,
        delay,
    } = &arrow.on;
    let at = |name: &str| format!("{path}.on.{name}");
    let seconds = |seconds: &Option<Seconds>, name: &str| {
        Located::new(seconds.clone().unwrap_or_default(), at(name))
    };
    let goto = format!("{path}.goto");
    let to = parsed.state(&arrow.goto, &goto)?;
    let from = if from == ALL_STATES {
        parsed.all_but(0, to)
    } else {
        let found = parsed.find(from);
        vec![found.ok_or_else(|| unknown_state(from, path))?]
    };
    parsed.push_transition(ParsedTransition {
        path: path.to_owned(),
        from,
        to: Located::new(to, goto),
        on_failure: None,
        scope: 0,
        action: ParsedAction {
            name: Located::new(action.clone(), at("action")),
            args: Located::new(
                action_kwargs.clone().unwrap_or_default(),
                at("action_kwargs"),
            ),
        },
        ready: Located::new(ready.unwrap_or(true), at("ready")),
        high_priority: high_priority.unwrap_or(false),
        is_teleport,
        delay: seconds(delay, "delay"),
        retry: seconds(retry_timeout, "retry_timeout"),
        max: seconds(max_duration, "max_duration"),
        message: msg.as_deref().map(decode_references),
    })
}
