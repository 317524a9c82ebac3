//! Waits until a change of a world can be listed.

use client::Client;
use contract::http::{Receipt, WorldsPageQuery};

use crate::error_text::error_text;
use crate::output::{Output, Style};

/// Prints that it is done, once the archive knows it too: `world list` is to show it.
pub(super) async fn done(
    client: &Client,
    output: Output,
    receipt: &Receipt,
    text: &str,
) -> anyhow::Result<()> {
    let query = WorldsPageQuery {
        limit: Some(1),
        wait_for: Some(receipt.seq),
        ..WorldsPageQuery::default()
    };
    if let Err(error) = client.worlds().list(&query).await {
        let error = error_text(&error.into());
        let note = format!("it is stored, but not listed yet: {error}");
        output.note(&output.paint_note(Style::Faint, &note));
    }
    if output.is_json() {
        output.json(receipt)?;
    } else {
        output.line(text)?;
    }
    Ok(())
}
