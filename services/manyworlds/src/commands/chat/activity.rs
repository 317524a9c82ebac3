//! Who is at work in a chat, and at what.

use std::collections::{BTreeMap, HashMap};

use contract::fact::ActionRequested;
use contract::tool::ToolCall;
use contract::{EntityId, RunId};
use tokio::time::Instant;

/// What a run does, as far as a person is interested.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Work {
    Answer,
    Tool(String),
}

struct Task {
    agent: EntityId,
    work: Work,
    since: Instant,
    /// Whether a part of its answer is shown: that is sign of life enough.
    is_shown: bool,
}

/// The runs of a chat that have not ended.
#[derive(Default)]
pub(super) struct Activity {
    tasks: BTreeMap<RunId, Task>,
    /// The names of the tools of calls that are to be made, by whose and which.
    calls: HashMap<(EntityId, String), String>,
}

impl Activity {
    /// A run was requested. Only those on the way to an answer are of interest.
    pub(super) fn begin(&mut self, run: RunId, requested: &ActionRequested) {
        let agent = &requested.entity;
        if requested.message.is_none() {
            return;
        }
        let work = match (&requested.ability, &requested.call) {
            (Some(ability), _) => Work::Tool(ability.to_string()),
            (None, Some(call)) => {
                let name = self.calls.remove(&(agent.clone(), call.clone()));
                Work::Tool(name.unwrap_or_else(|| "a tool".to_owned()))
            }
            (None, None) => Work::Answer,
        };
        let task = Task {
            agent: agent.clone(),
            work,
            since: Instant::now(),
            is_shown: false,
        };
        self.tasks.insert(run, task);
    }

    /// An agent is about to make these calls.
    pub(super) fn expect_calls(&mut self, agent: &EntityId, calls: &[ToolCall]) {
        for call in calls {
            let key = (agent.clone(), call.id.clone());
            self.calls.insert(key, call.name.clone());
        }
    }

    /// A part of the answer is shown.
    pub(super) fn show(&mut self, run: RunId) {
        if let Some(task) = self.tasks.get_mut(&run) {
            task.is_shown = true;
        }
    }

    /// A run has ended. Whether it was to answer.
    pub(super) fn end(&mut self, run: RunId) -> bool {
        let task = self.tasks.remove(&run);
        if self.tasks.is_empty() {
            self.calls.clear();
        }
        task.is_some_and(|task| task.work == Work::Answer)
    }

    /// Whether anybody is at work.
    pub(super) fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Who does what for how long, in one line; nothing when nobody does, or all that they do is shown.
    pub(super) fn line(&self, now: Instant) -> Option<String> {
        let tasks = self.tasks.values().filter(|task| !task.is_shown);
        let tasks: Vec<String> = tasks
            .map(|task| {
                let seconds = now.saturating_duration_since(task.since).as_secs();
                match &task.work {
                    Work::Answer => format!("{} is thinking… {seconds} s", task.agent),
                    Work::Tool(name) => format!("{} calls {name}… {seconds} s", task.agent),
                }
            })
            .collect();
        (!tasks.is_empty()).then(|| tasks.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn run(number: u8) -> RunId {
        let id = format!("018f0000-0000-7000-8000-00000000000{number}");
        id.parse().unwrap()
    }

    fn requested(action: &str, call: Option<&str>) -> ActionRequested {
        let deadline = "2026-01-01T00:00:00Z";
        let mut json = json!({"action": action, "agent": "ada", "deadline": deadline});
        if action != "title" {
            json["message"] = json!("018f0000-0000-7000-8000-000000000009");
        }
        if let Some(call) = call {
            json["call"] = json!(call);
        }
        serde_json::from_str(&json.to_string()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_run_is_shown_until_its_answer_is_or_it_ends() {
        let mut activity = Activity::default();
        activity.begin(run(1), &requested("respond", None));
        tokio::time::advance(Duration::from_secs(3)).await;
        let line = |activity: &Activity| activity.line(Instant::now());
        assert_eq!(line(&activity).unwrap(), "ada is thinking… 3 s");
        let call = json!({"id": "c1", "name": "notes_add", "arguments": {}});
        let call = serde_json::from_str(&call.to_string()).unwrap();
        assert!(activity.end(run(1)));
        activity.expect_calls(&"ada".parse().unwrap(), &[call]);
        activity.begin(run(2), &requested("tool", Some("c1")));
        assert_eq!(line(&activity).unwrap(), "ada calls notes_add… 0 s");
        assert!(!activity.end(run(2)));
        activity.begin(run(3), &requested("respond", None));
        activity.show(run(3));
        assert_eq!(line(&activity), None);
        assert!(activity.is_busy());
        assert!(activity.end(run(3)));
        assert!(!activity.is_busy());
    }

    #[test]
    fn what_is_not_on_the_way_to_an_answer_is_not_shown() {
        let mut activity = Activity::default();
        activity.begin(run(1), &requested("title", None));
        assert_eq!(activity.line(Instant::now()), None);
        assert!(!activity.end(run(1)));
    }
}
