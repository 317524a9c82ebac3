//! The open interactions of a world, as the log adds them up.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use contract::{EntityId, InteractionId, StreamRef};
use serde::{Deserialize, Serialize};

use super::learners::Learners;
use super::open::{OpenInteraction, Progress};

/// When an entity answers messages of chats, as its machine lets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answers {
    /// In this state.
    Now,
    /// In another state, or after what it does now.
    Later,
    /// In no state.
    Never,
}

/// The interactions that a target has not ended yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Interactions {
    open: BTreeMap<InteractionId, OpenInteraction>,
    /// What each target has not ended, in the order in which it was requested.
    by_target: BTreeMap<EntityId, BTreeMap<u64, InteractionId>>,
    by_requester: BTreeMap<EntityId, BTreeSet<InteractionId>>,
    /// Those that read a stream.
    by_stream: BTreeMap<StreamRef, BTreeSet<InteractionId>>,
    /// The targets for which something follows at once. Empty between commits, unless there are more
    /// than one commit takes.
    due: BTreeSet<(InteractionId, EntityId)>,
    /// When those answer messages whose machine does not accept that at any time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    answers: BTreeMap<EntityId, Answers>,
    /// How many there were so far.
    count: u64,
    #[serde(default, skip_serializing_if = "Learners::is_empty")]
    learners: Learners,
}

impl Interactions {
    pub(crate) fn get(&self, id: InteractionId) -> Option<&OpenInteraction> {
        self.open.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Those behind `after`, or all of them, by id.
    pub(crate) fn after(
        &self,
        after: Option<InteractionId>,
    ) -> impl Iterator<Item = (InteractionId, &OpenInteraction)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = self.open.range((start, Bound::Unbounded));
        range.map(|(id, interaction)| (*id, interaction))
    }

    /// Those behind `after` that an entity requested, by id.
    pub(crate) fn of_requester(
        &self,
        requester: &EntityId,
        after: Option<InteractionId>,
    ) -> impl Iterator<Item = (InteractionId, &OpenInteraction)> {
        let ids = self.by_requester.get(requester).into_iter();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = ids.flat_map(move |ids| ids.range((start, Bound::Unbounded)));
        ids.filter_map(|id| Some((*id, self.open.get(id)?)))
    }

    /// Those that a target has not ended, in the order in which they were requested.
    pub(crate) fn of_target<'a>(
        &'a self,
        target: &'a EntityId,
    ) -> impl Iterator<Item = (InteractionId, &'a OpenInteraction, &'a Progress)> {
        let ids = self.by_target.get(target).into_iter();
        let ids = ids.flat_map(BTreeMap::values);
        ids.filter_map(move |id| {
            let interaction = self.open.get(id)?;
            Some((*id, interaction, interaction.progress(target)?))
        })
    }

    /// The targets for which something follows at once.
    pub(super) fn due(&self) -> impl ExactSizeIterator<Item = &(InteractionId, EntityId)> {
        self.due.iter()
    }

    pub(super) fn is_due(&self, id: InteractionId, target: &EntityId) -> bool {
        self.due.contains(&(id, target.clone()))
    }

    /// What the processors of entities have learned.
    pub(super) const fn learners(&self) -> &Learners {
        &self.learners
    }

    pub(super) const fn learners_mut(&mut self) -> &mut Learners {
        &mut self.learners
    }

    /// The versions of the weights that processors have learned last.
    pub(crate) fn weights_in_use(&self) -> impl Iterator<Item = &String> {
        self.learners.versions()
    }

    /// Whether something follows at once.
    pub(crate) fn has_work(&self) -> bool {
        !self.due.is_empty()
    }

    /// An entity has no machine any more: it answers messages at any time.
    pub(super) fn forget_answers(&mut self, entity: &EntityId) {
        self.answers.remove(entity);
    }

    /// When an entity answers messages of chats.
    pub(crate) fn answers(&self, entity: &EntityId) -> Answers {
        self.answers.get(entity).copied().unwrap_or(Answers::Now)
    }

    /// Sets when an entity answers messages of chats. Whether that has changed.
    pub(crate) fn set_answers(&mut self, entity: &EntityId, answers: Answers) -> bool {
        let before = self.answers(entity);
        if answers == Answers::Now {
            self.answers.remove(entity);
        } else {
            self.answers.insert(entity.clone(), answers);
        }
        before != answers
    }

    /// Those that read a stream.
    pub(super) fn readers_of(&self, stream: &StreamRef) -> Vec<InteractionId> {
        let ids = self.by_stream.get(stream).into_iter().flatten();
        ids.copied().collect()
    }

    /// How many there were so far: the number of the last one.
    pub(crate) fn requests_so_far(&self) -> u64 {
        self.count
    }

    /// How many there were so far, this one included.
    pub(super) fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn insert(&mut self, id: InteractionId, interaction: OpenInteraction) {
        let requester = interaction.requester.clone();
        self.by_requester.entry(requester).or_default().insert(id);
        for target in interaction.targets.keys() {
            let queue = self.by_target.entry(target.clone()).or_default();
            queue.insert(interaction.number, id);
        }
        for bound in interaction.request.streams.iter() {
            let readers = self.by_stream.entry(bound.stream.clone()).or_default();
            readers.insert(id);
        }
        self.open.insert(id, interaction);
    }

    pub(super) fn progress_mut(
        &mut self,
        id: InteractionId,
        target: &EntityId,
    ) -> Option<&mut Progress> {
        let progress = self.open.get_mut(&id)?.targets.get_mut(target)?;
        progress.is_open().then_some(progress)
    }

    pub(super) fn set_due(&mut self, id: InteractionId, target: &EntityId) {
        self.due.insert((id, target.clone()));
    }

    pub(super) fn clear_due(&mut self, id: InteractionId, target: &EntityId) {
        self.due.remove(&(id, target.clone()));
    }

    /// All that an entity takes part in, and its part: as a requester, it concerns every target.
    pub(super) fn involving(&self, entity: &EntityId) -> Vec<(InteractionId, EntityId)> {
        let requested = self.of_requester(entity, None);
        let requested = requested.flat_map(|(id, interaction)| {
            let targets = interaction.open_targets();
            targets.map(move |(target, _)| (id, target.clone()))
        });
        let received = self.of_target(entity).map(|(id, ..)| (id, entity.clone()));
        requested.chain(received).collect()
    }

    /// A target has ended it: nothing waits for the target any more. The interaction, once all have.
    pub(super) fn end_target(
        &mut self,
        id: InteractionId,
        target: &EntityId,
    ) -> Option<OpenInteraction> {
        self.clear_due(id, target);
        let interaction = self.open.get_mut(&id)?;
        if let Some(queue) = self.by_target.get_mut(target) {
            queue.remove(&interaction.number);
            if queue.is_empty() {
                self.by_target.remove(target);
            }
        }
        interaction.open_targets = interaction.open_targets.saturating_sub(1);
        if interaction.open_targets > 0 {
            return None;
        }
        let ended = self.open.remove(&id)?;
        remove_from(&mut self.by_requester, &ended.requester, id);
        for bound in ended.request.streams.iter() {
            remove_from(&mut self.by_stream, &bound.stream, id);
        }
        Some(ended)
    }
}

fn remove_from<K: Ord>(
    index: &mut BTreeMap<K, BTreeSet<InteractionId>>,
    key: &K,
    id: InteractionId,
) {
    if let Some(ids) = index.get_mut(key) {
        ids.remove(&id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}
