//! One session as its client has it: requests, answers, and what it does when its gateway is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::Http;

use super::client::{Client, Next};

/// Pause before another gateway is tried.
const PAUSE: Duration = Duration::from_millis(50);
const PATH: &str = "/atoms/desk/desk/ws";

/// An answer that the client has got from its start to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The request that it answers.
    pub(crate) turn: String,
    /// All chunks, joined.
    pub(crate) text: String,
}

/// What came of a session.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    pub(crate) session: String,
    pub(crate) answers: Vec<Answer>,
    /// How the connections that were lost were closed: with the code of the gateway, if it has closed them.
    pub(crate) losses: Vec<Option<u16>>,
    /// How often an answer began anew.
    pub(crate) restarts: usize,
}

/// A client with its session.
pub(crate) struct Conversation<'a> {
    doors: &'a [Http],
    /// The gateway of its connection.
    door: usize,
    number: usize,
    client: Client,
    /// The position of the last frame that has one.
    position: String,
    /// The answer that has begun.
    current: Option<Answer>,
    transcript: Transcript,
}

impl<'a> Conversation<'a> {
    pub(crate) async fn begin(doors: &'a [Http], number: usize) -> Self {
        let door = number % doors.len();
        let (client, ready) = Client::begin(&doors[door], PATH).await;
        let metadata = &ready["metadata"];
        Self {
            doors,
            door,
            number,
            client,
            position: metadata["position"].as_str().unwrap().to_owned(),
            current: None,
            transcript: Transcript {
                session: metadata["session"].as_str().unwrap().to_owned(),
                ..Transcript::default()
            },
        }
    }

    /// Requests answers one after the other, counts each in `answered`, and ends the session.
    pub(crate) async fn run(
        mut self,
        turns: impl Iterator<Item = usize>,
        answered: &AtomicUsize,
    ) -> Transcript {
        for turn in turns {
            self.request(turn).await;
            answered.fetch_add(1, Ordering::Relaxed);
        }
        self.end().await;
        self.transcript
    }

    /// Requests an answer, and reads until the request itself has come back, behind the answer.
    async fn request(&mut self, turn: usize) {
        let id = format!("{}-{turn}", self.number);
        let content = format!("client {} turn {turn}", self.number);
        let request = json!({"type": "system.llm.request", "id": id, "content": content});
        // A connection that is lost already is noticed when it is read.
        let _ = self.client.send(&request).await;
        let mut probe = None;
        loop {
            let frame = match self.client.next().await {
                Next::Frame(frame) => frame,
                Next::Closed(code) => {
                    assert_ne!(code, Some(1000), "the session has ended: {id}");
                    probe = Some(self.resume(code).await);
                    continue;
                }
            };
            self.read(&frame);
            let frame_id = frame["id"].as_str();
            if frame["type"] == "system.llm.request" && frame_id == Some(&id) {
                return;
            }
            // All that was taken before the probe has come back: the request is not among it.
            if frame["type"] == "my.probe" && frame_id == probe.as_deref() {
                let _ = self.client.send(&request).await;
            }
        }
    }

    /// Reads a frame as any client of Atoms would.
    fn read(&mut self, frame: &Value) {
        let metadata = &frame["metadata"];
        if let Some(position) = metadata["position"].as_str() {
            position.clone_into(&mut self.position);
        }
        let is_restarted = metadata["restarted"] == true;
        let turn = metadata["turn"].as_str().unwrap_or_default();
        match frame["type"].as_str().unwrap() {
            "agent.llm.response.start" => {
                // A connection that was lost may have lost the end of a void beginning.
                let before = self.current.take();
                assert!(before.is_none_or(|answer| answer.turn == turn), "{frame}");
                self.current = Some(Answer {
                    turn: turn.to_owned(),
                    text: String::new(),
                });
            }
            "agent.llm.response.chunk" => {
                let answer = self.current.as_mut();
                let answer = answer.unwrap_or_else(|| panic!("no start before {frame}"));
                assert_eq!(answer.turn, turn);
                answer.text.push_str(frame["text"].as_str().unwrap());
            }
            // What was void may have ended on the connection before.
            "agent.llm.response.end" if is_restarted => {
                self.transcript.restarts += 1;
                self.current = None;
            }
            "agent.llm.response.end" => {
                let answer = self.current.take();
                let answer = answer.unwrap_or_else(|| panic!("no start before {frame}"));
                assert_eq!(answer.turn, turn);
                self.transcript.answers.push(answer);
            }
            "system.llm.request" | "my.probe" | "agent.ready" => {}
            other => panic!("{other} was not expected: {frame}"),
        }
    }

    /// Goes on at a gateway that is there, after the last position. Returns the id of a probe that comes back
    /// behind all that the world has taken until then.
    async fn resume(&mut self, code: Option<u16>) -> String {
        self.transcript.losses.push(code);
        let (session, after) = (&self.transcript.session, &self.position);
        let path = format!("{PATH}?session={session}&after={after}");
        loop {
            self.door = (self.door + 1) % self.doors.len();
            let probe = format!("probe-{}", self.transcript.losses.len());
            if let Ok(mut client) = Client::open(&self.doors[self.door], &path).await
                && let Next::Frame(ready) = client.next().await
                && client
                    .send(&json!({"type": "my.probe", "id": probe}))
                    .await
                    .is_ok()
            {
                assert_eq!(ready["metadata"]["resumed"], true, "{ready}");
                self.client = client;
                return probe;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Ends the session once all that it has taken is done, and reads until the connection is closed by that.
    async fn end(&mut self) {
        let mut probe = "last".to_owned();
        let _ = self
            .client
            .send(&json!({"type": "my.probe", "id": probe}))
            .await;
        loop {
            match self.client.next().await {
                Next::Frame(frame) => {
                    self.read(&frame);
                    if frame["type"] == "my.probe" && frame["id"] == probe {
                        break;
                    }
                }
                Next::Closed(code) => probe = self.resume(code).await,
            }
        }
        let path = format!("/v1/worlds/desk/sessions/{}", self.transcript.session);
        loop {
            let door = &self.doors[self.door];
            let ended = door.send(Method::DELETE, &path, None, None).await;
            match ended {
                // Its end may have been stored before its answer was lost.
                Ok((status, _)) if status.is_success() || status == 404 => break,
                _ => self.door = (self.door + 1) % self.doors.len(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        loop {
            match self.client.next().await {
                Next::Frame(_) => {}
                Next::Closed(Some(1000)) => return,
                Next::Closed(code) => {
                    self.resume(code).await;
                }
            }
        }
    }
}

impl Transcript {
    /// The requests whose answers the client has got. None twice.
    pub(crate) fn turns(&self) -> BTreeSet<&str> {
        let turns: BTreeSet<&str> = self.answers.iter().map(|answer| &*answer.turn).collect();
        assert_eq!(turns.len(), self.answers.len(), "{self:?}");
        turns
    }
}
