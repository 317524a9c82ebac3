//! One ability that takes a while, and more and more workers of users that offer it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bus::Bus;
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityKind, Fact, NewEvent, Target, WorldId,
};
use serde_json::json;
use system_tests::{Cluster, Http, Process};
use testkit::free_port;

use crate::commits::create;
use crate::report::{Report, Row, median, rate};

const DEADLINE: Duration = Duration::from_secs(60);
/// Runs of one worker at a time: with so few, it is the waiting that takes the time.
const SLOTS: usize = 8;
const TAKES_MS: u64 = 50;
const BATCH: usize = 64;

pub(crate) async fn workers(cluster: &Cluster, bus: &Bus, report: &mut Report) {
    let name = "runs/s of a 50 ms ability, 4 workers";
    if !report.wants(name) {
        return;
    }
    let world = create(bus, "scaling").await;
    place(bus, &world).await;
    let count = report.count(640).next_multiple_of(BATCH);
    let mut workers = vec![worker(cluster, 0).await];
    let mut one = Vec::new();
    for _ in 0..3 {
        one.push(measure(bus, &world, count).await);
    }
    for n in 1..4 {
        workers.push(worker(cluster, n).await);
    }
    let mut four = Vec::new();
    for _ in 0..3 {
        four.push(measure(bus, &world, count * 4).await);
    }
    let (one, four) = (median(&mut one), median(&mut four));
    let ratio = four / one;
    report.add(Row {
        name,
        value: format!("{four:.0}/s"),
        control: format!("1 worker {one:.0}/s"),
        ratio,
        bar: ">= 3.5x",
        met: ratio >= 3.5,
        cpu_ms: None,
    });
}

/// An example of the SDK, once it takes runs.
async fn worker(cluster: &Cluster, n: usize) -> Process {
    let listen = format!("127.0.0.1:{}", free_port());
    let environment = BTreeMap::from([
        ("MANYWORLDS_NATS__URL".to_owned(), cluster.nats.url()),
        ("MANYWORLDS_LISTEN".to_owned(), listen.clone()),
        ("MANYWORLDS_SLOTS_MAX".to_owned(), SLOTS.to_string()),
    ]);
    let name = format!("counter-{n}");
    let process = Process::start("examples/counter", name, environment, &cluster.folder());
    Http::new(format!("http://{listen}")).ready().await;
    process
}

async fn place(bus: &Bus, world: &WorldId) {
    // The runs of one object are serial: what is measured is how many workers share the runs of one that is not.
    let abilities = json!([
        {"name": "count", "trigger": "counter.count", "run": {"worker": "counter-count"}, "concurrent": true},
    ]);
    let counter = Entity {
        abilities: serde_json::from_value(abilities).unwrap(),
        ..Entity::new("counter".parse().unwrap(), EntityKind::Object)
    };
    send(bus, world, Command::CreateEntity(counter)).await;
}

async fn send(bus: &Bus, world: &WorldId, command: Command) {
    let request = CommandRequest {
        id: CommandId::new(),
        sender: "world".parse().unwrap(),
        command,
        trace: None,
        run: None,
        principal: None,
    };
    let sent = bus.worlds().command(world, request, DEADLINE).await;
    sent.unwrap();
}

/// Asks for so many runs, and waits until all have ended. The first batch only wakes the world up.
async fn measure(bus: &Bus, world: &WorldId, count: usize) -> f64 {
    let mut commits = bus.log().subscribe_commits(world).await.unwrap();
    bus.flush().await.unwrap();
    ask(bus, world).await;
    let mut ended = 0;
    let mut started = Instant::now();
    let sent = async {
        for _ in 0..count / BATCH {
            ask(bus, world).await;
        }
    };
    let received = async {
        while ended < count + BATCH {
            let stored = commits.next().await.unwrap();
            for event in stored.entry.commit().unwrap().events {
                let fact = Fact::parse(&event.event_type, &event.data).unwrap();
                ended += usize::from(matches!(fact, Some(Fact::ActionCompleted(_))));
                if ended == BATCH {
                    started = Instant::now();
                }
            }
        }
    };
    let both = async { tokio::join!(sent, received) };
    tokio::time::timeout(DEADLINE, both)
        .await
        .expect("all runs in time");
    rate(count, started.elapsed())
}

async fn ask(bus: &Bus, world: &WorldId) {
    let event = |number: usize| {
        let data = json!({"number": number, "takes_ms": TAKES_MS});
        let data = serde_json::value::to_raw_value(&data).unwrap();
        NewEvent {
            target: Some(Target::Entities(vec!["counter".parse().unwrap()])),
            ..NewEvent::new("counter.count".parse().unwrap(), data)
        }
    };
    let command = Command::SendEvents {
        events: (0..BATCH).map(event).collect(),
        message: None,
    };
    send(bus, world, command).await;
}
