//! Threads for code that may block them.
//!
//! To wake a thread costs more than most handlers do, so a burst of short jobs shares one: a job waits for a
//! thread that has just begun. When that thread does not come back soon, each job gets one of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tracing::warn;

/// A thread that began a job so recently is expected to come back for the next one. A job that has waited for
/// longer gets a thread of its own at the next check.
const SHORT_JOB: Duration = Duration::from_micros(200);
/// How often the queue is checked while there are jobs in it.
const CHECK_INTERVAL: Duration = Duration::from_millis(1);
/// The pause before another attempt when no thread can be started.
const START_PAUSE: Duration = Duration::from_millis(50);
/// A thread without work ends after this time.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// Threads that are started when they are needed.
pub(crate) struct Threads {
    shared: Arc<Shared>,
    /// Where the queue is checked: the runtime of the worker, and not that of a caller, which may end before.
    runtime: Handle,
}

struct Shared {
    threads_max: usize,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    /// Jobs that no thread has begun, and since when they wait.
    queue: VecDeque<(Instant, Job)>,
    threads: usize,
    /// Threads that wait for work and that nobody has woken.
    idle: usize,
    /// Threads that were woken and have not seen it.
    woken: usize,
    /// Threads that were started and do not run yet.
    starting: usize,
    /// How many jobs were begun.
    begun: u64,
    /// When the newest of them began, unless it has ended.
    newest_since: Option<Instant>,
    /// Whether a task checks the queue.
    is_checked: bool,
    is_closed: bool,
}

/// Where a thread for a job comes from.
enum Assignment {
    /// One that is idle, which is counted as woken.
    Wake,
    /// One that has to be started, which is counted as starting.
    Start,
    /// All are at work: it waits for one of them.
    Full,
}

impl Threads {
    /// At most so many threads, for callers in any runtime.
    pub(crate) fn new(threads_max: usize, runtime: Handle) -> Self {
        let shared = Shared {
            threads_max: threads_max.max(1),
            state: Mutex::default(),
            work: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
            runtime,
        }
    }

    /// Runs a job on a thread. It is discarded when there is no thread, and none can be started.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let now = Instant::now();
        let mut state = self.shared.lock();
        let is_expected = state.is_thread_expected(now);
        state.queue.push_back((now, Box::new(job)));
        let is_checked = std::mem::replace(&mut state.is_checked, true);
        let assignment = (!is_expected).then(|| self.shared.assign(&mut state));
        drop(state);
        if let Some(assignment) = assignment {
            self.shared.bring(&assignment);
        }
        if !is_checked {
            self.runtime.spawn(check(Arc::clone(&self.shared)));
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Without waiting: code that blocks for ever must not keep the process from ending.
        let mut state = self.shared.lock();
        state.is_closed = true;
        let discarded = std::mem::take(&mut state.queue);
        drop(state);
        self.shared.work.notify_all();
        drop(discarded);
    }
}

impl State {
    /// Whether a thread will come for a job that is added now.
    fn is_thread_expected(&self, now: Instant) -> bool {
        let is_short = |since: Instant| now.saturating_duration_since(since) < SHORT_JOB;
        self.woken + self.starting > 0 || self.newest_since.is_some_and(is_short)
    }

    /// How many jobs have waited for long and have no thread on its way.
    fn overdue(&self, now: Instant) -> usize {
        let has_waited = |since: Instant| now.saturating_duration_since(since) >= SHORT_JOB;
        let waiting = self.queue.iter();
        let waiting = waiting.take_while(|(since, _)| has_waited(*since)).count();
        waiting.saturating_sub(self.woken + self.starting)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an idle thread as woken, or else one as started: [`bring`](Self::bring) does so.
    fn assign(&self, state: &mut State) -> Assignment {
        if state.idle > 0 {
            state.idle -= 1;
            state.woken += 1;
            return Assignment::Wake;
        }
        if state.threads >= self.threads_max {
            return Assignment::Full;
        }
        state.threads += 1;
        state.starting += 1;
        Assignment::Start
    }

    /// Wakes or starts a thread, without the lock: a thread that is woken needs it at once, and to start one takes
    /// long. False when none can be started.
    fn bring(self: &Arc<Self>, assignment: &Assignment) -> bool {
        match assignment {
            Assignment::Wake => self.work.notify_one(),
            Assignment::Start => return self.start(),
            Assignment::Full => {}
        }
        true
    }

    /// Starts a thread that is counted already. Returns whether it was started.
    fn start(self: &Arc<Self>) -> bool {
        let shared = Arc::clone(self);
        let thread = thread::Builder::new().name("user-code".to_owned());
        let Err(error) = thread.spawn(move || shared.work()) else {
            return true;
        };
        let mut state = self.lock();
        state.starting -= 1;
        state.threads -= 1;
        let discarded = match state.threads {
            0 => std::mem::take(&mut state.queue),
            _ => VecDeque::new(),
        };
        drop(state);
        warn!(%error, discarded = discarded.len(), "no thread can be started for the code of a run");
        false
    }

    /// What a thread does until it ends.
    fn work(&self) {
        let mut state = self.lock();
        state.starting -= 1;
        loop {
            while let Some((_, job)) = state.queue.pop_front() {
                state.begun += 1;
                let number = state.begun;
                state.newest_since = Some(Instant::now());
                drop(state);
                // The caller gets no result of a job that panicked.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.lock();
                if state.queue.is_empty() {
                    // To sleep and to be woken costs more than to look again when others have had a turn.
                    drop(state);
                    thread::yield_now();
                    state = self.lock();
                }
                if state.begun == number {
                    state.newest_since = None;
                }
            }
            state.idle += 1;
            let is_idle = |state: &mut State| state.woken == 0 && !state.is_closed;
            let waited = self.work.wait_timeout_while(state, KEEP_ALIVE, is_idle);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.woken == 0 {
                state.idle -= 1;
                state.threads -= 1;
                return;
            }
            state.woken -= 1;
        }
    }
}

/// Checks the queue until it is empty.
async fn check(shared: Arc<Shared>) {
    let mut pause = CHECK_INTERVAL;
    loop {
        tokio::time::sleep(pause).await;
        pause = CHECK_INTERVAL;
        let overdue = {
            let mut state = shared.lock();
            if state.queue.is_empty() {
                state.is_checked = false;
                return;
            }
            state.overdue(Instant::now())
        };
        for _ in 0..overdue {
            let assignment = shared.assign(&mut shared.lock());
            if !shared.bring(&assignment) {
                pause = START_PAUSE;
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use tokio::sync::mpsc;

    use super::*;

    /// More than the jobs of a test.
    const ENDS_MAX: usize = 1000;

    fn blocked_until(released: Receiver<()>) -> impl FnOnce() + Send {
        move || {
            let _ = released.recv();
        }
    }

    fn counted(ended: &mpsc::Sender<u32>, n: u32) -> impl FnOnce() + Send + use<> {
        let ended = ended.clone();
        move || ended.blocking_send(n).unwrap()
    }

    #[tokio::test]
    async fn a_job_that_blocks_holds_up_none_behind_it() {
        let threads = Threads::new(100, Handle::current());
        let (ended, mut ends) = mpsc::channel(ENDS_MAX);
        let mut releases: Vec<Sender<()>> = Vec::new();
        for n in 0..50 {
            let (release, released) = channel();
            releases.push(release);
            threads.run(blocked_until(released));
            threads.run(counted(&ended, n));
        }
        let mut seen = Vec::new();
        while seen.len() < 50 {
            seen.extend(ends.recv().await);
        }
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..50));
        drop(releases);
    }

    #[tokio::test]
    async fn a_job_without_a_thread_waits_for_one() {
        let threads = Threads::new(2, Handle::current());
        let (ended, mut ends) = mpsc::channel(ENDS_MAX);
        let mut releases: Vec<Sender<()>> = Vec::new();
        for _ in 0..2 {
            let (release, released) = channel();
            releases.push(release);
            threads.run(blocked_until(released));
        }
        for n in 0..1000 {
            threads.run(counted(&ended, n));
        }
        releases.pop();
        for n in 0..1000 {
            assert_eq!(ends.recv().await, Some(n));
        }
    }

    #[tokio::test]
    async fn a_panic_costs_no_thread() {
        let threads = Threads::new(1, Handle::current());
        let (ended, mut ends) = mpsc::channel(ENDS_MAX);
        for n in 0..10 {
            threads.run(|| panic!("a bug"));
            threads.run(counted(&ended, n));
            assert_eq!(ends.recv().await, Some(n));
        }
    }

    #[tokio::test]
    async fn what_has_not_begun_is_discarded_with_the_threads() {
        let threads = Threads::new(1, Handle::current());
        let (_release, released) = channel();
        threads.run(blocked_until(released));
        let (ended, mut ends) = mpsc::channel(ENDS_MAX);
        threads.run(counted(&ended, 0));
        drop((threads, ended));
        assert_eq!(ends.recv().await, None);
    }

    /// As code of a tool does that has a runtime of its own.
    #[test]
    fn a_caller_may_end_before_the_worker() {
        let worker = tokio::runtime::Runtime::new().unwrap();
        let threads = Threads::new(10, worker.handle().clone());
        let (ended, mut ends) = mpsc::channel(ENDS_MAX);
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(async { threads.run(counted(&ended, 0)) });
        let (_release, released) = channel();
        threads.run(blocked_until(released));
        threads.run(counted(&ended, 1));
        let mut seen = [ends.blocking_recv(), ends.blocking_recv()];
        seen.sort_unstable();
        assert_eq!(seen, [Some(0), Some(1)]);
    }
}
