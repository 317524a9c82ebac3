//! `manyworlds world`.

mod apply;
mod check;
mod done;
mod finding;

use std::path::PathBuf;

use clap::Subcommand;
use client::Client;
use contract::http::{CreateWorldRequest, EntitiesPageQuery, WorldResponse, WorldsPageQuery};
use contract::{Brain, Entity, EntityKind, WorldId, WorldSpec};
use serde_json::json;

use self::done::done;
use crate::output::{Listing, Output, Style, table};

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
    /// End a world. Its id is free again at once
    Delete {
        /// Its id
        id: WorldId,
    },
    /// Apply a world file to a world. What the file does not name stays
    Apply {
        /// YAML or JSON: see docs/world-files.md
        file: PathBuf,
    },
    /// Check world files without a gateway: print all errors, each with its line and path
    Check {
        /// YAML or JSON: see docs/world-files.md
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of world files, for editors
    Schema {
        /// Print the page of all fields instead, in Markdown
        #[arg(long)]
        reference: bool,
    },
}

/// Does one of them.
pub(crate) async fn run(command: Command, client: &Client, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create {
            id,
            name,
            description,
        } => {
            let text = format!("world {id} is there");
            let spec = WorldSpec {
                name: name.unwrap_or_else(|| id.to_string()),
                description,
                ..WorldSpec::default()
            };
            let request = CreateWorldRequest { id, spec };
            let receipt = client.worlds().create(&request).await?;
            done(client, output, &receipt, &text).await
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
            let receipt = client.world(&id).delete().await?;
            done(client, output, &receipt, &format!("world {id} is gone")).await
        }
        Command::Apply { file } => apply::apply(&file, client, output).await,
        Command::Check { files } => check::check(&files, output),
        Command::Schema { reference } => match reference {
            true => Ok(output.piece(&world_file::reference())?),
            false => Ok(output.line(&serde_json::to_string_pretty(&world_file::json_schema())?)?),
        },
    }
}

async fn list(client: &Client, output: Output) -> anyhow::Result<()> {
    let mut listing = Listing::new(output, ["ID", "NAME", "COMMIT", "SINCE"]);
    let mut query = WorldsPageQuery::default();
    loop {
        let page = client.worlds().list(&query).await?;
        for world in page.worlds {
            listing.add(&world, || {
                Ok(vec![
                    world.id.to_string(),
                    world.name.clone(),
                    world.seq.to_string(),
                    world.created_at.to_string(),
                ])
            })?;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    listing.finish()
}

async fn show(
    client: &Client,
    id: &WorldId,
) -> Result<(WorldResponse, Vec<Entity>), client::Error> {
    let world = client.world(id);
    let shown = world.show().await?;
    let query = EntitiesPageQuery::default();
    Ok((shown, world.entities().list(&query).await?.entities))
}

fn present(output: Output, world: &WorldResponse, entities: Vec<Entity>) -> anyhow::Result<()> {
    output.line(&output.paint(Style::Bold, &world.name))?;
    if !world.description.is_empty() {
        output.line(&world.description)?;
    }
    let commits = match world.first_seq {
        Some(first) => format!("commits {first} to {}", world.seq),
        None => format!("commit {}", world.seq),
    };
    let facts = format!("{commits}, turn limit {}", world.turn_limit);
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
