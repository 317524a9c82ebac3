use std::time::Duration;

use system_tests::chaos::{Plan, run};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_reordered_or_hung_whatever_is_killed() {
    let plan = Plan {
        seed: 1,
        duration: Duration::from_secs(15),
        worlds: 2,
        senders: 2,
    };
    let counts = run(plan).await;
    assert!(counts.is_clean(), "{counts}");
    assert!(counts.acknowledged > 20 && counts.answers > 20, "{counts}");
}
