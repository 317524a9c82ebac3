//! The events of the chat.

use std::fmt::Write as _;

use contract::query::EventRow;
use contract::{EntityId, Fact};

/// Events that are listed.
const EVENTS_LISTED_MAX: usize = 100;

/// The events of the chat, of which the first are listed.
pub(crate) fn events(rows: &[EventRow]) -> String {
    let mut text = format!("## Chat Events ({})\n\n", rows.len());
    let mut kinds: Vec<&str> = Vec::new();
    for line in rows.iter().map(event_line) {
        if !kinds.contains(&line.kind) {
            kinds.push(line.kind);
        }
    }
    if !kinds.is_empty() {
        let _ = write!(text, "**Event Types:** {}\n\n", kinds.join(", "));
    }
    for (number, row) in (1..).zip(rows.iter().take(EVENTS_LISTED_MAX)) {
        let EventLine { kind, text: line } = event_line(row);
        let at = row.at.to_string();
        let time = at.get(11..19).unwrap_or_default();
        let _ = writeln!(text, "{number}. `{time}` ● [{kind}] {line}");
    }
    if rows.len() > EVENTS_LISTED_MAX {
        let more = rows.len() - EVENTS_LISTED_MAX;
        let _ = writeln!(
            text,
            "\n*... and {more} more events (showing first {EVENTS_LISTED_MAX})*"
        );
    }
    text.push('\n');
    text
}

/// An event, with the kind that clients know.
struct EventLine {
    kind: &'static str,
    text: String,
}

fn event_line(row: &EventRow) -> EventLine {
    let event = &row.event;
    let sender = &event.sender;
    let line = |kind, text| EventLine { kind, text };
    let message = |text: &str| line("message", format!("{sender}: {}", text.replace('\n', " ")));
    let world = |agent: &EntityId, step: &str| line("world", format!("{agent}: {step}"));
    let tool = |agent: &EntityId, step: &str| line("tool", format!("{agent} {step}"));
    let fact = Fact::parse(&event.event_type, &event.data);
    match fact.ok().flatten() {
        Some(Fact::MessagePosted(posted)) => message(&posted.text),
        Some(Fact::ActionCompleted(done)) if !done.calls.is_empty() => message(&done.said),
        Some(Fact::ActionRequested(requested)) if requested.call.is_some() => {
            tool(&requested.entity, "tool-start")
        }
        Some(Fact::ActionRequested(requested)) => world(&requested.entity, "response-start"),
        Some(Fact::ApprovalRequested(_)) => tool(sender, "tool-progress"),
        Some(Fact::ActionCompleted(done)) if done.call.is_some() => tool(sender, "tool-result"),
        Some(Fact::ActionFailed(ended)) if ended.call.is_some() => tool(sender, "tool-error"),
        Some(Fact::ActionCancelled(ended)) if ended.call.is_some() => tool(sender, "tool-error"),
        Some(Fact::ActionCompleted(_) | Fact::ActionFailed(_) | Fact::ActionCancelled(_)) => {
            world(sender, "response-end")
        }
        Some(Fact::TurnEnded(_)) => world(sender, "idle"),
        _ => line("system", event.data.get().to_owned()),
    }
}
