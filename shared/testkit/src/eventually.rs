//! Waiting for states.

use std::time::Duration;

/// The longest time until a state is reached, where a test does not set another.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until `state` holds.
///
/// # Panics
/// If it does not within 30 seconds; the message names it.
pub async fn eventually(name: &str, state: impl AsyncFnMut() -> bool) {
    eventually_within(DEADLINE, name, state).await;
}

/// Waits until `state` holds.
///
/// # Panics
/// If it does not within `deadline`; the message names it.
pub async fn eventually_within(
    deadline: Duration,
    name: &str,
    mut state: impl AsyncFnMut() -> bool,
) {
    let reached = async {
        while !state().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    if tokio::time::timeout(deadline, reached).await.is_err() {
        panic!("not within {deadline:?}: {name}");
    }
}
