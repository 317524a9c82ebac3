//! What agents did with tools on their way to their answers, read from the archive beside the
//! messages.

use std::collections::{BTreeMap, VecDeque};

use contract::commit::Position;
use contract::fact::ActionCompleted;
use contract::query::EventRow;
use contract::tool::ToolCall;
use contract::{ApprovalId, EntityId, Event, Fact, MessageId, RunId};

use super::super::results;

/// Something that an agent did with tools.
#[derive(Debug)]
pub(super) enum Step {
    /// Its model called them.
    Called {
        agent: EntityId,
        said: String,
        calls: Vec<ToolCall>,
        /// The message that it answers.
        question: Option<MessageId>,
    },
    /// A call has its result.
    Returned {
        agent: EntityId,
        call: ToolCall,
        text: String,
    },
}

/// The events of a chat, and what of earlier ones is needed to understand the next.
pub(super) struct Steps {
    rows: VecDeque<EventRow>,
    /// Behind this place the archive is read on; all is read when absent.
    next: Option<Position>,
    questions: BTreeMap<RunId, MessageId>,
    /// The calls that have no result yet: those of one step of each agent.
    calls: BTreeMap<(EntityId, String), ToolCall>,
    asked: BTreeMap<ApprovalId, (EntityId, String)>,
}

impl Steps {
    pub(super) fn new() -> Self {
        Self {
            rows: VecDeque::new(),
            next: Some(Position::default()),
            questions: BTreeMap::new(),
            calls: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// The place behind which the archive must be read before there is a next event.
    pub(super) fn wants(&self) -> Option<Position> {
        self.next.filter(|_| self.rows.is_empty())
    }

    /// Takes what the archive has there, and whether more follows.
    pub(super) fn give(&mut self, rows: Vec<EventRow>, more: bool) {
        self.next = rows.last().filter(|_| more).map(|row| row.position);
        self.rows.extend(rows);
    }

    /// The next event before this place, if there is one: the message that began its turn, and what
    /// was done.
    pub(super) fn before(
        &mut self,
        place: Option<Position>,
    ) -> Option<(Option<MessageId>, Vec<Step>)> {
        let is_before = |row: &mut EventRow| place.is_none_or(|place| row.position < place);
        let event = self.rows.pop_front_if(is_before)?.event;
        Some((event.correlation.map(MessageId), self.steps(&event)))
    }

    fn steps(&mut self, event: &Event) -> Vec<Step> {
        let Ok(Some(fact)) = Fact::parse(&event.event_type, &event.data) else {
            return Vec::new();
        };
        let agent = &event.sender;
        match fact {
            Fact::ActionRequested(requested) => {
                let question = requested.message.filter(|_| requested.call.is_none());
                let run = event.id.invocation();
                self.questions
                    .extend(question.map(|question| (run, question)));
                Vec::new()
            }
            Fact::ActionCompleted(done) => match &done.call {
                Some(call) => self.returned(agent, call, results::returned(&done).text),
                None => self.called(agent, done),
            },
            Fact::ActionFailed(ended) => match &ended.call {
                Some(call) => self.returned(agent, call, ended.reason),
                None => self.ended(ended.invocation),
            },
            Fact::ActionCancelled(ended) => match &ended.call {
                Some(call) => self.returned(agent, call, results::called_off().text),
                None => self.ended(ended.invocation),
            },
            Fact::ApprovalRequested(requested) => {
                let whose = (agent.clone(), requested.call.id);
                self.asked.insert(event.id.approval(), whose);
                Vec::new()
            }
            Fact::ApprovalEnded(ended) => {
                let whose = self.asked.remove(&ended.approval);
                let (Some((agent, call)), Some(result)) = (whose, results::decided(&ended.verdict))
                else {
                    return Vec::new();
                };
                self.returned(&agent, &call, result.text)
            }
            _ => Vec::new(),
        }
    }

    fn called(&mut self, agent: &EntityId, done: ActionCompleted) -> Vec<Step> {
        let question = self.questions.remove(&done.invocation);
        if done.calls.is_empty() {
            return Vec::new();
        }
        self.calls.retain(|(whose, _), _| whose != agent);
        for call in &done.calls {
            let whose = (agent.clone(), call.id.clone());
            self.calls.insert(whose, call.clone());
        }
        let mut steps = vec![Step::Called {
            agent: agent.clone(),
            said: done.said,
            calls: done.calls.clone(),
            question,
        }];
        for call in &done.calls {
            if let Some(reason) = &call.refused {
                steps.extend(self.returned(agent, &call.id, reason.clone()));
            }
        }
        steps
    }

    fn returned(&mut self, agent: &EntityId, call: &str, text: String) -> Vec<Step> {
        let call = self.calls.remove(&(agent.clone(), call.to_owned()));
        let step = call.map(|call| Step::Returned {
            agent: agent.clone(),
            call,
            text,
        });
        Vec::from_iter(step)
    }

    fn ended(&mut self, run: RunId) -> Vec<Step> {
        self.questions.remove(&run);
        Vec::new()
    }
}
