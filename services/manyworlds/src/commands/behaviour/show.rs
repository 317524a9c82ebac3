//! A behaviour as a person reads it.

use contract::EntityId;
use contract::behaviour::{BehaviourView, WaitReason, Waiting};
use contract::http::BehaviourResponse;

use crate::output::Output;

/// Shows what the machine of an entity is doing.
pub(super) fn show(response: &BehaviourResponse, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        output.json(response)?;
        return Ok(());
    }
    for line in lines(&response.behaviour) {
        output.line(&line)?;
    }
    Ok(())
}

fn lines(view: &BehaviourView) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: in {} since {}, revision {}",
        view.entity, view.state, view.since, view.revision
    )];
    if view.paused {
        let reason = view.pause_reason.iter().map(|reason| format!(": {reason}"));
        lines.push(format!("paused{}", reason.collect::<String>()));
    }
    if let Some(running) = &view.running {
        lines.push(format!("doing {} since {}", running.action, running.since));
    }
    let waiting = view.waiting_for.iter().map(waiting);
    let waiting: Vec<String> = waiting.collect();
    push(&mut lines, "waiting for", &waiting);
    let names = |entities: &[EntityId]| -> Vec<String> {
        entities.iter().map(ToString::to_string).collect()
    };
    push(&mut lines, "found", &names(&view.found));
    push(&mut lines, "engaged", &names(&view.engaged));
    push(&mut lines, "passed the comparison", &names(&view.valid_cmp));
    let links = view.links.iter().map(|(entity, state)| {
        let state = format!("{state:?}").to_lowercase();
        format!("{entity} {state}")
    });
    push(&mut lines, "links", &links.collect::<Vec<String>>());
    let streams = view.subscriptions.iter().map(|subscription| {
        let behind = match subscription.lag {
            0 => String::new(),
            lag => format!(" ({lag} behind)"),
        };
        format!("{}{behind}", subscription.stream)
    });
    push(
        &mut lines,
        "subscriptions",
        &streams.collect::<Vec<String>>(),
    );
    if view.requests > 0 {
        lines.push(format!("requests that wait: {}", view.requests));
    }
    let warnings = view.warnings.iter();
    lines.extend(warnings.map(|warning| format!("warning: {}: {}", warning.field, warning.detail)));
    lines
}

fn push(lines: &mut Vec<String>, name: &str, values: &[String]) {
    if !values.is_empty() {
        lines.push(format!("{name}: {}", values.join(", ")));
    }
}

fn waiting(waiting: &Waiting) -> String {
    let reason = match waiting.reason {
        WaitReason::Request => "a request",
        WaitReason::Data => "data",
        WaitReason::Time => "a time",
        WaitReason::Change => "a change",
        WaitReason::Completion => "its end",
        WaitReason::Other => "something that this build does not know",
    };
    let at = waiting.at.map(|at| format!(", {at}"));
    format!("{} ({reason}{})", waiting.action, at.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_machine_is_some_lines() {
        let since = "2026-01-01T00:00:00.000Z";
        let view = json!({
            "entity": "w", "format": "manyworlds", "definition": {"initial": "a"}, "revision": 3,
            "state": "ready", "since": since, "paused": true, "pause_reason": "too fast",
            "waiting_for": [
                {"action": "process", "for": "request"}, {"action": "nop", "for": "time", "at": since},
            ],
            "running": null, "found": [], "engaged": ["a", "b"], "available": false,
            "valid_cmp": [], "evaluation": {},
            "playlist": {"streams": [], "position": 0, "repeat": 0},
            "links": {"a": "connected"}, "requests": 2,
            "subscriptions": [{"stream": "t:notes", "position": 3, "lag": 2}],
        });
        let lines = lines(&serde_json::from_str(&view.to_string()).unwrap());
        assert_eq!(
            lines,
            [
                "w: in ready since 2026-01-01T00:00:00.000Z, revision 3",
                "paused: too fast",
                "waiting for: process (a request), nop (a time, 2026-01-01T00:00:00.000Z)",
                "engaged: a, b",
                "links: a connected",
                "subscriptions: t:notes (2 behind)",
                "requests that wait: 2",
            ]
        );
    }
}
