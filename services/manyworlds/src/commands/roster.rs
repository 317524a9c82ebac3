//! `manyworlds roster`.

use clap::Args;
use client::Client;
use contract::behaviour::RosterEntry;
use contract::http::{AtQuery, ToolServerResponse, ToolServerStatus, ToolServersQuery};
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

/// Shows who is in a world and, as it is now, the tool servers of its agents.
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
    match options.at {
        None => show_tool_servers(&options.world, client, output).await,
        Some(_) => Ok(()),
    }
}

/// Shows which agents have which tool servers, and why they can't be used.
async fn show_tool_servers(world: &WorldId, client: &Client, output: Output) -> anyhow::Result<()> {
    let query = ToolServersQuery::default();
    let servers = client.world(world).tool_servers(&query).await?.servers;
    if servers.is_empty() {
        return Ok(());
    }
    let mut rows = vec![
        ["TOOL SERVER", "AGENTS", "STATUS", ""]
            .map(str::to_owned)
            .into(),
    ];
    rows.extend(servers.iter().map(tool_server_row));
    output.line("")?;
    for line in table(&rows) {
        output.line(&line)?;
    }
    Ok(())
}

fn tool_server_row(server: &ToolServerResponse) -> Vec<String> {
    let agents: Vec<&str> = server.agents.iter().map(EntityId::as_str).collect();
    let status = match server.status {
        ToolServerStatus::NoWorker => "no worker",
        ToolServerStatus::Refused => "refused",
        ToolServerStatus::Failed => "failed",
        ToolServerStatus::Closed => "not connected",
        ToolServerStatus::Connecting => "connecting",
        ToolServerStatus::Connected => "connected",
    };
    vec![
        server.name.clone(),
        match agents.is_empty() {
            true => "-".to_owned(),
            false => agents.join(" "),
        },
        status.to_owned(),
        server.detail.clone().unwrap_or_default(),
    ]
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
    fn a_tool_server_is_a_row_with_the_reason() {
        let server = json!({
            "name": "files", "server": {"http": {"url": "https://tools.example"}},
            "agents": ["ada", "bob"], "status": "refused", "detail": "not allowed",
            "workers": 1, "refused_by": 1,
        });
        let row = tool_server_row(&serde_json::from_value(server).unwrap());
        assert_eq!(row, ["files", "ada bob", "refused", "not allowed"]);
    }

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
