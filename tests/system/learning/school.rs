//! A world with a teacher and students.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Cluster, Http, Shape};
use testkit::eventually;

const WORLD: &str = "/v1/worlds/school";

/// A world with the person `teacher`, and agents with processors.
pub(super) struct School {
    pub(super) cluster: Cluster,
}

impl School {
    pub(super) async fn begin(students: &[(&str, Value)]) -> Self {
        let cluster = Cluster::start(Shape::default()).await;
        let student = |(id, processor): &(&str, Value)| json!({"id": id, "kind": "agent", "agent": {"processor": processor}});
        let mut entities: Vec<Value> = students.iter().map(student).collect();
        entities.push(json!({"id": "teacher", "kind": "user"}));
        let world = json!({"id": "school", "entities": entities});
        Http::post(&cluster.gateways, "/v1/worlds", &world).await;
        Self { cluster }
    }

    /// Fills a stream of the teacher.
    pub(super) async fn put(&self, name: &str, samples: &[Value]) {
        let door = &self.cluster.gateways[0];
        let path = format!("{WORLD}/streams/teacher/{name}");
        let body = json!({"type": "json"});
        let (status, answer) = door
            .send(Method::PUT, &path, Some(&body), None)
            .await
            .unwrap();
        assert_eq!(status.as_u16(), 200, "{answer}");
        for samples in samples.chunks(100) {
            let body = json!({"samples": samples});
            Http::post(&self.cluster.gateways, &format!("{path}/samples"), &body).await;
        }
    }

    /// Requests something of targets, and waits for its end.
    pub(super) async fn request(&self, targets: &[&str], fields: &Value) -> Value {
        let path = format!("{WORLD}/interactions?wait=true");
        Http::post(&self.cluster.gateways, &path, &body(targets, fields)).await
    }

    /// Requests something of a target, and returns the path of the interaction.
    pub(super) async fn begin_request(&self, target: &str, fields: &Value) -> String {
        let path = format!("{WORLD}/interactions");
        let receipt = Http::post(&self.cluster.gateways, &path, &body(&[target], fields)).await;
        format!("{path}/{}", receipt["id"].as_str().unwrap())
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        Http::get(&self.cluster.gateways, path).await
    }

    pub(super) async fn ended(&self, path: &str) -> Value {
        eventually("the interaction has ended", async || {
            self.get(path).await["status"] == "ended"
        })
        .await;
        self.get(path).await
    }

    /// The outputs of a target for some samples.
    pub(super) async fn process(&self, target: &str, samples: &[Value]) -> Vec<Value> {
        let body = json!({"action": "process", "samples": samples});
        let processed = self.request(&[target], &body).await;
        let output = &processed["targets"][0]["output"][0];
        let [first, last] = ["first", "last"].map(|field| output[field].as_u64());
        let (Some(first), Some(last)) = (first, last) else {
            return vec![processed["targets"][0]["reason"].clone()];
        };
        let path = format!("{WORLD}/streams/{target}/processor/samples?from={first}&to={last}");
        let page = self.get(&format!("{path}&limit=1000")).await;
        let samples = page["samples"].as_array().unwrap().iter();
        samples.map(|sample| sample["value"].clone()).collect()
    }

    /// What a student has learned, each version in its order.
    pub(super) async fn versions(&self, student: &str) -> Vec<Value> {
        let seq = self.get(&format!("{WORLD}/state")).await["seq"].clone();
        let query = format!("type=processor.learned&limit=1000&wait_for={seq}");
        let page = self.get(&format!("{WORLD}/events?{query}")).await;
        let events = page["events"].as_array().unwrap().iter();
        let learned = events.map(|event| event["data"].clone());
        learned
            .filter(|learned| learned["entity"] == student)
            .collect()
    }
}

fn body(targets: &[&str], fields: &Value) -> Value {
    let mut body = fields.clone();
    body["requester"] = json!("teacher");
    body["targets"] = json!(targets);
    body
}

/// Numbers from -1 to 1 that look random.
pub(super) fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        let number = u32::try_from(state >> 33).unwrap();
        f64::from(number) / f64::from(1_u32 << 30) - 1.0
    };
    (0..count).map(next).collect()
}

/// The mean distance of numbers.
pub(super) fn mean_error(outputs: &[Value], expected: &[Value]) -> f64 {
    assert_eq!(outputs.len(), expected.len(), "{outputs:?}");
    let pairs = outputs.iter().zip(expected);
    let distances = pairs.map(|(output, expected)| {
        let [output, expected] = [output, expected].map(|number| number.as_f64().unwrap());
        (output - expected).abs()
    });
    let count = u32::try_from(expected.len()).unwrap();
    distances.sum::<f64>() / f64::from(count)
}
