//! The table of measurements.

use std::time::Duration;

use serde::Serialize;

use crate::cpu::Cost;

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: &'static str,
    /// What came, with its unit.
    pub(crate) value: String,
    /// The control of the same run.
    pub(crate) control: String,
    /// The value by its control, or by its bar.
    pub(crate) ratio: f64,
    /// What it must hold.
    pub(crate) bar: &'static str,
    /// Whether it does.
    pub(crate) met: bool,
    /// CPU milliseconds of all processes for each operation, where it was measured.
    pub(crate) cpu_ms: Option<Cost>,
}

pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    /// What could not be measured, and why.
    skipped: Vec<(&'static str, String)>,
    only: String,
    scale: f64,
}

impl Report {
    pub(crate) fn new(only: String, scale: f64) -> Self {
        Self {
            rows: Vec::new(),
            skipped: Vec::new(),
            only,
            scale,
        }
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }

    pub(crate) fn count(&self, count: usize) -> usize {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are far below where it matters"
        )]
        let scaled = (count as f64 * self.scale) as usize;
        scaled.max(1)
    }

    pub(crate) fn add(&mut self, row: Row) {
        println!("{}", line(&row));
        self.rows.push(row);
    }

    /// A row that can't be measured on this machine.
    pub(crate) fn skip(&mut self, name: &'static str, reason: &str) {
        println!("{name:<44} not measured: {reason}");
        self.skipped.push((name, reason.to_owned()));
    }

    pub(crate) fn print(&self) {
        println!(
            "\n{:<44} {:>22} {:>26} {:>7} {:>9}  bar",
            "measured", "value", "control", "ratio", "CPU ms/op"
        );
        for row in &self.rows {
            println!("{}", line(row));
        }
        for (name, reason) in &self.skipped {
            println!("{name:<44} not measured: {reason}");
        }
        println!("\nCPU microseconds for each operation, by process");
        for row in &self.rows {
            let Some(cost) = &row.cpu_ms else { continue };
            let of = cost.of.iter();
            let of: Vec<String> = of
                .map(|(name, used)| format!("{name} {:.1}", used * 1000.0))
                .collect();
            println!("{:<44} {}", row.name, of.join(", "));
        }
    }
}

fn line(row: &Row) -> String {
    let cpu = row
        .cpu_ms
        .as_ref()
        .map_or_else(|| "-".to_owned(), |cpu| format!("{:.3}", cpu.total));
    let met = if row.met { "met" } else { "MISSED" };
    format!(
        "{:<44} {:>22} {:>26} {:>7.2} {cpu:>9}  {} {met}",
        row.name, row.value, row.control, row.ratio, row.bar
    )
}

/// The middle of several values.
pub(crate) fn median<T: PartialOrd + Clone>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2].clone()
}

/// The value below which this share of all lie.
pub(crate) fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below the length"
    )]
    let index = ((times.len() - 1) as f64 * share) as usize;
    times[index]
}

/// How many a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts are far below where it matters"
    )]
    let count = count as f64;
    count / time.as_secs_f64()
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
