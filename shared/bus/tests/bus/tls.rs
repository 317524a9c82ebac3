//! NATS over TLS.

use std::time::Duration;

use manyworlds_bus::{Bus, Config};
use testkit::{Certificate, NatsServer};
use tokio::time::timeout;

#[tokio::test]
async fn the_server_is_known_by_the_configured_authority() {
    let certificate = Certificate::new();
    let (cert, key) = (certificate.cert_file(), certificate.key_file());
    let arguments = [
        "--tls",
        "--tlscert",
        cert.to_str().unwrap(),
        "--tlskey",
        key.to_str().unwrap(),
    ];
    let nats = NatsServer::start_with(&arguments);
    let url = format!("tls://{}", nats.address());
    let known = Config {
        url: url.clone(),
        tls_ca: Some(cert),
        ..Config::default()
    };
    let bus = Bus::connect(&known, "test").await.unwrap();
    assert!(bus.is_connected());
    // Without it the server may be anybody.
    let unknown = Config {
        url,
        ..Config::default()
    };
    let connected = timeout(Duration::from_secs(2), Bus::connect(&unknown, "test")).await;
    assert!(!matches!(connected, Ok(Ok(_))));
    let half = Config {
        tls_cert: Some("cert.pem".into()),
        ..known
    };
    let error = Bus::connect(&half, "test").await.err().unwrap();
    let error = format!("{:?}", error);
    assert!(error.contains("belong together"), "{error}");
}
