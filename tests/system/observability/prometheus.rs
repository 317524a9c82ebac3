//! A real Prometheus.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use system_tests::Cluster;
use tempfile::TempDir;
use testkit::{eventually, free_port};

/// A Prometheus that reads every process of a system each second, with the alert rules. It ends with this.
pub(super) struct Prometheus {
    child: Child,
    base: String,
    _folder: TempDir,
}

/// The folder of the repository.
pub(super) fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().unwrap()
}

/// The program, which is installed if it is not yet.
fn program() -> PathBuf {
    let root = repository();
    let got = Command::new(root.join("deploy/scripts/get-deploy-tools.sh"))
        .arg("prometheus")
        .status();
    assert!(got.unwrap().success(), "there is no prometheus");
    let own = root.join(".tools/bin/prometheus");
    if own.exists() {
        own
    } else {
        PathBuf::from("prometheus")
    }
}

/// The jobs have the names that they have in `deploy/kubernetes`.
fn configuration(cluster: &Cluster) -> String {
    let rules = repository().join("deploy/observability/alerts.yaml");
    let mut text = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
         rule_files: [{rules:?}]\nscrape_configs:\n"
    );
    for service in ["world", "gateway", "persistence", "agent-worker"] {
        let pages = cluster.indices(service).into_iter();
        let targets: Vec<String> = pages
            .map(|index| cluster.page(index).replace("http://", ""))
            .collect();
        let _ = writeln!(
            text,
            "  - {{job_name: {service}, static_configs: [{{targets: {targets:?}}}]}}"
        );
    }
    text
}

impl Prometheus {
    /// Starts it, and returns once it has read every process.
    pub(super) async fn start(cluster: &Cluster) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, configuration(cluster)).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let child = Command::new(program())
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}/data",
                folder.path().display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let prometheus = Self {
            child,
            base: format!("http://{address}"),
            _folder: folder,
        };
        eventually("prometheus has read every process", async || {
            let up = prometheus.try_query("sum(up)").await;
            let up = up.and_then(|found| found.first()?["value"][1].as_str().map(str::to_owned));
            up.is_some_and(|count| count == cluster.processes.len().to_string())
        })
        .await;
        prometheus
    }

    /// What it finds.
    pub(super) async fn query(&self, expression: &str) -> Vec<Value> {
        let found = self.try_query(expression).await;
        found.unwrap_or_else(|| panic!("prometheus refuses {expression}"))
    }

    async fn try_query(&self, expression: &str) -> Option<Vec<Value>> {
        let url = format!("{}/api/v1/query", self.base);
        let mut url: reqwest::Url = url.parse().unwrap();
        url.query_pairs_mut().append_pair("query", expression);
        let response = reqwest::get(url).await.ok()?;
        let answer: Value = response.error_for_status().ok()?.json().await.ok()?;
        answer["data"]["result"].as_array().cloned()
    }

    /// Waits until it has evaluated all rules without an error.
    pub(super) async fn check_rules(&self, count: usize) {
        let url = format!("{}/api/v1/rules", self.base);
        eventually("every rule is evaluated without an error", async || {
            let response = reqwest::get(&url).await.unwrap();
            let answer: Value = response.json().await.unwrap();
            let groups = answer["data"]["groups"].as_array().unwrap().iter();
            let rules: Vec<&Value> = groups
                .flat_map(|group| group["rules"].as_array().unwrap())
                .collect();
            rules.len() == count && rules.iter().all(|rule| rule["health"] == "ok")
        })
        .await;
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
