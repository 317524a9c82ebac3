//! How the two databases execute the statements of all queries.
//!
//! On empty tables PostgreSQL prefers to scan and to sort: the tests forbid it, so that a plan which does
//! either has no index for what the query needs.

use contract::query::{
    ChatsQuery, EventsQuery, HistoryQuery, InteractionsQuery, MessagesQuery, PageStart,
    SessionsQuery, UsageBucket, UsageOverTimeQuery, UsageQuery, WorldsQuery,
};
use contract::view::InteractionStatus;
use contract::{Position, Timestamp};

use super::{
    chats, events, history, interactions, messages, sessions, usage, usage_over_time, worlds,
};
use crate::store::{Statement, Store};

const ID: &str = "018f0000-0000-7000-8000-000000000001";
const AFTER: Position = Position { seq: 7, index: 0 };

fn event_queries() -> Vec<EventsQuery> {
    let all = EventsQuery {
        world: "lobby".parse().unwrap(),
        after: AFTER,
        event_type: None,
        entity: None,
        heard_by: None,
        last: false,
        chat: None,
        session: None,
        limit: 10,
        wait_for: None,
    };
    vec![
        all.clone(),
        EventsQuery {
            last: true,
            ..all.clone()
        },
        EventsQuery {
            event_type: Some("app.made".to_owned()),
            ..all.clone()
        },
        EventsQuery {
            chat: Some("main".parse().unwrap()),
            ..all.clone()
        },
        EventsQuery {
            session: ID.parse().ok(),
            ..all.clone()
        },
        // These have no index of their own: events are read in the order of the log until enough of them
        // are found, for as long as a query may take.
        EventsQuery {
            event_type: Some("app.*".to_owned()),
            ..all.clone()
        },
        EventsQuery {
            entity: Some("ada".parse().unwrap()),
            ..all.clone()
        },
        EventsQuery {
            heard_by: Some("ada".parse().unwrap()),
            last: true,
            ..all
        },
    ]
}

fn message_queries() -> Vec<MessagesQuery> {
    let all = MessagesQuery {
        world: "lobby".parse().unwrap(),
        chat: None,
        search: None,
        page: PageStart::Newest,
        limit: 10,
        wait_for: None,
    };
    let of_chat = MessagesQuery {
        chat: Some("main".parse().unwrap()),
        ..all.clone()
    };
    let pages = [
        PageStart::Newest,
        PageStart::After(AFTER),
        PageStart::Before(AFTER),
    ];
    let paged = pages.into_iter().flat_map(|page| {
        [&all, &of_chat].map(|query| MessagesQuery {
            page,
            ..query.clone()
        })
    });
    let search = [&all, &of_chat].map(|query| MessagesQuery {
        search: Some("hello".to_owned()),
        ..query.clone()
    });
    paged.chain(search).collect()
}

fn session_queries() -> Vec<SessionsQuery> {
    let all = SessionsQuery {
        world: "lobby".parse().unwrap(),
        id: None,
        flow: None,
        entity: None,
        status: None,
        after: AFTER,
        limit: 10,
        wait_for: None,
    };
    vec![
        all.clone(),
        SessionsQuery {
            flow: Some("desk".parse().unwrap()),
            ..all.clone()
        },
        SessionsQuery {
            entity: Some("ann".parse().unwrap()),
            ..all
        },
    ]
}

fn interaction_queries() -> Vec<InteractionsQuery> {
    let all = InteractionsQuery {
        world: "lobby".parse().unwrap(),
        id: None,
        requester: None,
        target: None,
        status: None,
        after: AFTER,
        limit: 10,
        wait_for: None,
    };
    vec![
        all.clone(),
        InteractionsQuery {
            requester: Some("a".parse().unwrap()),
            ..all.clone()
        },
        InteractionsQuery {
            target: Some("b".parse().unwrap()),
            ..all.clone()
        },
        InteractionsQuery {
            status: Some(InteractionStatus::Open),
            ..all
        },
    ]
}

fn over_time(bucket: UsageBucket) -> UsageOverTimeQuery {
    UsageOverTimeQuery {
        world: "lobby".parse().unwrap(),
        bucket,
        from: Timestamp::from_unix_ms(0),
        to: Timestamp::MAX,
        wait_for: None,
    }
}

/// The statements of all queries whose rows come in the order of an index. Each ends with the placeholder
/// of a limit.
fn ordered_statements(store: &Store) -> Vec<Statement> {
    let function = store.position_function();
    let all_worlds = WorldsQuery::default();
    let next_worlds = WorldsQuery {
        after: Some("lobby".parse().unwrap()),
        ..WorldsQuery::default()
    };
    let chats = ChatsQuery {
        world: "lobby".parse().unwrap(),
        wait_for: None,
    };
    let usage = UsageQuery {
        world: "lobby".parse().unwrap(),
        wait_for: None,
    };
    let mut statements = vec![
        worlds::select_statement(&all_worlds),
        worlds::select_statement(&next_worlds),
        chats::select_statement(&chats),
        usage::select_statement(&usage),
        usage_over_time::select_statement(&over_time(UsageBucket::Hour)),
    ];
    let of_events = event_queries();
    statements.extend(
        of_events
            .iter()
            .map(|query| events::select_statement(query, function)),
    );
    let of_messages = message_queries();
    statements.extend(
        of_messages
            .iter()
            .map(|query| messages::select_statement(query, function)),
    );
    statements.extend(session_queries().iter().map(sessions::select_statement));
    statements
}

/// Statements that find few rows by an index, and sort those.
fn bounded_statements() -> Vec<Statement> {
    let history = HistoryQuery {
        world: "lobby".parse().unwrap(),
        chat: "main".parse().unwrap(),
        message: ID.parse().unwrap(),
        limit: 10,
        wait_for: None,
    };
    let of_interactions = interaction_queries();
    let mut statements = vec![
        history::select_statement(&history),
        usage_over_time::select_statement(&over_time(UsageBucket::Day)),
    ];
    statements.extend(
        of_interactions
            .iter()
            .map(|query| interactions::select_statement(query, 10)),
    );
    statements
}

/// What in the plans of a database shows that a query has no index.
struct Signs {
    /// What comes before a statement, to get its plan.
    explain: &'static str,
    is_scan: fn(&str) -> bool,
    is_sort: fn(&str) -> bool,
}

const SQLITE: Signs = Signs {
    explain: "EXPLAIN QUERY PLAN ",
    // The list of all worlds is read in the order of its table, and a page of interactions as a whole.
    is_scan: |step| step.starts_with("SCAN ") && step != "SCAN worlds" && step != "SCAN p",
    is_sort: |step| step.contains("USE TEMP B-TREE"),
};

const POSTGRES: Signs = Signs {
    explain: "EXPLAIN (COSTS OFF) ",
    is_scan: |step| step.contains("Seq Scan"),
    is_sort: |step| step.contains("Sort"),
};

/// Checks the plans of all statements; `plan` has the steps of one.
async fn check_plans(
    store: &Store,
    signs: &Signs,
    plan: impl AsyncFn(&Store, Statement) -> Vec<String>,
) {
    store.migrate().await.unwrap();
    let ordered = ordered_statements(store).into_iter();
    let bounded = bounded_statements().into_iter();
    let statements = ordered
        .map(|statement| (statement, false))
        .chain(bounded.map(|statement| (statement, true)));
    for (mut statement, may_sort) in statements {
        let sql = statement.sql.clone();
        statement.sql.insert_str(0, signs.explain);
        statement.push_bind(10_u64);
        let steps = plan(store, statement).await;
        let scans = steps.iter().any(|step| (signs.is_scan)(step));
        assert!(!scans, "{sql}: {steps:#?}");
        let sorts = steps.iter().any(|step| (signs.is_sort)(step));
        assert!(may_sort || !sorts, "{sql}: {steps:#?}");
    }
}

#[tokio::test]
async fn no_query_scans_or_sorts_a_table_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/archive.db", folder.path().display());
    let store = Store::open(&url, 1).unwrap();
    check_plans(&store, &SQLITE, async |store, statement| {
        let steps: Vec<(i64, i64, i64, String)> = store.fetch(statement).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    })
    .await;
}

#[tokio::test]
async fn no_query_scans_or_sorts_a_table_of_postgres() {
    let database = testkit::Database::create().await;
    let without = "options[enable_seqscan]=off&options[enable_bitmapscan]=off&options[enable_sort]=off\
                   &options[enable_incremental_sort]=off";
    let store = Store::open(&format!("{}?{without}", database.url()), 1).unwrap();
    check_plans(&store, &POSTGRES, async |store, statement| {
        let steps: Vec<(String,)> = store.fetch(statement).await.unwrap();
        steps.into_iter().map(|(step,)| step).collect()
    })
    .await;
}
