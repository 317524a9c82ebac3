//! Several agents answer at once, and a terminal shows one line after the other: the first answer is
//! shown as it streams, and the others follow with what has arrived meanwhile.

use std::collections::VecDeque;

use contract::{Chunk, EntityId, RunId};

/// What to show next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScreenUpdate {
    /// A new line of this agent.
    Begin(EntityId),
    /// More of the line.
    Text(String),
    /// The line is complete.
    End,
    /// The line is retracted: it follows again, as a new line.
    Retracted,
}

/// An answer, as far as it has arrived.
struct StreamedAnswer {
    agent: EntityId,
    /// The run and its attempt that streams: with tools an answer takes several runs.
    run: Option<(RunId, u32)>,
    next_index: u32,
    text: String,
    /// The complete answer, once it was posted.
    complete: Option<String>,
}

/// The answers of a turn. The first one is on the screen.
#[derive(Default)]
pub(crate) struct Transcript {
    answers: VecDeque<StreamedAnswer>,
}

impl Transcript {
    /// Adds a chunk of an answer. The progress of a tool is not part of an answer.
    pub(crate) fn add_chunk(&mut self, chunk: &Chunk) -> Vec<ScreenUpdate> {
        let mut shown = Vec::new();
        if chunk.progress {
            return shown;
        }
        let index = self.open(&chunk.agent, &mut shown);
        let Some(answer) = self.answers.get_mut(index) else {
            return shown;
        };
        let run = Some((chunk.run, chunk.attempt));
        let is_restart = match answer.run {
            Some((run, attempt)) if run == chunk.run => chunk.attempt > attempt,
            // A late chunk of a run that has ended does not restart it.
            _ => chunk.index == 0,
        };
        if is_restart {
            if index == 0 && !answer.text.is_empty() {
                shown.extend([
                    ScreenUpdate::Retracted,
                    ScreenUpdate::Begin(chunk.agent.clone()),
                ]);
            }
            (answer.run, answer.next_index) = (run, 0);
            answer.text.clear();
        }
        // After a gap no chunk can be appended: the posted answer completes the text.
        if answer.run == run && chunk.index == answer.next_index {
            answer.next_index += 1;
            answer.text.push_str(&chunk.text);
            if index == 0 {
                shown.push(ScreenUpdate::Text(chunk.text.clone()));
            }
        }
        shown
    }

    /// Completes an answer.
    pub(crate) fn complete_answer(&mut self, agent: &EntityId, text: &str) -> Vec<ScreenUpdate> {
        let mut shown = Vec::new();
        let index = self.open(agent, &mut shown);
        if let Some(answer) = self.answers.get_mut(index) {
            answer.complete = Some(text.to_owned());
        }
        self.finish(&mut shown);
        shown
    }

    /// Removes the agent's answer, which has failed.
    pub(crate) fn fail_answer(&mut self, agent: &EntityId) -> Vec<ScreenUpdate> {
        let mut shown = Vec::new();
        let unfinished =
            |answer: &StreamedAnswer| answer.agent == *agent && answer.complete.is_none();
        if let Some(index) = self.answers.iter().position(unfinished) {
            self.answers.remove(index);
            if index == 0 {
                shown.push(ScreenUpdate::End);
                self.begin(&mut shown);
                self.finish(&mut shown);
            }
        }
        shown
    }

    /// The index of the agent's incomplete answer, which is created if there is none.
    fn open(&mut self, agent: &EntityId, shown: &mut Vec<ScreenUpdate>) -> usize {
        let open = |answer: &StreamedAnswer| answer.agent == *agent && answer.complete.is_none();
        if let Some(index) = self.answers.iter().position(open) {
            return index;
        }
        self.answers.push_back(StreamedAnswer {
            agent: agent.clone(),
            run: None,
            next_index: 0,
            text: String::new(),
            complete: None,
        });
        if self.answers.len() == 1 {
            self.begin(shown);
        }
        self.answers.len() - 1
    }

    fn begin(&self, shown: &mut Vec<ScreenUpdate>) {
        if let Some(answer) = self.answers.front() {
            shown.push(ScreenUpdate::Begin(answer.agent.clone()));
            if !answer.text.is_empty() {
                shown.push(ScreenUpdate::Text(answer.text.clone()));
            }
        }
    }

    /// Ends the answers that are complete, as long as the shown one is.
    fn finish(&mut self, shown: &mut Vec<ScreenUpdate>) {
        while let Some(complete) = self
            .answers
            .front()
            .and_then(|answer| answer.complete.clone())
        {
            let Some(answer) = self.answers.pop_front() else {
                return;
            };
            match complete.strip_prefix(&answer.text) {
                Some("") => {}
                Some(rest) => shown.push(ScreenUpdate::Text(rest.to_owned())),
                None => shown.extend([
                    ScreenUpdate::Retracted,
                    ScreenUpdate::Begin(answer.agent),
                    ScreenUpdate::Text(complete.clone()),
                ]),
            }
            shown.push(ScreenUpdate::End);
            self.begin(shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u8) -> RunId {
        let id = format!("018f0000-0000-7000-8000-00000000000{number}");
        id.parse().unwrap()
    }

    fn chunk(agent: &str, attempt: u32, index: u32, text: &str) -> Chunk {
        Chunk {
            run: run(0),
            attempt,
            index,
            agent: agent.parse().unwrap(),
            chat: None,
            turn: None,
            session: None,
            node: None,
            text: text.to_owned(),
            progress: false,
        }
    }

    /// What is on the terminal in the end.
    fn screen(shown: Vec<ScreenUpdate>) -> String {
        shown
            .into_iter()
            .map(|shown| match shown {
                ScreenUpdate::Begin(agent) => format!("{agent}> "),
                ScreenUpdate::Text(text) => text,
                ScreenUpdate::End => "\n".to_owned(),
                ScreenUpdate::Retracted => " (retracted)\n".to_owned(),
            })
            .collect()
    }

    fn posted(transcript: &mut Transcript, agent: &str, text: &str) -> Vec<ScreenUpdate> {
        transcript.complete_answer(&agent.parse().unwrap(), text)
    }

    #[test]
    fn the_second_answer_waits_until_the_first_is_complete() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.add_chunk(&chunk("bob", 1, 0, "Hi ")));
        shown.extend(transcript.add_chunk(&chunk("ada", 1, 1, "lo")));
        shown.extend(posted(&mut transcript, "ada", "Hello."));
        shown.extend(transcript.add_chunk(&chunk("bob", 1, 1, "there")));
        shown.extend(posted(&mut transcript, "bob", "Hi there"));
        assert_eq!(screen(shown), "ada> Hello.\nbob> Hi there\n");
    }

    #[test]
    fn a_complete_answer_waits_until_the_first_is_complete() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "Hello"));
        shown.extend(posted(&mut transcript, "bob", "Hi."));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hello\nbob> Hi.\n");
    }

    #[test]
    fn a_higher_attempt_restarts_the_answer() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.add_chunk(&chunk("ada", 2, 0, "Hello")));
        shown.extend(transcript.add_chunk(&chunk("ada", 1, 1, "late")));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hel (retracted)\nada> Hello\n");
    }

    #[test]
    fn a_further_run_restarts_the_answer() {
        let run = |number: u8, index: u32, text: &str| Chunk {
            run: run(number),
            ..chunk("ada", 1, index, text)
        };
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&run(1, 0, "Let me "));
        shown.extend(transcript.add_chunk(&run(1, 1, "see")));
        shown.extend(transcript.add_chunk(&run(2, 0, "It is ")));
        shown.extend(transcript.add_chunk(&run(1, 2, "late")));
        shown.extend(transcript.add_chunk(&run(2, 1, "five")));
        shown.extend(posted(&mut transcript, "ada", "It is five."));
        assert_eq!(
            screen(shown),
            "ada> Let me see (retracted)\nada> It is five.\n"
        );
    }

    #[test]
    fn the_progress_of_a_tool_is_not_part_of_an_answer() {
        let progress = Chunk {
            progress: true,
            ..chunk("ada", 1, 0, "1/3")
        };
        let mut transcript = Transcript::default();
        assert!(transcript.add_chunk(&progress).is_empty());
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.add_chunk(&progress));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hello\n");
    }

    #[test]
    fn the_posted_answer_completes_a_lost_chunk() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "One "));
        shown.extend(transcript.add_chunk(&chunk("ada", 1, 2, "three")));
        shown.extend(posted(&mut transcript, "ada", "One two three"));
        assert_eq!(screen(shown), "ada> One two three\n");
    }

    #[test]
    fn a_failed_answer_is_followed_by_the_next() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.add_chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(posted(&mut transcript, "bob", "Hi."));
        shown.extend(transcript.fail_answer(&"ada".parse().unwrap()));
        assert_eq!(screen(shown), "ada> Hel\nbob> Hi.\n");
        assert!(transcript.fail_answer(&"eve".parse().unwrap()).is_empty());
    }
}
