//! Chats: list, open a new one, open another, delete; and what goes on in them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use contract::command::View;
use contract::{ChatId, Command, EntityId, WorldId};
use serde_json::{Value, json};

use super::doorway::Doorway;
use super::failure::{Failure, Refusal};
use super::model::Model;
use super::{prompt, shape};
use crate::body::Ids;
use crate::caller::Caller;

/// List the chats of a world.
#[utoipa::path(
    get, path = "/worlds/{world}/chats", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Vec<Value>),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn list(
    State(doorway): State<Arc<Doorway>>,
    Ids(world): Ids<String>,
) -> Result<Json<Vec<Value>>, Failure> {
    let model = doorway.find(&world).await?;
    Ok(Json(shape::chats(&model)))
}

/// Open an empty chat: one that nobody has used yet, or a new one.
#[utoipa::path(
    post, path = "/worlds/{world}/chats", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn create(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids(world): Ids<String>,
) -> Result<Json<Value>, Failure> {
    let world = doorway.find(&world).await?.id;
    doorway
        .open_new_chat(&world, caller.command_id(&world))
        .await?;
    opened(&doorway, &world).await
}

/// Open a chat. One that there is not leaves the other open, which is told as no success.
#[utoipa::path(
    post, path = "/worlds/{world}/setChat/{chat}", tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn set(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find_whole(&world).await?;
    let Some((chat, _)) = model.chat(&chat) else {
        return Ok(Json(json!({
            "world": shape::world(&model),
            "chatId": model.current_chat,
            "hitlPrompts": [],
            "success": false,
        })));
    };
    open(&doorway, &caller, &model.id, chat.clone()).await?;
    opened(&doorway, &model.id).await
}

/// Open a chat, as older clients do it.
#[utoipa::path(
    post, path = "/worlds/{world}/load-chat/{chat}", tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn load(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    let (chat, _) = model.chat(&chat).ok_or_else(Failure::no_chat)?;
    open(&doorway, &caller, &model.id, chat.clone()).await?;
    opened(&doorway, &model.id).await
}

/// Delete a chat. Answers that are being thought of in it are called off.
#[utoipa::path(
    delete, path = "/worlds/{world}/chats/{chat}", tag = "agent world",
    params(("world" = String, Path), ("chat" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn delete(
    State(doorway): State<Arc<Doorway>>,
    caller: Caller,
    Ids((world, chat)): Ids<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    let (chat, _) = model.chat(&chat).ok_or_else(Failure::no_chat)?;
    let command = Command::DeleteChat { chat: chat.clone() };
    let id = caller.command_id(&model.id);
    doorway
        .send(&model.id, id, EntityId::world(), command)
        .await?;
    Ok(Json(json!({"message": "Chat deleted successfully"})))
}

/// Tell who is answering, and where.
#[utoipa::path(
    get, path = "/worlds/{world}/status", tag = "agent world",
    params(("world" = String, Path)),
    responses(
        (status = 200, body = Value),
        (status = 404, body = Refusal),
    )
)]
pub(super) async fn status(
    State(doorway): State<Arc<Doorway>>,
    Ids(world): Ids<String>,
) -> Result<Json<Value>, Failure> {
    let model = doorway.find(&world).await?;
    Ok(Json(activity(&model)))
}

fn activity(model: &Model) -> Value {
    let (mut active, mut queued) = (Vec::new(), Vec::new());
    let mut waiting = 0;
    for (id, chat) in &model.chats {
        if !model.going_in(id).agents.is_empty() {
            active.push(id);
        } else if !chat.answering.is_empty() {
            queued.push(id);
            waiting += chat.answering.len();
        }
    }
    // An agent has one run in each chat, or several while its tools run.
    let runs = model.invocations.values();
    let runs = runs.map(|run| (&run.agent, run.answers.as_ref().map(|(chat, _)| chat)));
    let approvals = model.approvals.values();
    let asking = approvals.map(|approval| (&approval.agent, Some(&approval.chat)));
    let busy: BTreeSet<_> = runs.chain(asking).collect();
    let agents: BTreeSet<&EntityId> = busy.iter().map(|(agent, _)| *agent).collect();
    json!({
        "worldId": model.id,
        "isProcessing": !active.is_empty() || !queued.is_empty(),
        "activeChatIds": active,
        "queuedChatIds": queued,
        "activeAgentNames": agents,
        "queueDepth": waiting,
        "sendingCount": busy.len(),
    })
}

async fn open(
    doorway: &Doorway,
    caller: &Caller,
    world: &WorldId,
    chat: ChatId,
) -> Result<(), Failure> {
    let id = caller.command_id(world);
    let command = Command::OpenChat { chat };
    doorway.send(world, id, EntityId::world(), command).await?;
    Ok(())
}

async fn opened(doorway: &Doorway, world: &WorldId) -> Result<Json<Value>, Failure> {
    let model = doorway
        .look(world, View::Whole)
        .await?
        .ok_or_else(Failure::no_world)?;
    let prompts = model.current_chat.as_ref();
    let prompts = prompts.map(|chat| prompt::pending(&model, chat));
    Ok(Json(json!({
        "world": shape::world(&model),
        "chatId": model.current_chat,
        "hitlPrompts": prompts.unwrap_or_default(),
        "success": true,
    })))
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{asking, lobby};
    use super::*;

    #[test]
    fn a_world_tells_who_is_answering() {
        assert_eq!(activity(&lobby())["isProcessing"], false);
        let mut lobby = lobby();
        let id = "018f0000-0000-7000-8000-000000000009".parse().unwrap();
        let running = json!({"agent": "ada", "answers": ["main", {}]});
        lobby
            .invocations
            .insert(id, serde_json::from_value(running).unwrap());
        let chat = lobby.chats.values_mut().next().unwrap();
        chat.answering.push("ada".parse().unwrap());
        let shown = activity(&lobby);
        assert_eq!(shown["isProcessing"], true);
        assert_eq!(shown["activeChatIds"], json!(["main"]));
        assert_eq!(shown["activeAgentNames"], json!(["ada"]));
        assert_eq!(shown["sendingCount"], 1);
    }

    #[test]
    fn a_chat_whose_agent_waits_for_a_person_is_processing() {
        let mut lobby = asking(lobby());
        let chat = lobby.chats.values_mut().next().unwrap();
        chat.answering.push("ada".parse().unwrap());
        let shown = activity(&lobby);
        assert_eq!(shown["isProcessing"], true);
        assert_eq!(shown["activeChatIds"], json!(["main"]));
        assert_eq!(shown["activeAgentNames"], json!(["ada"]));
        assert_eq!(
            (&shown["queueDepth"], &shown["sendingCount"]),
            (&json!(0), &json!(1))
        );
    }
}
