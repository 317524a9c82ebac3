//! The full memory of an agent: from the archive and from the state of its world. Pure.

use std::collections::BTreeSet;

use contract::EventId;
use contract::mind::MemoryEntry;
use contract::query::EventRow;

/// The maximum size of the full memory in a prompt.
const BYTES_MAX: usize = 192 * 1024;

/// Merges the events of the archive with the memory in the state, which also has the outcomes of
/// tool calls and what the archive does not have yet. Ordered by time; the oldest entries beyond the
/// maximum size are omitted.
pub(crate) fn recall(rows: &[EventRow], remembered: &[MemoryEntry]) -> Vec<MemoryEntry> {
    let known: BTreeSet<EventId> = rows.iter().map(|row| row.event.id).collect();
    let rows = rows.iter().map(|row| MemoryEntry::new(&row.event, row.at));
    let others = remembered.iter().filter(|event| !known.contains(&event.id));
    let mut all: Vec<MemoryEntry> = rows.chain(others.cloned()).collect();
    // The sort is stable: events of one moment keep the order of the archive.
    all.sort_by_key(|event| event.at);
    let mut bytes = 0;
    let fitting = all.iter().rev().take_while(|event| {
        bytes += serde_json::to_string(event).map_or(0, |json| json.len());
        bytes <= BYTES_MAX
    });
    let fitting = fitting.count();
    all.split_off(all.len() - fitting)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(number: u32, text: &str) -> serde_json::Value {
        json!({
            "id": format!("0190b7a5-0000-7000-8000-{number:012}"), "type": "a.b", "sender": "pat",
            "data": text,
        })
    }

    fn row(number: u32, text: &str) -> EventRow {
        let at = format!("2026-01-01T00:00:{number:02}Z");
        serde_json::from_value(json!({"position": "1.0", "at": at, "event": event(number, text)}))
            .unwrap()
    }

    fn remembered(number: u32) -> MemoryEntry {
        let mut event = event(number, "x");
        event["at"] = json!(format!("2026-01-01T00:00:{number:02}Z"));
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn the_archive_and_the_state_are_merged() {
        let rows = vec![row(1, "x"), row(3, "x"), row(4, "x")];
        let memory = recall(&rows, &[remembered(2), remembered(4), remembered(5)]);
        let order: Vec<MemoryEntry> = (1..=5).map(remembered).collect();
        let ids = |events: &[MemoryEntry]| events.iter().map(|event| event.id).collect::<Vec<_>>();
        assert_eq!(ids(&memory), ids(&order));
    }

    #[test]
    fn a_memory_that_is_too_long_loses_its_beginning() {
        let long = "x".repeat(3000);
        let rows: Vec<EventRow> = (0..100).map(|number| row(number % 60, &long)).collect();
        let memory = recall(&rows, &[]);
        assert!((50..100).contains(&memory.len()), "{}", memory.len());
    }
}
