//! Accepts connections and serves their requests.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::HttpBody as Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use service_kit::CancellationToken;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::activity::Activity;
use super::guarded_io::GuardedIo;
use super::limits::ConnectionLimits;
use super::phases::Phases;
use super::protocol::{HTTP2, is_http2};
use super::socket_options;
use super::tracked_body::TrackedBody;
use super::waiting::WaitingConnections;

/// The headers of a request, and what is buffered for a client that reads slowly. Browsers and proxies send at
/// most half of it.
const BUFFER_BYTES_MAX: usize = 64 << 10;
/// A client whose stream has ended may send its next request over the same connection before it sees that this
/// is closed: it is answered, and asked to open another one.
const LAST_REQUESTS_WITHIN: Duration = Duration::from_millis(500);
/// Pause before the next connection is accepted when the process has no file descriptor for it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the routes on the connections of `listener` until it is stopped, and returns when the last request
/// has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: ConnectionLimits,
    phases: Phases,
    tls: Option<TlsAcceptor>,
) {
    let server = Server {
        routes,
        limits,
        tls,
        waiting: WaitingConnections::new(limits.waiting_max),
        phases,
    };
    let connections = TaskTracker::new();
    let accept = async {
        loop {
            let (stream, peer) = server.accept(&listener).await;
            connections.spawn(server.clone().serve_connection(stream, peer));
        }
    };
    server.phases.stop.run_until_cancelled(accept).await;
    drop(listener);
    connections.close();
    connections.wait().await;
}

#[derive(Clone)]
struct Server {
    routes: Router,
    limits: ConnectionLimits,
    tls: Option<TlsAcceptor>,
    waiting: Arc<WaitingConnections>,
    phases: Phases,
}

impl Server {
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_connection(&error) => debug!(%error, "connection not accepted"),
                Err(error) => {
                    warn!(%error, "no connection can be accepted");
                    self.waiting.evict_oldest();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// What a connection needs only at its beginning is in boxes, or is made before its future: that keeps what it is
    /// given for as long as the connection lasts.
    fn serve_connection(
        self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = ()> + Send {
        socket_options::set(&stream);
        let activity = Activity::new(&self.waiting);
        let for_io = Arc::clone(&activity);
        let io = GuardedIo::new(
            stream,
            for_io,
            self.limits,
            socket_options::set_for_websocket,
        );
        let connection = Connection {
            routes: TowerToHyperService::new(self.routes),
            peer,
            activity: Arc::clone(&activity),
            drain: self.phases.drain,
        };
        let opening = Opened::open(io, self.tls);
        let opening = Box::pin(timeout(self.limits.headers_within, opening));
        let stop = self.phases.stop;
        async move {
            // As the connection itself, its service is kept, and with it the memory of a request: without this box, that
            // of a whole one.
            let service = service_fn(move |request| Box::pin(connection.clone().handle(request)));
            let last_requests = async {
                stop.cancelled().await;
                sleep(LAST_REQUESTS_WITHIN).await;
            };
            let mut last_requests = pin!(last_requests);
            let opened = tokio::select! {
                opened = opening => opened,
                () = activity.evicted() => return debug!("connection closed to make room"),
                () = last_requests.as_mut() => return,
            };
            let (activity, end) = (&activity, last_requests);
            match opened {
                Ok(Ok(Opened::Http1(io))) => serve_http1(io, service, activity, end).await,
                Ok(Ok(Opened::Http2(io))) => serve_http2(io, service, activity, end).await,
                Ok(Ok(Opened::Http1Tls(io))) => serve_http1(io, service, activity, end).await,
                Ok(Ok(Opened::Http2Tls(io))) => serve_http2(io, service, activity, end).await,
                Ok(Err(_)) | Err(_) => debug!("connection ended without a request"),
            }
        }
    }
}

/// A connection, once its encryption and the version of its protocol are known.
enum Opened {
    Http1(Guarded),
    Http2(Guarded),
    Http1Tls(Box<TlsStream<Guarded>>),
    Http2Tls(Box<TlsStream<Guarded>>),
}

type Guarded = GuardedIo<TcpStream>;

impl Opened {
    async fn open(io: Guarded, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        let Some(tls) = tls else {
            return Ok(match is_http2(io.stream()).await? {
                true => Self::Http2(io),
                false => Self::Http1(io),
            });
        };
        // Its handshake is large, and few clients of the gateway itself use it.
        let stream = Box::new(Box::pin(tls.accept(io)).await?);
        let (_, session) = stream.get_ref();
        Ok(match session.alpn_protocol() {
            Some(protocol) if protocol == HTTP2 => Self::Http2Tls(stream),
            _ => Self::Http1Tls(stream),
        })
    }
}

fn serve_http1<'a, I, S, B>(
    io: I,
    service: S,
    activity: &'a Activity,
    last_requests: impl Future<Output = ()> + Unpin + Send + 'a,
) -> impl Future<Output = ()> + Send + 'a
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: HttpService<Incoming, ResBody = B, Error = Infallible, Future: Send> + Send + 'a,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let serving = http1()
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let take_no_more =
        |serving: Pin<&mut _>| http1::UpgradeableConnection::graceful_shutdown(serving);
    drive(Box::pin(serving), take_no_more, activity, last_requests)
}

fn serve_http2<'a, I, S, B>(
    io: I,
    service: S,
    activity: &'a Activity,
    last_requests: impl Future<Output = ()> + Unpin + Send + 'a,
) -> impl Future<Output = ()> + Send + 'a
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    S: HttpService<Incoming, ResBody = B, Error = Infallible, Future: Send + 'static> + Send + 'a,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let serving = http2().serve_connection(TokioIo::new(io), service);
    let take_no_more = |serving: Pin<&mut _>| http2::Connection::graceful_shutdown(serving);
    drive(Box::pin(serving), take_no_more, activity, last_requests)
}

/// `GuardedIo` has the time of the headers, before the version of the protocol is known, too.
fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX);
    builder
}

fn http2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_send_buf_size(BUFFER_BYTES_MAX);
    builder
}

/// Serves the requests of a connection until it ends. Once `last_requests` are served, it takes no more. The connection is
/// in a box: a future keeps what it is given, and what it makes of that, for as long as it lasts.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    mut serving: Pin<Box<C>>,
    take_no_more: impl Fn(Pin<&mut C>),
    activity: &Activity,
    mut last_requests: impl Future<Output = ()> + Unpin,
) {
    let mut is_shutting_down = false;
    loop {
        tokio::select! {
            served = serving.as_mut() => {
                if let Err(error) = served {
                    debug!(%error, "connection ended");
                }
                return;
            }
            () = activity.evicted() => return debug!("connection closed to make room"),
            () = &mut last_requests, if !is_shutting_down => {
                is_shutting_down = true;
                take_no_more(serving.as_mut());
            }
        }
    }
}

/// What the handlers of one connection need.
#[derive(Clone)]
struct Connection {
    routes: TowerToHyperService<Router>,
    peer: SocketAddr,
    activity: Arc<Activity>,
    drain: CancellationToken,
}

impl Connection {
    async fn handle(
        self,
        mut request: Request<Incoming>,
    ) -> Result<Response<TrackedBody>, Infallible> {
        let open = self.activity.start_request();
        let is_connect = request.method() == Method::CONNECT;
        let is_http1 = request.version() <= Version::HTTP_11;
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let mut response = self.routes.call(request).await?;
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS || (is_connect && status.is_success()) {
            self.activity.upgrade();
        } else if is_http1 && self.drain.is_cancelled() {
            // The next request of this client is for another gateway.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Ok(response.map(|body| TrackedBody::new(body, open)))
    }
}

/// Whether only this one connection could not be accepted.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused | Kind::ConnectionAborted | Kind::ConnectionReset
    )
}
