//! `manyworlds action`.

use anyhow::Context as _;
use clap::Args;
use client::Client;
use contract::http::UseActionRequest;
use contract::{ActionName, EntityId, InteractionId, WorldId};

use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Which entity uses it
    entity: EntityId,
    /// The action, such as find_agents
    action: ActionName,
    /// What the action is given: a JSON object
    #[arg(long, value_name = "JSON")]
    arguments: Option<String>,
    /// The open request of the entity that it is done for, such as one to engage
    #[arg(long, value_name = "ID")]
    interaction: Option<InteractionId>,
}

/// Lets an entity use a built-in action, and shows whether it was true.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let parse = |text: &str| {
        serde_json::from_str(text).with_context(|| format!("--arguments {text} is not JSON"))
    };
    let request = UseActionRequest {
        arguments: options.arguments.as_deref().map(parse).transpose()?,
        interaction: options.interaction,
    };
    let behaviours = client.world(&options.world).behaviours();
    let used = behaviours.use_action(&options.entity, &options.action, &request);
    let response = used.await?;
    if output.is_json() {
        output.json(&response)?;
        return Ok(());
    }
    let mut line = response.result.result.to_string();
    let known = [
        ("found", &response.result.found),
        ("engaged", &response.result.engaged),
    ];
    for (name, agents) in known {
        if !agents.is_empty() {
            let agents: Vec<&str> = agents.iter().map(EntityId::as_str).collect();
            line += &format!("  {name}: {}", agents.join(" "));
        }
    }
    if let Some(interaction) = response.result.interaction {
        line += &format!("  interaction: {interaction}");
    }
    output.line(&line)?;
    Ok(())
}
