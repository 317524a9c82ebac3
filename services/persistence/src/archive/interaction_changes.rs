//! What a section of a batch changes about interactions, folded in memory.

use std::collections::BTreeMap;

use contract::interaction::{InteractionRequested, TargetStatus};
use contract::view::TargetChange;
use contract::{EntityId, Fact, InteractionId, Position, Seq, Timestamp, WorldId};

use crate::interaction_target::{TargetOutcome, status_text};
use crate::store::{Statement, Value, values_statements};

type Rows = Vec<Vec<Value>>;

/// The changes of interactions, by world and id.
#[derive(Default)]
pub(super) struct InteractionChanges(BTreeMap<(WorldId, InteractionId), InteractionChange>);

/// The changes of one interaction.
#[derive(Default)]
struct InteractionChange {
    /// Its request, when that is in the section too.
    request: Option<Request>,
    /// The commit of its last change.
    changed: Seq,
    targets: BTreeMap<EntityId, TargetChanges>,
}

struct Request {
    position: Position,
    requester: EntityId,
    at: Timestamp,
    requested: InteractionRequested,
}

/// The changes of one target: what is absent stays as it was.
#[derive(Default)]
struct TargetChanges {
    status: Option<TargetStatus>,
    steps_done: Option<u32>,
    outcome: Option<TargetOutcome>,
}

impl InteractionChanges {
    /// A request: the interaction and its targets become rows.
    pub(super) fn add_request(
        &mut self,
        (world, id): (&WorldId, InteractionId),
        position: Position,
        at: Timestamp,
        requester: &EntityId,
        requested: InteractionRequested,
    ) {
        let request = Request {
            position,
            requester: requester.clone(),
            at,
            requested,
        };
        let change = InteractionChange {
            request: Some(request),
            changed: position.seq,
            targets: BTreeMap::new(),
        };
        self.0.insert((world.clone(), id), change);
    }

    /// What a fact changes for a target, if it changes something.
    pub(super) fn add_fact(&mut self, world: &WorldId, seq: Seq, at: Timestamp, fact: &Fact) {
        let Some((id, target, change)) = TargetChange::of(fact) else {
            return;
        };
        let interaction = self.0.entry((world.clone(), id)).or_default();
        let changes = interaction.targets.entry(target.clone()).or_default();
        // Nothing follows the end.
        if changes.outcome.is_some() {
            return;
        }
        interaction.changed = seq;
        changes.status = Some(change.status());
        changes.steps_done = change.steps_done().or(changes.steps_done);
        if let TargetChange::Ended(ended) = change {
            changes.outcome = Some(TargetOutcome::new(ended, at));
        }
    }

    pub(super) fn discard(&mut self, world: &WorldId) {
        self.0.retain(|(of, _), _| of != world);
    }

    /// Deletes what an earlier request of the same id has left: such an id comes from an idempotency key
    /// that was used again after a long time.
    pub(super) fn deletions(&self) -> Vec<Statement> {
        let requested = self.0.iter().filter(|(_, change)| change.request.is_some());
        let keys: Rows = requested
            .map(|((world, id), _)| vec![world.as_str().into(), id.to_string().into()])
            .collect();
        let mut statements = Vec::new();
        for table in [
            "interactions WHERE (world, id)",
            "interaction_targets WHERE (world, interaction)",
        ] {
            let prefix = format!("DELETE FROM {table} IN (");
            statements.extend(values_statements(&prefix, keys.clone(), ")"));
        }
        statements
    }

    /// New and changed rows.
    pub(super) fn into_statements(self) -> Vec<Statement> {
        let mut rows = ChangedRows::default();
        for ((world, id), change) in self.0 {
            rows.add(&world, id, change);
        }
        rows.into_statements()
    }
}

#[derive(Default)]
struct ChangedRows {
    new: Rows,
    new_targets: Rows,
    changed: Rows,
    with_status: Rows,
    with_steps: Rows,
    ended: Rows,
}

impl ChangedRows {
    fn add(&mut self, world: &WorldId, id: InteractionId, change: InteractionChange) {
        let InteractionChange {
            request,
            changed,
            targets,
        } = change;
        let key: [Value; 2] = [world.as_str().into(), id.to_string().into()];
        let ended = targets.values().filter(|target| target.outcome.is_some());
        let ended = ended.count() as u64;
        match request {
            Some(request) => self.add_new(&key, &request, changed, targets),
            None => {
                let values = [changed.into(), ended.into()];
                self.changed
                    .push(key.iter().cloned().chain(values).collect());
                for (target, changes) in targets {
                    self.add_target(&key, &target, &changes);
                }
            }
        }
    }

    fn add_new(
        &mut self,
        key: &[Value; 2],
        request: &Request,
        changed: Seq,
        mut targets: BTreeMap<EntityId, TargetChanges>,
    ) {
        let requested = &request.requested;
        let place: [Value; 2] = [request.position.seq.into(), request.position.index.into()];
        let mut open = 0_u64;
        for (number, target) in (0_u64..).zip(&requested.targets) {
            let changes = targets.remove(target).unwrap_or_default();
            open += u64::from(changes.outcome.is_none());
            let status = changes.status.unwrap_or(TargetStatus::Waiting);
            let values = [target.as_str().into(), number.into()];
            let rest = [
                status_text(status).into(),
                changes.steps_done.unwrap_or(0).into(),
                changes.outcome.as_ref().map(outcome_text).into(),
            ];
            let row = key.iter().cloned().chain(values);
            let row = row.chain(place.iter().cloned()).chain(rest);
            self.new_targets.push(row.collect());
        }
        let values = [
            request.requester.as_str().into(),
            requested.action.as_ref().map(ToString::to_string).into(),
            request.at.as_unix_ms().into(),
            requested.deadline.as_unix_ms().into(),
            requested.steps.into(),
            open.into(),
            changed.into(),
        ];
        let row = key.iter().cloned().chain(place).chain(values);
        self.new.push(row.collect());
    }

    fn add_target(&mut self, key: &[Value; 2], target: &EntityId, changes: &TargetChanges) {
        let Some(status) = changes.status else { return };
        let mut row = key.to_vec();
        row.push(target.as_str().into());
        row.push(status_text(status).into());
        let Some(steps_done) = changes.steps_done else {
            self.with_status.push(row);
            return;
        };
        row.push(steps_done.into());
        let Some(outcome) = &changes.outcome else {
            self.with_steps.push(row);
            return;
        };
        row.push(outcome_text(outcome).into());
        self.ended.push(row);
    }

    fn into_statements(self) -> Vec<Statement> {
        let of_target = "FROM v WHERE interaction_targets.world = v.world \
             AND interaction_targets.interaction = v.interaction \
             AND interaction_targets.target = v.target";
        let mut statements = values_statements(
            "INSERT INTO interactions (world, id, seq, idx, requester, action, requested_at, \
             deadline, steps, open_targets, changed)",
            self.new,
            "",
        );
        statements.extend(values_statements(
            "INSERT INTO interaction_targets \
             (world, interaction, target, number, seq, idx, status, steps_done, outcome)",
            self.new_targets,
            "",
        ));
        statements.extend(values_statements(
            "WITH v(world, id, changed, ended) AS (",
            self.changed,
            ") UPDATE interactions SET changed = v.changed, \
             open_targets = interactions.open_targets - v.ended \
             FROM v WHERE interactions.world = v.world AND interactions.id = v.id",
        ));
        for (columns, rows, set) in [
            ("status", self.with_status, "status = v.status"),
            (
                "status, steps_done",
                self.with_steps,
                "status = v.status, steps_done = v.steps_done",
            ),
            (
                "status, steps_done, outcome",
                self.ended,
                "status = v.status, steps_done = v.steps_done, outcome = v.outcome",
            ),
        ] {
            let prefix = format!("WITH v(world, interaction, target, {columns}) AS (");
            let suffix = format!(") UPDATE interaction_targets SET {set} {of_target}");
            statements.extend(values_statements(&prefix, rows, &suffix));
        }
        statements
    }
}

fn outcome_text(outcome: &TargetOutcome) -> String {
    // It was just decoded: it can be encoded.
    serde_json::to_string(outcome).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";
    const DEADLINE: &str = "2026-01-31T12:05:00.000Z";

    fn fact(event_type: &str, data: &Json) -> Fact {
        let data = serde_json::value::to_raw_value(data).unwrap();
        let event_type = event_type.parse().unwrap();
        Fact::parse(&event_type, &data).unwrap().unwrap()
    }

    fn world() -> WorldId {
        "lobby".parse().unwrap()
    }

    fn request(changes: &mut InteractionChanges) {
        let requested = json!({"targets": ["b", "a"], "steps": 2, "deadline": DEADLINE});
        let Fact::InteractionRequested(requested) = fact("interaction.requested", &requested)
        else {
            panic!("another fact");
        };
        let position = Position { seq: 7, index: 1 };
        let (id, requester) = (ID.parse().unwrap(), "c".parse().unwrap());
        let at = Timestamp::from_unix_ms(1);
        changes.add_request((&world(), id), position, at, &requester, requested);
    }

    fn add(changes: &mut InteractionChanges, seq: Seq, event_type: &str, data: &Json) {
        let at = Timestamp::from_unix_ms(2);
        changes.add_fact(&world(), seq, at, &fact(event_type, data));
    }

    /// Each statement up to its values, with its values.
    fn shown(changes: InteractionChanges) -> Vec<(String, Vec<String>)> {
        let statements = changes.into_statements().into_iter().map(|statement| {
            let sql = statement.sql.split(" VALUES").next().unwrap_or_default();
            let values = statement.values.into_iter().map(|value| match value {
                Value::Number(number) => number.to_string(),
                Value::Text(text) => text.unwrap_or_else(|| "-".to_owned()),
            });
            (sql.to_owned(), values.collect())
        });
        statements.collect()
    }

    #[test]
    fn what_happens_to_a_new_interaction_is_in_its_rows() {
        let mut changes = InteractionChanges::default();
        request(&mut changes);
        add(
            &mut changes,
            8,
            "interaction.ended",
            &json!({"interaction": ID, "target": "a", "status": "left", "steps_done": 1}),
        );
        // Nothing follows the end.
        add(
            &mut changes,
            9,
            "interaction.accepted",
            &json!({"interaction": ID, "target": "a"}),
        );
        assert_eq!(changes.deletions().len(), 2);
        let statements = shown(changes);
        let [(_, interaction), (_, one), (_, other)] = &statements[..] else {
            panic!("{statements:?}");
        };
        let deadline = "1769861100000";
        assert_eq!(
            interaction[..],
            [
                "lobby", ID, "7", "1", "c", "-", "1", deadline, "2", "1", "8"
            ]
        );
        let outcome = r#"{"ended_at":"1970-01-01T00:00:00.002Z"}"#;
        assert_eq!(
            one[..],
            ["lobby", ID, "b", "0", "7", "1", "waiting", "0", "-"]
        );
        assert_eq!(
            other[..],
            ["lobby", ID, "a", "1", "7", "1", "left", "1", outcome]
        );
    }

    #[test]
    fn what_happens_to_an_earlier_interaction_updates_its_rows() {
        let mut changes = InteractionChanges::default();
        let of = |target: &str| json!({"interaction": ID, "target": target});
        add(&mut changes, 9, "interaction.accepted", &of("a"));
        let progressed = json!({"interaction": ID, "target": "b", "steps_done": 1});
        add(&mut changes, 10, "interaction.progressed", &progressed);
        let ended =
            json!({"interaction": ID, "target": "d", "status": "completed", "steps_done": 2});
        add(&mut changes, 11, "interaction.ended", &ended);
        assert!(changes.deletions().is_empty());
        let statements = shown(changes);
        let outcome = r#"{"ended_at":"1970-01-01T00:00:00.002Z"}"#;
        let values: Vec<&[String]> = statements.iter().map(|(_, values)| &values[..]).collect();
        assert_eq!(values[0], ["lobby", ID, "11", "1"]);
        assert_eq!(values[1], ["lobby", ID, "a", "accepted"]);
        assert_eq!(values[2], ["lobby", ID, "b", "accepted", "1"]);
        assert_eq!(values[3], ["lobby", ID, "d", "completed", "2", outcome]);
        assert_eq!(values.len(), 4);
    }

    #[test]
    fn a_deleted_world_keeps_nothing() {
        let mut changes = InteractionChanges::default();
        request(&mut changes);
        changes.discard(&world());
        assert!(shown(changes).is_empty());
    }
}
