//! Accepts connections and serves their requests.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use service_kit::CancellationToken;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::activity::Activity;
use super::guarded_io::GuardedIo;
use super::limits::ConnectionLimits;
use super::phases::Phases;
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
) {
    let server = Server {
        routes,
        limits,
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

    async fn serve_connection(self, stream: TcpStream, peer: SocketAddr) {
        let stop = self.phases.stop;
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
        let service = service_fn(move |request| connection.clone().handle(request));
        let mut builder = Builder::new(TokioExecutor::new());
        // `GuardedIo` has the time of the headers, before the version of the protocol is known, too.
        let mut http1 = builder.http1();
        http1
            .header_read_timeout(None)
            .max_buf_size(BUFFER_BYTES_MAX);
        let mut http2 = builder.http2();
        http2
            .timer(TokioTimer::new())
            .enable_connect_protocol()
            .max_send_buf_size(BUFFER_BYTES_MAX);
        let serving = builder.serve_connection_with_upgrades(TokioIo::new(io), service);
        let mut serving = pin!(serving);
        let last_requests = async {
            stop.cancelled().await;
            sleep(LAST_REQUESTS_WITHIN).await;
        };
        let mut last_requests = pin!(last_requests);
        let mut is_shutting_down = false;
        loop {
            tokio::select! {
                served = serving.as_mut() => {
                    if let Err(error) = served {
                        debug!(error, "connection ended");
                    }
                    return;
                }
                () = activity.evicted() => return debug!("connection closed to make room"),
                () = last_requests.as_mut(), if !is_shutting_down => {
                    is_shutting_down = true;
                    serving.as_mut().graceful_shutdown();
                }
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
