//! Several agents answer at once, and a terminal shows one line after the other: who speaks first
//! is shown as the words come, and the others follow with what they have said meanwhile.

use std::collections::VecDeque;

use contract::{Chunk, EntityId, RunId};

/// What is to be shown next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A new line of this agent.
    Begin(EntityId),
    /// More of the line.
    Text(String),
    /// The line is complete.
    End,
    /// What was shown of the line is void: it comes anew, in a line of its own.
    Void,
}

/// What an agent has said so far of an answer that is not complete.
struct Voice {
    agent: EntityId,
    /// The invocation and the attempt at it that speaks: with tools an answer takes several.
    run: Option<(RunId, u32)>,
    next_index: u32,
    text: String,
    /// The whole answer, once it is there.
    whole: Option<String>,
}

/// The answers of one turn. The first voice is the one that is shown.
#[derive(Default)]
pub(crate) struct Transcript {
    voices: VecDeque<Voice>,
}

impl Transcript {
    /// A piece of an answer. The progress of a tool is none.
    pub(crate) fn chunk(&mut self, chunk: &Chunk) -> Vec<Shown> {
        let mut shown = Vec::new();
        if chunk.progress {
            return shown;
        }
        let index = self.open(&chunk.agent, &mut shown);
        let Some(voice) = self.voices.get_mut(index) else {
            return shown;
        };
        let run = Some((chunk.invocation, chunk.attempt));
        let is_anew = match voice.run {
            Some((invocation, attempt)) if invocation == chunk.invocation => {
                chunk.attempt > attempt
            }
            // A late piece of a run that has ended does not begin it again.
            _ => chunk.index == 0,
        };
        if is_anew {
            if index == 0 && !voice.text.is_empty() {
                shown.extend([Shown::Void, Shown::Begin(chunk.agent.clone())]);
            }
            (voice.run, voice.next_index) = (run, 0);
            voice.text.clear();
        }
        // After a gap nothing fits any more: the whole answer will tell.
        if voice.run == run && chunk.index == voice.next_index {
            voice.next_index += 1;
            voice.text.push_str(&chunk.text);
            if index == 0 {
                shown.push(Shown::Text(chunk.text.clone()));
            }
        }
        shown
    }

    /// A whole answer.
    pub(crate) fn posted(&mut self, agent: &EntityId, text: &str) -> Vec<Shown> {
        let mut shown = Vec::new();
        let index = self.open(agent, &mut shown);
        if let Some(voice) = self.voices.get_mut(index) {
            voice.whole = Some(text.to_owned());
        }
        self.finish(&mut shown);
        shown
    }

    /// The agent's answer will not come.
    pub(crate) fn failed(&mut self, agent: &EntityId) -> Vec<Shown> {
        let mut shown = Vec::new();
        let unfinished = |voice: &Voice| voice.agent == *agent && voice.whole.is_none();
        if let Some(index) = self.voices.iter().position(unfinished) {
            self.voices.remove(index);
            if index == 0 {
                shown.push(Shown::End);
                self.begin(&mut shown);
                self.finish(&mut shown);
            }
        }
        shown
    }

    /// The agent's open answer, begun now if there is none.
    fn open(&mut self, agent: &EntityId, shown: &mut Vec<Shown>) -> usize {
        let open = |voice: &Voice| voice.agent == *agent && voice.whole.is_none();
        if let Some(index) = self.voices.iter().position(open) {
            return index;
        }
        self.voices.push_back(Voice {
            agent: agent.clone(),
            run: None,
            next_index: 0,
            text: String::new(),
            whole: None,
        });
        if self.voices.len() == 1 {
            self.begin(shown);
        }
        self.voices.len() - 1
    }

    fn begin(&self, shown: &mut Vec<Shown>) {
        if let Some(voice) = self.voices.front() {
            shown.push(Shown::Begin(voice.agent.clone()));
            if !voice.text.is_empty() {
                shown.push(Shown::Text(voice.text.clone()));
            }
        }
    }

    /// Ends the answers that are complete, as long as the shown one is.
    fn finish(&mut self, shown: &mut Vec<Shown>) {
        while let Some(whole) = self.voices.front().and_then(|voice| voice.whole.clone()) {
            let Some(voice) = self.voices.pop_front() else {
                return;
            };
            match whole.strip_prefix(&voice.text) {
                Some("") => {}
                Some(rest) => shown.push(Shown::Text(rest.to_owned())),
                None => shown.extend([
                    Shown::Void,
                    Shown::Begin(voice.agent),
                    Shown::Text(whole.clone()),
                ]),
            }
            shown.push(Shown::End);
            self.begin(shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invocation(number: u8) -> RunId {
        let id = format!("018f0000-0000-7000-8000-00000000000{number}");
        id.parse().unwrap()
    }

    fn chunk(agent: &str, attempt: u32, index: u32, text: &str) -> Chunk {
        Chunk {
            invocation: invocation(0),
            attempt,
            index,
            agent: agent.parse().unwrap(),
            chat: None,
            turn: None,
            text: text.to_owned(),
            progress: false,
        }
    }

    /// What is on the terminal in the end.
    fn screen(shown: Vec<Shown>) -> String {
        shown
            .into_iter()
            .map(|shown| match shown {
                Shown::Begin(agent) => format!("{agent}> "),
                Shown::Text(text) => text,
                Shown::End => "\n".to_owned(),
                Shown::Void => " (void)\n".to_owned(),
            })
            .collect()
    }

    fn posted(transcript: &mut Transcript, agent: &str, text: &str) -> Vec<Shown> {
        transcript.posted(&agent.parse().unwrap(), text)
    }

    #[test]
    fn the_second_voice_waits_until_the_first_has_ended() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.chunk(&chunk("bob", 1, 0, "Hi ")));
        shown.extend(transcript.chunk(&chunk("ada", 1, 1, "lo")));
        shown.extend(posted(&mut transcript, "ada", "Hello."));
        shown.extend(transcript.chunk(&chunk("bob", 1, 1, "there")));
        shown.extend(posted(&mut transcript, "bob", "Hi there"));
        assert_eq!(screen(shown), "ada> Hello.\nbob> Hi there\n");
    }

    #[test]
    fn who_ends_first_is_shown_whole_when_the_first_voice_has_ended() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "Hello"));
        shown.extend(posted(&mut transcript, "bob", "Hi."));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hello\nbob> Hi.\n");
    }

    #[test]
    fn a_higher_attempt_begins_anew() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.chunk(&chunk("ada", 2, 0, "Hello")));
        shown.extend(transcript.chunk(&chunk("ada", 1, 1, "late")));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hel (void)\nada> Hello\n");
    }

    #[test]
    fn a_further_run_of_an_answer_begins_anew() {
        let run = |number: u8, index: u32, text: &str| Chunk {
            invocation: invocation(number),
            ..chunk("ada", 1, index, text)
        };
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&run(1, 0, "Let me "));
        shown.extend(transcript.chunk(&run(1, 1, "see")));
        shown.extend(transcript.chunk(&run(2, 0, "It is ")));
        shown.extend(transcript.chunk(&run(1, 2, "late")));
        shown.extend(transcript.chunk(&run(2, 1, "five")));
        shown.extend(posted(&mut transcript, "ada", "It is five."));
        assert_eq!(screen(shown), "ada> Let me see (void)\nada> It is five.\n");
    }

    #[test]
    fn the_progress_of_a_tool_is_no_piece_of_an_answer() {
        let progress = Chunk {
            progress: true,
            ..chunk("ada", 1, 0, "1/3")
        };
        let mut transcript = Transcript::default();
        assert!(transcript.chunk(&progress).is_empty());
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(transcript.chunk(&progress));
        shown.extend(posted(&mut transcript, "ada", "Hello"));
        assert_eq!(screen(shown), "ada> Hello\n");
    }

    #[test]
    fn a_lost_piece_is_made_good_by_the_whole() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "One "));
        shown.extend(transcript.chunk(&chunk("ada", 1, 2, "three")));
        shown.extend(posted(&mut transcript, "ada", "One two three"));
        assert_eq!(screen(shown), "ada> One two three\n");
    }

    #[test]
    fn an_answer_that_fails_makes_room() {
        let mut transcript = Transcript::default();
        let mut shown = transcript.chunk(&chunk("ada", 1, 0, "Hel"));
        shown.extend(posted(&mut transcript, "bob", "Hi."));
        shown.extend(transcript.failed(&"ada".parse().unwrap()));
        assert_eq!(screen(shown), "ada> Hel\nbob> Hi.\n");
        assert!(transcript.failed(&"eve".parse().unwrap()).is_empty());
    }
}
