//! What users of UNaIVERSE rely on, row by row, through the native door: each row is a world of its own.
#![expect(
    clippy::needless_pass_by_value,
    reason = "a test passes JSON where it stands"
)]

mod engagement;
mod machines;
mod outcomes;
mod requests;
mod streams;
mod world;

use system_tests::{Cluster, Shape};

/// The rows share one system: each has a world of its own.
#[tokio::test(flavor = "multi_thread")]
async fn behaviours_do_what_the_reference_says() {
    let cluster = Cluster::start(Shape::default()).await;
    requests::rows(&cluster).await;
    outcomes::rows(&cluster).await;
    machines::rows(&cluster).await;
    engagement::rows(&cluster).await;
    streams::rows(&cluster).await;
}
