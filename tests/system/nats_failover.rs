//! NATS as three servers, each with a copy of everything: the one that leads the log ends under load.

use std::time::Duration;

use system_tests::{Cluster, Shape};

use crate::crowd::Crowd;

const NATS_SERVERS: usize = 3;
/// How long a command may take (`command_deadline` of the gateway): by then every client is answered again.
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_refused_when_the_nats_server_that_leads_the_log_ends() {
    let shape = Shape {
        worlds: 2,
        workers: 2,
        ..Shape::default()
    };
    let mut cluster = Cluster::start_replicated(shape, NATS_SERVERS).await;
    let crowd = Crowd::start(&cluster.gateways[0].base).await;
    for is_killed in [true, false] {
        crowd.goes_on_within(COMMAND_DEADLINE).await;
        let leader = cluster.log_leader().await;
        let server = cluster.nats_server(leader);
        match is_killed {
            true => server.kill(),
            false => server.stop().await,
        }
        let without_it = crowd.goes_on_within(COMMAND_DEADLINE).await;
        cluster.nats_server(leader).restart();
        cluster.nats_in_sync().await;
        let how = if is_killed { "killed" } else { "stopped" };
        println!("nats-{leader} {how}: every client is answered again after {without_it:?}");
    }
    crowd.goes_on_within(COMMAND_DEADLINE).await;
    let outcome = crowd.finish(&cluster).await;
    let (counts, answered, longest) = (outcome.counts, outcome.answered, outcome.longest);
    println!(
        "{counts}; {answered} requests, the longest {longest:?}; closes {:?}",
        outcome.closes
    );
    assert_eq!(outcome.errors, Vec::<String>::new());
    assert_eq!(outcome.unavailable, Vec::<String>::new());
    assert!(counts.is_clean(), "{counts}");
    assert!(longest < COMMAND_DEADLINE, "{longest:?}");
}
