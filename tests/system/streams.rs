//! Streams of samples over the native door: appended, read by range, kept over restarts, and watched.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};

const READINGS: &str = "/v1/worlds/lab/streams/sensor/readings";

async fn lab(cluster: &Cluster) {
    let world = json!({
        "id": "lab",
        "entities": [
            {"id": "sensor", "kind": "object"},
            {"id": "guest", "kind": "user"},
            {"id": "ada", "kind": "agent", "agent": {"brain": {"script": {"default": "{text}!"}}}},
        ],
        "chats": [{"id": "main"}],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let declared = request(cluster, Method::PUT, READINGS, &json!({"type": "number"})).await;
    assert_eq!(
        (declared.0, &declared.1["id"]),
        (200, &json!("sensor:readings"))
    );
}

async fn request(cluster: &Cluster, method: Method, path: &str, body: &Value) -> (u16, Value) {
    keyed(cluster, method, path, body, None).await
}

async fn keyed(
    cluster: &Cluster,
    method: Method,
    path: &str,
    body: &Value,
    key: Option<&str>,
) -> (u16, Value) {
    let body = (!body.is_null()).then_some(body);
    let sent = cluster.gateways[0].send(method, path, body, key).await;
    let (status, answer) = sent.unwrap();
    (status.as_u16(), answer)
}

async fn append(cluster: &Cluster, samples: &Value) -> (u64, u64) {
    let path = format!("{READINGS}/samples");
    let (status, answer) =
        request(cluster, Method::POST, &path, &json!({"samples": samples})).await;
    assert_eq!(status, 201, "{answer}");
    let number = |name: &str| answer[name].as_u64().unwrap();
    assert!(number("seq") > 0);
    (number("first"), number("last"))
}

async fn read(cluster: &Cluster, query: &str) -> Value {
    let path = format!("{READINGS}/samples?{query}");
    let (status, page) = request(cluster, Method::GET, &path, &Value::Null).await;
    assert_eq!(status, 200, "{page}");
    page
}

/// The positions and values of a page.
fn samples(page: &Value) -> Vec<(u64, f64)> {
    let samples = page["samples"].as_array().unwrap().iter();
    samples
        .map(|sample| {
            let position = sample["position"].as_u64().unwrap();
            (position, sample["value"].as_f64().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_read_by_range_before_and_after_a_restart() {
    let mut cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    assert_eq!(append(&cluster, &json!([0.5, 1.5])).await, (0, 1));
    let message = json!({"sender": "guest", "text": "meanwhile"});
    Http::post(
        &cluster.gateways,
        "/v1/worlds/lab/chats/main/messages",
        &message,
    )
    .await;
    assert_eq!(append(&cluster, &json!([2.5])).await, (2, 2));
    for n in 3..40 {
        append(&cluster, &json!([f64::from(n) + 0.5])).await;
    }
    for restarted in [false, true] {
        if restarted {
            cluster.stop("world");
            cluster.resume("world").await;
        }
        for (query, from, to, next) in [
            ("", 0, 40, 40),
            ("from=1&to=2", 1, 3, 3),
            ("from=5&to=5", 5, 6, 6),
            ("from=5&limit=3", 5, 8, 8),
            ("from=38&to=99", 38, 40, 40),
            ("from=40", 40, 40, 40),
            ("from=7&to=6", 7, 7, 7),
        ] {
            let page = read(&cluster, query).await;
            let expected: Vec<_> = (from..to)
                .map(|n: u32| (u64::from(n), f64::from(n) + 0.5))
                .collect();
            assert_eq!(samples(&page), expected, "{query}");
            assert_eq!((&page["next"], &page["length"]), (&json!(next), &json!(40)));
        }
    }
    let page = read(&cluster, "from=2&limit=1").await;
    let sample = &page["samples"][0];
    assert_eq!(
        (&sample["tag"], &sample["interaction"]),
        (&json!(2), &Value::Null)
    );
    assert!(sample["at"].as_str().unwrap().ends_with('Z'));
    let shown = request(&cluster, Method::GET, READINGS, &Value::Null)
        .await
        .1;
    assert_eq!(
        (&shown["length"], &shown["last_tag"]),
        (&json!(40), &json!(39))
    );
    // As it was after the commit of the second batch.
    let (_, second) = keyed(
        &cluster,
        Method::GET,
        "/v1/worlds/lab/events?type=stream.appended&limit=2",
        &Value::Null,
        None,
    )
    .await;
    let place = second["events"][1]["sequence"].as_str().unwrap().to_owned();
    let at = place.split('.').next().unwrap();
    let page = read(&cluster, &format!("at={at}")).await;
    assert_eq!((samples(&page).len(), &page["length"]), (3, &json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_loses_nothing_and_a_watcher_sees_each_batch() {
    let cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    let url = format!(
        "{}/v1/worlds/lab/events/stream?type=stream.appended",
        cluster.gateways[0].base
    );
    let mut events = reqwest::get(url).await.unwrap().bytes_stream();
    let (mut position, mut found) = (0, Vec::new());
    for n in 0..60_u32 {
        append(&cluster, &json!([n, n, n])).await;
        // It reads a sample where three are written.
        let page = read(&cluster, &format!("from={position}&limit=1")).await;
        position = page["next"].as_u64().unwrap();
        found.extend(samples(&page));
    }
    while position < 180 {
        let page = read(&cluster, &format!("from={position}&limit=7")).await;
        position = page["next"].as_u64().unwrap();
        found.extend(samples(&page));
    }
    let expected: Vec<_> = (0..180_u32)
        .map(|n| (u64::from(n), f64::from(n / 3)))
        .collect();
    assert_eq!(found, expected);
    let mut text = String::new();
    while text.matches("\"first\":").count() < 60 {
        let bytes = events.next().await.unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    assert!(text.contains("\"first\":177"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_append_is_one_and_bytes_stay_as_they_are() {
    let cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    let path = format!("{READINGS}/samples");
    let body = json!({"samples": [1.5, 1.6], "tags": [11, 12]});
    let first = keyed(&cluster, Method::POST, &path, &body, Some("once")).await;
    append(&cluster, &json!([9])).await;
    let again = keyed(&cluster, Method::POST, &path, &body, Some("once")).await;
    assert_eq!(first, again);
    assert_eq!(
        (&first.1["first"], &first.1["last"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(samples(&read(&cluster, "").await).len(), 3);

    let client = reqwest::Client::new();
    let gateway = &cluster.gateways[0].base;
    let body = r#"{"samples": [1.50, -0, 1E2, 0.10000000000000000555]}"#;
    let post = client.post(format!("{gateway}{path}")).body(body);
    let sent = post
        .header("content-type", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status().as_u16(), 201);
    let text = client
        .get(format!("{gateway}{path}?from=3"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for value in ["1.50,", "-0,", "1E2,", "0.10000000000000000555,"] {
        assert!(
            text.contains(&format!("\"value\":{value}")),
            "{value}: {text}"
        );
    }
    // A stream is there until it is removed, or its owner is.
    assert_eq!(
        request(&cluster, Method::DELETE, READINGS, &Value::Null)
            .await
            .0,
        200
    );
    let (status, problem) = request(&cluster, Method::GET, &path, &Value::Null).await;
    assert_eq!((status, &problem["code"]), (404, &json!("unknown_stream")));
    request(&cluster, Method::PUT, READINGS, &json!({"type": "text"})).await;
    assert_eq!(append(&cluster, &json!(["anew"])).await, (0, 0));
    request(
        &cluster,
        Method::DELETE,
        "/v1/worlds/lab/entities/sensor",
        &Value::Null,
    )
    .await;
    let list = request(
        &cluster,
        Method::GET,
        "/v1/worlds/lab/streams",
        &Value::Null,
    )
    .await
    .1;
    assert_eq!(list["streams"], json!([]));
}

/// A request that is refused: its method, its path below the streams, its body, and the status and the
/// field of the problem.
type Refused = (Method, &'static str, Value, u16, &'static str);

fn bad_samples() -> Vec<Refused> {
    let post =
        |body: Value, status, field| (Method::POST, "sensor/readings/samples", body, status, field);
    vec![
        post(json!({"samples": []}), 422, "samples"),
        post(json!({"samples": [1, "a"]}), 422, "samples[1]"),
        post(json!({"samples": [[1]]}), 422, "samples[0]"),
        post(json!({"samples": [1], "tags": [1, 2]}), 422, "tags"),
        post(json!({"samples": [1], "tags": [0]}), 422, "tags[0]"),
        post(json!({"samples": [1], "tags": [-1]}), 422, "tags[0]"),
        post(json!({"tags": [1]}), 422, "samples"),
        post(json!({"samples": vec![1; 10_001]}), 413, "samples"),
        post(json!({"samples": [1], "sender": "guest"}), 403, "sender"),
        post(json!({"samples": [1], "sender": "nobody"}), 404, "sender"),
    ]
}

fn bad_streams() -> Vec<Refused> {
    let post = |path, status, field| (Method::POST, path, json!({"samples": [1]}), status, field);
    let put = |path, body: Value, status, field| (Method::PUT, path, body, status, field);
    let shape = json!({"type": {"tensor": {"shape": [0]}}});
    let forged = json!({"type": "text", "sender": "guest"});
    vec![
        post("sensor/none/samples", 404, "stream"),
        post("nobody/x/samples", 404, "owner"),
        post("sensor/a.b/samples", 400, "name"),
        put("nobody/x", json!({"type": "text"}), 404, "owner"),
        put("sensor/x", json!({"type": "image"}), 422, "type"),
        put("sensor/x", json!({}), 422, "type"),
        put("sensor/x", shape, 422, "type.tensor.shape"),
        put("sensor/x", forged, 403, "sender"),
        put("sensor/readings", json!({"type": "text"}), 409, "type"),
    ]
}

fn bad_reads() -> Vec<Refused> {
    let get = |path, status, field| (Method::GET, path, Value::Null, status, field);
    vec![
        get("sensor/none", 404, "stream"),
        get("sensor/none/samples", 404, "stream"),
        get("sensor/readings/samples?limit=0", 400, "limit"),
        get("sensor/readings/samples?limit=1001", 400, "limit"),
        get("sensor/readings/samples?from=x", 400, "from"),
        get("sensor/readings/samples?form=1", 400, "form"),
        (Method::DELETE, "sensor/none", Value::Null, 404, "stream"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_with_its_field() {
    let cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    append(&cluster, &json!([1])).await;
    let table = [bad_samples(), bad_streams(), bad_reads()].concat();
    for (method, path, body, status, field) in table {
        let path = format!("/v1/worlds/lab/streams/{path}");
        let (found, problem) = request(&cluster, method, &path, &body).await;
        assert_eq!(found, status, "{path} {problem}");
        let named = problem["field"].as_str().unwrap_or_default();
        assert_eq!(named, field, "{path} {problem}");
    }
    assert_eq!(samples(&read(&cluster, "").await), [(0, 1.0)]);
    let nowhere = "/v1/worlds/nowhere/streams";
    let found = request(&cluster, Method::GET, nowhere, &Value::Null).await;
    assert_eq!((found.0, &found.1["code"]), (404, &json!("unknown_world")));
}

#[tokio::test(flavor = "multi_thread")]
async fn tensors_are_checked_to_the_last_number_and_streams_are_listed() {
    let cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    let pairs = "/v1/worlds/lab/streams/world/pairs";
    let shape = json!({"type": {"tensor": {"shape": [2]}}, "public": false});
    let declared = request(&cluster, Method::PUT, pairs, &shape).await;
    assert_eq!(declared.0, 200);
    let path = format!("{pairs}/samples");
    let body = json!({"samples": [[1, 2], [1]]});
    let bad = request(&cluster, Method::POST, &path, &body).await;
    assert_eq!((bad.0, &bad.1["field"]), (422, &json!("samples[1]")));
    let body = json!({"samples": [[1, 2]]});
    let good = request(&cluster, Method::POST, &path, &body).await;
    assert_eq!(good.0, 201);
    let list = async |query: &str| {
        let path = format!("/v1/worlds/lab/streams?{query}");
        let (_, page) = request(&cluster, Method::GET, &path, &Value::Null).await;
        let names = page["streams"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|stream| stream["stream"].clone()).collect();
        (json!(names), page["next"].clone())
    };
    let first = list("limit=1").await;
    assert_eq!(
        first,
        (json!(["sensor:readings"]), json!("sensor:readings"))
    );
    let rest = list("after=sensor:readings").await;
    assert_eq!(rest, (json!(["world:pairs"]), Value::Null));
    assert_eq!(list("owner=guest").await, (json!([]), Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_used_from_the_command_line() {
    let cluster = Cluster::start(Shape::default()).await;
    lab(&cluster).await;
    let run = |arguments: &[&str], input: &str| {
        let url = cluster.gateways[0].base.clone();
        let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
        let arguments: Vec<&str> = ["stream"].iter().chain(arguments).copied().collect();
        Process::output("manyworlds", &arguments, &environment, input)
    };
    run(
        &["put", "lab", "ada:notes", "--type", "text", "--private"],
        "",
    );
    let output = run(
        &[
            "append",
            "lab",
            "sensor:readings",
            "1.50",
            "-2",
            "--tags",
            "4,7",
        ],
        "",
    );
    assert!(
        output.starts_with("samples 0 to 1 are in commit "),
        "{output}"
    );
    run(&["append", "lab", "ada:notes"], "it is warm\nit is cold\n");
    let listed = run(&["list", "lab"], "");
    let lines: Vec<_> = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    let expected = [
        ["STREAM", "TYPE", "PUBLIC", "SAMPLES"],
        ["ada:notes", "text", "false", "2"],
        ["sensor:readings", "number", "true", "2"],
    ];
    assert_eq!(lines, expected);
    let shown = run(&["read", "lab", "ada:notes", "--from", "1"], "");
    assert_eq!(
        shown.split_whitespace().collect::<Vec<_>>().join(" "),
        "1 1 \"it is cold\""
    );
    let shown = run(&["read", "lab", "sensor:readings", "--json"], "");
    let first: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    assert_eq!((&first["tag"], &first["value"]), (&json!(4), &json!(1.5)));
    run(&["remove", "lab", "ada:notes"], "");
    assert!(!run(&["list", "lab"], "").contains("notes"));
}
