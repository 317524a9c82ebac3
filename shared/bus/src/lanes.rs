//! Requests of this process to the same world travel together.
//!
//! Whoever asks first is not kept waiting; what is asked while a message to a world is under way goes
//! with the next one. Under load a message then carries what many ask, and costs as much as one. There
//! is never a second one under way: what is asked first also arrives first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use contract::{Reply, WorldId, subject};
use tokio::sync::oneshot;

use crate::commands::{ATTEMPT_TIMEOUT, ask_together};
use crate::{Bus, Error};

/// Requests that travel together: as many as fit in one commit.
const TOGETHER_MAX: usize = 256;
/// And their bytes, which must fit in a message of NATS (1 MiB by default); one that is larger by
/// itself goes alone.
const TOGETHER_BYTES_MAX: usize = 256 * 1024;

type Answered = oneshot::Sender<Result<Reply, Error>>;

/// What waits to be asked, by world. A world of which nothing is asked has no entry.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<WorldId, Lane>>);

#[derive(Default)]
struct Lane {
    waiting: VecDeque<(Bytes, Answered)>,
    /// Whether somebody carries what waits.
    is_carried: bool,
}

impl Lanes {
    /// Asks a world, together with whoever else does.
    pub(crate) async fn ask(
        &self,
        bus: &Bus,
        world: &WorldId,
        asked: Bytes,
    ) -> Result<Reply, Error> {
        let (answered, answer) = oneshot::channel();
        if self.join(world, asked, answered) {
            let (bus, world) = (bus.clone(), world.clone());
            #[expect(
                clippy::disallowed_methods,
                reason = "it ends by itself when nothing waits, and each message has its timeout"
            )]
            tokio::spawn(async move { carry(&bus, &world).await });
        }
        let lost = |_| Error::Unanswered {
            subject: subject::command(world),
            reason: "this process is about to end".to_owned(),
        };
        answer.await.map_err(lost)?
    }

    /// Adds to what waits; whether the caller has to carry it.
    fn join(&self, world: &WorldId, asked: Bytes, answered: Answered) -> bool {
        let mut lanes = self.lock();
        let lane = lanes.entry(world.clone()).or_default();
        lane.waiting.push_back((asked, answered));
        !std::mem::replace(&mut lane.is_carried, true)
    }

    /// What goes with the next message; nothing when the carrier may end.
    fn take(&self, world: &WorldId) -> (Vec<Bytes>, Vec<Answered>) {
        let mut lanes = self.lock();
        let mut taken = (Vec::new(), Vec::new());
        let Some(lane) = lanes.get_mut(world) else {
            return taken;
        };
        let mut bytes = 0;
        while taken.0.len() < TOGETHER_MAX {
            let fits = |(asked, _): &mut (Bytes, Answered)| {
                bytes == 0 || bytes + asked.len() <= TOGETHER_BYTES_MAX
            };
            let Some((asked, answered)) = lane.waiting.pop_front_if(fits) else {
                break;
            };
            // Whoever stopped waiting asks again by itself.
            if !answered.is_closed() {
                bytes += asked.len();
                taken.0.push(asked);
                taken.1.push(answered);
            }
        }
        if taken.0.is_empty() {
            lanes.remove(world);
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WorldId, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries what waits for a world until nothing does.
async fn carry(bus: &Bus, world: &WorldId) {
    let subject = subject::command(world);
    loop {
        let (asked, answered) = bus.lanes.take(world);
        if asked.is_empty() {
            return;
        }
        match ask_together(bus, &subject, &asked, ATTEMPT_TIMEOUT).await {
            Ok(replies) => {
                for (answered, reply) in answered.into_iter().zip(replies) {
                    let _ = answered.send(reply);
                }
                // Whoever was just answered may have more to ask: it is to go with the next message.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                let reason = crate::bus::chain(&error);
                for answered in answered {
                    let _ = answered.send(Err(Error::Unanswered {
                        subject: subject.clone(),
                        reason: reason.clone(),
                    }));
                }
            }
        }
    }
}
