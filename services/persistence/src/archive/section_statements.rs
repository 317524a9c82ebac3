//! The statements that write a section to the tables.

use contract::EntityKind;

use super::section::{ChatChange, Section, WorldChange};
use crate::store::{Statement, Value, delete_worlds, values_statements};

type Rows = Vec<Vec<Value>>;

impl Section {
    /// Its deletions, then its new and changed rows.
    pub(super) fn into_statements(self) -> Vec<Statement> {
        let mut statements = self.deletions();
        statements.extend(values_statements(
            "INSERT INTO events \
             (world, seq, idx, id, type, sender, target, chat, at, envelope, session)",
            self.events.into_iter().map(|(_, row)| row).collect(),
            "",
        ));
        statements.extend(values_statements(
            "INSERT INTO messages (world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to)",
            self.messages.into_iter().map(|(.., row)| row).collect(),
            "",
        ));
        statements.extend(world_statements(&self.worlds));
        statements.extend(values_statements(
            "INSERT INTO entities (world, id, kind)",
            self.entities
                .into_iter()
                .filter_map(|((world, id), kind)| {
                    let kind = kind_name(kind?);
                    Some(vec![world.as_str().into(), id.as_str().into(), kind.into()])
                })
                .collect(),
            "ON CONFLICT (world, id) DO UPDATE SET kind = excluded.kind",
        ));
        statements.extend(chat_statements(self.chats.iter().map(
            |((world, id), change)| ([world.as_str().into(), id.as_str().into()], change),
        )));
        statements.extend(self.usage.into_statements());
        statements.extend(self.interactions.into_statements());
        statements.extend(self.sessions.into_statements());
        statements
    }

    fn deletions(&self) -> Vec<Statement> {
        let reset = self.worlds.iter().filter(|(_, change)| change.reset);
        let worlds: Vec<Value> = reset.map(|(id, _)| id.as_str().into()).collect();
        let chats: Rows = self
            .chats
            .iter()
            .filter(|(_, change)| change.reset)
            .map(|((world, id), _)| vec![world.as_str().into(), id.as_str().into()])
            .collect();
        let entities: Rows = self
            .entities
            .iter()
            .filter(|(_, kind)| kind.is_none())
            .map(|((world, id), _)| vec![world.as_str().into(), id.as_str().into()])
            .collect();
        let mut statements = delete_worlds(&worlds);
        for (table, keys) in [
            ("chats WHERE (world, id)", chats.clone()),
            ("messages WHERE (world, chat)", chats),
            ("entities WHERE (world, id)", entities),
        ] {
            let prefix = format!("DELETE FROM {table} IN (");
            statements.extend(values_statements(&prefix, keys, ")"));
        }
        statements.extend(self.interactions.deletions());
        statements.extend(self.sessions.deletions());
        statements
    }
}

fn world_statements<'a>(
    worlds: impl IntoIterator<Item = (&'a contract::WorldId, &'a WorldChange)>,
) -> Vec<Statement> {
    let (mut described, mut advanced): (Rows, Rows) = (Vec::new(), Vec::new());
    for (id, change) in worlds {
        if change.deleted {
            continue;
        }
        match &change.description {
            Some(description) => described.push(vec![
                id.as_str().into(),
                description.name.as_str().into(),
                description.description.as_str().into(),
                description.created_at.as_unix_ms().into(),
                change.seq.into(),
            ]),
            None => advanced.push(vec![id.as_str().into(), change.seq.into()]),
        }
    }
    let mut statements = values_statements(
        "INSERT INTO worlds (id, name, description, created_at, seq)",
        described,
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
         description = excluded.description, seq = excluded.seq",
    );
    statements.extend(values_statements(
        "WITH v(id, seq) AS (",
        advanced,
        ") UPDATE worlds SET seq = v.seq FROM v WHERE worlds.id = v.id",
    ));
    statements
}

fn chat_statements<'a>(
    chats: impl IntoIterator<Item = ([Value; 2], &'a ChatChange)>,
) -> impl Iterator<Item = Statement> {
    let (mut created, mut titled, mut counted): (Rows, Rows, Rows) = Default::default();
    for (key, change) in chats {
        let row = |values: Vec<Value>| key.iter().cloned().chain(values).collect::<Vec<_>>();
        if let Some((position, at)) = change.created {
            let title = change.title.as_deref().unwrap_or_default();
            created.push(row(vec![
                title.into(),
                at.as_unix_ms().into(),
                position.seq.into(),
                position.index.into(),
                change.messages.into(),
            ]));
            continue;
        }
        if let Some(title) = &change.title {
            titled.push(row(vec![title.as_str().into()]));
        }
        if change.messages > 0 {
            counted.push(row(vec![change.messages.into()]));
        }
    }
    let created = values_statements(
        "INSERT INTO chats (world, id, title, created_at, seq, idx, messages)",
        created,
        "ON CONFLICT (world, id) DO UPDATE SET title = excluded.title",
    );
    let titled = values_statements(
        "WITH v(world, id, title) AS (",
        titled,
        ") UPDATE chats SET title = v.title FROM v \
         WHERE chats.world = v.world AND chats.id = v.id",
    );
    let counted = values_statements(
        "WITH v(world, id, added) AS (",
        counted,
        ") UPDATE chats SET messages = chats.messages + v.added FROM v \
         WHERE chats.world = v.world AND chats.id = v.id",
    );
    created.into_iter().chain(titled).chain(counted)
}

fn kind_name(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Agent => "agent",
        EntityKind::Object => "object",
        EntityKind::User => "user",
    }
}

#[cfg(test)]
mod tests {
    use contract::flow::{SessionEnded, SessionStarted};
    use contract::interaction::InteractionRequested;
    use contract::{EventId, Fact, Position, Timestamp, WorldId};
    use serde_json::{Value as Json, json};

    use super::super::message_edits;
    use super::*;
    use crate::store::Store;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn decoded<T: serde::de::DeserializeOwned>(json: Json) -> T {
        serde_json::from_value(json).unwrap()
    }

    /// Something is added, changed and deleted in each table.
    fn section() -> Section {
        let mut section = Section::default();
        let world: WorldId = "lobby".parse().unwrap();
        let (at, place) = (Timestamp::from_unix_ms(1), Position { seq: 7, index: 1 });
        section.create_world(&world);
        section.delete_world(&"gone".parse().unwrap());
        section.world_change(&"advanced".parse().unwrap()).seq = 7;
        let entity = (world.clone(), "ada".parse().unwrap());
        section.entities.insert(entity, None);
        section.delete_chat(&world, "old".parse().unwrap());
        let chat = section.chat_change(&world, &"open".parse().unwrap());
        chat.title = Some("title".to_owned());
        chat.messages = 1;

        let id: EventId = ID.parse().unwrap();
        let requested: InteractionRequested =
            decoded(json!({"targets": ["b"], "steps": 1, "deadline": "2026-01-31T12:05:00.000Z"}));
        let requester = "c".parse().unwrap();
        let interactions = &mut section.interactions;
        let of = (&world, id.interaction());
        interactions.add_request(of, place, at, &requester, requested);
        for (event_type, steps, status) in [
            ("interaction.accepted", 0, None),
            ("interaction.progressed", 1, None),
            ("interaction.ended", 1, Some("completed")),
        ] {
            let other = format!("018f0000-0000-7000-8000-00000000001{steps}");
            let target = format!("t{}", event_type.len());
            let data = json!({"interaction": other, "target": target, "steps_done": steps,
                "status": status});
            let data = serde_json::value::to_raw_value(&data).unwrap();
            let fact = Fact::parse(&event_type.parse().unwrap(), &data).unwrap();
            interactions.add_fact(&world, 8, at, &fact.unwrap());
        }

        let started: SessionStarted =
            decoded(json!({"flow": "f", "revision": 1, "entity": "ada", "idle_seconds": 9}));
        section.sessions.start((&world, id), place, at, started);
        let other = "018f0000-0000-7000-8000-000000000002";
        let ended: SessionEnded =
            decoded(json!({"session": other, "flow": "f", "revision": 1, "reason": "completed"}));
        section.sessions.end(&world, 8, at, ended);
        section
    }

    /// A batch costs what it changes, however much is archived already.
    #[tokio::test]
    async fn no_change_scans_a_table() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/archive.db", folder.path().display());
        let store = Store::open(&url, 1).unwrap();
        store.migrate().await.unwrap();
        let (world, chat) = ("lobby".parse().unwrap(), "open".parse().unwrap());
        let mut statements = section().into_statements();
        statements.extend(message_edits::remove(&world, &chat, ID.parse().unwrap()));
        let mut changed = 0;
        for mut statement in statements {
            let sql = statement.sql.clone();
            if sql.starts_with("INSERT") {
                continue;
            }
            changed += 1;
            statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            let steps: Vec<(i64, i64, i64, String)> = store.fetch(statement).await.unwrap();
            for (.., step) in steps {
                let is_scan = step.starts_with("SCAN ") && step != "SCAN v";
                assert!(!is_scan || step.contains("CONSTANT ROW"), "{sql}: {step}");
            }
        }
        assert!(changed > 15, "{changed}");
    }
}
