//! `manyworlds flow`.

use clap::{Args, Subcommand};
use client::Client;
use contract::behaviour::DiagramFormat;
use contract::flow::NodeSpec;
use contract::http::{AtQuery, DiagramQuery, FlowResponse, FlowsPageQuery};
use contract::{FlowId, WorldId};

use crate::output::{Output, table};

/// Flows that are read at once: as many as a page has at most.
const PAGE_FLOWS: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the flows of a world
    List(List),
    /// Show the nodes and edges of a flow
    Show(Which),
    /// Draw a flow
    Diagram(Diagram),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The world's id
    world: WorldId,
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The world's id
    world: WorldId,
    /// The flow's id
    flow: FlowId,
}

#[derive(Debug, Args)]
pub(crate) struct Diagram {
    #[command(flatten)]
    which: Which,
    /// mermaid, for Markdown, or dot, for Graphviz
    #[arg(long, default_value = "mermaid", value_parser = diagram_format)]
    format: DiagramFormat,
}

/// Does what was typed.
pub(crate) async fn run(command: Command, client: &Client, output: Output) -> anyhow::Result<()> {
    match command {
        Command::List(List { world }) => list(&world, client, output).await,
        Command::Show(Which { world, flow }) => {
            let flows = client.world(&world).flows();
            show(&flows.show(&flow, &AtQuery::default()).await?, output)
        }
        Command::Diagram(Diagram { which, format }) => {
            let flows = client.world(&which.world).flows();
            let query = DiagramQuery { format, at: None };
            let diagram = flows.diagram(&which.flow, &query).await?;
            Ok(output.line(diagram.trim_end())?)
        }
    }
}

async fn list(world: &WorldId, client: &Client, output: Output) -> anyhow::Result<()> {
    let flows = client.world(world).flows();
    let mut query = FlowsPageQuery {
        after: None,
        limit: Some(PAGE_FLOWS),
    };
    let mut rows = vec![
        ["FLOW", "REVISION", "NODES", "SESSIONS"]
            .map(str::to_owned)
            .into(),
    ];
    loop {
        let page = flows.list(&query).await?;
        for flow in &page.items {
            if output.is_json() {
                output.json(flow)?;
            }
            rows.push(vec![
                flow.flow.to_string(),
                flow.revision.to_string(),
                flow.spec.nodes.len().to_string(),
                flow.sessions.to_string(),
            ]);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    if output.is_json() {
        return Ok(());
    }
    for line in table(&rows) {
        output.line(&line)?;
    }
    Ok(())
}

fn show(response: &FlowResponse, output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        output.json(response)?;
        return Ok(());
    }
    for line in lines(response) {
        output.line(&line)?;
    }
    Ok(())
}

fn lines(response: &FlowResponse) -> Vec<String> {
    let flow = &response.flow;
    let mut lines = vec![format!(
        "{}: revision {}, open sessions {}",
        flow.flow, flow.revision, flow.sessions
    )];
    let mut rows = vec![["NODE", "IS", "TO"].map(str::to_owned).into()];
    for node in &flow.spec.nodes {
        let edges = flow.spec.edges.iter();
        let to = edges.filter(|(from, _)| *from == node.id);
        let to: Vec<&str> = to.map(|(_, to)| to.as_str()).collect();
        rows.push(vec![node.id.to_string(), kind(node), to.join(", ")]);
    }
    lines.extend(table(&rows));
    lines
}

fn kind(node: &NodeSpec) -> String {
    let mut words = Vec::new();
    words.extend(node.agent.iter().map(|agent| format!("agent {agent}")));
    words.extend(node.worker.iter().map(|worker| format!("worker {worker}")));
    for (is, word) in [
        (node.router.is_some(), "router"),
        (node.sink, "sink"),
        (node.output, "output"),
        (node.background, "background"),
    ] {
        words.extend(is.then(|| word.to_owned()));
    }
    words.join(", ")
}

fn diagram_format(text: &str) -> Result<DiagramFormat, String> {
    match text {
        "mermaid" => Ok(DiagramFormat::Mermaid),
        "dot" => Ok(DiagramFormat::Dot),
        other => Err(format!("{other:?} is not mermaid or dot")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flow_is_a_table_of_nodes() {
        let response = json!({
            "flow": "desk", "revision": 2, "sessions": 1, "seq": 9,
            "spec": {
                "nodes": [
                    {"id": "gate", "router": {}}, {"id": "bot", "agent": "ada", "output": true},
                ],
                "edges": [["gate", "bot"]],
            },
        });
        let response = serde_json::from_value(response).unwrap();
        assert_eq!(
            lines(&response),
            [
                "desk: revision 2, open sessions 1",
                "NODE  IS                 TO",
                "gate  router             bot",
                "bot   agent ada, output",
            ]
        );
    }
}
