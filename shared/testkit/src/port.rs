//! Ports for servers that tests start, kill and start again.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

/// Below what systems give out by themselves: nobody's outgoing connection takes one of these while
/// its server is down.
const RANGE: Range<u16> = 20_000..32_000;

/// The locks of this process. They are kept until it ends: a port is never given out twice.
static TAKEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port that nobody listens on, and that no other test is given while this process lives.
///
/// # Panics
/// When there is none.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("manyworlds-test-ports");
    std::fs::create_dir_all(&folder).expect("a folder for the locks");
    // Tests that run at the same time begin at different places.
    let begin = rand::random_range(RANGE);
    let mut ports = (begin..RANGE.end).chain(RANGE.start..begin);
    let found = ports.find_map(|port| Some((port, take(port, &folder)?)));
    let (port, lock) = found.expect("a free port");
    TAKEN.lock().unwrap().push(lock);
    port
}

/// The lock of a port, unless a test or a server has it.
fn take(port: u16, folder: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true);
    let lock = file.open(folder.join(port.to_string())).ok()?;
    lock.try_lock().ok()?;
    TcpListener::bind(("127.0.0.1", port)).ok()?;
    Some(lock)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_port_is_given_out_once_and_never_while_somebody_listens() {
        let ports: BTreeSet<u16> = (0..500).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 500);
        assert!(ports.iter().all(|port| RANGE.contains(port)));
        let port = ports.first().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let lock = take(*port, folder.path()).unwrap();
        assert!(take(*port, folder.path()).is_none());
        drop(lock);
        let server = TcpListener::bind(("127.0.0.1", *port)).unwrap();
        assert!(take(*port, folder.path()).is_none());
        drop(server);
        assert!(take(*port, folder.path()).is_some());
    }
}
