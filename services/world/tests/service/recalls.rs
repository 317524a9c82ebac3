//! Messages that the state does not keep any more: a command on one waits for the archive, and nobody else
//! does.

use std::collections::BTreeMap;

use bus::Bus;
use contract::chat::ChatMessage;
use contract::query::{HistoryQuery, HistoryRow, MessageRow, QueryReply};
use contract::{ChatId, Command, CommandId, Fact, MessageId, Position, RejectionCode, WorldId};
use tokio::task::JoinHandle;

use crate::support::{Harness, post};

/// The messages of each chat, as the log adds them up.
async fn messages(bus: &Bus, world: &WorldId) -> BTreeMap<ChatId, Vec<MessageRow>> {
    let mut chats = BTreeMap::<ChatId, Vec<MessageRow>>::new();
    let mut after = 0;
    loop {
        let entries = bus.log().read(world, after).await.unwrap();
        let Some(last) = entries.last() else {
            return chats;
        };
        after = last.seq;
        for entry in entries {
            let commit = entry.commit().unwrap();
            for (index, event) in (0..).zip(commit.events) {
                let Ok(Some(fact)) = Fact::parse(&event.event_type, &event.data) else {
                    continue;
                };
                let Some(chat) = event.chat.clone() else {
                    continue;
                };
                let rows = chats.entry(chat.clone()).or_default();
                match fact {
                    Fact::MessagePosted(posted) => rows.push(MessageRow {
                        position: Position {
                            seq: entry.seq,
                            index,
                        },
                        chat,
                        message: ChatMessage {
                            id: event.id.message(),
                            sender: event.sender.clone(),
                            from_agent: posted.from_agent,
                            answerers: Vec::new(),
                            text: posted.text,
                            at: commit.at,
                            turn: posted.turn,
                            in_reply_to: posted.in_reply_to,
                        },
                    }),
                    Fact::MessageRemoved(removed) => {
                        let is_first = |row: &MessageRow| row.message.id == removed.message;
                        let first = rows.iter().position(is_first);
                        rows.truncate(first.unwrap_or(rows.len()));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Answers the queries of the world service as an archive does that has read the whole log.
async fn serve_archive(bus: Bus) -> JoinHandle<()> {
    let queries = bus.responder().subscribe_queries::<HistoryQuery>().await;
    let mut queries = queries.unwrap();
    tokio::spawn(async move {
        while let Some(incoming) = queries.next().await {
            let query = incoming.query;
            let chats = messages(&bus, &query.world).await;
            let rows = chats.get(&query.chat).map_or(&[][..], Vec::as_slice);
            let place = rows.iter().position(|row| row.message.id == query.message);
            let end = place.map_or(0, |place| place + 1);
            let first = end.saturating_sub(query.limit as usize);
            let found = rows[first..end].iter().map(|row| HistoryRow {
                before: end as u64 - 1,
                row: row.clone(),
            });
            let rows = QueryReply::Rows {
                rows: found.collect(),
                more: first > 0,
            };
            incoming.reply.send(&rows).await;
        }
    })
}

/// A world whose chat has so many messages, none of which is answered.
async fn with_messages(harness: &Harness, count: usize) -> (WorldId, Vec<MessageId>) {
    let world = harness.create("lobby").await;
    let mut ids = Vec::new();
    for number in 0..count {
        let id = CommandId::new();
        let text = format!("@nobody {number}");
        let posted = harness.send_as(&world, id, "guest", post("main", &text));
        posted.await.unwrap();
        ids.push(id.event(0).message());
    }
    (world, ids)
}

fn remove(message: MessageId) -> Command {
    Command::RemoveMessage {
        chat: "main".parse().unwrap(),
        message,
    }
}

async fn shown(harness: &Harness, world: &WorldId) -> (usize, u64) {
    let state = harness.state(world, None).await.unwrap();
    let chat = &state["chats"]["main"];
    let kept = chat["messages"].as_array().unwrap().len();
    (kept, chat["message_count"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn old_messages_are_edited_and_removed_once_and_the_state_is_that_of_the_log() {
    let harness = Harness::start().await;
    let (world, ids) = with_messages(&harness, 260).await;
    let archive = serve_archive(harness.bus.clone()).await;
    let edit = Command::EditMessage {
        chat: "main".parse().unwrap(),
        message: ids[40],
        text: "@nobody anew".to_owned(),
    };
    let id = CommandId::new();
    // A repeat that comes while the archive is read gets the same answer.
    let (first, again) = tokio::join!(
        harness.send_as(&world, id, "guest", edit.clone()),
        harness.send_as(&world, id, "guest", edit.clone()),
    );
    assert_eq!(first.unwrap(), again.unwrap());
    assert_eq!(shown(&harness, &world).await, (41, 41));
    let gone = harness.send(&world, "guest", remove(ids[41])).await;
    assert_eq!(gone.unwrap_err().code, RejectionCode::UnknownMessage);
    harness
        .send(&world, "guest", remove(ids[40]))
        .await
        .unwrap_err();
    harness.send(&world, "guest", remove(ids[2])).await.unwrap();
    assert_eq!(shown(&harness, &world).await, (2, 2));
    let rows = messages(&harness.bus, &world).await;
    assert_eq!(rows[&"main".parse::<ChatId>().unwrap()].len(), 2);
    archive.abort();
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_removals_that_meet_each_one_is_decided_on_what_is_there() {
    let harness = Harness::start().await;
    let (world, ids) = with_messages(&harness, 260).await;
    let archive = serve_archive(harness.bus.clone()).await;
    let removals = [30, 5, 20, 10].map(|place| harness.send(&world, "guest", remove(ids[place])));
    let removed = futures::future::join_all(removals).await;
    assert!(removed.iter().any(Result::is_ok), "{removed:?}");
    for refused in removed.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(refused.code, RejectionCode::UnknownMessage);
    }
    // The smallest place was there for whichever came first.
    assert!(removed[1].is_ok());
    assert_eq!(shown(&harness, &world).await, (5, 5));
    archive.abort();
    harness.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_archive_only_the_command_that_needs_it_waits() {
    let harness = Harness::start().await;
    let (world, ids) = with_messages(&harness, 205).await;
    let removed = harness.send(&world, "guest", remove(ids[1]));
    let others = async {
        for _ in 0..20 {
            let posted = harness.send(&world, "guest", post("main", "@nobody more"));
            posted.await.unwrap();
        }
        // The archive is back: the sender repeats its command.
        let archive = serve_archive(harness.bus.clone()).await;
        (archive,)
    };
    let (removed, (archive,)) = tokio::join!(removed, others);
    removed.unwrap();
    assert_eq!(shown(&harness, &world).await, (1, 1));
    archive.abort();
    harness.stop().await;
}
