//! The sessions of a world, open ones and those that have ended, in the order in which they began.

use contract::flow::{SessionStatus, SessionView};
use contract::query::{SessionRow, SessionsQuery};
use contract::{Seq, WorldId};

use super::fetch::{fetch, push_position};
use super::page::{Page, page_limit};
use super::record::{parse, position, timestamp};
use super::select::Select;
use crate::store::{Error, Statement, Store, record, to_unsigned};

impl Select for SessionsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<SessionRow>, Error> {
        let limit = page_limit(self.limit);
        let rows = fetch::<SessionRecord, _>(store, select_statement(self), limit + 1).await?;
        Ok(Page::first(rows, limit))
    }
}

/// It ends with the placeholder of a limit.
pub(super) fn select_statement(query: &SessionsQuery) -> Statement {
    let mut statement = Statement::new(
        "SELECT seq, idx, id, flow, entity, started_at, changed, ended_at, reason, epoch, variables \
         FROM sessions WHERE world = ?",
    );
    statement.push_bind(query.world.as_str());
    push_position(&mut statement, " AND (seq, idx) > (?, ?)", query.after);
    if let Some(id) = query.id {
        statement.push(" AND id = ?");
        statement.push_bind(id.to_string());
    }
    if let Some(flow) = &query.flow {
        statement.push(" AND flow = ?");
        statement.push_bind(flow.as_str());
    }
    if let Some(entity) = &query.entity {
        statement.push(" AND entity = ?");
        statement.push_bind(entity.as_str());
    }
    match query.status {
        Some(SessionStatus::Open) => statement.push(" AND ended_at = 0"),
        Some(SessionStatus::Ended) => statement.push(" AND ended_at > 0"),
        None => {}
    }
    statement.push(" ORDER BY seq, idx LIMIT ?");
    statement
}

record! {
    struct SessionRecord {
        seq: i64,
        idx: i64,
        id: String,
        flow: String,
        entity: String,
        started_at: i64,
        changed: i64,
        ended_at: i64,
        reason: Option<String>,
        epoch: i64,
        variables: String,
    }
}

impl TryFrom<SessionRecord> for SessionRow {
    type Error = Error;

    fn try_from(row: SessionRecord) -> Result<Self, Error> {
        let ended_at = (row.ended_at > 0).then(|| timestamp(row.ended_at));
        let started_at = timestamp(row.started_at);
        let variables = serde_json::from_str(&row.variables);
        Ok(Self {
            position: position(row.seq, row.idx)?,
            changed: to_unsigned(row.changed)?,
            session: SessionView {
                id: parse(&row.id)?,
                flow: parse(&row.flow)?,
                entity: parse(&row.entity)?,
                status: match ended_at {
                    Some(_) => SessionStatus::Ended,
                    None => SessionStatus::Open,
                },
                turn: None,
                epoch: to_unsigned(row.epoch)?,
                variables: variables.map_err(|error| Error::InvalidData {
                    reason: error.to_string(),
                })?,
                pending: 0,
                started_at,
                active_at: ended_at.unwrap_or(started_at),
                ended_at,
                reason: row.reason,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::Position;

    use super::*;

    fn query(flow: bool, entity: bool, status: Option<SessionStatus>) -> SessionsQuery {
        SessionsQuery {
            world: "lobby".parse().unwrap(),
            id: None,
            flow: flow.then(|| "desk".parse().unwrap()),
            entity: entity.then(|| "ann".parse().unwrap()),
            status,
            after: Position::default(),
            limit: 10,
            wait_for: None,
        }
    }

    #[tokio::test]
    async fn every_query_uses_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/archive.db", folder.path().display());
        let store = Store::open(&url, 1).unwrap();
        store.migrate().await.unwrap();
        let open = Some(SessionStatus::Open);
        let one = SessionsQuery {
            id: "018f0000-0000-7000-8000-000000000001".parse().ok(),
            ..query(false, false, None)
        };
        for (query, index) in [
            (one, "sqlite_autoindex_sessions_1"),
            (query(false, false, None), "sessions_by_place"),
            (query(false, false, open), "sessions_open"),
            (query(true, false, None), "sessions_of_flow"),
            (query(false, true, None), "sessions_of_entity"),
        ] {
            let mut statement = select_statement(&query);
            statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
            statement.push_bind(10_u64);
            let steps: Vec<(i64, i64, i64, String)> = store.fetch(statement).await.unwrap();
            let plan: Vec<String> = steps.into_iter().map(|(.., detail)| detail).collect();
            assert!(
                plan[0].contains(&format!("USING INDEX {index} ")),
                "{plan:?}"
            );
            assert_eq!(plan.len(), 1, "{plan:?}");
        }
    }
}
