//! The example worlds: each is applied as its file says, and does what it is for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/worlds")
}

/// What the command line prints when it is used like this.
fn manyworlds(cluster: &Cluster, arguments: &[&str], input: &str) -> String {
    let url = cluster.gateways[0].base.clone();
    let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
    Process::output("manyworlds", arguments, &environment, input)
}

/// Applies one of the worlds.
pub(crate) fn apply(cluster: &Cluster, world: &str) {
    let file = folder().join(format!("{world}.yaml"));
    manyworlds(
        cluster,
        &["world", "apply", &file.display().to_string()],
        "",
    );
}

/// A system with one of the worlds in it.
pub(crate) async fn open(world: &str) -> Cluster {
    let cluster = Cluster::start(Shape::default()).await;
    apply(&cluster, world);
    cluster
}

async fn entity(cluster: &Cluster, world: &str, id: &str) -> Value {
    let path = format!("/v1/worlds/{world}/entities/{id}");
    Http::get(&cluster.gateways, &path).await
}

/// What the first thousand events of a type say, oldest first.
async fn events(cluster: &Cluster, world: &str, kind: &str) -> Vec<Value> {
    let path = format!("/v1/worlds/{world}/events?type={kind}&limit=1000&after=0.0");
    let page = Http::get(&cluster.gateways, &path).await;
    let events = page["events"].as_array().unwrap().iter();
    events.map(|event| event["data"].clone()).collect()
}

fn fields<'a>(events: &'a [Value], name: &str) -> Vec<&'a str> {
    let field = |event: &'a Value| event[name].as_str().unwrap();
    events.iter().map(field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_applied_and_applied_again() {
    let cluster = Cluster::start(Shape::default()).await;
    for file in std::fs::read_dir(folder()).unwrap() {
        let file = file.unwrap().path();
        let world = file.file_stem().unwrap().to_str().unwrap();
        apply(&cluster, world);
        apply(&cluster, world);
        let shown = Http::get(&cluster.gateways, &format!("/v1/worlds/{world}")).await;
        assert_eq!(shown["id"], world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_microphone_goes_around_the_table() {
    let cluster = open("roundtable").await;
    let begin = [
        "send",
        "roundtable",
        "round_begins",
        "{}",
        "--sender",
        "guest",
    ];
    manyworlds(&cluster, &begin, "");
    eventually("all had the microphone in turn", async || {
        let sounds = events(&cluster, "roundtable", "microphone_sounds").await;
        let passed = events(&cluster, "roundtable", "microphone_passed").await;
        fields(&sounds, "speaker") == ["hana", "sam", "freda", "chidi", "hana"]
            && fields(&passed, "to") == ["sam", "freda", "chidi", "hana"]
    })
    .await;
    eventually("all sleep again", async || {
        let state = Http::get(&cluster.gateways, "/v1/worlds/roundtable/state").await;
        let minds = state["state"]["minds"].as_object().unwrap();
        minds.len() == 4 && minds.values().all(|mind| mind["awake"] == false)
    })
    .await;
    let mic = entity(&cluster, "roundtable", "mic").await;
    assert_eq!(
        (&mic["held_by"], &mic["state"]["speeches"]),
        (&json!("hana"), &json!(5))
    );
    let call = ["send", "roundtable", "microphone_speak"];
    let call = [&call[..], &[r#"{"message": "Me!"}"#, "--sender", "sam"]].concat();
    manyworlds(&cluster, &call, "");
    let call = ["send", "roundtable", "microphone_pass"];
    let call = [&call[..], &[r#"{"to": "guest"}"#, "--sender", "hana"]].concat();
    manyworlds(&cluster, &call, "");
    eventually("both are refused", async || {
        let refused = events(&cluster, "roundtable", "microphone_refused").await;
        let mut reasons = fields(&refused, "reason");
        reasons.sort_unstable();
        reasons
            == [
                "guest is none of its speakers",
                "only who holds it speaks into it",
            ]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calculator_adds_two_and_three() {
    let cluster = open("calculator").await;
    let input = "add 2 and 3\ndivide 1 by 0\n";
    let printed = manyworlds(&cluster, &["chat", "calculator"], input);
    assert!(printed.contains("2 + 3 = 5"), "{printed}");
    assert!(printed.contains("1 / 0 is no number"), "{printed}");
    eventually("the sum and the refusal are in the log", async || {
        let answered = events(&cluster, "calculator", "calculator_answered").await;
        let refused = events(&cluster, "calculator", "calculator_refused").await;
        answered.len() == 1 && answered[0]["result"] == 5.0 && refused.len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_is_won_and_another_begins() {
    let cluster = open("tictactoe").await;
    for games in 1..=2 {
        manyworlds(&cluster, &["chat", "tictactoe"], "play\n");
        eventually("xavier has won", async || {
            let played = events(&cluster, "tictactoe", "tictactoe_played").await;
            let last = played.last();
            played.len() == 5 * games
                && last.is_some_and(|last| last["outcome"] == "won" && last["player"] == "xavier")
        })
        .await;
        let table = entity(&cluster, "tictactoe", "table").await;
        assert_eq!(
            table["state"]["board"],
            json!(["O", "O", "X", "-", "X", "-", "X", "-", "-"])
        );
    }
    let call = ["send", "tictactoe", "tictactoe_play"];
    let call = [&call[..], &[r#"{"field": 9}"#, "--sender", "guest"]].concat();
    manyworlds(&cluster, &call, "");
    eventually("who does not play is refused", async || {
        let refused = events(&cluster, "tictactoe", "tictactoe_refused").await;
        fields(&refused, "reason") == ["the game is over: clear the board first"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_written_down_taken_and_finished() {
    let cluster = open("blackboard").await;
    manyworlds(&cluster, &["chat", "blackboard"], "sweep the yard\n");
    eventually("tom has swept the yard", async || {
        let added = events(&cluster, "blackboard", "blackboard_added").await;
        let taken = events(&cluster, "blackboard", "blackboard_taken").await;
        let finished = events(&cluster, "blackboard", "blackboard_finished").await;
        let job = json!({"id": 1, "title": "sweep the yard", "taken_by": "tom"});
        fields(&added, "by") == ["mira"]
            && fields(&taken, "by") == ["tom"]
            && finished == [json!({"by": "tom", "job": job})]
    })
    .await;
    let board = entity(&cluster, "blackboard", "board").await;
    assert_eq!(board["state"], json!({"jobs": [], "last_job": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_is_bought_and_one_is_too_dear() {
    let cluster = open("market").await;
    let input = "@ben buy the lamp\n@mara offer the boat\n@ben buy the boat\n@otto buy the boat\n";
    let printed = manyworlds(&cluster, &["chat", "market"], input);
    assert!(
        printed.contains("the boat costs 8, and you have 6"),
        "{printed}"
    );
    assert!(
        printed.contains("there is no ability stall_buy"),
        "{printed}"
    );
    eventually("the lamp is sold, and no more", async || {
        let sold = events(&cluster, "market", "market_sold").await;
        sold == [json!({"good": "lamp", "price": 4, "seller": "mara", "buyer": "ben"})]
    })
    .await;
    let stall = entity(&cluster, "market", "stall").await;
    assert_eq!(
        stall["state"]["coins"],
        json!({"ben": 6, "mara": 4, "otto": 100})
    );
}

/// A world in which much was said: three chats of half a megabyte each.
async fn talkative(cluster: &Cluster) -> u64 {
    let chats = ["one", "two", "three"];
    let world = json!({
        "id": "lobby", "chats": chats.map(|id| json!({"id": id})),
        "entities": [
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "hello"}}}},
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let mut seq = 0;
    let text = format!("I say: {}", "x".repeat(60_000));
    for chat in chats {
        for _ in 0..8 {
            let path = format!("/v1/worlds/lobby/chats/{chat}/messages");
            // It only mentions somebody, and so nobody answers.
            let message = json!({"sender": "guest", "text": format!("{text} @ada"), "wait": false});
            let posted = Http::post(&cluster.gateways, &path, &message).await;
            seq = posted["seq"].as_u64().unwrap();
        }
    }
    seq
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_larger_than_a_message_of_nats_is_shown() {
    let cluster = Cluster::start(Shape::default()).await;
    let seq = talkative(&cluster).await;
    let message_count =
        |state: &Value, chat: &str| state["chats"][chat]["messages"].as_array().map(Vec::len);
    for path in [
        "/v1/worlds/lobby/state".to_owned(),
        format!("/v1/worlds/lobby/state?at={seq}"),
    ] {
        let shown = Http::get(&cluster.gateways, &path).await;
        assert!(shown.to_string().len() > 1_400_000);
        for chat in ["one", "two", "three"] {
            assert_eq!(message_count(&shown["state"], chat), Some(8), "{path}");
        }
    }
    let outline = Http::get(&cluster.gateways, "/v1/worlds/lobby/state?view=outline").await;
    assert!(outline.to_string().len() < 4000, "{outline}");
    assert_eq!(outline["state"]["chats"]["one"]["message_count"], 8);
    let chat = Http::get(&cluster.gateways, "/v1/worlds/lobby/chats/one").await;
    assert_eq!(chat["messages"].as_array().map(Vec::len), Some(8));
    // Agent World shows what an agent remembers, too: of each chat, what it was shown.
    let shown = Http::get(&cluster.gateways, "/api/worlds/lobby").await;
    assert_eq!(shown["chats"].as_array().map(Vec::len), Some(3));
}
