//! Interactions: each target ends each request once, whatever happens meanwhile.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Process, Shape};
use testkit::eventually;

const WORLD: &str = "/v1/worlds/lab";
const INTERACTIONS: &str = "/v1/worlds/lab/interactions";

/// A world with the people `a` and `b`, agents with processors, and the agents `u` and `v`, which
/// clients run.
async fn lab(shape: Shape, variables: &[(&str, &str)]) -> Cluster {
    let cluster = Cluster::start_with(shape, variables).await;
    let agent = |id: &str, config: Value| json!({"id": id, "kind": "agent", "agent": config});
    let script = |script: Value| json!({"processor": {"script": script}});
    let world = json!({
        "id": "lab",
        "entities": [
            {"id": "a", "kind": "user"},
            {"id": "b", "kind": "user"},
            agent("echo", json!({"processor": {"echo": {}}})),
            agent("w", script(json!({
                "rules": [{"when": "bad", "fail": "it is bad"}], "default": "echo {text}",
            }))),
            agent("slow", script(json!({"pause_seconds": 1.5, "default": "slow {text}"}))),
            agent("u", json!({"brain": {"client": {}}})),
            agent("v", json!({"brain": {"client": {}}})),
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    Http::get(&cluster.gateways, path).await
}

async fn send(cluster: &Cluster, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let door = &cluster.gateways[0];
    let (status, answer) = door.send(method, path, body, None).await.unwrap();
    (status.as_u16(), answer)
}

async fn post(cluster: &Cluster, path: &str, body: &Value) -> (u16, Value) {
    send(cluster, Method::POST, path, Some(body)).await
}

/// Requests it of these targets and waits for its end.
async fn request(cluster: &Cluster, targets: &[&str], fields: Value) -> Value {
    let mut body = fields;
    body["requester"] = json!("a");
    body["targets"] = json!(targets);
    Http::post(
        &cluster.gateways,
        &format!("{INTERACTIONS}?wait=true"),
        &body,
    )
    .await
}

/// The path of an interaction.
fn path_of(interaction: &Value) -> String {
    format!("{INTERACTIONS}/{}", interaction["id"].as_str().unwrap())
}

async fn ended(cluster: &Cluster, path: &str) -> Value {
    eventually("the interaction has ended", async || {
        get(cluster, path).await["status"] == "ended"
    })
    .await;
    get(cluster, path).await
}

/// How often events of a type happened.
async fn count(cluster: &Cluster, event_type: &str) -> usize {
    let seq = get(cluster, &format!("{WORLD}/state")).await["seq"].clone();
    let path = format!("{WORLD}/events?type={event_type}&limit=1000&wait_for={seq}");
    get(cluster, &path).await["events"]
        .as_array()
        .unwrap()
        .len()
}

/// `target: status` of each target.
fn statuses(interaction: &Value) -> Vec<String> {
    let targets = interaction["targets"].as_array().unwrap().iter();
    let status = |target: &Value| {
        let [target, status] = ["target", "status"].map(|field| target[field].as_str().unwrap());
        format!("{target}: {status}")
    };
    targets.map(status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_done_and_its_output_is_read() {
    let cluster = lab(Shape::default(), &[]).await;
    let body = json!({"action": "process", "samples": ["hello"]});
    let interaction = request(&cluster, &["w"], body).await;
    assert_eq!(statuses(&interaction), ["w: completed"], "{interaction}");
    assert_eq!(
        interaction["targets"][0]["output"],
        json!([{"stream": "w:processor", "first": 0, "last": 0, "value": "echo hello"}])
    );
    assert_eq!(get(&cluster, &path_of(&interaction)).await, interaction);

    let body = json!({"action": "process", "samples": [1, {"n": 2}, "three"]});
    let several = request(&cluster, &["echo"], body).await;
    let target = &several["targets"][0];
    assert_eq!(
        (&target["steps_done"], &target["steps"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(
        target["output"],
        json!([{"stream": "echo:processor", "first": 0, "last": 2, "value": "three"}])
    );

    let body = json!({"action": "process", "samples": ["bad"]});
    let failed = request(&cluster, &["w"], body).await;
    assert_eq!(statuses(&failed), ["w: failed"]);
    let target = &failed["targets"][0];
    assert_eq!(
        (&target["reason"], &target["detail"]),
        (&json!("script_failed"), &json!("it is bad"))
    );

    let seq = &failed["seq"];
    let page = get(&cluster, &format!("{INTERACTIONS}?wait_for={seq}")).await;
    assert_eq!(
        page,
        json!({"items": [interaction, several, failed], "next": null})
    );
    let query = format!("{INTERACTIONS}?requester=a&target=w&status=ended&limit=1&wait_for={seq}");
    let first = get(&cluster, &query).await;
    assert_eq!(first["items"], json!([interaction]));
    let next = first["next"].as_str().unwrap();
    let second = get(&cluster, &format!("{query}&after={next}")).await;
    assert_eq!(second, json!({"items": [failed], "next": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_target_can_not_do_is_rejected_at_once() {
    let cluster = lab(Shape::default(), &[]).await;
    let interaction = request(&cluster, &["w", "b"], json!({"action": "dance"})).await;
    assert_eq!(statuses(&interaction), ["w: rejected", "b: rejected"]);
    for target in interaction["targets"].as_array().unwrap() {
        assert_eq!(target["reason"], "unknown_action", "{target}");
    }
    // One without an action is stored, and ends at once.
    let push = request(&cluster, &["b"], json!({"samples": ["hello"]})).await;
    assert_eq!(statuses(&push), ["b: completed"]);
    assert_eq!(push["targets"][0]["output"][0]["stream"], "b:inbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_an_unknown_entity_registers_nothing() {
    let cluster = lab(Shape::default(), &[]).await;
    let body = |requester: &str, targets: Value| json!({"requester": requester, "action": "process", "targets": targets});
    for (body, status, field) in [
        (body("a", json!(["nobody"])), 404, "targets[0]"),
        (body("a", json!(["w", "nobody"])), 404, "targets[1]"),
        (body("a", json!(["role:nobody"])), 404, "targets[0]"),
        (body("nobody", json!(["w"])), 404, "requester"),
        (body("a", json!([])), 422, "targets"),
    ] {
        let (got, problem) = post(&cluster, INTERACTIONS, &body).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &json!(field)),
            "{body} {problem}"
        );
    }
    assert_eq!(count(&cluster, "interaction.*").await, 0);
    assert_eq!(get(&cluster, INTERACTIONS).await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volatile_request_is_done_and_not_waited_for() {
    let cluster = lab(Shape::default(), &[]).await;
    let mut body = json!({
        "requester": "a", "action": "process", "targets": ["w"], "samples": ["x"], "volatile": true,
    });
    let (status, receipt) = post(&cluster, INTERACTIONS, &body).await;
    assert_eq!(status, 202, "{receipt}");
    let interaction = ended(&cluster, &path_of(&receipt)).await;
    assert_eq!(statuses(&interaction), ["w: completed"]);
    body["callback"] = json!("show");
    let (status, problem) = post(&cluster, INTERACTIONS, &body).await;
    assert_eq!((status, &problem["field"]), (422, &json!("callback")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_three_targets_has_its_own_outcome() {
    let cluster = lab(Shape::default(), &[]).await;
    let body = json!({"action": "process", "samples": ["x"], "timeout_seconds": 1});
    let interaction = request(&cluster, &["w", "echo", "u"], body).await;
    assert_eq!(
        statuses(&interaction),
        ["w: completed", "echo: completed", "u: timed_out"],
        "{interaction}"
    );
    let silent = &interaction["targets"][2];
    assert_eq!(silent["reason"], "deadline");
    assert!(silent["ended_at"].as_str() >= interaction["deadline"].as_str());
    assert_eq!(silent["ended_at"], interaction["ended_at"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_requester_wanted_is_cancelled() {
    let cluster = lab(Shape::default(), &[]).await;
    let body = json!({"requester": "b", "action": "process", "targets": ["u"], "samples": ["x"]});
    let (status, receipt) = post(&cluster, INTERACTIONS, &body).await;
    assert_eq!(status, 202, "{receipt}");
    let requests = format!("{WORLD}/entities/u/requests");
    let waiting = get(&cluster, &requests).await;
    assert_eq!(waiting["requests"][0]["interaction"], receipt["id"]);
    assert_eq!(waiting["requests"][0]["requester"], "b");
    let open = get(
        &cluster,
        &format!("{INTERACTIONS}?status=open&wait_for={}", receipt["seq"]),
    )
    .await;
    assert_eq!(open["items"][0]["id"], receipt["id"]);

    let removed = send(
        &cluster,
        Method::DELETE,
        &format!("{WORLD}/entities/b"),
        None,
    )
    .await;
    assert_eq!(removed.0, 200, "{}", removed.1);
    let interaction = ended(&cluster, &path_of(&receipt)).await;
    assert_eq!(statuses(&interaction), ["u: cancelled"]);
    assert_eq!(get(&cluster, &requests).await["requests"], json!([]));

    // A target that is removed has left.
    let body =
        json!({"requester": "a", "action": "process", "targets": ["u", "v"], "samples": ["x"]});
    let (_, receipt) = post(&cluster, INTERACTIONS, &body).await;
    send(
        &cluster,
        Method::DELETE,
        &format!("{WORLD}/entities/u"),
        None,
    )
    .await;
    let cancelled = send(&cluster, Method::DELETE, &path_of(&receipt), None).await;
    assert_eq!(cancelled.0, 200, "{}", cancelled.1);
    let interaction = ended(&cluster, &path_of(&receipt)).await;
    assert_eq!(statuses(&interaction), ["u: left", "v: cancelled"]);
    let again = send(&cluster, Method::DELETE, &path_of(&receipt), None).await;
    assert_eq!((again.0, &again.1["code"]), (409, &json!("already_ended")));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_target_reports_its_result() {
    let cluster = lab(Shape::default(), &[]).await;
    let body =
        json!({"requester": "a", "action": "process", "targets": ["u", "w"], "samples": ["x"]});
    let (_, receipt) = post(&cluster, INTERACTIONS, &body).await;
    let path = path_of(&receipt);
    let result = format!("{path}/result");
    // A person, the requester, and a target whose results a worker reports.
    for third in ["b", "a", "w"] {
        let body = json!({"target": third, "ok": true, "samples": ["forged"]});
        let (status, problem) = post(&cluster, &result, &body).await;
        assert_eq!(
            (status, &problem["code"]),
            (403, &json!("not_allowed")),
            "{third} {problem}"
        );
        assert_eq!(problem["field"], "target");
    }
    // The client of another agent.
    let body = json!({"target": "v", "ok": true, "samples": ["forged"]});
    let (status, problem) = post(&cluster, &result, &body).await;
    assert_eq!((status, &problem["code"]), (403, &json!("not_allowed")));
    let forger = send(&cluster, Method::DELETE, &format!("{path}?sender=b"), None).await;
    assert_eq!((forger.0, &forger.1["code"]), (403, &json!("not_allowed")));
    assert_eq!(statuses(&get(&cluster, &path).await)[0], "u: accepted");

    let body = json!({"target": "u", "ok": true, "samples": ["yes"]});
    let (status, done) = post(&cluster, &result, &body).await;
    assert_eq!(status, 200, "{done}");
    let interaction = ended(&cluster, &path).await;
    assert_eq!(statuses(&interaction), ["u: completed", "w: completed"]);
    let output = &interaction["targets"][0]["output"][0];
    assert_eq!(
        (&output["stream"], &output["first"]),
        (&json!("u:processor"), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_worker_is_killed_is_done_once() {
    let mut cluster = lab(Shape::default(), &[]).await;
    let body =
        json!({"requester": "a", "action": "process", "targets": ["slow"], "samples": ["x"]});
    let (_, receipt) = post(&cluster, INTERACTIONS, &body).await;
    let path = path_of(&receipt);
    eventually("a worker has it", async || {
        statuses(&get(&cluster, &path).await) == ["slow: running"]
    })
    .await;
    cluster.stop("agent-worker");
    cluster.resume("agent-worker").await;
    cluster.stop("world");
    cluster.resume("world").await;
    let interaction = ended(&cluster, &path).await;
    assert_eq!(statuses(&interaction), ["slow: completed"]);
    assert_eq!(
        interaction["targets"][0]["output"],
        json!([{"stream": "slow:processor", "first": 0, "last": 0, "value": "slow x"}])
    );
    assert_eq!(count(&cluster, "interaction.ended").await, 1);
    assert_eq!(count(&cluster, "interaction.accepted").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_one_interaction() {
    let cluster = lab(Shape::default(), &[]).await;
    let door = &cluster.gateways[0];
    let body = json!({"requester": "a", "action": "process", "targets": ["w"], "samples": ["x"]});
    let keyed = async |path: &str| {
        let sent = door.send(Method::POST, path, Some(&body), Some("k"));
        let (status, answer) = sent.await.unwrap();
        (status.as_u16(), answer)
    };
    let first = keyed(INTERACTIONS).await;
    assert_eq!(first.0, 202, "{}", first.1);
    ended(&cluster, &path_of(&first.1)).await;
    assert_eq!(keyed(INTERACTIONS).await, first);
    // A repeat may wait for what the first request did not.
    let (status, interaction) = keyed(&format!("{INTERACTIONS}?wait=true")).await;
    assert_eq!((status, &interaction["id"]), (200, &first.1["id"]));
    assert_eq!(count(&cluster, "interaction.requested").await, 1);
    assert_eq!(count(&cluster, "interaction.ended").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_too_short_says_where_the_end_will_be() {
    let deadline = ("gateway:MANYWORLDS_TURN_DEADLINE", "300ms");
    let cluster = lab(Shape::default(), &[deadline]).await;
    let body =
        json!({"requester": "a", "action": "process", "targets": ["slow"], "samples": ["x"]});
    let url = format!("{}{INTERACTIONS}?wait=true", cluster.gateways[0].base);
    let response = reqwest::Client::new().post(url).json(&body).send().await;
    let response = response.unwrap();
    assert_eq!(response.status().as_u16(), 504);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "deadline", "{problem}");
    assert_eq!(get(&cluster, &location).await["status"], "open");
    assert_eq!(
        statuses(&ended(&cluster, &location).await),
        ["slow: completed"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_each_outcome() {
    let cluster = lab(Shape::default(), &[]).await;
    let url = cluster.gateways[0].base.clone();
    let environment = BTreeMap::from([("MANYWORLDS_URL".to_owned(), url)]);
    let run = |arguments: &[&str]| Process::output("manyworlds", arguments, &environment, "");
    let printed = run(&[
        "interact",
        "lab",
        "process",
        "--from",
        "a",
        "--to",
        "w",
        "--to",
        "b",
        "--samples",
        r#""hello""#,
        "--timeout",
        "20",
    ]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], r#"w: completed  w:processor[0] "echo hello""#);
    assert!(
        lines[1].starts_with("b: rejected  unknown_action"),
        "{printed}"
    );
    let printed = run(&[
        "interact",
        "lab",
        "process",
        "--from",
        "a",
        "--to",
        "u",
        "--no-wait",
    ]);
    assert!(printed.contains("is in commit"), "{printed}");
    eventually("both are listed", async || {
        let printed = run(&["interactions", "lab"]);
        printed.lines().count() == 3 && printed.contains("w=completed b=rejected")
    })
    .await;
}
