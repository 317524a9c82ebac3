//! `manyworlds statistics`.

use clap::Args;
use client::Client;
use contract::behaviour::Statistics;
use contract::http::AtQuery;
use contract::{Seq, WorldId};

use crate::output::{Output, table};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// As it was after this commit; now when absent
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
}

/// Shows what the machines of a world have done.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = AtQuery { at: options.at };
    let response = client.world(&options.world).statistics(&query).await?;
    if output.is_json() {
        output.json(&response)?;
        return Ok(());
    }
    for line in table(&rows(&response.statistics)) {
        output.line(&line)?;
    }
    for (role, count) in &response.statistics.roles {
        output.line(&format!("{role}: {count}"))?;
    }
    Ok(())
}

/// A row for each state in which a machine was, and one for each of its actions.
fn rows(statistics: &Statistics) -> Vec<Vec<String>> {
    let mut rows = vec![
        [
            "ENTITY",
            "STATE OR ACTION",
            "SECONDS",
            "COMPLETED",
            "FAILED",
        ]
        .map(str::to_owned)
        .into(),
    ];
    for (entity, machine) in &statistics.entities {
        for (state, seconds) in &machine.seconds {
            let present = if *state == machine.state { " *" } else { "" };
            let state = format!("{state}{present}");
            rows.push(vec![entity.to_string(), state, format!("{seconds:.1}")]);
        }
        for (action, counts) in &machine.actions {
            rows.push(vec![
                entity.to_string(),
                action.clone(),
                String::new(),
                counts.completed.to_string(),
                counts.failed.to_string(),
            ]);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states_and_actions_are_rows() {
        let statistics = json!({
            "entities": {"s1": {
                "state": "ready", "seconds": {"ready": 1.25},
                "actions": {"learn": {"completed": 3, "failed": 1}},
            }},
            "roles": {"student": 2},
        });
        let rows = rows(&serde_json::from_value(statistics).unwrap());
        assert_eq!(rows[1], ["s1", "ready *", "1.2"]);
        assert_eq!(rows[2], ["s1", "learn", "", "3", "1"]);
    }
}
