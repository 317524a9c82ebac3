//! What becomes of an event that a node handles, and of what it sends.

use manyworlds_sdk::{Error, NodeCtx, NodeEvent, NodeHooks};
use serde_json::json;

use super::{data, types_from, with_flow, with_handler, worker};
use crate::support::note;

/// What reaches the client of a note, from it on, and of the types that the handler sends before.
async fn shown<R>(handler: impl Fn(NodeEvent, NodeCtx) -> R + Send + Sync + 'static) -> Vec<String>
where
    R: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut world = with_handler();
    let session = world.start_session("ann", "f").unwrap();
    world
        .send_in_session(session, note("note", &json!({"n": 1})))
        .unwrap();
    let hooks = NodeHooks::default().on("note", handler);
    world.run(&worker("first", hooks)).await.unwrap();
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    world.frame_types(session)[1..].to_vec()
}

#[tokio::test(start_paused = true)]
async fn an_event_passes_on_whose_handler_forgets_to_send_it() {
    assert_eq!(shown(async |_event, _ctx| Ok(())).await, ["note"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_does_not_double_whose_handler_sends_it() {
    let shown = shown(async |event, ctx| ctx.send_event(&event).await);
    assert_eq!(shown.await, ["note"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_sends_leaves_before_the_event() {
    let shown = shown(async |event, ctx| {
        ctx.send_raw("one", &json!({})).await?;
        ctx.send_event(&event).await?;
        ctx.send_event(note("two", &json!([2]))).await?;
        ctx.speak("three").await
    });
    assert_eq!(shown.await, ["one", "two", "agent.speak", "note"]);
}

#[tokio::test(start_paused = true)]
async fn a_consumed_event_does_not_pass_on() {
    let consumed = shown(async |_event, ctx| {
        ctx.consume();
        Ok(())
    });
    assert!(consumed.await.is_empty());
    let sent_on = shown(async |event, ctx| {
        ctx.consume();
        ctx.send_event(&event).await
    });
    assert_eq!(sent_on.await, ["note"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_send_more_than_one_commit_takes() {
    let shown = shown(async |_event, ctx| {
        for number in 0..150 {
            let padding = "x".repeat(1000);
            ctx.send_raw("step", &json!({"number": number, "padding": padding}))
                .await?;
        }
        Ok(())
    });
    let shown = shown.await;
    assert_eq!((shown.len(), shown[150].as_str()), (151, "note"));
}

#[tokio::test(start_paused = true)]
async fn functions_are_for_a_type_or_a_prefix() {
    let mut world = with_handler();
    let session = world.start_session("ann", "f").unwrap();
    for event_type in ["note", "myapp.order", "other"] {
        world
            .send_in_session(session, note(event_type, &json!({})))
            .unwrap();
    }
    let hooks = NodeHooks::default()
        .on("note", async |_, ctx| ctx.speak("a note").await)
        .on_prefix("myapp.", async |event: NodeEvent, ctx| {
            ctx.speak(&event.event_type).await
        })
        .on_prefix("", async |_, ctx| ctx.speak("any").await);
    world.run(&worker("first", hooks)).await.unwrap();
    let texts: Vec<_> = world
        .frames(session)
        .iter()
        .filter(|f| f.event_type == "agent.speak")
        .map(data)
        .collect();
    let expected = ["a note", "any", "myapp.order", "any"];
    let expected: Vec<_> = expected.iter().map(|text| json!({"text": text})).collect();
    assert_eq!(texts, expected);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_an_error_event_and_the_event_passes_on() {
    for (background, severity) in [(false, "fatal"), (true, "warning")] {
        let nodes =
            format!("[{{id: node, worker: first, handles: [note], background: {background}}}]");
        let mut world = with_flow(&nodes, "[]");
        let session = world.start_session("ann", "f").unwrap();
        let (first, second) = (json!({"fails": true}), json!({"fails": false}));
        world
            .send_in_session(session, note("note", &first))
            .unwrap();
        world
            .send_in_session(session, note("note", &second))
            .unwrap();
        let hooks = NodeHooks::default().on("note", async |event: NodeEvent, ctx| {
            ctx.set_variable("seen", "it");
            match event.data.get().contains("true") {
                true => Err(Error::failed("broken", "it is broken")),
                false => ctx.speak("fine").await,
            }
        });
        world.run(&worker("first", hooks)).await.unwrap();
        let mut types = world.frame_types(session)[1..].to_vec();
        types.sort();
        assert_eq!(types, ["agent.error", "agent.speak", "note", "note"]);
        let frames = world.frames(session);
        let error = frames
            .iter()
            .find(|f| f.event_type == "agent.error")
            .unwrap();
        assert_eq!(data(error)["severity"], severity);
        assert_eq!(data(error)["payload"]["error_class"], "broken");
    }
}

#[tokio::test(start_paused = true)]
async fn variables_are_those_of_the_session() {
    let mut world = with_handler();
    let variables = json!({"count": 1, "old": true});
    let session = world.start_session_with("ann", "f", &variables).unwrap();
    for _ in 0..2 {
        world
            .send_in_session(session, note("note", &json!({})))
            .unwrap();
    }
    let hooks = NodeHooks::default().on("note", async |_, ctx: NodeCtx| {
        let count = ctx.variable("count").and_then(|count| count.as_u64());
        ctx.set_variable("count", count.unwrap_or_default() + 1);
        ctx.remove_variable("old");
        assert_eq!(ctx.variables().len(), 1);
        assert_eq!(
            (ctx.client().as_str(), ctx.node().as_str()),
            ("ann", "first")
        );
        Ok(())
    });
    world.run(&worker("first", hooks)).await.unwrap();
    let variables = world.session(session).unwrap().variables;
    assert_eq!(json!(variables), json!({"count": 3}));
}

#[tokio::test(start_paused = true)]
async fn a_node_requests_an_interaction() {
    let nodes = "[{id: node, agent: bot, worker: first, handles: [note]}]";
    let mut world = with_flow(nodes, "[]");
    let session = world.start_session("ann", "f").unwrap();
    world
        .send_in_session(session, note("note", &json!({})))
        .unwrap();
    let hooks = NodeHooks::default().on("note", async |_, ctx: NodeCtx| {
        let id = ctx
            .interact("greet", ["ann"], &json!({"how": "kindly"}))
            .await?;
        ctx.send_raw("requested", &id).await
    });
    world.run(&worker("first", hooks)).await.unwrap();
    assert!(world.failures().is_empty(), "{:?}", world.failures());
    let events = world.events();
    let requested = events
        .iter()
        .find(|row| row.event.event_type.as_str() == "interaction.requested");
    let requested = requested.unwrap();
    assert_eq!(requested.event.sender.as_str(), "bot");
    let frames = world.frames(session);
    let sent = frames
        .iter()
        .find(|frame| frame.event_type == "requested")
        .unwrap();
    assert_eq!(data(sent), json!(requested.event.id));
    assert_eq!(
        types_from(&world, session, "requested"),
        ["requested", "note"]
    );
}
