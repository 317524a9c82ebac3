//! The world of one row.

use reqwest::Method;
use serde_json::{Map, Value, json};
use system_tests::{Cluster, Http};
use testkit::eventually;

/// The world of one row.
pub(super) struct World<'a> {
    cluster: &'a Cluster,
    base: String,
}

impl<'a> World<'a> {
    /// A world in which each of these agents has its role and its behaviour, and the person `ann`.
    pub(super) async fn new(
        cluster: &'a Cluster,
        id: &str,
        agents: &[(&str, &str, Value)],
    ) -> World<'a> {
        let script = json!({"rules": [{"when": "bad", "fail": "it is bad"},
            {"when": "slow", "reply": "slow"}], "default": "echo {text}"});
        Self::with_script(cluster, id, agents, script).await
    }

    /// The same, with another script of all agents.
    pub(super) async fn with_script(
        cluster: &'a Cluster,
        id: &str,
        agents: &[(&str, &str, Value)],
        script: Value,
    ) -> World<'a> {
        let mut roles = Map::new();
        let mut behaviours = Map::new();
        let mut entities = vec![json!({"id": "ann", "kind": "user"})];
        for (id, role, behaviour) in agents {
            roles.insert((*role).to_owned(), json!({}));
            let processor = json!({"processor": {"script": script}});
            entities.push(json!({"id": id, "kind": "agent", "role": role,
                "master": *role == "teacher", "agent": processor}));
            if !behaviour.is_null() {
                behaviours.insert((*id).to_owned(), behaviour.clone());
            }
        }
        let world = json!({"id": id, "roles": roles, "behaviours": behaviours,
            "entities": entities});
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        World {
            cluster,
            base: format!("/v1/worlds/{id}"),
        }
    }

    /// A world that is there.
    pub(super) fn again(cluster: &'a Cluster, id: &str) -> World<'a> {
        World {
            cluster,
            base: format!("/v1/worlds/{id}"),
        }
    }

    /// Gives an entity a behaviour; the answer.
    pub(super) async fn put(&self, entity: &str, behaviour: Value) -> Value {
        let path = format!("/entities/{entity}/behaviour");
        let (status, answer) = self.send(Method::PUT, &path, behaviour).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// A use of a built-in action that is refused: the status, and the field.
    pub(super) async fn refused(
        &self,
        entity: &str,
        action: &str,
        arguments: Value,
    ) -> (u16, String) {
        let path = format!("/entities/{entity}/actions/{action}");
        let body = json!({"arguments": arguments});
        let (status, answer) = self.send(Method::POST, &path, body).await;
        let field = answer["field"].as_str().unwrap_or_default();
        (status, field.to_owned())
    }

    /// Posts a text that may be no JSON.
    pub(super) async fn post_text(&self, path: &str, body: &'static str) -> (u16, Value) {
        let url = format!("{}{}{path}", self.cluster.gateways[0].base, self.base);
        let request = reqwest::Client::new().post(url);
        let request = request.header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        Http::get(&self.cluster.gateways, &format!("{}{path}", self.base)).await
    }

    pub(super) async fn send(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let path = format!("{}{path}", self.base);
        let door = &self.cluster.gateways[0];
        let sent = door.send(method, &path, Some(&body), None).await;
        let (status, answer) = sent.unwrap();
        (status.as_u16(), answer)
    }

    /// A request of `requester` that is taken; the interaction.
    pub(super) async fn request(&self, requester: &str, mut fields: Value) -> String {
        fields["requester"] = json!(requester);
        let (status, answer) = self.send(Method::POST, "/interactions", fields).await;
        assert_eq!(status, 202, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The interactions that an entity has requested, as they are by now.
    pub(super) async fn requested_by(&self, requester: &str) -> Vec<Value> {
        let seq = self.get("/roster").await["seq"].clone();
        let path = format!("/interactions?requester={requester}&wait_for={seq}");
        self.get(&path).await["items"].as_array().unwrap().clone()
    }

    /// The interaction once it has ended.
    pub(super) async fn ended(&self, id: &str) -> Value {
        let path = format!("/interactions/{id}");
        eventually("the interaction has ended", async || {
            self.get(&path).await["status"] == "ended"
        })
        .await;
        self.get(&path).await
    }

    /// How a request ended for its only target: the status and the reason.
    pub(super) async fn end(&self, requester: &str, fields: Value) -> (String, String) {
        let id = self.request(requester, fields).await;
        let ended = self.ended(&id).await;
        let target = &ended["targets"][0];
        let text = |name: &str| target[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    pub(super) async fn behaviour(&self, entity: &str) -> Value {
        self.get(&format!("/entities/{entity}/behaviour")).await
    }

    /// Waits until the machine of an entity is in a state.
    pub(super) async fn reaches(&self, entity: &str, state: &str) {
        eventually(&format!("{entity} is in {state}"), async || {
            self.behaviour(entity).await["state"] == state
        })
        .await;
    }

    /// An entity uses a built-in action; whether it was true.
    pub(super) async fn uses(&self, entity: &str, action: &str, arguments: Value) -> bool {
        let path = format!("/entities/{entity}/actions/{action}");
        let body = json!({"arguments": arguments});
        let (status, answer) = self.send(Method::POST, &path, body).await;
        assert_eq!(status, 200, "{action} {answer}");
        answer["result"].as_bool().unwrap()
    }

    /// How many events of a type there are.
    pub(super) async fn count(&self, event_type: &str) -> usize {
        let seq = self.get("/roster").await["seq"].clone();
        let path = format!("/events?type={event_type}&limit=1000&wait_for={seq}");
        self.get(&path).await["events"].as_array().unwrap().len()
    }

    pub(super) async fn put_stream(&self, stream: &str, samples: &[Value]) {
        let (owner, name) = stream.split_once(':').unwrap();
        let path = format!("/streams/{owner}/{name}");
        let (status, answer) = self.send(Method::PUT, &path, json!({"type": "json"})).await;
        assert!(status < 300, "{answer}");
        self.append(stream, samples).await;
    }

    pub(super) async fn append(&self, stream: &str, samples: &[Value]) {
        if samples.is_empty() {
            return;
        }
        let (owner, name) = stream.split_once(':').unwrap();
        let path = format!("/streams/{owner}/{name}/samples");
        let (status, answer) = self
            .send(Method::POST, &path, json!({"samples": samples}))
            .await;
        assert_eq!(status, 201, "{answer}");
    }
}

/// A worker that accepts `process` at once.
pub(super) fn worker() -> Value {
    json!({"initial": "ready", "states": {
        "ready": {"transitions": [{"action": "process", "ready": false, "to": "ready"}]}}})
}

/// A worker that is elsewhere until `nop` is requested of it.
pub(super) fn elsewhere() -> Value {
    json!({"initial": "elsewhere", "states": {
        "elsewhere": {"transitions": [{"action": "nop", "ready": false, "to": "ready"}]},
        "ready": {"transitions": [{"action": "process", "ready": false, "to": "ready"}]}}})
}

/// A machine that makes one transition with this action.
pub(super) fn once(action: &str, args: Value) -> Value {
    json!({"initial": "a", "states": {
        "a": {"transitions": [{"action": action, "args": args, "to": "done"}]}, "done": {}}})
}

/// A machine with these states, the first of which is `a`.
pub(super) fn states(states: Value) -> Value {
    json!({"initial": "a", "states": states})
}
