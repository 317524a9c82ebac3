//! Where faults can be put into a system.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use testkit::{SmallDisk, TcpProxy};

/// The size of the disks of the log and of the archive: room for minutes of load.
const DISK_BYTES: u64 = 1 << 30;

/// Where faults can be put into a system.
pub struct FaultPoints {
    /// Between each process and the broker, in the order of the processes.
    pub links: Vec<TcpProxy>,
    /// Between clients and each gateway.
    pub doors: Vec<TcpProxy>,
    /// The disk of the log, where one could be mounted.
    pub log_disk: Option<SmallDisk>,
    /// The disk of the archive, where one could be mounted.
    pub archive_disk: Option<SmallDisk>,
    /// For what has no disk of its own.
    folder: PathBuf,
}

impl FaultPoints {
    pub(super) fn new(folder: &Path) -> Self {
        let points = Self {
            links: Vec::new(),
            doors: Vec::new(),
            log_disk: SmallDisk::mount(DISK_BYTES),
            archive_disk: SmallDisk::mount(DISK_BYTES),
            folder: folder.to_owned(),
        };
        for folder in points.data_folders() {
            std::fs::create_dir_all(folder).expect("a folder for data");
        }
        points
    }

    /// All folders with data that a system needs to go on.
    pub fn data_folders(&self) -> [PathBuf; 2] {
        [self.log_folder(), self.archive_folder()]
    }

    pub(super) fn log_folder(&self) -> PathBuf {
        self.folder_on(self.log_disk.as_ref()).join("log")
    }

    pub(super) fn archive_folder(&self) -> PathBuf {
        self.folder_on(self.archive_disk.as_ref()).join("archive")
    }

    fn folder_on<'a>(&'a self, disk: Option<&'a SmallDisk>) -> &'a Path {
        disk.map_or(&self.folder, SmallDisk::path)
    }

    /// Puts a proxy before the broker at `nats`, and returns its address.
    pub(super) async fn add_link(&mut self, nats: SocketAddr) -> SocketAddr {
        let proxy = TcpProxy::start(nats).await;
        let address = proxy.address();
        self.links.push(proxy);
        address
    }

    /// Puts a proxy before the gateway at `gateway`, and returns its address.
    pub(super) async fn add_door(&mut self, gateway: SocketAddr) -> SocketAddr {
        let proxy = TcpProxy::start(gateway).await;
        let address = proxy.address();
        self.doors.push(proxy);
        address
    }
}
