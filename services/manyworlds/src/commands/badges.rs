//! `manyworlds badges`.

use clap::Args;
use client::Client;
use contract::WorldId;
use contract::http::{BadgeResponse, BadgesPageQuery};

use crate::output::{Listing, Output};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
}

/// Lists the badges of a world, oldest first.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let mut query = BadgesPageQuery::default();
    let mut listing = Listing::new(
        output,
        ["ENTITY", "TYPE", "SCORE", "BY", "AT", "DESCRIPTION"],
    );
    loop {
        let page = world.badges(&query).await?;
        for badge in &page.badges {
            listing.add(badge, || row(badge))?;
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    listing.finish()
}

fn row(badge: &BadgeResponse) -> anyhow::Result<Vec<String>> {
    let badge_type = serde_json::to_string(&badge.badge_type)?;
    let score = badge.score.map(|score| score.to_string());
    Ok(vec![
        badge.entity.to_string(),
        badge_type.trim_matches('"').to_owned(),
        score.unwrap_or_else(|| "-".to_owned()),
        badge.by.to_string(),
        badge.at.to_string(),
        badge.description.clone().unwrap_or_default(),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_badge_is_a_row() {
        let of = |score| {
            let badge = json!({
                "id": "018f0000-0000-7000-8000-000000000001", "entity": "s1", "type": "completed",
                "score": score, "description": "all lessons", "by": "t",
                "at": "2026-01-31T12:00:00.000Z", "seq": 8,
            });
            row(&serde_json::from_value(badge).unwrap()).unwrap()
        };
        assert_eq!(of(json!(0.5))[..4], ["s1", "completed", "0.5", "t"]);
        assert_eq!(of(json!(null))[2], "-");
    }
}
