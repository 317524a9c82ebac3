//! The chat in which a client talks with an agent.

use contract::view::ChatOutline;
use contract::{ChatId, EntityId};

/// The chat for messages to an agent: the open one, or else the first, in which it takes part.
pub(crate) fn chat_with_agent<'a>(
    agent: &EntityId,
    open: Option<&ChatId>,
    chats: &'a [ChatOutline<'a>],
) -> Option<&'a ChatId> {
    let takes_part = |outline: &&ChatOutline<'_>| {
        let agents = &outline.chat.agents;
        agents.is_empty() || agents.contains(agent)
    };
    let open = chats
        .iter()
        .filter(|outline| Some(&outline.chat.id) == open);
    let found = open.chain(chats).find(takes_part);
    found.map(|outline| &outline.chat.id)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use contract::{Chat, Timestamp};

    use super::*;

    #[test]
    fn a_message_to_an_agent_is_for_the_open_chat_if_it_takes_part() {
        let outline = |id: &str, agents: &[&str]| {
            let agents = agents.iter().map(|agent| agent.parse().unwrap());
            ChatOutline {
                chat: Cow::Owned(Chat {
                    agents: agents.collect(),
                    ..Chat::new(id.parse().unwrap())
                }),
                created_at: Timestamp::from_unix_ms(0),
                message_count: 0,
                answering: Vec::new(),
            }
        };
        let chats = [
            outline("all", &[]),
            outline("hers", &["ada"]),
            outline("his", &["bob"]),
        ];
        let bob = "bob".parse().unwrap();
        for (open, expected) in [
            (None, "all"),
            (Some("hers"), "all"),
            (Some("his"), "his"),
            (Some("gone"), "all"),
        ] {
            let open: Option<ChatId> = open.map(|id| id.parse().unwrap());
            let found = chat_with_agent(&bob, open.as_ref(), &chats);
            assert_eq!(found.map(ChatId::as_str), Some(expected), "{open:?}");
        }
        assert_eq!(chat_with_agent(&bob, None, &[]), None);
    }
}
