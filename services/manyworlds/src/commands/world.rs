//! `manyworlds world`.

use std::path::PathBuf;

use clap::Subcommand;
use contract::query::WorldRow;
use contract::{Brain, Entity, EntityKind, Seq, WorldId, WorldSpec};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use world_file::WorldFile;

use crate::client::Client;
use crate::output::{Output, Style, table};
use crate::read_world::read_world;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an empty world
    Create {
        /// Its id: 1 to 64 of A-Z a-z 0-9 _ -
        id: WorldId,
        /// What people call it; its id when absent
        #[arg(long)]
        name: Option<String>,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List the worlds
    List,
    /// Show who and what is in a world
    Show {
        /// Its id
        id: WorldId,
    },
    /// End a world. Its id is free again after a while
    Delete {
        /// Its id
        id: WorldId,
    },
    /// Make a world what a file says. What the file does not name stays
    Apply {
        /// YAML or JSON: see deploy/worlds
        file: PathBuf,
    },
}

/// A page of worlds.
#[derive(Deserialize)]
struct Page {
    worlds: Vec<WorldRow>,
    #[serde(default)]
    next: Option<String>,
}

/// What a world is.
#[derive(Serialize, Deserialize)]
struct WorldShown {
    id: WorldId,
    name: String,
    #[serde(default)]
    description: String,
    turn_limit: u32,
    seq: Seq,
}

#[derive(Deserialize)]
struct EntityList {
    entities: Vec<Entity>,
}

/// Does one of them.
pub(crate) async fn run(command: Command, client: &Client, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create {
            id,
            name,
            description,
        } => {
            let name = name.unwrap_or_else(|| id.to_string());
            let body = json!({"id": id, "name": name, "description": description});
            let answer = client.call(Method::POST, "/v1/worlds", Some(&body)).await?;
            done(client, output, &answer, &format!("world {id} is there")).await
        }
        Command::List => list(client, output).await,
        Command::Show { id } => {
            let (world, entities) = show(client, &id).await?;
            if output.is_json() {
                return Ok(output.json(&json!({"world": world, "entities": entities}))?);
            }
            present(output, &world, entities)
        }
        Command::Delete { id } => {
            let answer = client.call(Method::DELETE, &path(&id), None).await?;
            done(client, output, &answer, &format!("world {id} is gone")).await
        }
        Command::Apply { file } => {
            let WorldFile { id, spec } = read_world(&file)?;
            let answer = apply(client, &id, &spec).await?;
            let text = format!("world {id} is as {} says", file.display());
            done(client, output, &answer, &text).await
        }
    }
}

async fn apply(client: &Client, id: &WorldId, spec: &WorldSpec) -> anyhow::Result<Value> {
    let body = serde_json::to_value(spec)?;
    client.call(Method::PUT, &path(id), Some(&body)).await
}

async fn list(client: &Client, output: Output) -> anyhow::Result<()> {
    let mut rows = vec![["ID", "NAME", "COMMIT", "SINCE"].map(str::to_owned).into()];
    let mut after = String::new();
    loop {
        let page: Page = client
            .call(Method::GET, &format!("/v1/worlds{after}"), None)
            .await?;
        for world in page.worlds {
            if output.is_json() {
                output.json(&world)?;
            } else {
                rows.push(vec![
                    world.id.to_string(),
                    world.name,
                    world.seq.to_string(),
                    world.created_at.to_string(),
                ]);
            }
        }
        match page.next {
            Some(next) => after = format!("?after={next}"),
            None => break,
        }
    }
    if !output.is_json() {
        for line in table(&rows) {
            output.line(&line)?;
        }
    }
    Ok(())
}

async fn show(client: &Client, id: &WorldId) -> anyhow::Result<(WorldShown, Vec<Entity>)> {
    let path = path(id);
    let world = client.call(Method::GET, &path, None).await?;
    let list: EntityList = client
        .call(Method::GET, &format!("{path}/entities"), None)
        .await?;
    Ok((world, list.entities))
}

fn present(output: Output, world: &WorldShown, entities: Vec<Entity>) -> anyhow::Result<()> {
    output.line(&output.paint(Style::Bold, &world.name))?;
    if !world.description.is_empty() {
        output.line(&world.description)?;
    }
    let facts = format!("commit {}, turn limit {}", world.seq, world.turn_limit);
    output.line(&output.paint(Style::Faint, &facts))?;
    let mut rows = vec![["ID", "KIND", "NAME", "BRAIN"].map(str::to_owned).into()];
    rows.extend(entities.into_iter().map(|entity| {
        let kind = match entity.kind {
            EntityKind::Agent => "agent",
            EntityKind::Object => "object",
            EntityKind::User => "user",
        };
        let brain = match entity.agent.as_ref().map(|agent| &agent.brain) {
            None => String::new(),
            Some(Brain::Script(_)) => "script".to_owned(),
            Some(Brain::Function { action }) => format!("function {action}"),
            Some(Brain::Llm(llm)) => llm.model.clone(),
            Some(Brain::Client {}) => "client".to_owned(),
        };
        let name = entity.display_name().to_owned();
        vec![entity.id.to_string(), kind.to_owned(), name, brain]
    }));
    for line in table(&rows) {
        output.line(&line)?;
    }
    Ok(())
}

/// Says that it is done, once the archive knows it too: `world list` is to show it.
async fn done(client: &Client, output: Output, answer: &Value, text: &str) -> anyhow::Result<()> {
    let seq = answer
        .get("seq")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let listed = format!("/v1/worlds?limit=1&wait_for={seq}");
    if let Err(error) = client.call::<Value>(Method::GET, &listed, None).await {
        let note = format!("it is stored, but not listed yet: {error:#}");
        output.note(&output.paint_note(Style::Faint, &note));
    }
    if output.is_json() {
        output.json(answer)?;
    } else {
        output.line(text)?;
    }
    Ok(())
}

fn path(id: &WorldId) -> String {
    format!("/v1/worlds/{id}")
}
