//! What users of UNaIVERSE rely on, row by row, through the native door: each row is a world of its own.
//! The rows of the reference have the odd numbers C1 to C59; those with even numbers are ours.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a test passes JSON where it stands"
)]

mod engagement;
mod machines;
mod outcomes;
mod reports;
mod requests;
mod restarts;
mod scores;
mod streams;
mod world;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use system_tests::{Cluster, Shape};

/// A row of the table: its number, and a function named after what it shows.
struct Row {
    number: u32,
    shows: &'static str,
    run: for<'a> fn(&'a Cluster) -> LocalBoxFuture<'a, ()>,
}

/// The rows `NUMBER function, ...`.
macro_rules! rows {
    ($($number:literal $shows:ident),* $(,)?) => {
        &[$(super::Row {
            number: $number,
            shows: stringify!($shows),
            run: |cluster| Box::pin($shows(cluster)),
        }),*]
    };
}
use rows;

const FAMILIES: &[&[Row]] = &[
    requests::ROWS,
    outcomes::ROWS,
    machines::ROWS,
    engagement::ROWS,
    streams::ROWS,
    scores::ROWS,
    reports::ROWS,
];

/// Checks all rows of a family, which share one system, and names those that fail.
async fn check(family: &[Row]) {
    let cluster = Cluster::start(Shape::default()).await;
    let mut failed = Vec::new();
    for row in family {
        let run = AssertUnwindSafe((row.run)(&cluster)).catch_unwind();
        if run.await.is_err() {
            failed.push(format!("C{} {}", row.number, row.shows));
        }
    }
    assert!(failed.is_empty(), "rows that do not hold: {failed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_accepted_by_the_state_of_the_target() {
    check(requests::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requesters_learn_the_outcome_of_each_target() {
    check(outcomes::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_make_transitions_in_their_order() {
    check(machines::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_are_found_engaged_and_left() {
    check(engagement::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_played_recorded_and_subscribed_to() {
    check(streams::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_evaluated_and_compared() {
    check(scores::ROWS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_records_what_masters_suggest() {
    check(reports::ROWS).await;
}

/// Every row of the reference has its number once; those of our own are as many.
#[test]
fn the_table_is_complete() {
    let rows = FAMILIES.iter().copied().flatten();
    let mut numbers: Vec<u32> = rows.map(|row| row.number).collect();
    numbers.extend(restarts::NUMBERS);
    numbers.sort_unstable();
    let all: Vec<u32> = (1..=60).collect();
    assert_eq!(numbers, all);
}
