//! Interactions as the tables hold them, a row for each target, and their conversion to the rows of a
//! reply.

use contract::query::InteractionRow;
use contract::view::{InteractionStatus, InteractionView, TargetView};

use super::record::{parse, position, timestamp};
use crate::interaction_target::{TargetOutcome, parse_status};
use crate::store::{Error, record, to_unsigned};

/// A row that is larger leaves out what its targets wrote, and then why they did not complete: a reply
/// has to hold at least one row.
const ROW_SIZE_BYTES_MAX: usize = 256 * 1024;

record! {
    pub(super) struct TargetRecord {
        seq: i64,
        idx: i64,
        id: String,
        requester: String,
        action: Option<String>,
        requested_at: i64,
        deadline: i64,
        steps: i64,
        changed: i64,
        target: String,
        status: String,
        steps_done: i64,
        outcome: Option<String>,
    }
}

/// An interaction with one of its targets.
impl TryFrom<TargetRecord> for InteractionRow {
    type Error = Error;

    fn try_from(row: TargetRecord) -> Result<Self, Error> {
        let outcome: Option<TargetOutcome> = row
            .outcome
            .map(|outcome| serde_json::from_str(&outcome))
            .transpose()
            .map_err(|error| invalid(&error))?;
        let ended_at = outcome.as_ref().map(|outcome| outcome.ended_at);
        let (reason, detail, state, output) = match outcome {
            Some(outcome) => (
                outcome.reason,
                outcome.detail,
                outcome.state,
                outcome.output,
            ),
            None => (None, None, None, Vec::new()),
        };
        let target = TargetView {
            target: parse(&row.target)?,
            status: parse_status(row.status).map_err(|error| invalid(&error))?,
            steps_done: to_unsigned(row.steps_done)?,
            steps: to_unsigned(row.steps)?,
            reason,
            detail,
            state,
            ended_at,
            output,
        };
        Ok(Self {
            position: position(row.seq, row.idx)?,
            changed: to_unsigned(row.changed)?,
            interaction: InteractionView {
                id: parse(&row.id)?,
                requester: parse(&row.requester)?,
                action: row.action.as_deref().map(parse).transpose()?,
                status: InteractionStatus::Open,
                requested_at: timestamp(row.requested_at),
                deadline: timestamp(row.deadline),
                ended_at: None,
                targets: vec![target],
            },
        })
    }
}

fn invalid(error: &serde_json::Error) -> Error {
    Error::InvalidData {
        reason: error.to_string(),
    }
}

/// The interactions, each with all its targets, of rows that have one target each and in which those of
/// an interaction follow one another.
pub(super) fn group_targets(rows: Vec<InteractionRow>) -> Vec<InteractionRow> {
    let mut grouped: Vec<InteractionRow> = Vec::new();
    for row in rows {
        match grouped.last_mut() {
            Some(last) if last.interaction.id == row.interaction.id => {
                last.interaction.targets.extend(row.interaction.targets);
            }
            _ => grouped.push(row),
        }
    }
    for row in &mut grouped {
        set_end(&mut row.interaction);
        truncate(row);
    }
    grouped
}

/// It has ended when all its targets have.
fn set_end(interaction: &mut InteractionView) {
    let ends = interaction.targets.iter().map(|target| target.ended_at);
    // None when one of them has none.
    let ends: Option<Vec<_>> = ends.collect();
    interaction.ended_at = ends.and_then(|ends| ends.into_iter().max());
    if interaction.ended_at.is_some() {
        interaction.status = InteractionStatus::Ended;
    }
}

fn truncate(row: &mut InteractionRow) {
    let size_bytes = |row: &InteractionRow| serde_json::to_vec(row).map_or(0, |json| json.len());
    if size_bytes(row) <= ROW_SIZE_BYTES_MAX {
        return;
    }
    for target in &mut row.interaction.targets {
        for output in &mut target.output {
            output.value = None;
        }
    }
    if size_bytes(row) <= ROW_SIZE_BYTES_MAX {
        return;
    }
    for target in &mut row.interaction.targets {
        target.detail = None;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(id: u8, target: &str, ended_at: Option<&str>, value: usize) -> InteractionRow {
        let row = json!({
            "position": "7.1", "changed": 8,
            "interaction": {
                "id": format!("018f0000-0000-7000-8000-0000000000{id:02}"), "requester": "c",
                "action": null, "status": "open", "requested_at": "2026-01-31T12:00:00.000Z",
                "deadline": "2026-01-31T12:05:00.000Z", "ended_at": null,
                "targets": [{
                    "target": target, "status": "completed", "steps_done": 1, "steps": 1,
                    "reason": null, "detail": "why", "state": null, "ended_at": ended_at,
                    "output": [{"stream": "a:processor", "first": 0, "last": 0,
                                "value": "x".repeat(value)}],
                }],
            },
        });
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn an_interaction_has_ended_when_all_its_targets_have() {
        let (early, late) = ("2026-01-31T12:00:01.000Z", "2026-01-31T12:00:02.000Z");
        let rows = group_targets(vec![
            row(1, "a", Some(late), 1),
            row(1, "b", Some(early), 1),
            row(2, "a", Some(early), 1),
            row(2, "b", None, 1),
        ]);
        let [ended, open] = &rows[..] else {
            panic!("{rows:?}");
        };
        assert_eq!(ended.interaction.targets.len(), 2);
        assert_eq!(ended.interaction.status, InteractionStatus::Ended);
        assert_eq!(ended.interaction.ended_at, Some(late.parse().unwrap()));
        assert_eq!(open.interaction.status, InteractionStatus::Open);
        assert_eq!(open.interaction.ended_at, None);
    }

    #[test]
    fn a_row_that_is_too_large_leaves_out_what_was_written() {
        let rows = group_targets(vec![row(1, "a", None, 1), row(2, "a", None, 300 * 1024)]);
        let value = |row: &InteractionRow| row.interaction.targets[0].output[0].value.clone();
        assert_eq!(value(&rows[0]), Some(json!("x")));
        assert_eq!(value(&rows[1]), None);
        let targets = &rows[1].interaction.targets;
        assert_eq!(targets[0].detail.as_deref(), Some("why"));
    }
}
