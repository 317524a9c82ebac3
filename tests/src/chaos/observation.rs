//! What a fault did to the system, as clients and health pages show it.

use std::fmt;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use reqwest::Client;

use super::fault::{Fault, Symptom};
use super::progress::Progress;
use crate::Cluster;
use crate::oracle::Counts;

/// Within this long, everything is ready when a fault is over. An archive may have to be filled again.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long a health page may take.
const PAGE_WITHIN: Duration = Duration::from_secs(2);
/// Pause between two looks at a health page: a state may be short.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long what a fault leads to may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until health pages name the fault.
    pub named_within: Duration,
    /// Until traffic goes on where another server is there, or the fault is over.
    pub goes_on_within: Duration,
}

impl Limits {
    /// What users may expect, on a machine with nothing else to do.
    pub const BARS: Self = Self {
        named_within: Duration::from_secs(10),
        goes_on_within: Duration::from_secs(15),
    };
    /// For tests, which wait for states on machines that may be busy.
    pub const PATIENT: Self = Self {
        named_within: Duration::from_secs(60),
        goes_on_within: Duration::from_secs(60),
    };
}

/// What a fault did. A time that is missing was longer than its limit.
pub(super) struct Observation {
    fault: Fault,
    skipped: Option<&'static str>,
    /// How long it took until health pages named it, where they should.
    named: Option<Option<Duration>>,
    /// How long it took until traffic went on, where it should.
    goes_on: Option<Option<Duration>>,
    /// How long it took until traffic went on after its end.
    recovered: Option<Duration>,
}

impl Observation {
    /// Puts a fault into the system, watches what it does, and heals it.
    pub(super) async fn make(
        fault: Fault,
        cluster: &mut Cluster,
        progress: &Progress,
        limits: Limits,
        random: &mut StdRng,
    ) -> Self {
        let (began, lasts) = (Instant::now(), fault.draw_duration(random));
        let skipped = fault.begin(cluster).await.err();
        if skipped.is_some() {
            return Self {
                fault,
                skipped,
                named: None,
                goes_on: None,
                recovered: None,
            };
        }
        let named = async {
            match fault.symptom(cluster) {
                Some(symptom) => Some(is_named(cluster, &symptom, limits.named_within).await),
                None => None,
            }
        };
        let goes_on = async {
            match fault.is_covered(cluster) {
                true => Some(progress.goes_on(limits.goes_on_within).await),
                false => None,
            }
        };
        let (named, goes_on) = tokio::join!(named, goes_on);
        tokio::time::sleep(lasts.saturating_sub(began.elapsed())).await;
        fault.heal(cluster).await;
        let recovered = progress.goes_on(limits.goes_on_within).await;
        if fault.is_waited_for() {
            wait_until_ready(cluster, &fault).await;
        }
        Self {
            fault,
            skipped,
            named,
            goes_on,
            recovered,
        }
    }

    /// What is to be zero.
    pub(super) fn counts(&self) -> Counts {
        if self.skipped.is_some() {
            return Counts::default();
        }
        let is_missing = |time: Option<Option<Duration>>| usize::from(time == Some(None));
        Counts {
            unnamed: is_missing(self.named),
            stalled: is_missing(self.goes_on) + usize::from(self.recovered.is_none()),
            ..Counts::default()
        }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.fault)?;
        if let Some(reason) = self.skipped {
            return write!(f, " | skipped: {reason}");
        }
        let show = |time: Option<Duration>| match time {
            Some(time) => format!("after {:.1} s", time.as_secs_f64()),
            None => "TOO LATE".to_owned(),
        };
        if let Some(named) = self.named {
            write!(f, " | not ready {}", show(named))?;
        }
        if let Some(goes_on) = self.goes_on {
            write!(f, " | traffic {}", show(goes_on))?;
        }
        write!(f, " | healed, traffic {}", show(self.recovered))
    }
}

/// How long it takes until a symptom is on the pages where it should be; none when it is not in time.
async fn is_named(cluster: &Cluster, symptom: &Symptom, within: Duration) -> Option<Duration> {
    let (began, client) = (Instant::now(), Client::new());
    let mut missing = symptom.processes.clone();
    loop {
        for process in missing.clone() {
            let page = page(&client, cluster.page(process)).await;
            if page.is_some_and(|(_, text)| text.contains(symptom.reason)) {
                missing.retain(|other| *other != process);
            }
        }
        if missing.is_empty() || !symptom.is_on_all && missing.len() < symptom.processes.len() {
            return Some(began.elapsed());
        }
        if began.elapsed() > within {
            return None;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn wait_until_ready(cluster: &Cluster, fault: &Fault) {
    let (began, client) = (Instant::now(), Client::new());
    let mut process = 0;
    while process < cluster.processes.len() {
        match page(&client, cluster.page(process)).await {
            Some((true, _)) => process += 1,
            page => {
                let (name, page) = (&cluster.processes[process].name, page.unwrap_or_default().1);
                let elapsed = began.elapsed();
                assert!(
                    elapsed < READY_WITHIN,
                    "{name} is not ready after {fault:?}: {page}"
                );
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
}

/// Whether a service is ready, and what its health page has.
async fn page(client: &Client, base: &str) -> Option<(bool, String)> {
    let request = client.get(format!("{base}/readyz")).timeout(PAGE_WITHIN);
    let answer = request.send().await.ok()?;
    Some((answer.status().is_success(), answer.text().await.ok()?))
}
