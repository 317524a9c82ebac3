//! The kinds of faults, by the names that `--faults` takes.

use clap::ValueEnum;

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FaultKind {
    /// Services end by `kill -9`.
    Kill,
    /// The broker ends by `kill -9`; of a cluster, the server that leads the log.
    KillBroker,
    /// The broker is stopped (SIGTERM); of a cluster, the server that leads the log.
    StopBroker,
    /// A service is suspended (SIGSTOP) for longer than its lease.
    Pause,
    /// The broker is suspended (SIGSTOP): it keeps its connections and answers nothing. Of a cluster, the server that
    /// leads the log.
    HangBroker,
    /// The link between a service and the broker loses bytes, in one direction or both.
    HalfOpenBroker,
    /// The link between clients and a gateway loses bytes, in one direction or both.
    HalfOpenClients,
    /// The disk of the archive is full.
    FullArchiveDisk,
    /// The log may not grow: its limit is reached.
    FullLogLimit,
    /// The disk of the log is full.
    FullLogDisk,
    /// The clock of a service is minutes or an hour ahead or behind.
    Clock,
    /// The file of the archive is copied while it is written, and put back later.
    ArchiveCopy,
    /// A part of the file of the archive is put in its place.
    TornArchive,
    /// The archive of another system is put in the place of the archive.
    ForeignArchive,
    /// Everything ends, and goes on with a copy of all data.
    DataCopy,
    /// Every service is stopped and replaced by this build, one replica after the other, in the order of an upgrade.
    Upgrade,
}

impl FaultKind {
    /// All kinds.
    pub fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }
}
