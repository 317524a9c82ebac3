//! HTTPS, and HTTP/2 over it.

use std::fs;

use gateway::{Config, TlsConfig};
use reqwest::{Certificate as Root, Client};
use serde_json::json;
use testkit::Certificate;
use tokio::process::Command;

use crate::support::Harness;

fn client(certificate: &Certificate) -> reqwest::ClientBuilder {
    let pem = fs::read(certificate.cert_file()).unwrap();
    Client::builder().tls_certs_only([Root::from_pem(&pem).unwrap()])
}

#[tokio::test]
async fn clients_are_served_over_https_with_both_versions_of_http() {
    let certificate = Certificate::new();
    let config = Config {
        tls: Some(TlsConfig {
            cert_file: certificate.cert_file(),
            key_file: certificate.key_file(),
        }),
        ..Config::default()
    };
    let harness = Harness::start_with(config.clone()).await;
    let url = |path: &str| harness.url(path).replace("http://", "https://");
    let http = client(&certificate).build().unwrap();
    let created = http.post(url("/v1/worlds")).json(&json!({"id": "lobby"}));
    assert_eq!(created.send().await.unwrap().status(), 201);
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--output", "/dev/null", option, "--cacert"])
            .arg(certificate.cert_file())
            .args(["--write-out", "%{http_version} %{http_code}"])
            .arg(url("/v1/worlds/lobby/state"));
        let printed = curl.output().await.unwrap();
        let printed = String::from_utf8_lossy(&printed.stdout);
        assert_eq!(printed, format!("{version} 200"));
    }
    // As the health check of its container does.
    let listen = harness
        .base_url
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    let checked = Config {
        listen,
        ..config.clone()
    };
    let checked = tokio::task::spawn_blocking(move || gateway::check_health(&checked));
    checked.await.unwrap().unwrap();
    // A client without TLS gets nothing, and no other client is disturbed.
    let plain = Client::new().get(harness.url("/livez")).send().await;
    assert!(plain.is_err());
    let health = http.get(url("/livez")).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn a_certificate_that_can_not_be_used_is_named() {
    let (one, other) = (Certificate::new(), Certificate::new());
    for (cert_file, key_file, expected) in [
        (one.cert_file(), other.key_file(), "do not belong together"),
        (one.cert_file(), "/nowhere/key.pem".into(), "tls.key_file"),
        ("/nowhere/cert.pem".into(), one.key_file(), "tls.cert_file"),
    ] {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            tls: Some(TlsConfig {
                cert_file,
                key_file,
            }),
            ..Config::default()
        };
        let error = gateway::run(config, Default::default()).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains(expected), "{error}");
    }
}
