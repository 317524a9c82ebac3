//! Waiting for states.

use std::time::Duration;

/// The longest time until a state is reached.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until `state` holds.
///
/// # Panics
/// If it does not within 30 seconds; the message names it.
pub async fn eventually(name: &str, mut state: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !state().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(DEADLINE, reached).await.is_err() {
        panic!("not within {DEADLINE:?}: {name}");
    }
}
