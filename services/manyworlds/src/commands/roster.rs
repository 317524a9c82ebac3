//! `manyworlds roster`.

use clap::Args;
use client::Client;
use contract::behaviour::RosterEntry;
use contract::http::AtQuery;
use contract::{EntityId, RoleName, Seq, WorldId};

use crate::output::{Output, table};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// As it was after this commit; now when absent
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
}

/// Shows who is in a world.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = AtQuery { at: options.at };
    let response = client.world(&options.world).roster(&query).await?;
    if output.is_json() {
        for entry in &response.roster {
            output.json(entry)?;
        }
        return Ok(());
    }
    let mut rows = vec![
        ["ENTITY", "ROLE", "MASTER", "STATE", "ENGAGED"]
            .map(str::to_owned)
            .into(),
    ];
    rows.extend(response.roster.iter().map(row));
    for line in table(&rows) {
        output.line(&line)?;
    }
    Ok(())
}

fn row(entry: &RosterEntry) -> Vec<String> {
    let role = entry.role.as_ref().map_or("-", RoleName::as_str);
    let engaged: Vec<&str> = entry.engaged.iter().map(EntityId::as_str).collect();
    vec![
        entry.entity.to_string(),
        role.to_owned(),
        if entry.master { "yes" } else { "no" }.to_owned(),
        entry.state.clone().unwrap_or_else(|| "-".to_owned()),
        engaged.join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entity_is_a_row() {
        let of = |entry: serde_json::Value| row(&serde_json::from_value(entry).unwrap());
        let student = json!({
            "entity": "s1", "role": "student", "master": false, "present": true,
            "state": "ready", "engaged": ["t", "u"],
        });
        assert_eq!(of(student), ["s1", "student", "no", "ready", "t u"]);
        let person = json!({
            "entity": "ann", "role": null, "master": true, "present": true,
            "state": null, "engaged": [],
        });
        assert_eq!(of(person), ["ann", "-", "yes", "-", ""]);
    }
}
