//! What language models have used and cost: in all, and over time.

use contract::query::{UsageBucket, UsageOverTimeQuery, UsageRow};
use contract::{Cost, Event, Seq, Timestamp, Usage, WorldId};

use crate::database::TestDatabase;
use crate::support::{Harness, complete, spent};

/// Two answers of one hour, one of the next hour, and one of the next day.
const TIMES: [&str; 4] = [
    "2026-01-31T22:00:00.000Z",
    "2026-01-31T22:59:59.999Z",
    "2026-01-31T23:00:00.000Z",
    "2026-02-01T00:30:00.000Z",
];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An answer of 10 tokens and one.
fn paid(agent: &str, micros: u64, currency: &str) -> Event {
    let cost = Cost {
        micros,
        currency: currency.parse().unwrap(),
    };
    let usage = Usage {
        cost: Some(cost),
        ..spent(10, 1)
    };
    complete(agent, usage)
}

/// A row without its model: agent, answers, input tokens, cost.
fn shown(row: &UsageRow) -> String {
    let UsageRow {
        start,
        agent,
        answers,
        input_tokens,
        cost,
        ..
    } = row;
    let start = start.map(|start| start.to_string()).unwrap_or_default();
    let cost = cost.as_ref().map(Cost::to_string).unwrap_or_default();
    format!("{start} {agent} {answers} {input_tokens} {cost}")
        .trim()
        .to_owned()
}

async fn check(harness: &Harness, query: &UsageOverTimeQuery, expected: &[&str]) {
    let (rows, more) = harness.query(query.clone()).await;
    let rows: Vec<String> = rows.iter().map(shown).collect();
    assert_eq!(rows, expected);
    assert!(!more);
}

fn of_hours(world: &WorldId, seq: Seq) -> UsageOverTimeQuery {
    UsageOverTimeQuery {
        world: world.clone(),
        bucket: UsageBucket::Hour,
        from: at("2026-01-31T00:00:00.000Z"),
        to: at("2026-02-02T00:00:00.000Z"),
        wait_for: Some(seq),
    }
}

pub(crate) async fn costs_are_added_up_by_currency_hour_and_day(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let [first, last, next, next_day] = TIMES.map(at);
    let events = vec![paid("ada", 1_500_000, "USD"), complete("ada", spent(7, 1))];
    harness.append_at(&world, first, events).await;
    let events = vec![paid("ada", 1, "USD"), paid("bob", 5, "USD")];
    harness.append_at(&world, last, events).await;
    harness
        .append_at(&world, next, vec![paid("ada", 2, "EUR")])
        .await;
    let seq = harness
        .append_at(&world, next_day, vec![paid("ada", 3, "USD")])
        .await;

    let totals: Vec<String> = harness.usage(&world, seq).await.iter().map(shown).collect();
    let expected = [
        "ada 1 7",
        "ada 1 10 0.000002 EUR",
        "ada 3 30 1.500004 USD",
        "bob 1 10 0.000005 USD",
    ];
    assert_eq!(totals, expected);
    let hours = of_hours(&world, seq);
    let of_first_hour = [
        "2026-01-31T22:00:00.000Z ada 1 7",
        "2026-01-31T22:00:00.000Z ada 2 20 1.500001 USD",
        "2026-01-31T22:00:00.000Z bob 1 10 0.000005 USD",
    ];
    let of_second_hour = "2026-01-31T23:00:00.000Z ada 1 10 0.000002 EUR";
    let of_next_day = "2026-02-01T00:00:00.000Z ada 1 10 0.000003 USD";
    let all = [&of_first_hour[..], &[of_second_hour, of_next_day]].concat();
    check(&harness, &hours, &all).await;
    let range = UsageOverTimeQuery {
        from: at(TIMES[2]),
        to: at("2026-02-01T00:00:00.000Z"),
        ..hours.clone()
    };
    check(&harness, &range, &[of_second_hour]).await;
    let days = UsageOverTimeQuery {
        bucket: UsageBucket::Day,
        ..hours
    };
    let expected = [
        "2026-01-31T00:00:00.000Z ada 1 7",
        "2026-01-31T00:00:00.000Z ada 1 10 0.000002 EUR",
        "2026-01-31T00:00:00.000Z ada 2 20 1.500001 USD",
        "2026-01-31T00:00:00.000Z bob 1 10 0.000005 USD",
        of_next_day,
    ];
    check(&harness, &days, &expected).await;
    replica.stop().await;
}

/// The oldest of more rows would be no answer: the reply has `has_more`.
pub(crate) async fn a_reply_that_lacks_hours_has_more(harness: Harness) {
    const COMMITS: usize = 6;
    const AGENTS_OF_COMMIT: usize = 1500;
    let replica = harness.start_replica().await;
    let (world, mut seq) = harness.create("lobby").await;
    for commit in 0..COMMITS {
        let answered = |n| complete(&format!("agent-{commit}-{n}"), spent(1, 1));
        let events = (0..AGENTS_OF_COMMIT).map(answered).collect();
        seq = harness.append_at(&world, at(TIMES[0]), events).await;
    }
    let (rows, more) = harness.query(of_hours(&world, seq)).await;
    assert!(more);
    let all = COMMITS * AGENTS_OF_COMMIT;
    assert!(rows.len() > all / 2 && rows.len() < all, "{}", rows.len());
    replica.stop().await;
}

pub(crate) async fn numbers_that_can_not_be_are_bounded(harness: Harness) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let most = Usage {
        input_tokens: u64::MAX,
        ..spent(0, u64::MAX)
    };
    let mut events = vec![complete("ada", most), paid("ada", u64::MAX, "USD")];
    events.extend((0..3).map(|_| paid("ada", u64::MAX, "USD")));
    let seq = harness.append(&world, events).await;
    let rows = harness.usage(&world, seq).await;
    let bound = 1 << 40;
    assert_eq!(
        (rows[0].input_tokens, rows[0].output_tokens),
        (bound, bound)
    );
    assert_eq!(rows[1].cost.as_ref().unwrap().micros, 4 * bound);
    let days = harness.usage_of_all_days(&world, seq).await;
    assert_eq!(days[1].cost, rows[1].cost);
    replica.stop().await;
}

/// The tables as they were before answers had a cost.
fn earlier_tables(database: &TestDatabase) -> &'static str {
    match database {
        TestDatabase::Sqlite(_) => {
            "CREATE TABLE earlier (world TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, \
             answers INTEGER NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, \
             PRIMARY KEY (world, agent, model)) STRICT, WITHOUT ROWID; \
             INSERT INTO earlier SELECT world, agent, model, answers, input_tokens, output_tokens FROM usage; \
             DROP TABLE usage; DROP TABLE usage_hours; ALTER TABLE earlier RENAME TO usage; \
             DELETE FROM _sqlx_migrations WHERE version = 7;"
        }
        TestDatabase::Postgres(_) => {
            "ALTER TABLE usage DROP CONSTRAINT usage_pkey; \
             ALTER TABLE usage DROP COLUMN currency; ALTER TABLE usage DROP COLUMN cost; \
             ALTER TABLE usage ADD PRIMARY KEY (world, agent, model); DROP TABLE usage_hours; \
             DELETE FROM _sqlx_migrations WHERE version = 7;"
        }
    }
}

pub(crate) async fn usage_of_an_earlier_version_is_kept_and_has_its_hours_after_a_rebuild(
    harness: Harness,
) {
    let replica = harness.start_replica().await;
    let (world, _) = harness.create("lobby").await;
    let events = vec![complete("ada", spent(10, 2)), complete("bob", spent(1, 1))];
    let seq = harness.append_at(&world, at(TIMES[0]), events).await;
    let before = harness.usage(&world, seq).await;
    replica.stop().await;
    harness
        .database
        .execute(earlier_tables(&harness.database))
        .await;

    let replica = harness.start_replica().await;
    assert_eq!(harness.usage(&world, seq).await, before);
    let added = vec![paid("ada", 3, "USD"), complete("ada", spent(5, 1))];
    let seq = harness.append_at(&world, at(TIMES[2]), added).await;
    let after = ["ada 2 15", "ada 1 10 0.000003 USD", "bob 1 1"];
    let rows: Vec<String> = harness.usage(&world, seq).await.iter().map(shown).collect();
    assert_eq!(rows, after);
    let hours = of_hours(&world, seq);
    let new = [
        "2026-01-31T23:00:00.000Z ada 1 5",
        "2026-01-31T23:00:00.000Z ada 1 10 0.000003 USD",
    ];
    check(&harness, &hours, &new).await;

    harness.rebuild_worlds(&[&world]).await;
    let rows: Vec<String> = harness.usage(&world, seq).await.iter().map(shown).collect();
    assert_eq!(rows, after);
    let old = [
        "2026-01-31T22:00:00.000Z ada 1 10",
        "2026-01-31T22:00:00.000Z bob 1 1",
    ];
    check(&harness, &hours, &[old, new].concat()).await;
    replica.stop().await;
}
