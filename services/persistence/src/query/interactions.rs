//! The interactions of a world, open ones and those that have ended, in the order of their requests.

use contract::query::{InteractionRow, InteractionsQuery};
use contract::view::InteractionStatus;
use contract::{Seq, WorldId};

use super::fetch::{fetch, push_position};
use super::interaction_record::{TargetRecord, group_targets};
use super::page::{Page, page_limit};
use super::select::Select;
use crate::store::{Error, Statement, Store};

/// The most targets of the interactions of a page: what they wrote, of some 12 KiB each at most, is in
/// memory. One interaction has fewer.
const TARGETS_MAX: usize = 4096;

impl Select for InteractionsQuery {
    fn wait_for(&self) -> Option<Seq> {
        self.wait_for
    }

    fn world(&self) -> Option<&WorldId> {
        Some(&self.world)
    }

    async fn select(&self, store: &Store) -> Result<Page<InteractionRow>, Error> {
        let limit = page_limit(self.limit);
        let statement = select_statement(self, limit + 1);
        let targets = fetch::<TargetRecord, InteractionRow>(store, statement, TARGETS_MAX).await?;
        let is_truncated = targets.len() == TARGETS_MAX;
        let mut rows = group_targets(targets);
        if is_truncated {
            // Some of its targets may be missing.
            rows.pop();
        }
        let more = is_truncated || rows.len() > limit;
        rows.truncate(limit);
        Ok(Page::new(rows, more))
    }
}

/// Selects the first `limit` interactions with their targets. It ends with the placeholder of a limit
/// for all these targets.
pub(super) fn select_statement(query: &InteractionsQuery, limit: usize) -> Statement {
    let mut statement = Statement::new(
        "SELECT p.seq, p.idx, p.id, p.requester, p.action, p.requested_at, p.deadline, p.steps, \
         p.changed, t.target, t.status, t.steps_done, t.outcome FROM (SELECT i.* FROM ",
    );
    push_interactions(&mut statement, query);
    statement.push(" LIMIT ?");
    statement.push_bind(limit as u64);
    statement.push(
        ") p JOIN interaction_targets t ON t.world = p.world AND t.interaction = p.id \
         ORDER BY p.seq, p.idx, t.number LIMIT ?",
    );
    statement
}

/// The interactions that a query means, in their order.
fn push_interactions(statement: &mut Statement, query: &InteractionsQuery) {
    let target = query.target.as_ref();
    let is_open = query.status == Some(InteractionStatus::Open);
    // Of those that are open, which are few, the ones of a target are found one by one.
    let of_target = target.filter(|_| !is_open);
    let place = match of_target {
        Some(target) => {
            statement.push(
                "interaction_targets f JOIN interactions i \
                 ON i.world = f.world AND i.id = f.interaction WHERE f.world = ? AND f.target = ?",
            );
            statement.push_bind(query.world.as_str());
            statement.push_bind(target.as_str());
            "f.seq, f.idx"
        }
        None => {
            statement.push("interactions i WHERE i.world = ?");
            statement.push_bind(query.world.as_str());
            "i.seq, i.idx"
        }
    };
    push_position(statement, &format!(" AND ({place}) > (?, ?)"), query.after);
    if let Some(id) = query.id {
        statement.push(" AND i.id = ?");
        statement.push_bind(id.to_string());
    }
    if let Some(requester) = &query.requester {
        statement.push(" AND i.requester = ?");
        statement.push_bind(requester.as_str());
    }
    match query.status {
        Some(InteractionStatus::Open) => statement.push(" AND i.open_targets > 0"),
        Some(InteractionStatus::Ended) => statement.push(" AND i.open_targets = 0"),
        None => {}
    }
    if let Some(target) = target.filter(|_| is_open) {
        statement.push(
            " AND (SELECT count(*) FROM interaction_targets f \
             WHERE f.world = i.world AND f.interaction = i.id AND f.target = ?) > 0",
        );
        statement.push_bind(target.as_str());
    }
    statement.push(&format!(" ORDER BY {place}"));
}

#[cfg(test)]
mod tests {
    use contract::Position;

    use super::*;

    const ID: &str = "018f0000-0000-7000-8000-000000000001";

    fn query(
        id: bool,
        requester: bool,
        target: bool,
        status: Option<InteractionStatus>,
    ) -> InteractionsQuery {
        InteractionsQuery {
            world: "lobby".parse().unwrap(),
            id: id.then(|| ID.parse().unwrap()),
            requester: requester.then(|| "a".parse().unwrap()),
            target: target.then(|| "b".parse().unwrap()),
            status,
            after: Position::default(),
            limit: 10,
            wait_for: None,
        }
    }

    /// How SQLite executes a statement.
    async fn plan(store: &Store, mut statement: Statement) -> Vec<String> {
        statement.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        statement.push_bind(10_u64);
        let steps: Vec<(i64, i64, i64, String)> = store.fetch(statement).await.unwrap();
        steps.into_iter().map(|(.., detail)| detail).collect()
    }

    #[tokio::test]
    async fn every_query_uses_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/archive.db", folder.path().display());
        let store = Store::open(&url, 1).unwrap();
        store.migrate().await.unwrap();
        let (open, ended) = (InteractionStatus::Open, InteractionStatus::Ended);
        for (query, index) in [
            (
                query(true, false, false, None),
                "sqlite_autoindex_interactions_1",
            ),
            (query(false, false, false, None), "interactions_by_place"),
            (
                query(false, false, false, Some(ended)),
                "interactions_by_place",
            ),
            (query(false, false, false, Some(open)), "interactions_open"),
            (query(false, true, false, None), "interactions_of_requester"),
            (
                query(false, true, false, Some(ended)),
                "interactions_of_requester",
            ),
            (
                query(false, true, false, Some(open)),
                "interactions_open_of_requester",
            ),
            (query(false, false, true, None), "interactions_of_target"),
            (
                query(false, false, true, Some(ended)),
                "interactions_of_target",
            ),
            (query(false, false, true, Some(open)), "interactions_open"),
            (query(false, true, true, None), "interactions_of_target"),
            (
                query(false, true, true, Some(open)),
                "interactions_open_of_requester",
            ),
        ] {
            let plan = plan(&store, select_statement(&query, 10)).await;
            let uses = format!("USING INDEX {index} ");
            assert!(plan.iter().any(|step| step.contains(&uses)), "{plan:#?}");
            // The page is scanned, no table is.
            let scans = plan.iter().filter(|step| step.starts_with("SCAN "));
            assert!(scans.clone().all(|step| step == "SCAN p"), "{plan:#?}");
        }
    }
}
