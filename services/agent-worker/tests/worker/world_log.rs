//! The runs of a world, as its log has them.

use bus::Bus;
use contract::fact::{ActionCompleted, ActionRequested};
use contract::mind::MindUpdate;
use contract::run::RunResult;
use contract::{
    CommandId, Commit, Event, EventId, Fact, MessageId, RunId, RunOutcome, Timestamp, WorldId,
};
use testkit::eventually;

/// An event of a log.
pub(crate) struct Logged {
    pub(crate) event: Event,
    /// Its payload, if it is built in.
    pub(crate) fact: Option<Fact>,
    /// The command that made it.
    pub(crate) command: CommandId,
    pub(crate) at: Timestamp,
}

/// All events of a world, oldest first.
pub(crate) async fn read_log(bus: &Bus, world: &WorldId) -> Vec<Logged> {
    let (mut log, mut after) = (Vec::new(), 0);
    loop {
        let entries = bus.log().read(world, after).await.unwrap_or_default();
        let Some(last) = entries.last() else {
            return log;
        };
        after = last.seq;
        for entry in entries {
            log.extend(logged(entry.commit().unwrap()));
        }
    }
}

fn logged(commit: Commit) -> Vec<Logged> {
    let at = commit.at;
    let commands = commit.commands.into_iter().flat_map(|mark| {
        let events = usize::try_from(mark.events).unwrap();
        std::iter::repeat_n(mark.id, events)
    });
    let events = commands.zip(commit.events);
    let logged = events.map(|(command, event)| Logged {
        fact: Fact::parse(&event.event_type, &event.data).unwrap(),
        event,
        command,
        at,
    });
    logged.collect()
}

/// Waits until something is found in the log of a world.
pub(crate) async fn find_in_log<T>(
    (bus, world): (&Bus, &WorldId),
    name: &str,
    find: impl Fn(&[Logged]) -> Option<T>,
) -> T {
    let mut found = None;
    eventually(name, async || {
        found = find(&read_log(bus, world).await);
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// The runs that were requested, oldest first.
pub(crate) fn requested(log: &[Logged]) -> impl Iterator<Item = (RunId, &ActionRequested)> {
    log.iter().filter_map(|logged| match &logged.fact {
        Some(Fact::ActionRequested(requested)) => Some((logged.event.id.run(), requested)),
        _ => None,
    })
}

/// The run on the way to the answer of a message, or that makes a call on it.
pub(crate) fn run_for(log: &[Logged], message: MessageId, is_call: bool) -> Option<RunId> {
    let mut runs = requested(log).filter(|(_, requested)| {
        requested.message == Some(message) && requested.call.is_some() == is_call
    });
    runs.next().map(|(id, _)| id)
}

/// How a run ended, as often as it is in the log. A run that was cancelled has no outcome.
pub(crate) fn outcomes(log: &[Logged], id: RunId) -> Vec<RunOutcome> {
    let outcomes = log.iter().filter_map(|logged| match &logged.fact {
        Some(Fact::ActionCompleted(completed)) if completed.run == id => {
            Some(RunOutcome::Completed(result(log, logged, completed)))
        }
        Some(Fact::ActionFailed(failed)) if failed.run == id => Some(RunOutcome::Failed {
            code: failed.code.clone(),
            reason: failed.reason.clone(),
        }),
        _ => None,
    });
    outcomes.collect()
}

/// Whether a run was cancelled.
pub(crate) fn is_cancelled(log: &[Logged], id: RunId) -> bool {
    log.iter().any(|logged| {
        matches!(&logged.fact, Some(Fact::ActionCancelled(cancelled)) if cancelled.run == id)
    })
}

/// What of the result of a run entered the log with its end.
fn result(log: &[Logged], end: &Logged, completed: &ActionCompleted) -> RunResult {
    let mut result = RunResult {
        message: Some(completed.said.clone()).filter(|text| !text.is_empty()),
        calls: completed.calls.clone(),
        output: completed.output.clone(),
        usage: completed.usage.clone(),
        ..RunResult::default()
    };
    let of_run =
        |logged: &&Logged| logged.command == end.command && logged.event.sender == end.event.sender;
    for logged in log.iter().filter(of_run) {
        match &logged.fact {
            Some(Fact::MessagePosted(posted)) if !posted.notice => {
                result.message = Some(posted.text.clone());
            }
            Some(Fact::AgentThought(thought)) => {
                let update = result.thought.get_or_insert_with(MindUpdate::default);
                update.plan.clone_from(&thought.plan);
                update.thoughts.clone_from(&thought.thoughts);
                update.sleeps = thought.sleeps;
            }
            Some(Fact::AgentSummarised(summarised)) => {
                let update = result.thought.get_or_insert_with(MindUpdate::default);
                update.summary = Some(summarised.summary.clone());
            }
            _ => {}
        }
    }
    result
}

/// The facts of a log, each with its event and its time.
pub(crate) fn facts(log: Vec<Logged>) -> impl Iterator<Item = (Fact, EventId, Timestamp)> {
    log.into_iter()
        .filter_map(|logged| Some((logged.fact?, logged.event.id, logged.at)))
}
