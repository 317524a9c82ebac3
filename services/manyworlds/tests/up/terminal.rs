//! The program on a pseudo terminal, as a person sees it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use nix::pty::{Winsize, openpty};
use testkit::eventually;

use crate::support::PROGRAM;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;
const SCROLLBACK: usize = 1000;

/// Keys as a terminal sends them.
pub(crate) const ENTER: &str = "\r";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_U: &str = "\x15";

/// A program on a terminal of its own. It ends with the test.
pub(crate) struct Terminal {
    process: Child,
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the program with its state in this folder.
    pub(crate) fn start(arguments: &[&str], state: &Path) -> Self {
        let size = Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).unwrap();
        let process = Command::new(PROGRAM)
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("XDG_STATE_HOME", state)
            .env_remove("NO_COLOR")
            .stdin(pty.slave.try_clone().unwrap())
            .stdout(pty.slave.try_clone().unwrap())
            .stderr(pty.slave)
            .spawn()
            .unwrap();
        let keyboard = File::from(pty.master);
        let mut output = keyboard.try_clone().unwrap();
        let [rows, columns] = [ROWS, COLUMNS].map(|size| NonZeroU16::new(size).unwrap());
        let screen = vt100::Parser::new(rows, columns, SCROLLBACK);
        let screen = Arc::new(Mutex::new(screen));
        let shown = screen.clone();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It fails when the program has ended.
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..length]);
            }
        });
        Self {
            process,
            keyboard,
            screen,
            reader: Some(reader),
        }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line.
    pub(crate) fn enter(&mut self, line: &str) {
        self.press(line);
        self.press(ENTER);
    }

    /// What is on the screen, without empty rows.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.screen.lock().unwrap();
        let rows = screen.screen().rows(0, COLUMNS);
        let rows = rows.map(|row| row.trim_end().to_owned());
        rows.filter(|row| !row.is_empty()).collect()
    }

    /// Waits until the screen is as wanted.
    pub(crate) async fn shows(&self, what: &str, mut wanted: impl FnMut(&[String]) -> bool) {
        let state = eventually(what, async || wanted(&self.rows()));
        let seen = SeenAtEnd(self);
        state.await;
        drop(seen);
    }

    /// Waits until the last rows are these.
    pub(crate) async fn ends_with(&self, expected: &[&str]) {
        self.shows(&format!("the screen ends with {expected:?}"), |rows| {
            rows.ends_with(
                &expected
                    .iter()
                    .map(|&row| row.to_owned())
                    .collect::<Vec<_>>(),
            )
        })
        .await;
    }

    /// Waits until the program ends.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = self.process.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Prints the screen when a test fails on it.
struct SeenAtEnd<'a>(&'a Terminal);

impl Drop for SeenAtEnd<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            println!("the screen:\n{}", self.0.rows().join("\n"));
        }
    }
}
