//! What a worker still reports of a run that was cancelled.

use std::time::Duration;

use contract::Run;
use service_kit::ErrorChain;
use tracing::{debug, warn};

use crate::connection::Connection;
use crate::error::Error;
use crate::node_report::{NodeReport, report_id, send_report};
use crate::sent_text::SentText;

/// Timeout for the report: shorter than the ack wait, since the delivery is not kept alive meanwhile.
const REPORT_TIMEOUT: Duration = Duration::from_secs(4);

/// Reports the text that the client of a session has got of an answer that ended without its run. Nothing is
/// published any more.
pub(super) async fn report_sent_text(connection: &Connection, run: &Run, sent: &SentText) {
    let Some((session, text)) = sent.close() else {
        return;
    };
    let report = NodeReport {
        session,
        events: Vec::new(),
        text: Some(text),
        calls: Vec::new(),
    };
    let id = report_id(run, &["text"]);
    match send_report(connection, run, id, report, REPORT_TIMEOUT).await {
        Ok(()) => {}
        Err(Error::RunEnded) => debug!("no text awaited of the cancelled run"),
        Err(error) => {
            warn!(error = %ErrorChain(&error), "text of the interrupted answer not reported");
        }
    }
}
