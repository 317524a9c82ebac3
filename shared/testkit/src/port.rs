//! Ports for servers that tests start, kill and start again.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

/// Below the ephemeral ports of operating systems: no outgoing connection takes one of these while its
/// server is down.
const RANGE: Range<u16> = 20_000..32_000;

/// The locks of this process, until it ends: no port is returned twice.
static LOCKS: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port without a listener, which no other test gets while this process lives.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("manyworlds-test-ports");
    std::fs::create_dir_all(&folder).expect("a folder for the locks");
    // Tests that run at the same time begin at different places.
    let begin = rand::random_range(RANGE);
    let mut ports = (begin..RANGE.end).chain(RANGE.start..begin);
    let found = ports.find_map(|port| Some((port, lock_port(port, &folder)?)));
    let (port, lock) = found.expect("a free port");
    LOCKS.lock().unwrap().push(lock);
    port
}

/// The lock of a port, unless a test or a server uses it.
fn lock_port(port: u16, folder: &Path) -> Option<File> {
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
    fn a_port_is_returned_once_and_never_while_it_is_in_use() {
        let ports: BTreeSet<u16> = (0..500).map(|_| free_port()).collect();
        assert_eq!(ports.len(), 500);
        assert!(ports.iter().all(|port| RANGE.contains(port)));
        let port = ports.first().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let lock = lock_port(*port, folder.path()).unwrap();
        assert!(lock_port(*port, folder.path()).is_none());
        drop(lock);
        let server = TcpListener::bind(("127.0.0.1", *port)).unwrap();
        assert!(lock_port(*port, folder.path()).is_none());
        drop(server);
        assert!(lock_port(*port, folder.path()).is_some());
    }
}
