//! What is wrong with a world file, as it is printed.

use std::path::Path;

use serde::Serialize;
use world_file::{Fault, Position};

use crate::output::{Output, Style};

/// What is wrong with a world file, or to be known of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    pub(super) severity: Severity,
    reason: String,
}

/// Whether a file can be applied in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Severity {
    /// It can't.
    Error,
    /// It can.
    Warning,
}

impl Finding {
    pub(super) fn new(file: &Path, severity: Severity, fault: Fault) -> Self {
        let position = fault.position;
        Self {
            file: file.display().to_string(),
            line: position.map(|Position { line, .. }| line),
            column: position.map(|Position { column, .. }| column),
            path: fault.path,
            severity,
            reason: fault.reason,
        }
    }

    /// `lobby.yaml:3:5: error: entities[0].kind: unknown value`, as editors read it.
    pub(super) fn text(&self, output: Output) -> String {
        let mut text = self.file.clone();
        for number in [self.line, self.column].into_iter().flatten() {
            text.push_str(&format!(":{number}"));
        }
        let severity = match self.severity {
            Severity::Error => output.paint(Style::Error, "error"),
            Severity::Warning => output.paint(Style::Bold, "warning"),
        };
        let separator = if self.path.is_empty() { "" } else { ": " };
        format!(
            "{text}: {severity}: {}{separator}{}",
            self.path, self.reason
        )
    }
}
