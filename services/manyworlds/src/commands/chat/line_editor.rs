//! The line that a person types, with its history, on a terminal that others write to meanwhile.
//!
//! A thread reads, since the library blocks. It is also the only one that writes to the terminal: what the [`Screen`]
//! has to write goes before the prompt, each time that this is drawn ([`Helper::highlight_prompt`]), and the thread is
//! woken to draw it when the screen has changed.

mod history_file;

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc as blocking};
use std::thread;

use anyhow::Context as _;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, Editor, ExternalPrinter};
use terminal_size::{Width, terminal_size};
use tokio::sync::mpsc;

use self::history_file::HistoryFile;
use super::screen::Screen;

/// Lines that may be typed ahead of those that are handled: the thread waits for each.
const LINES_MAX: usize = 1;
/// One request to draw is enough for all that has changed.
const WAKES_MAX: usize = 1;
/// So many lines of the history are kept.
const HISTORY_MAX: usize = 1000;
/// How wide a terminal is that does not say.
const COLUMNS_DEFAULT: usize = 80;
/// Makes the library draw its prompt again, and nothing else: up a row and down again.
const WAKE: &str = "\x1b[A\n";
/// Ends the marks of pasted text, and the row of the prompt.
const PASTE_OFF: &str = "\x1b[?2004l\r\n";

/// What a person has done.
#[derive(Debug)]
pub(super) enum Typed {
    /// Typed a line.
    Line(String),
    /// Pressed Ctrl-C, with this in the line.
    Interrupted(String),
    /// Pressed Ctrl-D, or the terminal is gone.
    Ended,
    /// The terminal can't be read.
    Failed(anyhow::Error),
}

/// Whether a line goes into the history.
pub(super) enum Kept {
    Yes,
    No,
}

/// The line that is being typed, and the screen above it.
pub(super) struct LineEditor {
    shared: Arc<Shared>,
    typed: mpsc::Receiver<Typed>,
    /// The thread reads the next line once it has this.
    resume: blocking::SyncSender<Kept>,
    wakes: blocking::SyncSender<()>,
    /// How the terminal was before.
    settings: Termios,
}

struct Shared {
    screen: Mutex<Screen>,
    /// Whether a line is being read.
    is_reading: AtomicBool,
    /// The line as it was when it was last drawn.
    line: Mutex<String>,
}

impl Shared {
    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self) -> MutexGuard<'_, String> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LineEditor {
    /// Begins to read, behind this prompt: as it is, and as it is shown.
    ///
    /// # Errors
    /// When the terminal can't do that.
    pub(super) fn start(prompt: String, shown_prompt: String) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            screen: Mutex::new(Screen::new(columns())),
            is_reading: AtomicBool::new(false),
            line: Mutex::default(),
        });
        let settings = tcgetattr(io::stdin()).context("open the terminal")?;
        let config = Config::builder()
            .color_mode(ColorMode::Forced)
            .max_history_size(HISTORY_MAX)?
            .history_ignore_space(true)
            .build();
        let mut editor = Editor::with_config(config).context("open the terminal")?;
        editor.set_helper(Some(Helper {
            shared: shared.clone(),
        }));
        let mut printer = editor
            .create_external_printer()
            .context("open the terminal")?;
        let history = HistoryFile::open(&mut editor);
        let (sender, typed) = mpsc::channel(LINES_MAX);
        let (resume, resumed) = blocking::sync_channel(1);
        let (wakes, woken) = blocking::sync_channel(WAKES_MAX);
        let reader = Reader {
            editor,
            history,
            prompt: (prompt, shown_prompt),
            shared: shared.clone(),
        };
        spawn("read the terminal", move || reader.run(&sender, &resumed))?;
        spawn("wake the reader", move || {
            while woken.recv().is_ok() {
                // A terminal that is gone ends the reader.
                let _ = printer.print(WAKE.to_owned());
            }
        })?;
        Ok(Self {
            shared,
            typed,
            resume,
            wakes,
            settings,
        })
    }

    /// Waits for what the person does next. After a line, none is read until [`Self::resume`]. The call may be
    /// cancelled: nothing is lost.
    pub(super) async fn next(&mut self) -> Typed {
        self.typed.recv().await.unwrap_or(Typed::Ended)
    }

    /// Reads the next line.
    pub(super) fn resume(&self, last: Kept) {
        // It has room: the thread waits for this. Where the thread has ended, no line comes.
        let _ = self.resume.try_send(last);
    }

    /// The screen, to be changed: it is drawn after [`Self::draw`].
    pub(super) fn screen(&self) -> MutexGuard<'_, Screen> {
        self.shared.screen()
    }

    /// Draws what has changed.
    pub(super) fn draw(&self) {
        // One that waits already draws this as well.
        let _ = self.wakes.try_send(());
    }

    /// Leaves the screen as it is to stay. No line may be read meanwhile.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn close(&self) -> io::Result<()> {
        write(&self.shared.screen().close())
    }
}

impl Drop for LineEditor {
    /// The thread can't be interrupted: where it still reads, it leaves the terminal as it needs it.
    fn drop(&mut self) {
        if self.shared.is_reading.load(Ordering::Acquire) {
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.settings);
            let _ = write(PASTE_OFF);
        }
    }
}

struct Reader {
    editor: Editor<Helper, FileHistory>,
    history: Option<HistoryFile>,
    prompt: (String, String),
    shared: Arc<Shared>,
}

impl Reader {
    fn run(mut self, typed: &mpsc::Sender<Typed>, resumed: &blocking::Receiver<Kept>) {
        loop {
            self.shared.is_reading.store(true, Ordering::Release);
            let read = self.editor.readline(&self.prompt);
            self.shared.is_reading.store(false, Ordering::Release);
            let line = match &read {
                Ok(line) => line.clone(),
                Err(_) => self.shared.line().clone(),
            };
            let taken_back = {
                let mut screen = self.shared.screen();
                screen.take_back(&self.prompt.0, &line)
            };
            let written = write(&taken_back).context("write to the terminal");
            let (what, goes_on) = match (written, read) {
                (Err(error), _) => (Typed::Failed(error), false),
                (_, Ok(line)) => (Typed::Line(line), true),
                (_, Err(ReadlineError::Interrupted)) => (Typed::Interrupted(line.clone()), true),
                (_, Err(ReadlineError::Eof)) => (Typed::Ended, false),
                (_, Err(error)) => {
                    let error = anyhow::Error::new(error).context("read the terminal");
                    (Typed::Failed(error), false)
                }
            };
            self.shared.line().clear();
            if typed.blocking_send(what).is_err() || !goes_on {
                return;
            }
            match resumed.recv() {
                Ok(Kept::Yes) => {
                    if let Some(history) = &mut self.history {
                        history.add(&mut self.editor, &line);
                    } else {
                        let _ = self.editor.add_history_entry(&line);
                    }
                }
                Ok(Kept::No) => {}
                Err(_) => return,
            }
        }
    }
}

/// What the library asks about its line: only how it is drawn.
struct Helper {
    shared: Arc<Shared>,
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        line.clone_into(&mut self.shared.line());
        Cow::Borrowed(line)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let mut screen = self.shared.screen();
        screen.set_columns(columns());
        Cow::Owned(format!("{}{prompt}", screen.redraw()))
    }

    /// Each change is drawn in full, or [`Self::highlight`] would not know it.
    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind == CmdKind::Other
    }
}

impl Completer for Helper {
    type Candidate = String;
}

impl Hinter for Helper {
    type Hint = String;
}

impl Validator for Helper {}

impl rustyline::Helper for Helper {}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(run).context("start a thread")?;
    Ok(())
}

fn columns() -> usize {
    terminal_size().map_or(COLUMNS_DEFAULT, |(Width(columns), _)| columns.into())
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
