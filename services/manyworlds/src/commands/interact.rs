//! `manyworlds interact` and `interactions`.

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use client::Client;
use contract::http::{
    InteractionReceipt, InteractionRequest, InteractionResponse, InteractionsPageQuery,
};
use contract::interaction::{StreamBindings, TargetStatus};
use contract::view::{InteractionStatus, TargetView};
use contract::{ActionName, EntityId, WorldId};
use serde_json::value::{RawValue, to_raw_value};

use crate::output::{Listing, Output};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// What the targets are to do, such as process
    action: ActionName,
    /// Who requests it
    #[arg(long, value_name = "ENTITY")]
    from: EntityId,
    /// Of whom: an entity, or role:NAME; several times for several
    #[arg(long, value_name = "ENTITY", required = true)]
    to: Vec<String>,
    /// The samples of the targets' input, each any JSON
    #[arg(long, value_name = "JSON", num_args = 1..)]
    samples: Vec<String>,
    /// A stream that the targets read: stdin=OWNER:NAME, stdtar=... or stdext=...
    #[arg(long = "stream", value_name = "USE=OWNER:NAME")]
    streams: Vec<String>,
    /// How many samples each target takes; as many as there are when absent
    #[arg(long)]
    steps: Option<u32>,
    /// What has not ended after so many seconds has timed out; 300 when absent
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// What the action is given: a JSON object
    #[arg(long, value_name = "JSON")]
    args: Option<String>,
    /// Wait until it has ended for all targets, which is the default
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Return once the request is durable
    #[arg(long, overrides_with = "wait")]
    no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// The world's id
    world: WorldId,
    /// Only those that this entity requested
    #[arg(long, value_name = "ENTITY")]
    from: Option<EntityId>,
    /// Only those that were requested of this entity
    #[arg(long, value_name = "ENTITY")]
    to: Option<EntityId>,
    /// Only those that are open
    #[arg(long)]
    open: bool,
}

/// Requests something of other entities, and shows how it ended for each of them.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let waits = options.wait || !options.no_wait;
    let world = client.world(&options.world);
    let request = request(options)?;
    let interactions = world.interactions();
    if !waits {
        let receipt = interactions.request(&request).await?;
        return show_receipt(&receipt, output);
    }
    let response = interactions.request_and_wait(&request).await?;
    if output.is_json() {
        output.json(&response)?;
    } else {
        for target in &response.interaction.targets {
            output.line(&outcome(target))?;
        }
    }
    let targets = &response.interaction.targets;
    let is_success = |target: &TargetView| {
        matches!(
            target.status,
            TargetStatus::Completed | TargetStatus::Partial
        )
    };
    ensure!(targets.iter().any(is_success), "no target completed it");
    Ok(())
}

/// Lists interactions, in the order of their requests.
pub(crate) async fn list(
    options: ListOptions,
    client: &Client,
    output: Output,
) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let mut query = InteractionsPageQuery {
        requester: options.from,
        target: options.to,
        status: options.open.then_some(InteractionStatus::Open),
        ..InteractionsPageQuery::default()
    };
    let mut listing = Listing::new(output, ["ID", "FROM", "ACTION", "STATUS", "TARGETS"]);
    loop {
        let page = world.interactions().list(&query).await?;
        for item in &page.items {
            listing.add(item, || Ok(row(item)))?;
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    listing.finish()
}

fn show_receipt(receipt: &InteractionReceipt, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        output.json(receipt)?;
        return Ok(());
    }
    output.line(&format!("{} is in commit {}", receipt.id, receipt.seq))?;
    for target in &receipt.targets {
        output.line(&format!("{}: {}", target.target, word(&target.status)))?;
    }
    Ok(())
}

fn request(options: Options) -> anyhow::Result<InteractionRequest> {
    let samples = options
        .samples
        .iter()
        .map(|sample| json(sample, "--samples"));
    let samples: Vec<Box<RawValue>> = samples.collect::<anyhow::Result<_>>()?;
    let arguments = options.args.as_deref().map(|text| json(text, "--args"));
    Ok(InteractionRequest {
        requester: options.from,
        action: Some(options.action),
        targets: options.to,
        arguments: arguments.transpose()?,
        streams: streams(&options.streams)?,
        samples: match samples.is_empty() {
            true => None,
            false => Some(to_raw_value(&samples)?),
        },
        steps: options.steps,
        timeout_seconds: options.timeout,
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
    })
}

fn json(text: &str, option: &str) -> anyhow::Result<Box<RawValue>> {
    serde_json::from_str(text).with_context(|| format!("{option} {text} is not JSON"))
}

fn streams(bindings: &[String]) -> anyhow::Result<StreamBindings<String>> {
    let mut streams = StreamBindings::default();
    for binding in bindings {
        let (use_name, stream) = binding
            .split_once('=')
            .with_context(|| format!("--stream {binding}: not of the form stdin=OWNER:NAME"))?;
        let bound: &mut Vec<String> = match use_name {
            "stdin" => &mut streams.stdin,
            "stdtar" => &mut streams.stdtar,
            "stdext" => &mut streams.stdext,
            other => bail!("--stream {binding}: {other} is not stdin, stdtar or stdext"),
        };
        bound.push(stream.to_owned());
    }
    Ok(streams)
}

/// A line for a target: how it ended, and what it wrote last or why it failed.
fn outcome(target: &TargetView) -> String {
    let mut line = format!("{}: {}", target.target, word(&target.status));
    if target.steps > 1 {
        line += &format!(" ({} of {} steps)", target.steps_done, target.steps);
    }
    for output in &target.output {
        let range = match output.first == output.last {
            true => output.last.to_string(),
            false => format!("{}-{}", output.first, output.last),
        };
        line += &format!("  {}[{range}]", output.stream);
        if let Some(value) = &output.value {
            line += &format!(" {value}");
        }
    }
    let why = [target.reason.as_deref(), target.detail.as_deref()];
    let why: Vec<&str> = why.into_iter().flatten().collect();
    if !why.is_empty() {
        line += &format!("  {}", why.join(": "));
    }
    line
}

fn row(item: &InteractionResponse) -> Vec<String> {
    let interaction = &item.interaction;
    let action = interaction.action.as_ref();
    let targets = interaction.targets.iter();
    let targets: Vec<String> = targets
        .map(|target| format!("{}={}", target.target, word(&target.status)))
        .collect();
    vec![
        interaction.id.to_string(),
        interaction.requester.to_string(),
        action.map_or_else(|| "-".to_owned(), ToString::to_string),
        word(&interaction.status),
        targets.join(" "),
    ]
}

/// The word of the interface for a status.
fn word(status: &impl serde::Serialize) -> String {
    match serde_json::to_value(status) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn streams_are_bound_to_their_use() {
        let bindings = ["stdin=a:question", "stdtar=a:answer", "stdin=a:more"].map(str::to_owned);
        let streams = streams(&bindings).unwrap();
        assert_eq!(streams.stdin, ["a:question", "a:more"]);
        assert_eq!(streams.stdtar, ["a:answer"]);
        for invalid in ["a:question", "stdout=a:x"] {
            assert!(super::streams(&[invalid.to_owned()]).is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_target_is_a_line() {
        let target = |status: &str, reason, output| {
            let target = json!({
                "target": "w", "status": status, "steps_done": 2, "steps": 3, "reason": reason,
                "detail": null, "state": null, "ended_at": null, "output": output,
            });
            outcome(&serde_json::from_value(target).unwrap())
        };
        let output = json!([{"stream": "w:processor", "first": 7, "last": 8, "value": "echo"}]);
        assert_eq!(
            target("partial", json!("deadline"), output),
            r#"w: partial (2 of 3 steps)  w:processor[7-8] "echo"  deadline"#
        );
        assert_eq!(
            target("timed_out", json!(null), json!([])),
            "w: timed_out (2 of 3 steps)"
        );
    }
}
