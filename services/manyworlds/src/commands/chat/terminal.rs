//! A chat on a terminal: a line that can be edited at any time, and above it all that happens.

use std::time::Duration;

use client::{Client, Error, EventStream, StreamItem};
use contract::http::StreamQuery;
use contract::tool::Verdict;
use tokio::time::{MissedTickBehavior, interval};

use super::input::{HELP, Input};
use super::line_editor::{Kept, LineEditor, Typed};
use super::options::Options;
use super::requests::{Outcome, Request, Requests};
use super::room::Room;
use super::waiting::Decision;
use crate::error_text::error_text;
use crate::output::{Output, Style};

/// How often the seconds of who is at work are shown.
const TICK: Duration = Duration::from_secs(1);

/// Talks until the person leaves.
///
/// # Errors
/// When the chat can't be read, or the terminal.
pub(super) async fn run(options: &Options, client: &Client, output: Output) -> anyhow::Result<()> {
    let world = client.world(&options.world);
    let query = StreamQuery {
        chat: Some(options.chat.clone()),
        live: true,
        ..StreamQuery::default()
    };
    // What happens from here on is received: so nothing is missed by what is read next.
    let mut events = world.events().stream(query).await?;
    let chat = world.chats().show(&options.chat).await?;
    let approvals = world.approvals().list().await?.approvals;
    let prompt = format!("{}> ", options.user);
    let shown_prompt = output.paint(Style::Bold, &prompt);
    let hint = format!(
        "{} / {}, {} messages so far. /help shows the commands, Ctrl-D leaves.",
        options.world, options.chat, chat.message_count
    );
    let mut session = Session {
        room: Room::new(options.user.clone(), output),
        editor: LineEditor::start(prompt, shown_prompt)?,
        requests: Requests::start(
            client,
            options.world.clone(),
            options.chat.clone(),
            options.user.clone(),
        ),
        is_leaving: false,
        is_disconnected: false,
    };
    session.note(Style::Faint, &hint);
    for approval in approvals {
        if approval.chat == options.chat {
            let mut screen = session.editor.screen();
            session.room.show_approval(&approval, &mut screen);
        }
    }
    session.show_state();
    session.run_until_end(&mut events).await?;
    session.editor.close()?;
    Ok(())
}

struct Session {
    room: Room,
    editor: LineEditor,
    requests: Requests,
    /// Whether the next Ctrl-C leaves.
    is_leaving: bool,
    /// Whether the stream of events is interrupted, and that was shown.
    is_disconnected: bool,
}

impl Session {
    async fn run_until_end(&mut self, events: &mut EventStream) -> anyhow::Result<()> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                typed = self.editor.next() => match typed {
                    Typed::Line(line) => {
                        if self.read_line(&line) {
                            return Ok(());
                        }
                    }
                    Typed::Interrupted(line) => {
                        if self.interrupt(&line) {
                            return Ok(());
                        }
                    }
                    Typed::Ended => return Ok(()),
                    Typed::Failed(error) => return Err(error),
                },
                item = events.next() => self.show_item(item)?,
                Some(outcome) = self.requests.next() => self.show_outcome(outcome),
                _ = ticks.tick(), if self.room.is_busy() => {}
            }
            self.show_state();
        }
    }

    /// Does what a line says. Whether that is to leave.
    fn read_line(&mut self, line: &str) -> bool {
        self.is_leaving = false;
        let mut kept = Kept::Yes;
        let input = Input::parse(line);
        if !matches!(input, Input::Nothing | Input::Text(_) | Input::Quit) {
            self.note(Style::Faint, &format!("> {}", line.trim()));
        }
        match input {
            Input::Nothing => kept = Kept::No,
            Input::Text(text) => match self.room.waiting.read(&text) {
                Decision::None => self.post(text),
                // What decides is no line to be sent again, and an answer may be a secret.
                Decision::Next => kept = Kept::No,
                Decision::Verdict(id, verdict) => {
                    kept = Kept::No;
                    self.send(Request::Decide(id, verdict));
                }
            },
            Input::Stop => self.send(Request::Stop),
            Input::Approve => self.decide(Verdict::Approved),
            Input::Deny(reason) => self.decide(Verdict::Denied { reason }),
            Input::History(count) => self.send(Request::History(count)),
            Input::Help => {
                for row in HELP {
                    self.note(Style::Faint, row);
                }
            }
            Input::Invalid(reason) => self.note(Style::Error, &reason),
            Input::Quit => return true,
        }
        self.editor.resume(kept);
        false
    }

    /// Stops a turn of this person. Without one, it clears the line; without a line, the second time leaves.
    fn interrupt(&mut self, line: &str) -> bool {
        if self.room.has_open_turn() {
            self.send(Request::Stop);
        } else if !line.is_empty() {
            self.is_leaving = false;
        } else if self.is_leaving {
            return true;
        } else {
            self.is_leaving = true;
            self.note(Style::Faint, "Ctrl-C again leaves, as Ctrl-D does");
        }
        self.editor.resume(Kept::No);
        false
    }

    fn post(&mut self, text: String) {
        self.room.pending.add(text.clone());
        self.send(Request::Post(text));
    }

    fn decide(&mut self, verdict: Verdict) {
        match self.room.waiting.decide(verdict) {
            Ok((id, verdict)) => self.send(Request::Decide(id, verdict)),
            Err(reason) => self.note(Style::Error, &reason),
        }
    }

    fn send(&mut self, request: Request) {
        if let Err(request) = self.requests.send(request) {
            if let Request::Post(text) = request {
                self.room.pending.remove(&text);
            }
            self.note(
                Style::Error,
                "too many requests wait: this one was not sent",
            );
        }
    }

    fn show_item(&mut self, item: Result<StreamItem, Error>) -> anyhow::Result<()> {
        if matches!(item, Ok(StreamItem::Event(_) | StreamItem::Chunk(_))) {
            self.is_disconnected = false;
        }
        let mut screen = self.editor.screen();
        match item {
            Ok(StreamItem::Event(event)) => self.room.show_event(&event.content, &mut screen)?,
            Ok(StreamItem::Chunk(chunk)) => self.room.add_chunk(&chunk.content, &mut screen),
            Ok(StreamItem::Interrupted { error, .. }) => {
                self.room.interrupt(&mut screen);
                if !std::mem::replace(&mut self.is_disconnected, true) {
                    let note = format!("{}; trying again", error_text(&error.into()));
                    self.room.note(Style::Faint, &note, &mut screen);
                }
            }
            // What comes from now on is shown.
            Err(error @ Error::PositionLost { .. }) => {
                self.room.forget_open(&mut screen);
                let note = error_text(&error.into());
                self.room.note(Style::Error, &note, &mut screen);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn show_outcome(&mut self, outcome: Outcome) {
        let mut screen = self.editor.screen();
        match outcome {
            Outcome::Done => {}
            Outcome::History(messages) => {
                for message in messages {
                    self.room
                        .show_message(&message.sender, &message.text, &mut screen);
                }
            }
            Outcome::Failed(request, error) => {
                let error = error_text(&error.into());
                let mut what = "error".to_owned();
                match request {
                    Request::Post(text) => {
                        self.room.pending.remove(&text);
                        what = format!("not sent: {text}");
                    }
                    Request::Decide(id, _) => self.room.waiting.retry(id),
                    Request::Stop | Request::History(_) => {}
                }
                let note = format!("{what}: {error}");
                self.room.note(Style::Error, &note, &mut screen);
            }
        }
    }

    fn note(&mut self, style: Style, text: &str) {
        let mut screen = self.editor.screen();
        self.room.note(style, text, &mut screen);
    }

    fn show_state(&self) {
        self.room.show_state(&mut self.editor.screen());
        self.editor.draw();
    }
}
