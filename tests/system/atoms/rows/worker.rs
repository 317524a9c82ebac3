//! The code of the nodes.

use std::sync::{Arc, Barrier};

use manyworlds_sdk::contract::flow::NewFlowEvent;
use manyworlds_sdk::{
    Builder, Error, FunctionCall, FunctionTool, JsonSchema, NodeCtx, NodeEvent, NodeHooks, Tools,
    TranscriptMessage, Worker, schemars,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// What holds nodes up until a test lets them go on.
#[derive(Clone)]
pub(super) struct Gates {
    /// Each note that `held` handles takes a permit.
    pub(super) notes: Arc<Semaphore>,
    /// The tool `finishes` takes a permit before it ends.
    pub(super) tool: Arc<Semaphore>,
    /// Two of them: the thread of an answer to `block`, and that of the test.
    pub(super) thread: Arc<Barrier>,
}

impl Gates {
    pub(super) fn new() -> Self {
        Self {
            notes: Arc::new(Semaphore::new(0)),
            tool: Arc::new(Semaphore::new(0)),
            thread: Arc::new(Barrier::new(2)),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
struct Order {
    number: u32,
}

pub(super) fn worker(gates: &Gates) -> Builder {
    let builder = Worker::builder()
        .node("greeter", greeter())
        .node(
            "ignores",
            NodeHooks::default().on("note", async |_, _| Ok(())),
        )
        .node("changes", changes())
        .node("reads", reads())
        .node("fails", fails())
        .node("hooks", hooks())
        .node("counts", counts())
        .node("leaves", leaves());
    builder
        .node("held", held(gates))
        .node("talks", talks(gates))
        .node("uses_tools", uses_tools(gates))
}

fn greeter() -> NodeHooks {
    NodeHooks::default().on("system.init", async |_, ctx: NodeCtx| {
        ctx.speak("hello").await
    })
}

/// Handles notes, and does to its own what a branch may do.
fn changes() -> NodeHooks {
    NodeHooks::default().on("note", async |event: NodeEvent, ctx: NodeCtx| {
        let mut data: Value = event.decode_data()?;
        data["text"] = json!("changed");
        ctx.send_raw("note.changed", &data).await
    })
}

/// Sends on what it has read.
fn reads() -> NodeHooks {
    NodeHooks::default().on("note", async |event: NodeEvent, ctx: NodeCtx| {
        let data = event.data.clone();
        ctx.send_event(NewFlowEvent::new("note.read", data)).await
    })
}

fn fails() -> NodeHooks {
    NodeHooks::default().on("note", async |event: NodeEvent, ctx: NodeCtx| {
        let data: Value = event.decode_data()?;
        match data["bad"] == true {
            true => Err(Error::failed("broken", "it is broken")),
            false => ctx.speak("fine").await,
        }
    })
}

fn hooks() -> NodeHooks {
    NodeHooks::default()
        .on("order.paid", async |_, ctx: NodeCtx| {
            ctx.send_raw("hook.type", &json!({})).await
        })
        .on_prefix("order.", async |_, ctx: NodeCtx| {
            ctx.send_raw("hook.prefix", &json!({})).await
        })
}

fn counts() -> NodeHooks {
    NodeHooks::default().on("note", async |_, ctx: NodeCtx| {
        let count = ctx.variable("count").and_then(|count| count.as_u64());
        ctx.set_variable("count", count.unwrap_or_default() + 1);
        Ok(())
    })
}

fn leaves() -> NodeHooks {
    NodeHooks::default().answer(async |_, ctx: NodeCtx| {
        ctx.chunk("bye").await?;
        ctx.end_call().await
    })
}

fn held(gates: &Gates) -> NodeHooks {
    let notes = Arc::clone(&gates.notes);
    NodeHooks::default().on("note", move |_, _| {
        let notes = Arc::clone(&notes);
        async move {
            notes.acquire().await.unwrap().forget();
            Ok(())
        }
    })
}

/// Answers with all that the user has written.
fn talks(gates: &Gates) -> NodeHooks {
    let thread = Arc::clone(&gates.thread);
    NodeHooks::default().answer(move |messages: Vec<TranscriptMessage>, ctx: NodeCtx| {
        let thread = Arc::clone(&thread);
        async move {
            match ctx.content() {
                Some("wait") => {
                    ctx.chunk("one ").await?;
                    std::future::pending().await
                }
                Some("block") => {
                    ctx.chunk("one ").await?;
                    thread.wait();
                    ctx.chunk("two").await
                }
                _ => {
                    let texts = messages.iter().map(|message| message.content.as_str());
                    ctx.chunk(&texts.collect::<Vec<_>>().join(" | ")).await
                }
            }
        }
    })
}

/// Makes the calls of a request, `{name, arguments}` each, and answers with their results.
fn uses_tools(gates: &Gates) -> NodeHooks {
    let tools = tools(gates);
    NodeHooks::default().answer(move |_, ctx: NodeCtx| {
        let tools = tools.clone();
        async move {
            let call: Value = serde_json::from_str(ctx.content().unwrap_or_default()).unwrap();
            let name = call["name"].as_str().unwrap_or_default();
            let call = FunctionCall {
                arguments: call["arguments"].as_str().unwrap_or_default().to_owned(),
                ..FunctionCall::new(name, &Value::Null)
            };
            let result = ctx.call_tool(&tools, call).await?;
            if result.name == "nothing" {
                ctx.end_call().await?;
            }
            let shown = json!({"error": result.is_error, "content": result.content});
            ctx.chunk(&shown.to_string()).await
        }
    })
}

fn tools(gates: &Gates) -> Tools {
    let find = FunctionTool::new("find", "", async |order: Order| {
        Ok(json!({"number": order.number, "status": "sent"}))
    });
    let raises = FunctionTool::new("raises", "", async |_: Order| {
        Err::<(), _>(Error::failed("down", "the shop is closed"))
    });
    let nothing = FunctionTool::new("nothing", "", async |_: Order| Ok(()));
    let hangs = FunctionTool::new("hangs", "", async |_: Order| {
        std::future::pending::<Result<(), Error>>().await
    });
    let gate = Arc::clone(&gates.tool);
    let finishes = FunctionTool::new("finishes", "", move |_: Order| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok("done")
        }
    });
    Tools::default()
        .with(find)
        .with(raises)
        .with(nothing)
        .with(hangs)
        .with(finishes.finish_on_interrupt())
}
