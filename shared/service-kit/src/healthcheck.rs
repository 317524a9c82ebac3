//! Whether a service that runs is ready, for the health check of a container: no `curl` and no shell is needed there.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// A page that takes longer is one of a process that hangs. Below the timeouts that orchestrators have for the check.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The page is a line for each problem.
const PAGE_BYTES_MAX: u64 = 64 << 10;

/// Requests `/readyz` of the service that listens at `listen` on this machine, and succeeds if it is ready.
///
/// # Errors
/// What the page names as missing, or why there is no page.
pub fn check_health(listen: SocketAddr) -> anyhow::Result<()> {
    check_within(reachable(listen), TIMEOUT)
}

/// The address at which a listener of `listen` is reached from its own machine.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn check_within(address: SocketAddr, timeout: Duration) -> anyhow::Result<()> {
    let page = request(address, timeout).with_context(|| format!("request {address}/readyz"))?;
    // "HTTP/1.1 503 Service Unavailable", headers, an empty line, and the problems.
    let (head, problems) = page.split_once("\r\n\r\n").unwrap_or((&page, ""));
    match head.split_whitespace().nth(1) {
        Some("200") => Ok(()),
        Some(status) => bail!("not ready ({status}): {}", problems.trim()),
        None => bail!("{address} does not answer with HTTP"),
    }
}

/// The response, with its headers.
fn request(address: SocketAddr, timeout: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    // HTTP/1.0: the response ends with the connection.
    write!(
        stream,
        "GET /readyz HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut page = String::new();
    stream.take(PAGE_BYTES_MAX).read_to_string(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::Health;

    /// Serves the health page of a service in a thread of its own, until the token is cancelled.
    fn serve(health: Health) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, health.router()) => served.unwrap(),
                    () = stop.cancelled() => {}
                }
            });
        });
        (address, shutdown)
    }

    #[test]
    fn a_service_is_healthy_while_it_is_ready() {
        let health = Health::default();
        let (address, shutdown) = serve(health.clone());
        health.require("nats", || Ok(()));
        check_health(address).unwrap();
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
        check_health(any).unwrap();
        health.require("nats", || Err("not connected".to_owned()));
        health.require("database", || Err("not connected either".to_owned()));
        let error = check_health(address).unwrap_err().to_string();
        assert_eq!(
            error,
            "not ready (503): database: not connected either\nnats: not connected"
        );
        shutdown.cancel();
    }

    #[test]
    fn what_does_not_answer_is_not_healthy() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let error = check_within(address, Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.to_string(), format!("request {address}/readyz"));
        drop(listener);
        let error = check_health(address).unwrap_err();
        assert!(format!("{error:#}").contains("refused"), "{error:#}");
    }

    #[test]
    fn all_addresses_of_a_machine_are_reached_at_its_loopback() {
        for (listen, expected) in [
            ("0.0.0.0:7001", "127.0.0.1:7001"),
            ("[::]:7001", "[::1]:7001"),
            ("127.0.0.1:7001", "127.0.0.1:7001"),
            ("10.0.0.7:7001", "10.0.0.7:7001"),
        ] {
            let reached = reachable(listen.parse().unwrap());
            assert_eq!(reached, expected.parse().unwrap());
        }
    }
}
