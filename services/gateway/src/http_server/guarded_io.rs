//! The bytes of one connection, with the time that its client has for them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::activity::Activity;
use super::limits::ConnectionLimits;

/// The bytes of one connection. It fails when its client sends no complete request in time, the first one from when
/// it was made, or does not read what is written to it.
pub(super) struct GuardedIo<S> {
    stream: S,
    activity: Arc<Activity>,
    limits: ConnectionLimits,
    /// Called once, when the connection is a WebSocket.
    on_upgrade: Option<fn(&S)>,
    /// While the next request is awaited.
    next_request: Option<NextRequest>,
    /// When the client has left unread for too long what is written.
    unread_until: Option<Pin<Box<Sleep>>>,
}

/// The wait for the next request.
struct NextRequest {
    /// The requests before it.
    requests: u64,
    has_begun: bool,
    until: Pin<Box<Sleep>>,
}

impl<S> GuardedIo<S> {
    pub(super) fn new(
        stream: S,
        activity: Arc<Activity>,
        limits: ConnectionLimits,
        on_upgrade: fn(&S),
    ) -> Self {
        let mut io = Self {
            stream,
            activity,
            limits,
            on_upgrade: Some(on_upgrade),
            next_request: None,
            unread_until: None,
        };
        io.next_request();
        io
    }

    /// The stream, to look at what has come.
    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    /// The wait for the next request, while no request is open.
    fn next_request(&mut self) -> Option<&mut NextRequest> {
        let Some(requests) = self.activity.requests_when_idle() else {
            self.next_request = None;
            return None;
        };
        let is_other = |next: &mut NextRequest| next.requests != requests;
        drop(self.next_request.take_if(is_other));
        let within = match requests {
            0 => self.limits.headers_within,
            _ => self.limits.idle_within,
        };
        Some(self.next_request.get_or_insert_with(|| NextRequest {
            requests,
            has_begun: false,
            until: Box::pin(sleep(within)),
        }))
    }

    fn is_upgraded(&mut self) -> bool {
        let is_upgraded = self.activity.is_upgraded();
        if is_upgraded && let Some(on_upgrade) = self.on_upgrade.take() {
            on_upgrade(&self.stream);
        }
        is_upgraded
    }

    /// What a write returns: an error instead of waiting for the client for too long.
    fn written<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() || self.is_upgraded() {
            self.unread_until = None;
            return written;
        }
        let write_timeout = self.limits.write_timeout;
        let until = self
            .unread_until
            .get_or_insert_with(|| Box::pin(sleep(write_timeout)));
        until.as_mut().poll(context).map(|()| Err(timed_out()))
    }
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let headers_within = self.limits.headers_within;
        if !self.is_upgraded()
            && let Some(next) = self.next_request()
            && next.until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(timed_out()));
        }
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > filled
            && let Some(next) = &mut self.next_request
            && !std::mem::replace(&mut next.has_begun, true)
        {
            let headers_until = Instant::now() + headers_within;
            let until = next.until.deadline().min(headers_until);
            next.until.as_mut().reset(until);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GuardedIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;
    use crate::http_server::waiting::WaitingConnections;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        headers_within: Duration::from_secs(10),
        idle_within: Duration::from_secs(75),
        write_timeout: Duration::from_secs(5),
        waiting_max: 10,
    };

    fn connection() -> (DuplexStream, GuardedIo<DuplexStream>, Arc<Activity>) {
        let (client, server) = duplex(64);
        let activity = Activity::new(&WaitingConnections::new(LIMITS.waiting_max));
        let io = GuardedIo::new(server, Arc::clone(&activity), LIMITS, |_| ());
        (client, io, activity)
    }

    /// Reads to the end, and returns how long that took.
    async fn read_to_error(io: &mut GuardedIo<DuplexStream>) -> Duration {
        let start = Instant::now();
        let mut bytes = Vec::new();
        let error = io.read_to_end(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn headers_have_their_time_however_slowly_they_come() {
        let (mut client, mut io, _activity) = connection();
        let send = async {
            while client.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = send => panic!("the server was slower"),
            elapsed = read_to_error(&mut io) => assert_eq!(elapsed, LIMITS.headers_within),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_be_idle_for_longer_than_headers_take() {
        let (mut client, mut io, activity) = connection();
        drop(activity.start_request());
        let send = async {
            sleep(Duration::from_secs(60)).await;
            client.write_all(b"GET").await.unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = send => {}
            elapsed = read_to_error(&mut io) => assert_eq!(elapsed, Duration::from_secs(70)),
        }
        let (_client, mut io, activity) = connection();
        drop(activity.start_request());
        assert_eq!(read_to_error(&mut io).await, LIMITS.idle_within);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_request_may_take_any_time() {
        let (mut client, mut io, activity) = connection();
        let _request = activity.start_request();
        let send = async {
            sleep(Duration::from_secs(3600)).await;
            client.write_all(b"x").await.unwrap();
        };
        let mut byte = [0];
        let (read, ()) = tokio::join!(io.read(&mut byte), send);
        assert_eq!(read.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_given_up() {
        let (mut client, mut io, activity) = connection();
        let _request = activity.start_request();
        let start = Instant::now();
        let read = async {
            let mut byte = [0];
            for _ in 0..3 {
                sleep(Duration::from_secs(4)).await;
                client.read_exact(&mut byte).await.unwrap();
            }
            std::future::pending::<()>().await;
        };
        let write = async {
            // Each byte that is read makes room for one more.
            loop {
                if let Err(error) = io.write_all(b"x").await {
                    return error.kind();
                }
            }
        };
        tokio::select! {
            () = read => {}
            kind = write => assert_eq!(kind, io::ErrorKind::TimedOut),
        }
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(12) + LIMITS.write_timeout
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_websocket_has_limits_of_its_own() {
        let (mut client, mut io, activity) = connection();
        activity.upgrade();
        let send = async {
            sleep(Duration::from_secs(3600)).await;
            let mut bytes = [0; 65];
            client.read_exact(&mut bytes).await.unwrap();
        };
        let (written, ()) = tokio::join!(io.write_all(&[0; 65]), send);
        written.unwrap();
    }
}
