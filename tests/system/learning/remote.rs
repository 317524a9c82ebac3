//! A processor behind HTTP: the example of the documents.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use testkit::{eventually, free_port};

use super::school::{School, mean_error, numbers};

/// The server of the example; it ends with this.
struct Server(Child);

impl Server {
    async fn start(port: u16) -> Self {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples/processor.py");
        let child = Command::new("python3")
            .args([example, &port.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(child);
        eventually("the processor is there", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
        })
        .await;
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_in_python_learns() {
    let port = free_port();
    let processor = json!({"http": {"url": format!("http://127.0.0.1:{port}")}});
    let far = json!({"http": {"url": "http://10.255.255.1:9"}});
    let school = School::begin(&[("student", processor), ("far", far)]).await;
    let server = Server::start(port).await;
    let inputs: Vec<Value> = numbers(600, 1).into_iter().map(Value::from).collect();
    let line = |inputs: &[Value]| {
        let heights = inputs
            .iter()
            .map(|input| 3.0 * input.as_f64().unwrap() - 1.0);
        heights.map(Value::from).collect::<Vec<_>>()
    };
    school.put("inputs", &inputs).await;
    school.put("targets", &line(&inputs)).await;
    let before = school.process("student", &inputs[..20]).await;
    let streams = json!({"stdin": ["teacher:inputs"], "stdtar": ["teacher:targets"]});
    let lesson = json!({"action": "learn", "streams": streams, "steps": 300});
    let learned = school.request(&["student"], &lesson).await;
    assert_eq!(learned["targets"][0]["status"], "completed", "{learned}");

    // A server that knows nothing any more gets the weights from the worker.
    drop(server);
    let _server = Server::start(port).await;
    let after = school.process("student", &inputs[..20]).await;
    let expected = line(&inputs[..20]);
    let (before, after) = (
        mean_error(&before, &expected),
        mean_error(&after, &expected),
    );
    assert!(before > 0.5 && after < 0.01, "{before} {after}");
    let versions = school.versions("student").await;
    assert_eq!(versions.len(), 2, "{versions:?}");
    assert!(versions[1]["loss"].as_f64() < versions[0]["loss"].as_f64());

    // The network of the worker is not open to worlds.
    let refused = school.process("far", &inputs[..1]).await;
    assert_eq!(refused, [json!("endpoint_not_allowed")]);
    let without = json!({"action": "learn", "samples": [1], "timeout_seconds": 20});
    let failed = school.request(&["student"], &without).await;
    assert_eq!(failed["targets"][0]["reason"], "no_targets", "{failed}");
}
