use contract::Timestamp;
use contract::chat::ChatMessage;

use super::messages::label;
use super::*;
use crate::export::exported_world::tests::lobby;

fn messages() -> Vec<ChatMessage> {
    let messages = crate::fixtures::chat().messages.into_iter();
    messages.map(std::borrow::Cow::into_owned).collect()
}

fn text_of(messages: &[ChatMessage]) -> String {
    let lobby = lobby();
    let mut counts = RowCounts::default();
    let mut text = String::new();
    for each in messages {
        text.push_str(&message(&lobby, each, Some("human"), &mut counts));
    }
    text + &counts.note()
}

#[test]
fn the_head_names_the_world_and_its_agents_in_order() {
    let head = head(&lobby(), Timestamp::from_unix_ms(0));
    let expected = "# World Export: Lobby\n\n**Exported on:** 1970-01-01T00:00:00.000Z\n\n\
        ## World Configuration\n\n- **Name:** Lobby\n- **ID:** lobby\n\
        - **Description:** No description\n- **Turn Limit:** 5\n- **Chat LLM Provider:** openai\n\
        - **Total Agents:** 2\n- **Total Chats:** 1\n- **Current Chat:** New Chat\n\
        ## Agents (2)\n\n### Ada L\n\n**Configuration:**\n- **ID:** ada\n\
        - **LLM Provider:** google\n- **Model:** pro\n- **Temperature:** default\n\
        - **Max Tokens:** default\n- **LLM Calls:** 1\n- **System Prompt:**\n\
        ```\nBe kind.\n```\n\n---\n\n### eve-2\n";
    assert!(head.starts_with(expected), "{head}");
    assert!(
        head.ends_with("## Current Chat - New Chat\n\n**Messages (2):**\n\n"),
        "{head}"
    );
}

#[test]
fn messages_are_numbered_labelled_and_indented() {
    let mut messages = messages();
    messages[1].text = "one\\ntwo\n```x```".to_owned();
    let expected = "1. **From: HUMAN**:\n    ```\n    hi\n    ```\n\n\
        2. **Agent: Ada L (reply to human)**:\n    ```\n    one\n    two\n    \
        \\`\\`\\`x\\`\\`\\`\n    ```\n\n\
        *Note: 2 total messages (1 user, 1 agent/system), 2 after deduplication (1 unique user \
        messages)*\n\n";
    assert_eq!(text_of(&messages), expected);
}

#[test]
fn a_message_is_labelled_by_who_sent_it() {
    let lobby = lobby();
    let mut message = messages().remove(0);
    for (sender, answerers, from_agent, expected) in [
        (
            "bob",
            vec!["ada", "eve-2"],
            false,
            "Agent: Ada L, eve-2 (message from bob)",
        ),
        ("bob", vec![], false, "From: bob"),
        ("guest", vec!["ada"], false, "From: guest"),
        ("gone", vec![], true, "Agent: gone (reply)"),
    ] {
        message.sender = sender.parse().unwrap();
        message.from_agent = from_agent;
        message.answerers = answerers.iter().map(|id| id.parse().unwrap()).collect();
        assert_eq!(label(&lobby, &message, None), expected);
    }
}

#[test]
fn an_empty_world_has_no_agents_and_no_chat() {
    let mut lobby = lobby();
    lobby.world.current_chat = None;
    lobby.outline.entities.clear();
    let head = head(&lobby, Timestamp::MAX);
    assert!(
        head.contains("## Agents\n\nNo agents found in this world.\n\n"),
        "{head}"
    );
    assert!(
        head.ends_with("## Current Chat\n\nNo current chat found in this world.\n\n"),
        "{head}"
    );
    assert!(metadata(&lobby, 0, 10).contains("Agents (0), Current Chat (0), Events (0)"));
}

#[test]
fn a_file_is_named_after_its_world_and_its_moment() {
    let name = file_name("lobby", Timestamp::from_unix_ms(0));
    assert_eq!(name, "lobby-1970-01-01T00-00-00.md");
}
