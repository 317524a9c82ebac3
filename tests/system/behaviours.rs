//! Behaviours over REST: machines accept requests by their states, and go on where they were.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

use super::abilities::worker;

const WORLD: &str = "/v1/worlds/school";
/// A worker that enters `ready` by a request of `nop`, and leaves it by another.
const WORKER: &str = "
initial: away
states:
  away:
    transitions:
      - {action: nop, ready: false, to: ready}
  ready:
    transitions:
      - {action: process, ready: false, to: ready}
      - {action: nop, ready: false, to: away, args: {message: bye}}
";

/// A world with the person `ann`, the master `t`, the students `s1` and `s2`, and the worker `w`.
async fn school() -> Cluster {
    let cluster = Cluster::start(Shape::default()).await;
    let agent = |id: &str, role: &str, master: bool| {
        let script = json!({"processor": {"script": {"default": "echo {text}"}}});
        json!({"id": id, "kind": "agent", "role": role, "master": master, "agent": script})
    };
    let world = json!({
        "id": "school",
        "roles": {"teacher": {}, "student": {"behaviour": {"initial": "idle", "states": {"idle": {}}}}, "worker": {}},
        "entities": [
            {"id": "ann", "kind": "user"},
            agent("t", "teacher", true),
            agent("s1", "student", false),
            agent("s2", "student", false),
            agent("w", "worker", false),
        ],
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    cluster
}

async fn get(cluster: &Cluster, path: &str) -> Value {
    Http::get(&cluster.gateways, &format!("{WORLD}{path}")).await
}

async fn send(cluster: &Cluster, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
    let path = format!("{WORLD}{path}");
    let sent = cluster.gateways[0].send(method, &path, body, None).await;
    let (status, answer) = sent.unwrap();
    (status.as_u16(), answer)
}

/// A request that must succeed.
async fn done(cluster: &Cluster, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = send(cluster, method, path, Some(&body)).await;
    assert!((200..300).contains(&status), "{path} {status} {answer}");
    answer
}

async fn put_yaml(cluster: &Cluster, entity: &str, text: &str) -> Value {
    let url = format!(
        "{}{WORLD}/entities/{entity}/behaviour",
        cluster.gateways[0].base
    );
    let request = reqwest::Client::new().put(url);
    let request = request.header("content-type", "application/yaml");
    let response = request.body(text.to_owned()).send().await.unwrap();
    let status = response.status().as_u16();
    let answer = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn request(cluster: &Cluster, fields: Value) -> Value {
    let mut body = fields;
    body["requester"] = json!("ann");
    done(cluster, Method::POST, "/interactions", body).await
}

async fn ended(cluster: &Cluster, interaction: &Value) -> Value {
    let path = format!("/interactions/{}", interaction["id"].as_str().unwrap());
    eventually("the interaction has ended", async || {
        get(cluster, &path).await["status"] == "ended"
    })
    .await;
    get(cluster, &path).await["targets"][0].clone()
}

async fn state(cluster: &Cluster, entity: &str) -> Value {
    let path = format!("/entities/{entity}/behaviour");
    get(cluster, &path).await["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_the_state_that_accepts_it() {
    let mut cluster = school().await;
    let (status, problem) = send(&cluster, Method::GET, "/entities/w/behaviour", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("unknown_behaviour"))
    );
    let written = put_yaml(&cluster, "w", WORKER).await;
    assert_eq!(
        (&written["id"], &written["warnings"]),
        (&json!("w"), &json!([]))
    );
    let shown = get(&cluster, "/entities/w/behaviour").await;
    assert_eq!(
        (&shown["format"], &shown["state"]),
        (&json!("manyworlds"), &json!("away"))
    );
    assert_eq!(
        shown["waiting_for"],
        json!([{"action": "nop", "for": "request"}])
    );

    let process = json!({"action": "process", "targets": ["w"], "samples": ["hi"]});
    let waiting = request(&cluster, process.clone()).await;
    assert_eq!(waiting["targets"][0]["status"], "waiting");
    let requests = get(&cluster, "/entities/w/requests").await;
    assert_eq!(requests["requests"][0]["interaction"], waiting["id"]);
    assert_eq!(get(&cluster, "/entities/w/behaviour").await["requests"], 1);
    // What no state knows is not waited for.
    let dance = request(&cluster, json!({"action": "dance", "targets": ["w"]})).await;
    let dance = ended(&cluster, &dance).await;
    assert_eq!(
        (&dance["status"], &dance["reason"]),
        (&json!("rejected"), &json!("unknown_action"))
    );

    // The machine is where it was, with its queue, when another process has the world.
    cluster.stop("world");
    cluster.resume("world").await;
    assert_eq!(state(&cluster, "w").await, "away");
    let open = request(&cluster, json!({"action": "nop", "targets": ["w"]})).await;
    assert_eq!(ended(&cluster, &open).await["status"], "completed");
    let target = ended(&cluster, &waiting).await;
    assert_eq!(
        (&target["status"], &target["state"]),
        (&json!("completed"), &json!("ready"))
    );
    assert_eq!(target["output"][0]["value"], "echo hi");
    assert_eq!(state(&cluster, "w").await, "ready");

    let statistics = get(&cluster, "/statistics").await;
    let machine = &statistics["entities"]["w"];
    assert_eq!(machine["state"], "ready");
    assert_eq!(
        machine["actions"]["process"],
        json!({"completed": 1, "failed": 0}),
        "{statistics}"
    );
    assert!(machine["seconds"]["away"].as_f64().unwrap() > 0.0);
    assert_eq!(
        statistics["roles"],
        json!({"student": 2, "teacher": 1, "worker": 1})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_requests_and_waits_for_the_end() {
    let cluster = school().await;
    put_yaml(&cluster, "w", WORKER).await;
    let client = "
initial: ask
states:
  ask:
    transitions:
      - action: send
        args: {action_name: process, target: w, data_samples: [question], wait_completion: true, timeout: 30}
        to: got
        on_failure: lost
  got: {}
  lost: {}
";
    put_yaml(&cluster, "t", client).await;
    assert_eq!(state(&cluster, "t").await, "ask");
    request(&cluster, json!({"action": "nop", "targets": ["w"]})).await;
    eventually("the answer has come", async || {
        state(&cluster, "t").await == "got"
    })
    .await;
    let samples = get(&cluster, "/streams/w/processor/samples").await;
    assert_eq!(samples["samples"][0]["value"], "echo question");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_unaiverse_is_read_and_drawn() {
    let cluster = school().await;
    let on = json!({"action": "process", "ready": false});
    let offer = json!({"action": "send", "action_kwargs": {"action_name": "process", "target": "s1"}, "ready": false});
    let theirs = json!({
        "machine": {"initial_state": "ready"},
        "transitions": {"ready": [{"goto": "ready", "on": on}, {"goto": "ask", "on": offer}]},
    });
    let put = done(
        &cluster,
        Method::PUT,
        "/entities/w/behaviour",
        theirs.clone(),
    )
    .await;
    let warnings = put["warnings"].as_array().unwrap();
    assert!(
        warnings
            .iter()
            .any(|warning| warning["code"] == "read_as_solid"),
        "{put}"
    );
    let shown = get(&cluster, "/entities/w/behaviour").await;
    assert_eq!(
        (&shown["format"], &shown["definition"]),
        (&json!("unaiverse"), &theirs)
    );
    let bad = json!({
        "machine": {"initial_state": "a"},
        "transitions": {"a": [{"goto": "b", "on": {"action": "dance"}}]},
    });
    let (status, problem) = send(&cluster, Method::PUT, "/entities/w/behaviour", Some(&bad)).await;
    assert_eq!(status, 422, "{problem}");
    assert!(
        problem["field"]
            .as_str()
            .unwrap()
            .starts_with("transitions.a[0]"),
        "{problem}"
    );
    // The behaviour that is there stays.
    assert_eq!(
        get(&cluster, "/entities/w/behaviour").await["revision"],
        shown["revision"]
    );

    let url = format!(
        "{}{WORLD}/entities/w/behaviour/diagram",
        cluster.gateways[0].base
    );
    let mermaid = reqwest::get(&url).await.unwrap().text().await.unwrap();
    assert!(mermaid.starts_with("stateDiagram-v2"), "{mermaid}");
    let dot = reqwest::get(format!("{url}?format=dot")).await.unwrap();
    let dot = dot.text().await.unwrap();
    assert!(dot.starts_with("digraph"), "{dot}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_machine_makes_one_transition_at_a_time() {
    let cluster = school().await;
    put_yaml(&cluster, "w", WORKER).await;
    let control = async |what: &str| {
        done(
            &cluster,
            Method::POST,
            &format!("/entities/w/behaviour/{what}"),
            json!({}),
        )
        .await
    };
    control("pause").await;
    let shown = get(&cluster, "/entities/w/behaviour").await;
    assert_eq!(
        (&shown["paused"], shown.get("pause_reason")),
        (&json!(true), None)
    );
    let first = request(&cluster, json!({"action": "nop", "targets": ["w"]})).await;
    let second = request(&cluster, json!({"action": "nop", "targets": ["w"]})).await;
    assert_eq!(state(&cluster, "w").await, "away");
    control("step").await;
    assert_eq!(ended(&cluster, &first).await["status"], "completed");
    let shown = get(&cluster, "/entities/w/behaviour").await;
    assert_eq!(
        (&shown["state"], &shown["paused"], &shown["requests"]),
        (&json!("ready"), &json!(true), &json!(1)),
        "{shown}"
    );
    control("resume").await;
    assert_eq!(ended(&cluster, &second).await["status"], "completed");
    assert_eq!(state(&cluster, "w").await, "away");
    assert_eq!(
        send(&cluster, Method::DELETE, "/entities/w/behaviour", None)
            .await
            .0,
        200
    );
    let (status, problem) = send(&cluster, Method::POST, "/entities/w/behaviour/pause", None).await;
    assert_eq!(
        (status, &problem["code"]),
        (404, &json!("unknown_behaviour"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_masters_change_roles() {
    let cluster = school().await;
    let roster = get(&cluster, "/roster").await;
    let row = |roster: &Value, entity: &str| {
        let rows = roster["roster"].as_array().unwrap().iter();
        let mut of = rows.filter(|row| row["entity"] == entity);
        of.next().unwrap().clone()
    };
    assert_eq!(
        row(&roster, "s1"),
        json!({"entity": "s1", "role": "student", "master": false, "present": true,
            "state": "idle", "engaged": []})
    );
    assert_eq!(row(&roster, "t")["master"], true);
    let role = |role: &str, sender: &str| json!({"role": role, "sender": sender});
    for (body, status, field) in [
        (role("teacher", "s1"), 403, "sender"),
        (role("clown", "t"), 422, "role"),
    ] {
        let (got, problem) = send(&cluster, Method::PUT, "/entities/s2/role", Some(&body)).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &json!(field)),
            "{problem}"
        );
    }
    done(
        &cluster,
        Method::PUT,
        "/entities/w/role",
        role("student", "t"),
    )
    .await;
    let roster = get(&cluster, "/roster").await;
    let changed = row(&roster, "w");
    assert_eq!(
        (&changed["role"], &changed["state"]),
        (&json!("student"), &json!("idle"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn badges_are_recorded_from_masters_only() {
    let cluster = school().await;
    let suggest = async |sender: &str, arguments: Value| {
        let path = format!("/entities/{sender}/actions/suggest_badges_to_world");
        send(
            &cluster,
            Method::POST,
            &path,
            Some(&json!({"arguments": arguments})),
        )
        .await
    };
    let (status, plain) = suggest("t", json!({"agent": "s1"})).await;
    assert_eq!((status, &plain["result"]), (200, &json!(true)), "{plain}");
    let scored =
        json!({"agent": "s2", "score": 0.5, "badge_type": "pro", "badge_description": "well done"});
    let (_, last) = suggest("t", scored).await;
    assert_eq!(last["result"], true, "{last}");
    let (status, refused) = suggest("t", json!({"agent": "s1", "score": 2})).await;
    assert!(status == 422 || refused["result"] == false, "{refused}");
    let (status, refused) = suggest("t", json!({"agent": "s1", "badge_type": "gold"})).await;
    assert!(status == 422 || refused["result"] == false, "{refused}");
    let (_, refused) = suggest("s1", json!({"agent": "s2"})).await;
    assert_eq!(refused["result"], false, "{refused}");

    let page = get(&cluster, &format!("/badges?wait_for={}", last["seq"])).await;
    let badges = page["badges"].as_array().unwrap();
    assert_eq!((badges.len(), &page["next"]), (2, &json!(null)), "{page}");
    let mut first = badges[0].clone();
    for field in ["id", "at"] {
        assert!(
            first
                .as_object_mut()
                .unwrap()
                .remove(field)
                .unwrap()
                .is_string()
        );
    }
    assert_eq!(
        first,
        json!({"entity": "s1", "type": "completed", "score": null, "description": null,
            "by": "t", "seq": plain["seq"]})
    );
    assert_eq!(
        (&badges[1]["score"], &badges[1]["type"]),
        (&json!(0.5), &json!("pro"))
    );
    let first = get(&cluster, "/badges?limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = get(&cluster, &format!("/badges?limit=1&after={next}")).await;
    assert_eq!(
        (&second["badges"][0], &second["next"]),
        (&badges[1], &json!(null))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_without_a_behaviour_uses_actions() {
    let cluster = school().await;
    let path = "/entities/ann/actions/find_agents";
    let body = json!({"arguments": {"role": "student"}});
    let used = done(&cluster, Method::POST, path, body).await;
    assert_eq!(
        (&used["result"], &used["found"]),
        (&json!(true), &json!(["s1", "s2"])),
        "{used}"
    );
    // A run is a request of the entity to itself.
    let path = "/entities/s1/actions/process";
    let body = json!({"arguments": {"data_samples": ["hello"]}});
    let used = done(&cluster, Method::POST, path, body).await;
    assert_eq!(used["result"], true, "{used}");
    let path = format!("/interactions/{}", used["interaction"].as_str().unwrap());
    eventually("it has ended", async || {
        get(&cluster, &path).await["status"] == "ended"
    })
    .await;
    let ended = get(&cluster, &path).await;
    assert_eq!(
        ended["targets"][0]["output"][0]["value"], "echo hello",
        "{ended}"
    );
    for (path, body, status, field) in [
        ("/entities/ann/actions/engage", json!({}), 422, "action"),
        (
            "/entities/ann/actions/engage",
            json!({"interaction": used["interaction"]}),
            422,
            "interaction",
        ),
        (
            "/entities/nobody/actions/find_agents",
            json!({"arguments": {"role": "x"}}),
            404,
            "entity",
        ),
        ("/entities/ann/actions/dance", json!({}), 422, "action"),
        (
            "/entities/ann/actions/find_agents",
            json!({}),
            422,
            "arguments.role",
        ),
    ] {
        let (got, problem) = send(&cluster, Method::POST, path, Some(&body)).await;
        assert_eq!(
            (got, &problem["field"]),
            (status, &json!(field)),
            "{path} {problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_action_waits_for_the_run_of_its_own_processor() {
    let cluster = Cluster::start(Shape::default()).await;
    let _worker = worker(&cluster, "custom_actions", "custom_actions");
    let world = json!({
        "id": "school",
        "actions": [{"name": "review"}],
        "entities": [
            {"id": "ann", "kind": "user"},
            {"id": "w", "kind": "agent",
             "agent": {"processor": {"script": {"default": "echo {text}"}}}},
        ],
        "behaviours": {"w": {"initial": "ready", "states": {
            "ready": {"transitions": [{"action": "review", "ready": false, "to": "ready"}]},
        }}},
    });
    Http::post(&cluster.gateways, "/v1/worlds", &world).await;
    let requests = (0..20).map(|number| {
        let body = json!({"requester": "ann", "action": "review", "targets": ["w"],
                          "samples": [format!("{number}")]});
        let cluster = &cluster;
        async move { done(cluster, Method::POST, "/interactions?wait=true", body).await }
    });
    for (number, request) in requests.enumerate() {
        let ended = request.await;
        assert_eq!(
            ended["targets"][0]["output"][0]["value"],
            format!("echo {number}"),
            "{ended}"
        );
    }
}
