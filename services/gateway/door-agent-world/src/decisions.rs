//! The decisions of people that are under way in this gateway.
//!
//! A page that answers a prompt goes on from what it showed when it sent the answer, once it has the
//! response: what reaches it in between is lost on it. So a stream waits with the end of a prompt, and with
//! everything that follows from it, until the response is written.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use contract::ApprovalId;
use futures::future::BoxFuture;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// A stream waits no longer for a response: its client may have gone, or reads slowly.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The response and the stream are different connections: the page gets this much time for the first.
const READ_TIME: Duration = Duration::from_millis(50);

/// The decisions that are under way.
#[derive(Default)]
pub(crate) struct Decisions(Mutex<Vec<(ApprovalId, watch::Receiver<()>)>>);

/// A decision is under way until this is dropped.
pub(crate) struct DecisionGuard {
    _ended: watch::Sender<()>,
}

impl Decisions {
    /// Begins a decision about the call that waits.
    pub(crate) fn begin(&self, approval: ApprovalId) -> DecisionGuard {
        let (guard, ended) = watch::channel(());
        let mut decisions = self.lock();
        // The sender of one that has ended is gone.
        decisions.retain(|(_, ended)| ended.has_changed().is_ok());
        decisions.push((approval, ended));
        DecisionGuard { _ended: guard }
    }

    /// What a stream waits for before it writes that a call waits no more; nothing when the decision was
    /// made elsewhere.
    pub(crate) fn wait_for(&self, approval: ApprovalId) -> Option<BoxFuture<'static, ()>> {
        let decisions = self.lock();
        let of_call = decisions.iter().filter(|(id, _)| *id == approval);
        let mut ended: Vec<_> = of_call.map(|(_, ended)| ended.clone()).collect();
        if ended.is_empty() {
            return None;
        }
        Some(Box::pin(async move {
            let all_ended = async {
                for ended in &mut ended {
                    // It is never set: an error says that its sender is gone.
                    while ended.changed().await.is_ok() {}
                }
                sleep(READ_TIME).await;
            };
            // Late events are better than none.
            let _ = timeout(WAIT_MAX, all_ended).await;
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(ApprovalId, watch::Receiver<()>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response with JSON that ends a decision when it is written, or when its client has gone.
pub(crate) fn response(body: &Value, guard: DecisionGuard) -> Response {
    let pieces = futures::stream::unfold((Some(body.to_string()), guard), async |(rest, guard)| {
        rest.map(|text| (Ok::<_, Infallible>(text), (None, guard)))
    });
    let json = [(CONTENT_TYPE, "application/json")];
    (json, Body::from_stream(pieces)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use contract::CommandId;
    use futures::FutureExt as _;
    use serde_json::json;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_follows_from_a_decision_waits_until_its_response_is_written() {
        let decisions = Decisions::default();
        let approval = CommandId::new().event(0).approval();
        let other = CommandId::new().event(0).approval();
        assert!(decisions.wait_for(approval).is_none());
        let guard = decisions.begin(approval);
        assert!(decisions.wait_for(other).is_none());
        let mut wait = decisions.wait_for(approval).unwrap();
        assert!((&mut wait).now_or_never().is_none());
        let response = response(&json!({"accepted": true}), guard);
        assert!((&mut wait).now_or_never().is_none());
        let written = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(written, r#"{"accepted":true}"#);
        wait.await;
        // Those that have ended are forgotten.
        let _guard = decisions.begin(other);
        assert!(decisions.wait_for(approval).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_response_that_is_not_read_holds_a_stream_for_a_while_only() {
        let decisions = Decisions::default();
        let approval = CommandId::new().event(0).approval();
        let _guard = decisions.begin(approval);
        decisions.wait_for(approval).unwrap().await;
    }
}
