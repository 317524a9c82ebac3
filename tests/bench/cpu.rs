//! CPU time and memory of processes, as Linux counts them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use system_tests::Cluster;
use testkit::eventually;

/// Linux counts CPU time in hundredths of a second (`sysconf(_SC_CLK_TCK)`, 100 on all its ports
/// that we know).
const TICK: Duration = Duration::from_millis(10);
/// Memory that has not changed for so many looks, 10 ms apart, has settled.
const SETTLED_LOOKS: usize = 20;

/// The CPU time that each process of a system, this one included, has used so far.
pub(crate) struct Used(Vec<(String, Duration)>);

/// CPU milliseconds for each operation.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    /// Of all processes.
    pub(crate) total: f64,
    /// Of each.
    pub(crate) of: BTreeMap<String, f64>,
}

impl Used {
    pub(crate) fn now(cluster: &Cluster) -> Self {
        Self::by(&cluster.process_ids())
    }

    /// What these processes have used so far.
    pub(crate) fn by(processes: &[(String, u32)]) -> Self {
        let processes = processes.iter();
        let used = processes.map(|(name, id)| (name.clone(), used_by(*id)));
        Self(used.collect())
    }

    /// What was used since, for each of so many operations.
    pub(crate) fn per_operation(&self, cluster: &Cluster, operations: usize) -> Cost {
        self.per_operation_by(&cluster.process_ids(), operations)
    }

    /// What these processes have used since, for each of so many operations.
    pub(crate) fn per_operation_by(&self, processes: &[(String, u32)], operations: usize) -> Cost {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts are far below where it matters"
        )]
        let operations = operations as f64;
        let before: BTreeMap<&str, Duration> = self
            .0
            .iter()
            .map(|(name, used)| (name.as_str(), *used))
            .collect();
        let of: BTreeMap<String, f64> = Self::by(processes)
            .0
            .into_iter()
            .map(|(name, used)| {
                let before = before.get(name.as_str()).copied().unwrap_or_default();
                let used = used.saturating_sub(before).as_secs_f64() * 1000.0 / operations;
                (name, used)
            })
            .collect();
        Cost {
            total: of.values().sum(),
            of,
        }
    }
}

impl Cost {
    /// What this process alone has used.
    pub(crate) fn of_client(total: f64) -> Self {
        Self {
            total,
            of: BTreeMap::from([("client".to_owned(), total)]),
        }
    }
}

impl PartialEq for Cost {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total
    }
}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.total.partial_cmp(&other.total)
    }
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

/// The memory of a service in kilobytes, once what was used for a moment only is given back.
pub(crate) async fn settled_memory_kb(cluster: &Cluster, service: &str) -> i64 {
    let (mut memory, mut looks) = (0, 0);
    eventually("the memory has settled", async || {
        let now = memory_kb(cluster, service);
        looks = if now == memory { looks + 1 } else { 0 };
        memory = now;
        looks >= SETTLED_LOOKS
    })
    .await;
    memory
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
