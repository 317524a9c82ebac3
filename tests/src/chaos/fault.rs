//! Faults: what each does to the system, and how it is undone.

use std::time::Duration;

use contract::subject::LOG_STREAM;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use testkit::{Direction, NatsServer, Raw, SmallDisk, TcpProxy};

use super::archive_files;
use super::fault_kind::FaultKind;
use crate::{Cluster, FaultPoints, clock};

/// Longer than the lease of a service, so that it wakes up as one that still believes in it.
const PAUSE_MIN: Duration = Duration::from_secs(3);
/// How much the log may grow when its limit is reached.
const LOG_GROWTH_BYTES: u32 = 4_000;
/// Offsets of clocks, in seconds.
const OFFSETS: [i64; 6] = [-3600, -300, -60, 60, 300, 3600];

/// A fault, drawn from a seed.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    Kill { processes: Vec<usize> },
    KillBroker,
    StopBroker,
    Pause { process: usize },
    HangBroker,
    HalfOpenBroker { process: usize, loss: Loss },
    HalfOpenClients { gateway: usize, loss: Loss },
    FullArchiveDisk,
    FullLogLimit,
    FullLogDisk,
    Clock { process: usize, offset_seconds: i64 },
    ArchiveCopy { is_open: bool },
    TornArchive,
    ForeignArchive,
    DataCopy,
    Upgrade,
}

/// What a link does to bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loss {
    /// They arrive when it is over.
    Late,
    /// They never arrive, in this direction.
    Dropped(Direction),
}

/// What a fault shows on health pages.
pub(super) struct Symptom {
    /// On the pages of these processes.
    pub(super) processes: Vec<usize>,
    /// Whether on all of them; else on any.
    pub(super) is_on_all: bool,
    /// A text on the page.
    pub(super) reason: &'static str,
}

impl Fault {
    /// Draws a fault of a kind.
    pub(super) fn draw(kind: FaultKind, random: &mut StdRng, cluster: &Cluster) -> Self {
        let processes = cluster.processes.len();
        let process = random.random_range(0..processes);
        match kind {
            FaultKind::Kill => {
                let count = random.random_range(1..=3);
                let killed = rand::seq::index::sample(random, processes, count);
                Self::Kill {
                    processes: killed.into_vec(),
                }
            }
            FaultKind::KillBroker => Self::KillBroker,
            FaultKind::StopBroker => Self::StopBroker,
            FaultKind::Pause => Self::Pause { process },
            FaultKind::HangBroker => Self::HangBroker,
            FaultKind::HalfOpenBroker => Self::HalfOpenBroker {
                process,
                loss: Loss::draw(random),
            },
            FaultKind::HalfOpenClients => Self::HalfOpenClients {
                gateway: random.random_range(0..cluster.gateways.len()),
                loss: Loss::draw(random),
            },
            FaultKind::FullArchiveDisk => Self::FullArchiveDisk,
            FaultKind::FullLogLimit => Self::FullLogLimit,
            FaultKind::FullLogDisk => Self::FullLogDisk,
            FaultKind::Clock => Self::Clock {
                process,
                offset_seconds: OFFSETS.choose(random).copied().unwrap_or_default(),
            },
            FaultKind::ArchiveCopy => Self::ArchiveCopy {
                is_open: random.random_bool(0.5),
            },
            FaultKind::TornArchive => Self::TornArchive,
            FaultKind::ForeignArchive => Self::ForeignArchive,
            FaultKind::DataCopy => Self::DataCopy,
            FaultKind::Upgrade => Self::Upgrade,
        }
    }

    /// Draws how long it lasts at least.
    pub(super) fn draw_duration(&self, random: &mut StdRng) -> Duration {
        let more = Duration::from_millis(random.random_range(0..1000));
        match self {
            Self::Pause { .. } => PAUSE_MIN + more,
            _ => more,
        }
    }

    /// Puts it into the system.
    ///
    /// # Errors
    /// Why it is not possible on this machine.
    pub(super) async fn begin(&self, cluster: &mut Cluster) -> Result<(), &'static str> {
        match self {
            Self::Kill { processes } => {
                processes
                    .iter()
                    .for_each(|process| cluster.processes[*process].kill());
            }
            Self::KillBroker => log_leader(cluster).await.kill(),
            Self::StopBroker => log_leader(cluster).await.stop().await,
            Self::Pause { process } => cluster.processes[*process].pause(),
            Self::HangBroker => log_leader(cluster).await.suspend(),
            Self::HalfOpenBroker { process, loss } => {
                require_one_server(cluster)?;
                loss.begin(&points(cluster)?.links[*process]);
            }
            Self::HalfOpenClients { gateway, loss } => {
                loss.begin(&points(cluster)?.doors[*gateway]);
            }
            Self::FullArchiveDisk => archive_disk(cluster)?.fill(),
            Self::FullLogLimit => limit_log(cluster, Some(LOG_GROWTH_BYTES)).await,
            Self::FullLogDisk => {
                require_one_server(cluster)?;
                log_disk(cluster)?.fill();
            }
            Self::Clock {
                process,
                offset_seconds,
            } => {
                let variables =
                    clock::variables(*offset_seconds).ok_or("libfaketime is not installed")?;
                let process = &mut cluster.processes[*process];
                process.set_variables(&variables);
                process.restart();
            }
            Self::ArchiveCopy { .. } => {
                let copied =
                    archive_files::copy_database(cluster.archive(), &copy_of_archive(cluster));
                copied.expect("a copy");
            }
            Self::TornArchive => tear_archive(cluster),
            Self::ForeignArchive => {
                let copy = copy_of_archive(cluster);
                Box::pin(archive_files::write_foreign(&copy))
                    .await
                    .expect("another archive");
                replace_archive(cluster, true);
            }
            Self::DataCopy => {
                require_one_server(cluster)?;
                for process in &mut cluster.processes {
                    process.terminate();
                }
                cluster.nats.kill();
                for folder in points(cluster)?.data_folders() {
                    archive_files::replace_by_copy(&folder).expect("a copy of all data");
                }
            }
            Self::Upgrade => cluster.upgrade().await,
        }
        Ok(())
    }

    /// Undoes what it has done to the machine. What is left is for the system to recover from.
    pub(super) async fn heal(&self, cluster: &mut Cluster) {
        match self {
            Self::Kill { processes } => {
                processes
                    .iter()
                    .for_each(|process| cluster.processes[*process].restart());
            }
            Self::KillBroker | Self::StopBroker | Self::HangBroker => heal_nats(cluster).await,
            Self::Pause { process } => cluster.processes[*process].resume(),
            Self::HalfOpenBroker { process, .. } => {
                points(cluster)
                    .iter()
                    .filter_map(|points| points.links.get(*process))
                    .for_each(TcpProxy::resume);
            }
            Self::HalfOpenClients { gateway, .. } => {
                points(cluster)
                    .iter()
                    .for_each(|points| points.doors[*gateway].resume());
            }
            Self::FullArchiveDisk => archive_disk(cluster).iter().for_each(|disk| disk.free()),
            Self::FullLogLimit => limit_log(cluster, None).await,
            Self::FullLogDisk => {
                log_disk(cluster).iter().for_each(|disk| disk.free());
                // A stream that could not be written stays closed until its server is started again.
                cluster.nats.restart();
            }
            Self::Clock {
                process,
                offset_seconds,
            } => {
                let process = &mut cluster.processes[*process];
                process.remove_variables(&clock::variables(*offset_seconds).unwrap_or_default());
                process.restart();
            }
            Self::ArchiveCopy { is_open } => replace_archive(cluster, *is_open),
            Self::TornArchive | Self::ForeignArchive | Self::Upgrade => {}
            Self::DataCopy => {
                cluster.nats.restart();
                cluster
                    .processes
                    .iter_mut()
                    .for_each(crate::Process::restart);
            }
        }
    }

    /// What is to be seen on health pages.
    pub(super) fn symptom(&self, cluster: &Cluster) -> Option<Symptom> {
        let (service, is_on_all, reason) = match self {
            // Who is connected to another server goes on.
            Self::HangBroker if cluster.nats_servers() > 1 => return None,
            Self::HangBroker => {
                let processes = (0..cluster.processes.len()).collect();
                return Some(Symptom {
                    processes,
                    is_on_all: true,
                    reason: "nats: ",
                });
            }
            Self::HalfOpenBroker { process, .. } => {
                let processes = vec![*process];
                return Some(Symptom {
                    processes,
                    is_on_all: true,
                    reason: "nats: ",
                });
            }
            Self::FullArchiveDisk => (
                "persistence",
                false,
                "storage: the disk of the database is full",
            ),
            Self::FullLogLimit | Self::FullLogDisk => ("world", false, "log storage: "),
            Self::ForeignArchive => ("persistence", false, "archive: "),
            Self::TornArchive => ("persistence", false, "database: its file is malformed"),
            Self::Kill { .. }
            | Self::KillBroker
            | Self::StopBroker
            | Self::Pause { .. }
            | Self::HalfOpenClients { .. }
            | Self::Clock { .. }
            | Self::ArchiveCopy { .. }
            | Self::DataCopy
            | Self::Upgrade => return None,
        };
        Some(Symptom {
            processes: cluster.indices(service),
            is_on_all,
            reason,
        })
    }

    /// Whether other servers do the work meanwhile, so that traffic goes on.
    pub(super) fn is_covered(&self, cluster: &Cluster) -> bool {
        let is_left = |killed: &[usize], service: &str| {
            cluster
                .indices(service)
                .iter()
                .any(|process| !killed.contains(process))
        };
        match self {
            Self::Kill { processes } => ["gateway", "world"]
                .iter()
                .all(|service| is_left(processes, service)),
            Self::Pause { .. }
            | Self::HalfOpenBroker { .. }
            | Self::HalfOpenClients { .. }
            | Self::FullArchiveDisk
            | Self::Clock { .. }
            | Self::ArchiveCopy { .. }
            | Self::TornArchive
            | Self::ForeignArchive
            | Self::Upgrade => true,
            Self::KillBroker | Self::StopBroker | Self::HangBroker => cluster.nats_servers() > 1,
            Self::FullLogLimit | Self::FullLogDisk | Self::DataCopy => false,
        }
    }

    /// Whether everything is to be ready again before the next fault. Kills come on top of one another.
    pub(super) fn is_waited_for(&self) -> bool {
        !matches!(
            self,
            Self::Kill { .. } | Self::KillBroker | Self::StopBroker | Self::Pause { .. }
        )
    }
}

impl Loss {
    fn draw(random: &mut StdRng) -> Self {
        match random.random_range(0..4) {
            0 => Self::Late,
            1 => Self::Dropped(Direction::ToServer),
            2 => Self::Dropped(Direction::ToClient),
            _ => Self::Dropped(Direction::Both),
        }
    }

    fn begin(self, proxy: &TcpProxy) {
        match self {
            Self::Late => proxy.stall(),
            Self::Dropped(direction) => proxy.drop_bytes(direction),
        }
    }
}

async fn log_leader(cluster: &mut Cluster) -> &mut NatsServer {
    let leader = cluster.log_leader().await;
    cluster.nats_server(leader)
}

/// Starts or resumes what was killed, stopped or suspended. Another server of a cluster ends only when all have a copy
/// of everything again.
async fn heal_nats(cluster: &mut Cluster) {
    let servers = cluster.nats_servers();
    for number in 0..servers {
        let server = cluster.nats_server(number);
        match server.is_running() {
            true => server.resume(),
            false => server.restart(),
        }
    }
    if servers > 1 {
        cluster.nats_in_sync().await;
    }
}

/// Faults of the links to NATS, and of its data, concern one server.
fn require_one_server(cluster: &Cluster) -> Result<(), &'static str> {
    match cluster.nats_servers() {
        1 => Ok(()),
        _ => Err("NATS is a cluster"),
    }
}

fn points(cluster: &Cluster) -> Result<&FaultPoints, &'static str> {
    cluster
        .fault_points
        .as_ref()
        .ok_or("the system was not started for faults")
}

fn archive_disk(cluster: &Cluster) -> Result<&SmallDisk, &'static str> {
    points(cluster)?
        .archive_disk
        .as_ref()
        .ok_or("this user can't mount a file system")
}

fn log_disk(cluster: &Cluster) -> Result<&SmallDisk, &'static str> {
    points(cluster)?
        .log_disk
        .as_ref()
        .ok_or("this user can't mount a file system")
}

async fn limit_log(cluster: &Cluster, more: Option<u32>) {
    let raw = Raw::connect(&cluster.nats_urls()).await;
    raw.limit_stream(LOG_STREAM, more).await;
}

fn copy_of_archive(cluster: &Cluster) -> std::path::PathBuf {
    cluster.archive().with_extension("copy")
}

/// Puts the copy in the place of the archive, which is open, or belongs to services that were killed.
fn replace_archive(cluster: &mut Cluster, is_open: bool) {
    let (copy, archive) = (copy_of_archive(cluster), cluster.archive().to_owned());
    if is_open {
        return archive_files::replace_database(&copy, &archive).expect("a copy in its place");
    }
    cluster.stop("persistence");
    archive_files::replace_closed_database(&copy, &archive).expect("a copy in its place");
    restart_archives(cluster);
}

/// A clean end leaves everything in one file: a part of it is no database.
fn tear_archive(cluster: &mut Cluster) {
    for process in cluster.indices("persistence") {
        cluster.processes[process].terminate();
    }
    let archive = cluster.archive();
    archive_files::tear(archive).expect("a part of the archive");
    restart_archives(cluster);
}

fn restart_archives(cluster: &mut Cluster) {
    let archives = cluster.indices("persistence");
    archives
        .iter()
        .for_each(|process| cluster.processes[*process].restart());
}
