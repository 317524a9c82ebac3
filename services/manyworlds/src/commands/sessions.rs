//! `manyworlds sessions`.

use clap::Args;
use client::Client;
use contract::flow::{SessionStatus, SessionView};
use contract::http::{SessionSelection, SessionsPageQuery};
use contract::{EntityId, FlowId, WorldId};

use crate::output::{Listing, Output};

/// Sessions that are read at once: as many as a page has at most.
const PAGE_SESSIONS: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The world's id
    world: WorldId,
    /// Only those of this flow
    #[arg(long)]
    flow: Option<FlowId>,
    /// Only those of this client
    #[arg(long, value_name = "ENTITY")]
    entity: Option<EntityId>,
    /// open, ended or all
    #[arg(long, default_value = "open", value_parser = selection)]
    status: SessionSelection,
}

/// Lists sessions.
pub(crate) async fn run(options: Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let sessions = client.world(&options.world).sessions();
    let mut query = SessionsPageQuery {
        flow: options.flow,
        entity: options.entity,
        status: options.status,
        after: None,
        limit: Some(PAGE_SESSIONS),
    };
    let mut listing = Listing::new(output, ["SESSION", "FLOW", "CLIENT", "STATUS", "BEGAN"]);
    loop {
        let page = sessions.list(&query).await?;
        for session in &page.items {
            listing.add(session, || Ok(row(session)))?;
        }
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    listing.finish()
}

fn row(session: &SessionView) -> Vec<String> {
    let status = match (session.status, &session.reason) {
        (SessionStatus::Open, _) => "open".to_owned(),
        (SessionStatus::Ended, Some(reason)) => format!("ended: {reason}"),
        (SessionStatus::Ended, None) => "ended".to_owned(),
    };
    vec![
        session.id.to_string(),
        session.flow.to_string(),
        session.entity.to_string(),
        status,
        session.started_at.to_string(),
    ]
}

fn selection(text: &str) -> Result<SessionSelection, String> {
    match text {
        "open" => Ok(SessionSelection::Open),
        "ended" => Ok(SessionSelection::Ended),
        "all" => Ok(SessionSelection::All),
        other => Err(format!("{other:?} is not open, ended or all")),
    }
}
