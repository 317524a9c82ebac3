//! Custom actions of behaviours: a domain rule, a sensor, a device command that is issued at most once, and
//! one that uses built-in actions.
//!
//! The worker registers them, and a behaviour uses them:
//!
//! ```yaml
//! id: plant
//! entities: [{id: arm, kind: agent, agent: {}}]
//! behaviours:
//!   arm:
//!     initial: cold
//!     states:
//!       cold: {transitions: [{action: read_sensor, args: {above: 30}, to: hot}]}
//!       hot: {transitions: [{action: move_arm, args: {to: open}, to: open}]}
//!       open: {}
//! ```

use manyworlds_sdk::contract::behaviour::CustomAction;
use manyworlds_sdk::{BehaviourCtx, Error, Worker};
use serde::Deserialize;
use serde_json::json;

/// What the rule allows.
#[derive(Deserialize)]
struct Budget {
    limit: f64,
}

/// A domain rule: whether a price is within the budget. The request has the price as its sample.
async fn is_affordable(ctx: BehaviourCtx) -> Result<bool, Error> {
    let budget: Budget = ctx.arguments()?;
    let price = ctx
        .samples()
        .first()
        .and_then(|price| price.get().parse::<f64>().ok());
    Ok(price.is_some_and(|price| price <= budget.limit))
}

/// The temperature from which on there is something to do.
#[derive(Deserialize)]
struct Threshold {
    above: f64,
}

/// A sensor: true once it measures more. What is false is tried again later.
async fn read_sensor(ctx: BehaviourCtx) -> Result<bool, Error> {
    let threshold: Threshold = ctx.arguments()?;
    let celsius = measure();
    ctx.write(&celsius)?;
    Ok(celsius > threshold.above)
}

/// Stands for the driver of a thermometer.
fn measure() -> f64 {
    21.5
}

/// Where the arm is to be.
#[derive(Deserialize)]
struct Position {
    to: String,
}

/// A device command that must not be issued twice: the first attempt that gets here has the claim. When a
/// later one does not get it, nobody knows whether the arm has moved, and a person has to look.
#[expect(
    clippy::print_stdout,
    reason = "it stands for the command to the device"
)]
async fn move_arm(ctx: BehaviourCtx) -> Result<bool, Error> {
    let position: Position = ctx.arguments()?;
    if !ctx.claim().await? {
        return Err(Error::failed(
            "unknown_position",
            "an earlier attempt may have moved the arm",
        ));
    }
    println!("the arm moves to {}", position.to);
    Ok(true)
}

/// Has the entity's own processor process what was requested, and gives the requester what it wrote, if it is
/// not empty. The run of the processor is another worker's, and this action waits for its end.
async fn review(ctx: BehaviourCtx) -> Result<bool, Error> {
    if !ctx.process().await? {
        return Err(Error::failed("not_processed", "the processor has failed"));
    }
    let known = ctx.knowledge().await?;
    let written = known.and_then(|known| known.output.into_iter().next()?.value);
    match written {
        Some(text) if text != "" => ctx.write(&text).map(|()| true),
        _ => Ok(false),
    }
}

/// The arm takes one argument, and moves at no one else's request.
fn declare_move_arm() -> anyhow::Result<CustomAction> {
    Ok(CustomAction {
        name: "move_arm".parse()?,
        arguments: Some(json!({
            "type": "object",
            "properties": {"to": {"type": "string"}},
            "required": ["to"],
        })),
        requestable: false,
    })
}

fn main() -> anyhow::Result<()> {
    Worker::builder()
        .name("plant")
        .custom_action("is_affordable", is_affordable)
        .custom_action("read_sensor", read_sensor)
        .custom_action_with(declare_move_arm()?, move_arm)
        .custom_action("review", review)
        .main()
}
