//! Keys of this door that may do some things only.

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, event};
use crate::scopes::lobby;
use crate::support::call;

#[tokio::test]
async fn a_key_that_only_reads_sends_nothing() {
    let harness = lobby().await;
    for path in [
        "/ws/lobby?api_key=reader&entity=human",
        "/ws/lobby?api_key=reader",
    ] {
        let mut client = Client::open(&harness, path).await;
        // The first frame of a sender is handled in another way than those behind it.
        for _ in 0..3 {
            client
                .send(&event("something_happens", "human", None))
                .await;
            let refused = client.0.next().await.unwrap().unwrap().into_text().unwrap();
            assert!(refused.contains("lacks the scope send"), "{path} {refused}");
        }
    }
    let path = "/v1/worlds/lobby/state";
    let (status, state) = call(&harness, "full", Method::GET, path, &Value::Null).await;
    assert_eq!(
        (status, &state["seq"]),
        (200, &json!(1)),
        "nothing happened"
    );
}
