//! CPU time and memory of processes, as Linux counts them.

use std::time::Duration;

use system_tests::Cluster;

/// Linux counts CPU time in hundredths of a second (`sysconf(_SC_CLK_TCK)`, 100 on all its ports
/// that we know).
const TICK: Duration = Duration::from_millis(10);

/// The CPU time that all processes of a system, this one included, have used so far.
pub(crate) fn used(cluster: &Cluster) -> Duration {
    cluster
        .process_ids()
        .iter()
        .map(|(_, id)| used_by(*id))
        .sum()
}

fn used_by(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold spaces; user and system time are fields 14 and 15.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<u32>().ok());
    TICK * (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
}

/// CPU milliseconds for each operation.
pub(crate) fn per_operation(used: Duration, operations: usize) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts are far below where it matters"
    )]
    let operations = operations as f64;
    used.as_secs_f64() * 1000.0 / operations
}

/// The memory that a process holds, in kilobytes.
pub(crate) fn memory_kb(cluster: &Cluster, service: &str) -> i64 {
    let ids = cluster.process_ids();
    let Some((_, id)) = ids.iter().find(|(name, _)| name.starts_with(service)) else {
        return 0;
    };
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}
