//! The options of accepted sockets.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tracing::debug;

/// A silent connection is probed after this long, and more often when it does not answer.
const PROBE_AFTER: Duration = Duration::from_secs(10);
const PROBE_EVERY: Duration = Duration::from_secs(5);
/// Probes without an answer after which the connection has ended.
const PROBES_MAX: u32 = 3;
/// What the kernel keeps of a response that a client does not read: by default it is up to 4 MB. It is little, so that a
/// client which has stopped is soon noticed, and enough for a write of the HTTP server.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 64 << 10;
/// What was sent may be without an acknowledgement for so long. By default it is a quarter of an hour.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(25);

/// Sets the options of an accepted socket: small frames are sent at once, and a client whose machine or network
/// is gone is noticed in seconds, whether bytes for it are under way or not.
pub(super) fn set(stream: &TcpStream) {
    if let Err(error) = try_set(stream) {
        debug!(%error, "socket options not set");
    }
}

/// Lets a client leave unread what is sent to it for as long as a WebSocket allows: with the timeout of TCP,
/// the kernel would end the connection of one that is busy, too.
pub(super) fn set_for_websocket(stream: &TcpStream) {
    if let Err(error) = set_unacknowledged_max(stream, None) {
        debug!(%error, "socket options not set");
    }
}

fn try_set(stream: &TcpStream) -> io::Result<()> {
    // Otherwise a small frame waits for the acknowledgement of the one before.
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new()
        .with_time(PROBE_AFTER)
        .with_interval(PROBE_EVERY)
        .with_retries(PROBES_MAX);
    SockRef::from(stream).set_tcp_keepalive(&keep_alive)?;
    set_unsent_max(stream)?;
    set_unacknowledged_max(stream, Some(UNACKNOWLEDGED_MAX))
}

#[cfg(target_os = "linux")]
fn set_unsent_max(stream: &TcpStream) -> io::Result<()> {
    SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES_MAX)
}

#[cfg(not(target_os = "linux"))]
fn set_unsent_max(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn set_unacknowledged_max(stream: &TcpStream, max: Option<Duration>) -> io::Result<()> {
    SockRef::from(stream).set_tcp_user_timeout(max)
}

#[cfg(not(target_os = "linux"))]
fn set_unacknowledged_max(_: &TcpStream, _: Option<Duration>) -> io::Result<()> {
    Ok(())
}
