//! What agents of a chat wait for a person to decide, and what a line decides.

use std::collections::VecDeque;

use contract::tool::{Question, QuestionAnswer, Tool, ToolCall, Verdict};
use contract::{ApprovalId, EntityId};

/// A call that waits.
struct Call {
    id: ApprovalId,
    agent: EntityId,
    call: ToolCall,
    /// The answers so far, to its first questions.
    answers: Vec<QuestionAnswer>,
    /// Whether a decision is on its way.
    is_decided: bool,
}

impl Call {
    fn questions(&self) -> &[Question] {
        match &self.call.tool {
            Some(Tool::People { questions }) => questions,
            _ => &[],
        }
    }

    /// The question that waits for an answer.
    fn question(&self) -> Option<&Question> {
        self.questions().get(self.answers.len())
    }
}

/// What a line means to what waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It has nothing to do with it.
    None,
    /// It answers a question, and another one is asked.
    Next,
    /// It decides a call.
    Verdict(ApprovalId, Verdict),
}

/// The calls that wait, oldest first.
#[derive(Default)]
pub(super) struct Waiting {
    calls: VecDeque<Call>,
}

impl Waiting {
    /// A call waits. Whether it was not known.
    pub(super) fn add(&mut self, id: ApprovalId, agent: &EntityId, call: &ToolCall) -> bool {
        if self.calls.iter().any(|known| known.id == id) {
            return false;
        }
        self.calls.push_back(Call {
            id,
            agent: agent.clone(),
            call: call.clone(),
            answers: Vec::new(),
            is_decided: false,
        });
        true
    }

    /// A call waits no more: who made it, and its tool.
    pub(super) fn remove(&mut self, id: ApprovalId) -> Option<(EntityId, String)> {
        let index = self.calls.iter().position(|call| call.id == id)?;
        let call = self.calls.remove(index)?;
        Some((call.agent, call.call.name))
    }

    /// A decision did not arrive: the call waits again.
    pub(super) fn retry(&mut self, id: ApprovalId) {
        if let Some(call) = self.calls.iter_mut().find(|call| call.id == id) {
            call.is_decided = false;
            call.answers.clear();
        }
    }

    /// How to decide what has waited longest, in a row; nothing when nothing waits.
    pub(super) fn hint(&self) -> Option<String> {
        let call = self.calls.iter().find(|call| !call.is_decided)?;
        let Some(question) = call.question() else {
            let name = &call.call.name;
            return Some(format!(
                "{} waits to call {name}: y lets it, n [reason] refuses",
                call.agent
            ));
        };
        let how = match (question.options.is_empty(), question.multiple) {
            (true, _) => "your next line is the answer",
            (false, false) => "answer with a number, or in words",
            (false, true) => "answer with numbers (1, 2), or in words",
        };
        let text = &question.question;
        Some(format!(
            "{} asks: {text} - {how}; /deny refuses",
            call.agent
        ))
    }

    /// What a line decides that is no command.
    pub(super) fn read(&mut self, line: &str) -> Decision {
        let Some(call) = self.calls.iter_mut().find(|call| !call.is_decided) else {
            return Decision::None;
        };
        if let Some(question) = call.question() {
            let answer = answer(question, line);
            call.answers.push(answer);
            if call.question().is_some() {
                return Decision::Next;
            }
            call.is_decided = true;
            let answers = call.answers.clone();
            return Decision::Verdict(call.id, Verdict::Answered { answers });
        }
        let Some(verdict) = permission(line) else {
            return Decision::None;
        };
        call.is_decided = true;
        Decision::Verdict(call.id, verdict)
    }

    /// Decides what has waited longest.
    ///
    /// # Errors
    /// Why it can't be decided so.
    pub(super) fn decide(&mut self, verdict: Verdict) -> Result<(ApprovalId, Verdict), String> {
        let call = self.calls.iter_mut().find(|call| !call.is_decided);
        let call = call.ok_or("nothing waits for a person in this chat")?;
        if verdict == Verdict::Approved && call.question().is_some() {
            return Err("it waits for an answer: type it, or /deny".to_owned());
        }
        call.is_decided = true;
        Ok((call.id, verdict))
    }
}

/// What a call is, for people: a row for its tool and arguments, or for each question, and for each choice.
pub(super) fn description(agent: &EntityId, call: &ToolCall) -> Vec<String> {
    let Some(Tool::People { questions }) = &call.tool else {
        let arguments = call.arguments.get();
        return vec![format!("{agent} wants to call {} {arguments}", call.name)];
    };
    let mut rows = Vec::new();
    for question in questions {
        rows.push(format!("{agent} asks: {}", question.question));
        for (index, option) in question.options.iter().enumerate() {
            let label = Some(&option.label).filter(|label| !label.is_empty());
            let label = label.unwrap_or(&option.id);
            let row = match option.description.is_empty() {
                true => format!("  {}) {label}", index + 1),
                false => format!("  {}) {label}: {}", index + 1, option.description),
            };
            rows.push(row);
        }
    }
    rows
}

/// What was decided, for people.
pub(super) fn decision(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Approved => "allowed".to_owned(),
        Verdict::Denied { reason } if reason.is_empty() => "refused".to_owned(),
        Verdict::Denied { reason } => format!("refused ({reason})"),
        Verdict::Answered { .. } => "answered".to_owned(),
        Verdict::Expired => "not decided in time".to_owned(),
        Verdict::Cancelled => "cancelled".to_owned(),
    }
}

/// Whether a line lets a call be made, or refuses it.
fn permission(line: &str) -> Option<Verdict> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match (word.to_lowercase().as_str(), rest.trim()) {
        ("y" | "yes", "") => Some(Verdict::Approved),
        ("n" | "no", reason) => Some(Verdict::Denied {
            reason: reason.to_owned(),
        }),
        _ => None,
    }
}

/// The choices that a line names by numbers, ids or labels; else its words.
fn answer(question: &Question, line: &str) -> QuestionAnswer {
    let choice = |word: &str| {
        let word = word.trim();
        let number = word.parse::<usize>().ok();
        let by_number = number.and_then(|number| question.options.get(number.checked_sub(1)?));
        let named = question
            .options
            .iter()
            .find(|option| option.id == word || option.label.to_lowercase() == word.to_lowercase());
        named.or(by_number).map(|option| option.id.clone())
    };
    let chosen: Option<Vec<String>> = match question.multiple {
        true => line.split(',').map(choice).collect(),
        false => choice(line).map(|option| vec![option]),
    };
    QuestionAnswer {
        question: question.id.clone(),
        text: chosen.is_none().then(|| line.to_owned()),
        options: chosen.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn id(number: u8) -> ApprovalId {
        let id = format!("018f0000-0000-7000-8000-00000000000{number}");
        id.parse().unwrap()
    }

    fn call(tool: &Value) -> ToolCall {
        let call =
            json!({"id": "c1", "name": "notes_add", "arguments": {"text": "hi"}, "tool": tool});
        serde_json::from_str(&call.to_string()).unwrap()
    }

    fn waiting(calls: &[ToolCall]) -> Waiting {
        let mut waiting = Waiting::default();
        for (number, call) in (1..).zip(calls) {
            assert!(waiting.add(id(number), &"ada".parse().unwrap(), call));
        }
        waiting
    }

    fn denied(reason: &str) -> Verdict {
        let reason = reason.to_owned();
        Verdict::Denied { reason }
    }

    fn tool() -> Value {
        json!({"mcp": {"server": "notes", "tool": "add"}})
    }

    #[test]
    fn yes_and_no_decide_a_permission_and_all_else_is_a_message() {
        for (line, expected) in [
            ("y", Some(Verdict::Approved)),
            ("Yes", Some(Verdict::Approved)),
            ("n", Some(denied(""))),
            ("no  not that", Some(denied("not that"))),
            ("yes please", None),
            ("nobody", None),
            ("hello", None),
        ] {
            let mut waiting = waiting(&[call(&tool())]);
            let expected = expected.map_or(Decision::None, |v| Decision::Verdict(id(1), v));
            assert_eq!(waiting.read(line), expected, "{line}");
        }
        assert_eq!(Waiting::default().read("y"), Decision::None);
    }

    #[test]
    fn the_oldest_call_is_decided_first_and_each_once() {
        let mut waiting = waiting(&[call(&tool()), call(&tool())]);
        assert!(!waiting.add(id(1), &"ada".parse().unwrap(), &call(&tool())));
        assert_eq!(
            waiting.read("y"),
            Decision::Verdict(id(1), Verdict::Approved)
        );
        assert_eq!(waiting.decide(denied("")), Ok((id(2), denied(""))));
        assert_eq!(waiting.read("y"), Decision::None);
        assert_eq!(waiting.hint(), None);
        waiting.retry(id(2));
        assert!(waiting.hint().unwrap().contains("n [reason]"));
        let known = ("ada".parse().unwrap(), "notes_add".to_owned());
        assert_eq!(waiting.remove(id(2)), Some(known));
        assert_eq!(waiting.remove(id(2)), None);
        assert!(waiting.decide(Verdict::Approved).is_err());
    }

    #[test]
    fn questions_are_answered_one_after_the_other() {
        let questions = json!({"people": {"questions": [
            {"id": "color", "question": "Which?", "options": [
                {"id": "r", "label": "Red"}, {"id": "b", "label": "Blue", "description": "dark"},
            ]},
            {"id": "sizes", "question": "Sizes?", "multiple": true,
             "options": [{"id": "s", "label": ""}, {"id": "l", "label": ""}]},
            {"id": "when", "question": "When?"},
        ]}});
        let call = call(&questions);
        let rows = description(&"ada".parse().unwrap(), &call);
        assert_eq!(
            rows[..3],
            ["ada asks: Which?", "  1) Red", "  2) Blue: dark"]
        );
        let mut waiting = waiting(&[call]);
        assert!(waiting.decide(Verdict::Approved).is_err());
        assert_eq!(waiting.read("2"), Decision::Next);
        assert!(waiting.hint().unwrap().contains("Sizes?"));
        assert_eq!(waiting.read("s, 2"), Decision::Next);
        let Decision::Verdict(_, Verdict::Answered { answers }) = waiting.read("y") else {
            panic!("the last answer decides");
        };
        let given = |answer: &QuestionAnswer| (answer.options.join("+"), answer.text.clone());
        let given: Vec<_> = answers.iter().map(given).collect();
        let expected = [("b", None), ("s+l", None), ("", Some("y".to_owned()))];
        assert_eq!(
            given,
            expected.map(|(options, text)| (options.to_owned(), text))
        );
    }

    #[test]
    fn an_answer_is_a_choice_or_words() {
        let question =
            json!({"id": "q", "question": "?", "options": [{"id": "r", "label": "Red"}]});
        let question: Question = serde_json::from_str(&question.to_string()).unwrap();
        for (line, options, text) in [
            ("1", vec!["r"], None),
            ("red", vec!["r"], None),
            ("r", vec!["r"], None),
            ("0", vec![], Some("0")),
            ("2", vec![], Some("2")),
            ("green", vec![], Some("green")),
        ] {
            let answer = answer(&question, line);
            assert_eq!(answer.options, options, "{line}");
            assert_eq!(answer.text.as_deref(), text, "{line}");
        }
    }
}
