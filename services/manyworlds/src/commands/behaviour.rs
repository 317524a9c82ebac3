//! `manyworlds behaviour`.

mod show;

use std::fs;
use std::io::{Read as _, stdin};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use client::Client;
use contract::behaviour::{Definition, DiagramFormat};
use contract::http::{AtQuery, DiagramQuery, Receipt};
use contract::{EntityId, Seq, WorldId};
use world_file::parse_behaviour;

use crate::output::{Output, Style};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give an agent a behaviour from a file: YAML or JSON, ours or that of UNaIVERSE
    Put(Put),
    /// Show in which state an agent is, and what it waits for
    Show(Show),
    /// Draw the behaviour of an agent
    Diagram(Diagram),
    /// Let an agent make no transitions for now
    Pause(Which),
    /// Let an agent make one transition, and pause it then
    Step(Which),
    /// Let an agent make transitions again
    Resume(Which),
    /// Take the behaviour of an agent away
    Remove(Which),
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The world's id
    world: WorldId,
    /// The agent
    agent: EntityId,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    #[command(flatten)]
    which: Which,
    /// The file; - is standard input
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    /// As it was after this commit; now when absent
    #[arg(long, value_name = "SEQ")]
    at: Option<Seq>,
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
        Command::Put(options) => put(options, client, output).await,
        Command::Show(options) => {
            let Which { world, agent } = options.which;
            let behaviours = client.world(&world).behaviours();
            let query = AtQuery { at: options.at };
            show::show(&behaviours.show(&agent, &query).await?, output)
        }
        Command::Diagram(Diagram { which, format }) => {
            let behaviours = client.world(&which.world).behaviours();
            let query = DiagramQuery { format, at: None };
            let diagram = behaviours.diagram(&which.agent, &query).await?;
            Ok(output.line(diagram.trim_end())?)
        }
        Command::Pause(Which { world, agent }) => {
            let receipt = client.world(&world).behaviours().pause(&agent).await?;
            note_receipt(output, &agent, "is paused", &receipt)
        }
        Command::Step(Which { world, agent }) => {
            let receipt = client.world(&world).behaviours().step(&agent).await?;
            note_receipt(output, &agent, "makes one transition", &receipt)
        }
        Command::Resume(Which { world, agent }) => {
            let receipt = client.world(&world).behaviours().resume(&agent).await?;
            note_receipt(output, &agent, "goes on", &receipt)
        }
        Command::Remove(Which { world, agent }) => {
            let receipt = client.world(&world).behaviours().remove(&agent).await?;
            note_receipt(output, &agent, "has no behaviour", &receipt)
        }
    }
}

async fn put(options: Put, client: &Client, output: Output) -> anyhow::Result<()> {
    let Which { world, agent } = options.which;
    let definition = read(&options.file)?;
    let behaviours = client.world(&world).behaviours();
    let response = behaviours.put(&agent, &definition).await?;
    if output.is_json() {
        output.json(&response)?;
        return Ok(());
    }
    for warning in &response.warnings {
        let title = output.paint_note(Style::Bold, "warning:");
        output.note(&format!("{title} {}: {}", warning.field, warning.detail));
    }
    output.line(&format!(
        "the behaviour of {agent} is in commit {}",
        response.seq
    ))?;
    Ok(())
}

fn read(file: &PathBuf) -> anyhow::Result<Definition> {
    let name = file.display();
    let text = match file.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        }
        false => fs::read_to_string(file),
    };
    let text = text.with_context(|| format!("read {name}"))?;
    parse_behaviour(&text).with_context(|| format!("{name} is not a behaviour"))
}

fn note_receipt(
    output: Output,
    agent: &EntityId,
    what: &str,
    receipt: &Receipt,
) -> anyhow::Result<()> {
    match output.is_json() {
        true => output.json(receipt)?,
        false => output.line(&format!("{agent} {what} since commit {}", receipt.seq))?,
    }
    Ok(())
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
    use super::*;

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let missing = read(&path).unwrap_err();
        assert_eq!(missing.to_string(), format!("read {}", path.display()));
        fs::write(&path, "hello").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert_eq!(error, format!("{} is not a behaviour", path.display()));
        fs::write(&path, "initial: a\nstates: {a: {}}").unwrap();
        let json = r#"{"initial":"a","states":{"a":{}}}"#;
        assert_eq!(read(&path).unwrap().json(), json);
    }

    #[test]
    fn a_diagram_has_one_of_two_formats() {
        assert_eq!(diagram_format("dot"), Ok(DiagramFormat::Dot));
        assert!(diagram_format("svg").is_err());
    }
}
