//! The statements that bring a batch's changes into the tables.

use contract::EntityKind;

use super::changes::{Changes, ChatChange, WorldChange};
use crate::store::{Statement, Value, for_rows, remove_worlds};

type Rows = Vec<Vec<Value>>;

impl Changes {
    /// What the parts before change; then what goes, then what comes.
    pub(super) fn into_statements(mut self) -> Vec<Statement> {
        let mut statements = std::mem::take(&mut self.done);
        statements.extend(self.removals());
        statements.extend(for_rows(
            "INSERT INTO events \
             (world, seq, idx, id, type, sender, target, chat, at, envelope)",
            self.events.into_iter().map(|(_, row)| row).collect(),
            "",
        ));
        statements.extend(for_rows(
            "INSERT INTO messages (world, chat, seq, idx, id, sender, from_agent, text, folded, at, turn, in_reply_to)",
            self.messages.into_iter().map(|(.., row)| row).collect(),
            "",
        ));
        statements.extend(worlds(&self.worlds));
        statements.extend(for_rows(
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
        statements.extend(chats(self.chats.iter().map(|((world, id), change)| {
            ([world.as_str().into(), id.as_str().into()], change)
        })));
        statements.extend(for_rows(
            "INSERT INTO usage (world, agent, model, answers, input_tokens, output_tokens)",
            self.usage
                .into_iter()
                .map(|((world, agent, model), spent)| {
                    vec![
                        world.as_str().into(),
                        agent.as_str().into(),
                        model.into(),
                        spent.answers.into(),
                        spent.input_tokens.into(),
                        spent.output_tokens.into(),
                    ]
                })
                .collect(),
            "ON CONFLICT (world, agent, model) DO UPDATE SET \
             answers = usage.answers + excluded.answers, \
             input_tokens = usage.input_tokens + excluded.input_tokens, \
             output_tokens = usage.output_tokens + excluded.output_tokens",
        ));
        statements
    }

    fn removals(&self) -> Vec<Statement> {
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
        let mut statements = remove_worlds(&worlds);
        for (table, keys) in [
            ("chats WHERE (world, id)", chats.clone()),
            ("messages WHERE (world, chat)", chats),
            ("entities WHERE (world, id)", entities),
        ] {
            let before = format!("DELETE FROM {table} IN (");
            statements.extend(for_rows(&before, keys, ")"));
        }
        statements
    }
}

fn worlds<'a>(
    worlds: impl IntoIterator<Item = (&'a contract::WorldId, &'a WorldChange)>,
) -> Vec<Statement> {
    let (mut described, mut moved): (Rows, Rows) = (Vec::new(), Vec::new());
    for (id, change) in worlds {
        if change.gone {
            continue;
        }
        match &change.described {
            Some(now) => described.push(vec![
                id.as_str().into(),
                now.name.as_str().into(),
                now.description.as_str().into(),
                now.created_at.as_unix_ms().into(),
                change.seq.into(),
            ]),
            None => moved.push(vec![id.as_str().into(), change.seq.into()]),
        }
    }
    let mut statements = for_rows(
        "INSERT INTO worlds (id, name, description, created_at, seq)",
        described,
        "ON CONFLICT (id) DO UPDATE SET name = excluded.name, \
         description = excluded.description, seq = excluded.seq",
    );
    statements.extend(for_rows(
        "WITH v(id, seq) AS (",
        moved,
        ") UPDATE worlds SET seq = v.seq FROM v WHERE worlds.id = v.id",
    ));
    statements
}

fn chats<'a>(
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
    let created = for_rows(
        "INSERT INTO chats (world, id, title, created_at, seq, idx, messages)",
        created,
        "ON CONFLICT (world, id) DO UPDATE SET title = excluded.title",
    );
    let titled = for_rows(
        "WITH v(world, id, title) AS (",
        titled,
        ") UPDATE chats SET title = v.title FROM v \
         WHERE chats.world = v.world AND chats.id = v.id",
    );
    let counted = for_rows(
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
