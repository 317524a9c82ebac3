//! Open WebSockets, and how much all of them together have received.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{Stream, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Frames that are sent before the listeners are waited for: fewer than a gateway keeps for them.
pub(crate) const PACE: usize = 256;

const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Listeners. They leave when it is dropped.
#[derive(Default)]
pub(crate) struct Crowd {
    received: Arc<Received>,
    listeners: JoinSet<()>,
}

/// The frames that all listeners together have received.
#[derive(Default)]
struct Received {
    count: AtomicUsize,
    /// The count at which the waiting sender is notified.
    awaited: AtomicUsize,
    reached: Notify,
}

impl Received {
    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    fn add_one(&self) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if count == self.awaited.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }

    /// Waits until the count is reached. One task may wait.
    async fn wait_for(&self, count: usize) {
        // Stored before the count is read: either it is read as reached, or the listener that reaches
        // it reads what is awaited.
        self.awaited.store(count, Ordering::SeqCst);
        while self.count() < count {
            self.reached.notified().await;
        }
    }
}

impl Crowd {
    /// One more listener.
    pub(crate) fn add<S>(&mut self, mut frames: S)
    where
        S: Stream<Item = tungstenite::Result<Message>> + Unpin + Send + 'static,
    {
        let received = self.received.clone();
        self.listeners.spawn(async move {
            while let Some(Ok(frame)) = frames.next().await {
                if frame.is_text() {
                    received.add_one();
                }
            }
        });
    }

    /// How long it takes until all have received what `send` sends, each time [`PACE`] frames.
    ///
    /// Paced, so that what is measured is the deliveries and not how fast a listener falls behind.
    pub(crate) async fn measure_deliveries(
        &self,
        times: usize,
        mut send: impl AsyncFnMut(),
    ) -> Duration {
        let before = self.received.count();
        let until = |times: usize| before + times * PACE * self.listeners.len();
        let started = Instant::now();
        for sent in 0..times {
            send().await;
            self.reach(until(sent)).await;
        }
        self.reach(until(times)).await;
        let took = started.elapsed();
        assert_eq!(self.received.count(), until(times));
        took
    }

    /// How long it takes until all have received so many frames, which `send` sends without waiting for any.
    pub(crate) async fn measure_pipelined(
        &self,
        frames: usize,
        send: impl Future<Output = ()>,
    ) -> Duration {
        let until = self.received.count() + frames * self.listeners.len();
        let started = Instant::now();
        send.await;
        self.reach(until).await;
        started.elapsed()
    }

    async fn reach(&self, count: usize) {
        let reached = tokio::time::timeout(DEADLINE, self.received.wait_for(count)).await;
        reached.expect("every listener received everything");
    }
}
