//! In which chats each agent has something to answer.

use std::collections::{BTreeMap, BTreeSet};

use contract::{ChatId, EntityId};

/// The chats of each agent in which it has a queue. It follows from the queues, and is no part of what is
/// stored: it is made from them when it is first read.
#[derive(Debug, Clone, Default)]
pub(super) struct QueuedChats {
    by_agent: Option<BTreeMap<EntityId, BTreeSet<ChatId>>>,
}

impl QueuedChats {
    /// Notes that an agent has a queue in a chat.
    pub(super) fn add(&mut self, agent: &EntityId, chat: &ChatId) {
        if let Some(by_agent) = &mut self.by_agent {
            let chats = by_agent.entry(agent.clone()).or_default();
            chats.insert(chat.clone());
        }
    }

    /// Notes that an agent has no queue in a chat any more.
    pub(super) fn remove(&mut self, agent: &EntityId, chat: &ChatId) {
        let Some(by_agent) = &mut self.by_agent else {
            return;
        };
        if let Some(chats) = by_agent.get_mut(agent) {
            chats.remove(chat);
            if chats.is_empty() {
                by_agent.remove(agent);
            }
        }
    }

    /// The chats in which an agent has a queue; `queues` are those of all chats.
    pub(super) fn of<'a>(
        &mut self,
        agent: &EntityId,
        queues: impl Iterator<Item = (&'a ChatId, &'a EntityId)>,
    ) -> Vec<ChatId> {
        let by_agent = self.by_agent.get_or_insert_with(|| {
            let mut by_agent: BTreeMap<EntityId, BTreeSet<ChatId>> = BTreeMap::new();
            for (chat, agent) in queues {
                let chats = by_agent.entry(agent.clone()).or_default();
                chats.insert(chat.clone());
            }
            by_agent
        });
        let chats = by_agent.get(agent).into_iter().flatten();
        chats.cloned().collect()
    }

    /// All of it, once it was made.
    #[cfg(test)]
    pub(super) fn made(&self) -> Option<BTreeSet<(ChatId, EntityId)>> {
        let by_agent = self.by_agent.as_ref()?;
        let pairs = by_agent
            .iter()
            .flat_map(|(agent, chats)| chats.iter().map(|chat| (chat.clone(), agent.clone())));
        Some(pairs.collect())
    }
}
