//! Every service is restarted under load, one replica after the other: no client gets an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use system_tests::{Cluster, Http, Shape};
use testkit::ReadyProxy;
use tokio::task::JoinSet;

use crate::atoms::conversation::{Conversation, Transcript};
use crate::atoms::failovers::{check, turns, world};
use crate::crowd::Crowd;

/// How long it may take until every client is answered. A test waits for states on machines that may be busy.
const GOES_ON_WITHIN: Duration = Duration::from_secs(30);
/// Clients of Atoms' door.
const SESSIONS: usize = 4;

/// Sessions of Atoms' door, each of which requests one answer after the other until it is over.
struct Sessions {
    is_over: Arc<AtomicBool>,
    clients: JoinSet<(usize, usize, Transcript)>,
}

impl Sessions {
    async fn start(cluster: &Cluster, base: &str) -> Self {
        world(cluster).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..SESSIONS {
            let (door, is_over) = (Http::new(base.to_owned()), Arc::clone(&is_over));
            clients.spawn(async move {
                let (doors, answered) = ([door], AtomicUsize::new(0));
                let conversation = Conversation::begin(&doors, number).await;
                let turns = (0..).take_while(|_| !is_over.load(Ordering::Acquire));
                let transcript = conversation.run(turns, &answered).await;
                (number, answered.into_inner(), transcript)
            });
        }
        Self { is_over, clients }
    }

    /// Stops them, checks that each has every answer as it is in the log, and returns how connections were closed.
    async fn finish(self, cluster: &Cluster) -> Vec<Option<u16>> {
        self.is_over.store(true, Ordering::Release);
        let ended = self.clients.join_all().await;
        let turns = turns(cluster).await;
        for (number, count, transcript) in &ended {
            assert!(*count > 0);
            check(transcript, &turns, *number, *count);
        }
        ended
            .into_iter()
            .flat_map(|(_, _, one)| one.losses)
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_gets_an_error_when_every_service_is_restarted_one_by_one() {
    let shape = Shape {
        worlds: 2,
        gateways: 2,
        workers: 2,
        archives: 2,
    };
    // Several checks of the proxy.
    let variables = [("gateway:MANYWORLDS_DRAIN_DELAY", "750ms")];
    let mut cluster = Cluster::start_with(shape, &variables).await;
    let gateways = cluster.gateways.iter();
    let gateways = gateways.map(|door| door.base.trim_start_matches("http://").parse().unwrap());
    let proxy = ReadyProxy::start(gateways.collect()).await;
    let base = format!("http://{}", proxy.address());
    let crowd = Crowd::start(&base).await;
    let sessions = Sessions::start(&cluster, &base).await;
    for process in cluster.in_upgrade_order() {
        let goes_on = crowd.goes_on_within(GOES_ON_WITHIN).await;
        let began = Instant::now();
        cluster.restart_gracefully(process).await;
        let name = &cluster.processes[process].name;
        println!(
            "answers within {goes_on:?}; {name} restarted in {:?}",
            began.elapsed()
        );
    }
    crowd.goes_on_within(GOES_ON_WITHIN).await;
    let losses = sessions.finish(&cluster).await;
    let outcome = crowd.finish(&cluster).await;
    let (counts, answered, longest) = (outcome.counts, outcome.answered, outcome.longest);
    println!(
        "{counts}; {answered} requests, the longest {longest:?}; closes {:?}",
        outcome.closes
    );
    assert_eq!(outcome.errors, Vec::<String>::new());
    assert_eq!(outcome.unavailable, Vec::<String>::new());
    assert!(counts.is_clean(), "{counts}");
    // Each stream and each WebSocket is closed once at least, since each gateway was restarted.
    assert!(outcome.closes.len() >= 3, "{:?}", outcome.closes);
    assert!(
        outcome.closes.iter().all(|code| *code == 3001),
        "{:?}",
        outcome.closes
    );
    assert!(losses.len() >= SESSIONS, "{losses:?}");
    assert!(losses.iter().all(|code| *code == Some(1012)), "{losses:?}");
}
