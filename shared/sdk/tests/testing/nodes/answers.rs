//! Nodes that answer requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::stream;
use manyworlds_sdk::{BrainCtx, Config, Error, NodeCtx, Worker};
use serde_json::json;

use super::{answering, data, types_from, with_flow, with_output, worker};
use crate::support::note;

#[tokio::test(start_paused = true)]
async fn an_answer_goes_to_the_client_in_chunks() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "count").unwrap();
    let node = answering(async |ctx: NodeCtx| {
        assert_eq!(ctx.content(), Some("count"));
        let pieces = ["one ", "two ", "three"].map(Ok::<_, Error>);
        ctx.stream(stream::iter(pieces)).await
    });
    world.run(&worker("out", node)).await.unwrap();
    let chunks = world.chunks();
    let texts: Vec<_> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    assert_eq!(texts, ["one ", "two ", "three"]);
    for (index, chunk) in (0..).zip(&chunks) {
        assert_eq!((chunk.index, chunk.session), (index, Some(session)));
        assert_eq!(chunk.node.as_ref().map(|node| node.as_str()), Some("out"));
        assert!(chunk.turn.is_some() && chunk.chat.is_none());
    }
    let frames = world.frames(session);
    assert_eq!(data(&frames[2]), json!({"text": "one two three"}));
    let request = world.request_answer(session, "again").unwrap();
    assert!(!request.is_empty());
}

#[tokio::test(start_paused = true)]
async fn chunks_that_a_node_on_the_way_handles_are_not_live() {
    let nodes = "[{id: out, worker: out, output: true}, \
                 {id: filter, worker: filter, handles: ['agent.llm.*']}]";
    let mut world = with_flow(nodes, "[[out, filter]]");
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let node = answering(async |ctx: NodeCtx| ctx.chunk("hello").await);
    world.run(&worker("out", node)).await.unwrap();
    assert!(world.chunks().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_leaves_while_the_answer_goes_on() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let node = answering(async |ctx: NodeCtx| {
        ctx.chunk("one ").await?;
        ctx.send_raw("signal", &json!({"at": 1})).await?;
        ctx.chunk("two").await
    });
    world.run(&worker("out", node)).await.unwrap();
    let expected = [
        "agent.llm.response.start",
        "signal",
        "agent.llm.response.chunk",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(types_from(&world, session, expected[0]), expected);
    // It was in the log before the run ended.
    let position = |wanted: &str| {
        let events = world.events();
        let found = events.iter().find(|row| {
            let data = row.event.data.get();
            row.event.event_type.as_str() == "flow.event" && data.contains(wanted)
        });
        found.map(|row| row.position.seq).unwrap()
    };
    assert!(position("\"signal\"") < position("response.chunk"));
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_repeats_nothing() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    let node = answering(move |ctx: NodeCtx| {
        let attempt = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            ctx.send_raw("signal", &json!({})).await?;
            ctx.chunk("hello").await?;
            match attempt {
                0 => Err(Error::transient("the line is busy")),
                _ => Ok(()),
            }
        }
    });
    world.run(&worker("out", node)).await.unwrap();
    assert_eq!(attempts.load(Ordering::Relaxed), 2);
    let expected = [
        "agent.llm.response.start",
        "signal",
        "agent.llm.response.chunk",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(types_from(&world, session, expected[0]), expected);
    let chunks = world.chunks();
    assert!(chunks[1].attempt > chunks[0].attempt, "{chunks:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_begins_anew_is_only_what_came_then() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let node = answering(async |ctx: NodeCtx| {
        ctx.chunk("wro").await?;
        ctx.restart_answer().await;
        ctx.chunk("right").await
    });
    world.run(&worker("out", node)).await.unwrap();
    assert_eq!(data(&world.frames(session)[2]), json!({"text": "right"}));
    let chunks = world.chunks();
    assert_eq!(
        (chunks[1].index, chunks[1].attempt),
        (0, chunks[0].attempt + 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_answer_has_its_end() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    let node = answering(async |_| Err(Error::failed("model_down", "no model answers")));
    world.run(&worker("out", node)).await.unwrap();
    let expected = [
        "agent.llm.response.start",
        "agent.error",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(types_from(&world, session, expected[0]), expected);
}

#[tokio::test(start_paused = true)]
async fn a_brain_answers_as_a_node_and_greets() {
    let nodes = "[{id: node, agent: bot, output: true, \
                 handles: [system.user.joined, system.llm.request]}]";
    let mut world = with_flow(nodes, "[]");
    let session = world.start_session("ann", "f").unwrap();
    world
        .send_in_session(session, note("system.user.joined", &json!({})))
        .unwrap();
    world.request_answer(session, "hi").unwrap();
    let chatty = async |mut ctx: BrainCtx| {
        if ctx.session_event().is_some() {
            return Ok("welcome".to_owned());
        }
        ctx.publish_chunk("hello ").await;
        Ok(format!("hello {}", ctx.text()))
    };
    let builder = Worker::builder().brain("chatty", chatty);
    let worker = builder.build(Config::default()).unwrap();
    world.run(&worker).await.unwrap();
    let expected = [
        "agent.speak",
        "system.user.joined",
        "agent.llm.response.start",
        "agent.llm.response.chunk",
        "agent.llm.response.end",
        "system.llm.request",
    ];
    assert_eq!(types_from(&world, session, expected[0]), expected);
    assert_eq!(data(&world.frames(session)[4]), json!({"text": "hello hi"}));
    assert_eq!(world.chunks()[0].session, Some(session));
}

#[tokio::test(start_paused = true)]
async fn code_that_answers_nothing_fails() {
    let mut world = with_output();
    let session = world.start_session("ann", "f").unwrap();
    world.request_answer(session, "hi").unwrap();
    world
        .run(&worker("out", manyworlds_sdk::NodeHooks::default()))
        .await
        .unwrap();
    assert_eq!(world.failures()[0].code, "no_response");
}
