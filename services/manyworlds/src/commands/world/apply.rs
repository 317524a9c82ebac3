//! `manyworlds world apply`.

use std::path::Path;

use anyhow::bail;
use client::{Client, Error};
use contract::http::EntitiesPageQuery;
use contract::{Entity, WorldId};
use world_file::{Positions, WorldFile};

use super::check::references;
use super::done::done;
use super::finding::Severity;
use crate::output::Output;
use crate::read_world::read_world_with_positions;

const NOT_FOUND: u16 = 404;

/// Applies a file to its world. What it refers to has to be in the file or in the world.
pub(super) async fn apply(path: &Path, client: &Client, output: Output) -> anyhow::Result<()> {
    let (file, positions) = read_world_with_positions(path)?;
    let present = present_entities(client, &file.id).await?;
    let findings = references(path, &file, &positions, present.as_deref());
    for finding in &findings {
        output.note(&finding.text(output));
    }
    if findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
    {
        bail!("{} is not applied", path.display());
    }
    let WorldFile { id, spec } = file;
    let applied = client.world(&id).apply(&spec).await;
    let receipt = applied.map_err(|error| located(error, path, &positions))?;
    let text = format!("world {id} is as {} says", path.display());
    done(client, output, &receipt, &text).await
}

/// The entities of a world that is there already.
async fn present_entities(client: &Client, id: &WorldId) -> Result<Option<Vec<Entity>>, Error> {
    let query = EntitiesPageQuery::default();
    match client.world(id).entities().list(&query).await {
        Ok(page) => Ok(Some(page.entities)),
        Err(Error::Problem(problem)) if problem.status == NOT_FOUND => Ok(None),
        Err(error) => Err(error),
    }
}

/// A refusal of the world, with where its field is in the file.
fn located(error: Error, path: &Path, positions: &Positions) -> anyhow::Error {
    let Error::Problem(problem) = &error else {
        return error.into();
    };
    let Some(field) = problem.field.clone() else {
        return error.into();
    };
    let position = positions.of(&field);
    let place = format!("{}:{}:{}", path.display(), position.line, position.column);
    anyhow::Error::new(error).context(place)
}
