//! What a section of a batch changes about sessions, folded in memory.

use std::collections::BTreeMap;

use contract::flow::{SessionEnded, SessionStarted};
use contract::{EventId, Position, Seq, SessionId, Timestamp, WorldId};

use crate::store::{Statement, Value, values_statements};

type Rows = Vec<Vec<Value>>;

/// The changes of sessions, by world and id.
#[derive(Default)]
pub(super) struct SessionChanges(BTreeMap<(WorldId, SessionId), SessionChange>);

/// The changes of one session.
#[derive(Default)]
struct SessionChange {
    started: Option<(Position, Timestamp, SessionStarted)>,
    ended: Option<(Seq, Timestamp, SessionEnded)>,
}

impl SessionChanges {
    pub(super) fn start(
        &mut self,
        (world, event): (&WorldId, EventId),
        position: Position,
        at: Timestamp,
        started: SessionStarted,
    ) {
        let change = SessionChange {
            started: Some((position, at, started)),
            ended: None,
        };
        self.0.insert((world.clone(), SessionId(event.0)), change);
    }

    pub(super) fn end(&mut self, world: &WorldId, seq: Seq, at: Timestamp, ended: SessionEnded) {
        let change = self.0.entry((world.clone(), ended.session)).or_default();
        change.ended.get_or_insert((seq, at, ended));
    }

    pub(super) fn discard(&mut self, world: &WorldId) {
        self.0.retain(|(of, _), _| of != world);
    }

    /// Deletes what an earlier session of the same id has left: such an id comes from an idempotency key that
    /// was used again after a long time.
    pub(super) fn deletions(&self) -> Vec<Statement> {
        let started = self.0.iter().filter(|(_, change)| change.started.is_some());
        let keys = started
            .map(|((world, id), _)| vec![world.as_str().into(), id.to_string().into()])
            .collect();
        values_statements("DELETE FROM sessions WHERE (world, id) IN (", keys, ")")
    }

    /// New and changed rows.
    pub(super) fn into_statements(self) -> Vec<Statement> {
        let (mut new, mut ended): (Rows, Rows) = (Vec::new(), Vec::new());
        for ((world, id), change) in self.0 {
            let key = [world.as_str().into(), id.to_string().into()];
            let end = end_values(&change);
            match change.started {
                Some((position, at, started)) => {
                    let values = [
                        position.seq.into(),
                        position.index.into(),
                        started.flow.as_str().into(),
                        started.entity.as_str().into(),
                        at.as_unix_ms().into(),
                    ];
                    new.push(key.into_iter().chain(values).chain(end).collect());
                }
                None => ended.push(key.into_iter().chain(end).collect()),
            }
        }
        let mut statements = values_statements(
            "INSERT INTO sessions (world, id, seq, idx, flow, entity, started_at, changed, ended_at, \
             reason, epoch, variables)",
            new,
            "",
        );
        statements.extend(values_statements(
            "WITH v(world, id, changed, ended_at, reason, epoch, variables) AS (",
            ended,
            ") UPDATE sessions SET changed = v.changed, ended_at = v.ended_at, reason = v.reason, \
             epoch = v.epoch, variables = v.variables \
             FROM v WHERE sessions.world = v.world AND sessions.id = v.id",
        ));
        statements
    }
}

/// The columns that its end changes.
fn end_values(change: &SessionChange) -> [Value; 5] {
    let started = change.started.as_ref();
    let (seq, ended_at, reason, epoch, variables) = match &change.ended {
        Some((seq, at, ended)) => (
            *seq,
            at.as_unix_ms(),
            Some(ended.reason.clone()),
            ended.epoch,
            Some(&ended.variables),
        ),
        None => {
            let seq = started.map_or(0, |(position, ..)| position.seq);
            let variables = started.map(|(.., started)| &started.variables);
            (seq, 0, None, 0, variables)
        }
    };
    // They were just decoded: they can be encoded.
    let variables = variables.and_then(|variables| serde_json::to_string(variables).ok());
    [
        seq.into(),
        ended_at.into(),
        reason.into(),
        epoch.into(),
        variables.unwrap_or_else(|| "{}".to_owned()).into(),
    ]
}
