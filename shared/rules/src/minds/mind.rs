//! What an agent has in mind, as the log adds it up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::ability::AbilityKey;
use contract::mind::{MemoryEntry, MemoryLimits, MindView, Summary};
use contract::{EventId, InteractionId, RunId};
use serde::{Deserialize, Serialize};

/// Events that wake an agent and wait to be thought about. What comes beyond is only remembered: the
/// agent is awake in any case.
const CAUSES_MAX: usize = 100;
/// What an agent remembers word for word, in bytes: a worker gets all of it in one message.
const MEMORY_BYTES_MAX: usize = 128 * 1024;
/// An event without its payload, about.
const REMEMBERED_BYTES: usize = 256;
/// Events that wait to be summarised, as a multiple of those that are kept word for word. Beyond, the
/// oldest are forgotten: nobody summarises.
const UNSUMMARISED_TIMES_MAX: usize = 4;
/// All thoughts that an agent keeps: they are part of each prompt.
const THOUGHTS_BYTES_MAX: usize = 64 * 1024;

/// What an agent has in mind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Mind {
    /// What has woken it, oldest first. It is awake while there is something.
    causes: VecDeque<Cause>,
    /// The run in which it decides what to do about the first of them.
    deciding: Option<Deciding>,
    /// The run that summarises what it forgets.
    summarising: Option<RunId>,
    /// Events that it remembered since it last tried to summarise.
    unsummarised: usize,
    /// Runs of abilities that it used: it decides again when they have ended.
    waits_for: BTreeSet<RunId>,
    /// Requests of abilities of entities that have a behaviour, likewise.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    waits_for_requests: BTreeSet<InteractionId>,
    /// Decisions about what woke it first.
    step: u32,
    /// Decisions since the last event of a person, the world, or a timer of its own.
    steps: u32,
    plan: Vec<String>,
    thoughts: BTreeMap<String, String>,
    summary: String,
    memory: VecDeque<MemoryEntry>,
    /// What must follow what it did, by one of its chains.
    chain: VecDeque<AbilityKey>,
}

/// What has woken an agent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cause {
    event: MemoryEntry,
    /// Whether a person, or the world, did it: then the agent may take as many decisions as ever.
    by_person: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Deciding {
    run: RunId,
    /// What it is about: the agent may have been put to sleep and woken again since.
    cause: EventId,
    /// Decisions about that before this one.
    step: u32,
}

impl Mind {
    /// Whether it can decide what to do now, and has a reason to.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_busy() && !self.causes.is_empty()
    }

    /// Whether it decides, or waits for what it has decided.
    fn is_busy(&self) -> bool {
        self.deciding.is_some() || !self.waits_for.is_empty() || !self.waits_for_requests.is_empty()
    }

    /// Whether it decides, or summarises, in this run.
    pub(super) fn is_current_run(&self, run: RunId) -> bool {
        let deciding = self.deciding.as_ref().map(|deciding| deciding.run);
        deciding == Some(run) || self.summarising == Some(run)
    }

    /// Whether so much is remembered that some of it is to be summarised.
    pub(super) fn is_full(&self, limits: MemoryLimits) -> bool {
        let bytes: usize = self.memory.iter().map(bytes).sum();
        let is_much =
            self.memory.len() >= 2 * events_max(limits) || bytes > MEMORY_BYTES_MAX * 3 / 4;
        let kept = self.kept(limits);
        let has_surplus = kept < self.memory.len();
        let is_due = has_surplus && is_much && self.unsummarised >= kept;
        limits.paragraphs > 0 && self.summarising.is_none() && is_due
    }

    /// As many of the latest events as it keeps word for word when the others are summarised.
    fn kept(&self, limits: MemoryLimits) -> usize {
        let mut total = 0;
        let latest = self.memory.iter().rev().take(events_max(limits));
        let kept = latest.take_while(|event| {
            total += bytes(event);
            total <= MEMORY_BYTES_MAX / 2
        });
        kept.count()
    }

    pub(super) fn cause(&self) -> Option<&MemoryEntry> {
        self.causes.front().map(|cause| &cause.event)
    }

    /// Whether it has taken so many decisions that it may take no more.
    pub(super) fn is_exhausted(&self, steps_max: u32) -> bool {
        self.steps >= steps_max && !self.begins_afresh()
    }

    /// Whether what it is to decide about next is somebody's, and new.
    fn begins_afresh(&self) -> bool {
        self.step == 0 && self.causes.front().is_some_and(|cause| cause.by_person)
    }

    /// What it decides about, and how many decisions it has taken about that before.
    pub(super) fn deciding(&self) -> Option<(EventId, u32)> {
        let deciding = self.deciding.as_ref()?;
        Some((deciding.cause, deciding.step))
    }

    pub(super) fn next(&self) -> Option<&AbilityKey> {
        self.chain.front()
    }

    pub(super) fn plan(&self) -> &[String] {
        &self.plan
    }

    pub(super) fn thoughts(&self) -> &BTreeMap<String, String> {
        &self.thoughts
    }

    pub(super) fn summary(&self) -> &str {
        &self.summary
    }

    pub(super) fn memory(&self) -> impl Iterator<Item = &MemoryEntry> {
        self.memory.iter()
    }

    /// What it remembers beyond what it shall remember word for word.
    pub(super) fn surplus(&self, limits: MemoryLimits) -> impl Iterator<Item = &MemoryEntry> {
        self.memory
            .iter()
            .take(self.memory.len() - self.kept(limits))
    }

    pub(super) fn wake(&mut self, event: MemoryEntry, by_person: bool) {
        if self.causes.len() >= CAUSES_MAX {
            // People come before agents. The first is being thought about.
            let others = self.causes.iter().skip(1);
            let last = others.rev().position(|cause| !cause.by_person);
            let Some(from_the_end) = last.filter(|_| by_person) else {
                return;
            };
            self.causes.remove(self.causes.len() - 1 - from_the_end);
        }
        self.causes.push_back(Cause { event, by_person });
    }

    pub(super) fn remember(&mut self, event: MemoryEntry, limits: MemoryLimits) {
        self.memory.push_back(event);
        self.unsummarised += 1;
        self.trim(limits);
    }

    /// Forgets what is more than it may remember.
    pub(super) fn trim(&mut self, limits: MemoryLimits) {
        let times = match limits.paragraphs {
            0 => 1,
            _ => UNSUMMARISED_TIMES_MAX,
        };
        let most = events_max(limits) * times;
        let mut total: usize = self.memory.iter().map(bytes).sum();
        while self.memory.len() > most || total > MEMORY_BYTES_MAX {
            let Some(oldest) = self.memory.pop_front() else {
                return;
            };
            total -= bytes(&oldest);
        }
    }

    /// Remembers in short what it summarised in this run, if it did not forget it meanwhile.
    pub(super) fn summarise(&mut self, summary: &Summary, run: RunId) {
        if self.summarising != Some(run) {
            return;
        }
        self.summary.clone_from(&summary.text);
        let is_last = |event: &MemoryEntry| event.id == summary.until;
        if let Some(last) = self.memory.iter().rposition(is_last) {
            self.memory.drain(..=last);
        }
    }

    pub(super) fn begin_summary(&mut self, run: RunId) {
        self.summarising = Some(run);
        self.unsummarised = 0;
    }

    pub(super) fn end_summary(&mut self) {
        self.summarising = None;
    }

    pub(super) fn begin_decision(&mut self, run: RunId) {
        if self.begins_afresh() {
            self.steps = 0;
        }
        if let Some(cause) = self.causes.front() {
            self.deciding = Some(Deciding {
                run,
                cause: cause.event.id,
                step: self.step,
            });
            self.step += 1;
            self.steps += 1;
        }
    }

    pub(super) fn end_decision(&mut self) {
        self.deciding = None;
    }

    /// Waits until a run of an ability that it used has ended.
    pub(super) fn wait_for(&mut self, run: RunId) {
        self.waits_for.insert(run);
    }

    pub(super) fn run_ended(&mut self, run: RunId) {
        self.waits_for.remove(&run);
    }

    /// Waits until a request of an ability that it used has ended.
    pub(super) fn wait_for_request(&mut self, request: InteractionId) {
        self.waits_for_requests.insert(request);
    }

    pub(super) fn request_ended(&mut self, request: InteractionId) {
        self.waits_for_requests.remove(&request);
    }

    pub(super) fn update(&mut self, plan: Option<&[String]>, thoughts: &BTreeMap<String, String>) {
        if let Some(plan) = plan {
            self.plan = plan.to_vec();
        }
        for (about, thought) in thoughts {
            self.thoughts.remove(about);
            let kept = self.thoughts.iter();
            let kept: usize = kept
                .map(|(about, thought)| about.len() + thought.len())
                .sum();
            let fits = kept + about.len() + thought.len() <= THOUGHTS_BYTES_MAX;
            if fits && !thought.is_empty() {
                self.thoughts.insert(about.clone(), thought.clone());
            }
        }
    }

    /// Is done with what it decided about. What woke it meanwhile comes next.
    pub(super) fn sleep(&mut self) {
        let about = self.deciding.as_ref().map(|deciding| deciding.cause);
        let is_about = |cause: &Cause| about.is_none_or(|about| about == cause.event.id);
        if self.causes.front().is_some_and(is_about) {
            self.causes.pop_front();
            self.reset_chain();
        }
    }

    /// Is done with all that woke it.
    pub(super) fn sleep_at_once(&mut self) {
        self.causes.clear();
        self.reset_chain();
    }

    /// Has taken as many decisions as it may: it leaves what woke it, but not what people want of it.
    pub(super) fn give_up_causes(&mut self) {
        self.causes.pop_front();
        while self.causes.front().is_some_and(|cause| !cause.by_person) {
            self.causes.pop_front();
        }
        self.reset_chain();
    }

    fn reset_chain(&mut self) {
        self.step = 0;
        self.plan.clear();
        self.chain.clear();
    }

    /// It has used an ability: what follows it in one of the chains comes next.
    pub(super) fn advance_chain(&mut self, used: &AbilityKey, chains: &[Vec<AbilityKey>]) {
        if self.chain.front() == Some(used) {
            self.chain.pop_front();
        } else if let Some(chain) = chains.iter().find(|chain| chain.first() == Some(used)) {
            self.chain = chain.iter().skip(1).cloned().collect();
        }
    }

    /// What must still follow, by the chain that it is in.
    pub(super) fn chain_length(&self) -> usize {
        self.chain.len()
    }

    pub(super) fn abandon_chain(&mut self) {
        self.chain.clear();
    }

    /// Somebody is there again: it may go on for a while.
    pub(super) fn reset_steps(&mut self) {
        self.steps = 0;
    }

    /// Forgets all, but not what it still has to do.
    pub(super) fn forget(&mut self) {
        self.memory.clear();
        self.summarising = None;
        self.unsummarised = 0;
        self.summary.clear();
        self.plan.clear();
        self.thoughts.clear();
        self.steps = 0;
    }

    pub(super) fn view(&self) -> MindView {
        MindView {
            awake: !self.causes.is_empty(),
            busy: self.is_busy(),
            steps: self.steps,
            plan: self.plan.clone(),
            thoughts: self.thoughts.clone(),
            summary: self.summary.clone(),
            memory: self.memory.iter().cloned().collect(),
            causes: self
                .causes
                .iter()
                .map(|cause| cause.event.clone())
                .collect(),
            chain: self.chain.iter().cloned().collect(),
        }
    }
}

fn bytes(event: &MemoryEntry) -> usize {
    REMEMBERED_BYTES + event.data.get().len()
}

fn events_max(limits: MemoryLimits) -> usize {
    usize::try_from(limits.events).unwrap_or(1).max(1)
}
