//! Clocks that are wrong, by libfaketime.

use std::path::Path;

/// Where Debian's package `faketime` has the library.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/// The variables with which a process has a clock that is `offset_seconds` ahead; none where there is no libfaketime.
/// Its time that only goes forward, by which it waits, is right.
pub fn variables(offset_seconds: i64) -> Option<Vec<(&'static str, String)>> {
    let library = LIBRARIES.iter().find(|path| Path::new(path).exists())?;
    Some(vec![
        ("LD_PRELOAD", (*library).to_owned()),
        ("FAKETIME", format!("{offset_seconds:+}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("NO_FAKE_STAT", "1".to_owned()),
    ])
}
