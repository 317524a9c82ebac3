//! What must hold for the order of runs, whatever happens.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::ability::Ability;
use contract::run::RunResult;
use contract::{Command, NewEvent, RunId, RunOutcome};
use proptest::prelude::*;
use serde_json::json;

use super::super::super::Story;
use super::super::{ability, draft, id, object};
use super::{Mark, marks};

const OBJECTS: [&str; 3] = ["bell", "mic", "till"];

#[derive(Debug, Clone)]
enum Step {
    /// Events of one command, each for one object or for all.
    Send(Vec<(usize, Option<usize>)>),
    /// A worker ends a run, perhaps with an event.
    Complete(usize, Option<(usize, usize)>),
    Fail(usize),
    /// Of any run that is open.
    Cancel(usize),
    PassTime(u64),
    /// The world service is killed: the state is what the log says.
    Kill,
    Remove(usize),
    Place(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let event = (0..2_usize, prop::option::of(0..OBJECTS.len()));
    let sent = prop::option::of((0..2_usize, 0..OBJECTS.len()));
    prop_oneof![
        6 => prop::collection::vec(event, 1..6).prop_map(Step::Send),
        8 => (0..8_usize, sent).prop_map(|(run, sent)| Step::Complete(run, sent)),
        2 => (0..8_usize).prop_map(Step::Fail),
        2 => (0..20_usize).prop_map(Step::Cancel),
        1 => (1..400_u64).prop_map(Step::PassTime),
        1 => Just(Step::Kill),
        1 => (0..OBJECTS.len()).prop_map(Step::Remove),
        2 => (0..OBJECTS.len()).prop_map(Step::Place),
    ]
}

/// An object with two abilities that share an order, and one beside it.
fn any_object(name: &str) -> contract::Entity {
    let beside = Ability {
        concurrent: true,
        ..ability("watch", "*")
    };
    object(
        name,
        &[ability("one", "a.one"), ability("two", "a.two"), beside],
    )
}

/// A story in which each event has a number of its own.
struct Numbered {
    story: Story,
    count: u64,
}

impl Numbered {
    fn event(&mut self, kind: usize, target: Option<usize>) -> NewEvent {
        self.count += 1;
        let target = target.map(|index| OBJECTS[index]);
        draft(["a.one", "a.two"][kind], target, &json!({"n": self.count}))
    }

    fn started(&self, which: usize) -> Option<RunId> {
        let open = self.story.open();
        open.get(which % open.len().max(1)).copied()
    }

    fn complete(&mut self, run: RunId, sent: Option<(usize, usize)>) {
        let sent = sent.map(|(kind, target)| self.event(kind, Some(target)));
        let completed = RunResult {
            events: sent.into_iter().collect(),
            ..RunResult::default()
        };
        // Who was named may be gone: then the run ends without the event.
        if self.story.done(run, completed).is_err() {
            self.story.end(run);
        }
    }

    fn send(&mut self, command: Command) {
        // Refusals are of no interest here: an object that is not there, or there already.
        let _ = self.story.send("guest", command);
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Send(events) => {
                let events = events.iter();
                let events = events.map(|(kind, target)| self.event(*kind, *target));
                let events = events.collect();
                let message = None;
                self.send(Command::SendEvents { events, message });
            }
            Step::Complete(which, sent) => {
                if let Some(run) = self.started(*which) {
                    self.complete(run, *sent);
                }
            }
            Step::Fail(which) => {
                if let Some(run) = self.started(*which) {
                    let outcome = RunOutcome::Failed {
                        code: "broken".into(),
                        reason: "no".into(),
                    };
                    let command = Command::Complete { run, outcome };
                    self.story.send("world", command).unwrap();
                }
            }
            Step::Cancel(which) => {
                let runs = self.story.world.runs.len();
                let run = self.story.world.runs.iter().nth(which % runs.max(1));
                if let Some(run) = run.map(|(run, _)| run) {
                    self.send(Command::CancelRun { run });
                }
            }
            Step::PassTime(seconds) => {
                self.story.now = self.story.now + Duration::from_secs(*seconds);
                self.story.send("world", Command::FireDue).unwrap();
            }
            Step::Kill => self.story.world = self.story.replayed(),
            Step::Remove(index) => {
                let entity = id(OBJECTS[*index]);
                self.send(Command::RemoveEntity { entity });
            }
            Step::Place(index) => {
                self.send(Command::CreateEntity(any_object(OBJECTS[*index])));
            }
        }
    }

    /// At most one run of an entity has begun, and none waits for nothing.
    fn check(&self, step: &Step) -> Result<(), TestCaseError> {
        let mut runs = BTreeMap::<_, (usize, usize)>::new();
        for (_, run) in self
            .story
            .world
            .runs
            .iter()
            .filter(|(_, run)| !run.concurrent)
        {
            let (begun, queued) = runs.entry(&run.entity).or_default();
            *(if run.queued { queued } else { begun }) += 1;
        }
        for (entity, (begun, _)) in runs {
            prop_assert_eq!(begun, 1, "{} after {:?}", entity, step);
        }
        prop_assert!(!crate::runs::has_due(&self.story.world));
        Ok(())
    }

    /// The runs of each entity begin in the order in which they were requested. Only what ends before it has
    /// begun is left out.
    fn check_order(&self) -> Result<(), TestCaseError> {
        let events = || self.story.log.iter().flat_map(|commit| &commit.events);
        let marks = marks(events());
        for entity in OBJECTS {
            let of = |begins: bool| {
                let wanted = move |mark: &&Mark| mark.entity == entity && mark.begins == begins;
                marks.iter().filter(wanted).map(|mark| mark.number)
            };
            let mut requested = of(false);
            for begun in of(true) {
                let is_next = requested.any(|number| number == begun);
                prop_assert!(is_next, "{} of {}", begun, entity);
            }
        }
        let ends =
            |kind: &'static str| events().filter(move |event| event.event_type.as_str() == kind);
        let ended: usize = ["action.completed", "action.failed", "action.cancelled"]
            .map(|kind| ends(kind).count())
            .iter()
            .sum();
        prop_assert_eq!(ends("action.requested").count(), ended);
        Ok(())
    }
}

proptest! {
    #[test]
    fn runs_of_one_entity_are_serial_and_none_is_lost(
        steps in prop::collection::vec(any_step(), 1..80),
    ) {
        let mut numbered = Numbered { story: Story::begin(&[]), count: 0 };
        for name in OBJECTS {
            numbered.story.add(any_object(name));
        }
        for step in &steps {
            numbered.take(step);
            numbered.check(step)?;
        }
        // None starves: all runs end when workers end what they have.
        while let [run, ..] = numbered.story.open()[..] {
            numbered.complete(run, None);
        }
        prop_assert_eq!(numbered.story.world.runs.len(), 0);
        numbered.check_order()?;
        numbered.story.replays();
    }
}
