//! The events of one command, while they are decided.

use contract::{
    ChatId, CommandId, CommandRequest, EntityId, Event, EventId, Fact, Rejection, RejectionCode,
    Target, Timestamp,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::rejection::{reject, too_large};

/// The most events that one command may make: its commit must fit in one message of NATS.
pub const COMMAND_EVENTS_MAX: usize = 1000;
/// The most bytes that the events of one command may have, those that follow from it aside. With
/// them, and what other commands put in the same commit, it still fits in NATS' default of 1 MiB.
pub const COMMAND_BYTES_MAX: usize = 384 * 1024;
/// The most bytes that the events of a part of a description may have, and each of its events.
pub(crate) const PART_BYTES_MAX: usize = COMMAND_BYTES_MAX - 4096;
/// The most events that may follow from one command, beside its own; and, of what an entity had to do
/// that is removed, the most that end in the same commit.
pub(crate) const FOLLOW_UPS_MAX: usize = 400;

/// An event that was decided, with its payload in both forms.
#[derive(Debug)]
pub(crate) struct UncommittedEvent {
    /// As it will be in the log.
    pub(crate) event: Event,
    /// As the rules read it; `None` when it is a custom event.
    pub(crate) fact: Option<Fact>,
}

/// What an event has beside its payload.
#[derive(Default)]
pub(crate) struct EventHeader {
    /// The command's sender when absent.
    pub(crate) sender: Option<EntityId>,
    pub(crate) target: Option<Target>,
    pub(crate) chat: Option<ChatId>,
    pub(crate) causation: Option<EventId>,
    pub(crate) correlation: Option<Uuid>,
}

impl EventHeader {
    /// The header of an event of a chat.
    pub(crate) fn of_chat(chat: &ChatId) -> Self {
        Self {
            chat: Some(chat.clone()),
            ..Self::default()
        }
    }

    /// The header of an event of an entity.
    pub(crate) fn sent_by(sender: &EntityId) -> Self {
        Self {
            sender: Some(sender.clone()),
            ..Self::default()
        }
    }
}

/// Collects the events of one command.
pub(crate) struct Decider<'a> {
    request: &'a CommandRequest,
    now: Timestamp,
    events: Vec<UncommittedEvent>,
}

impl<'a> Decider<'a> {
    pub(crate) fn new(request: &'a CommandRequest, now: Timestamp) -> Self {
        Self {
            request,
            now,
            events: Vec::new(),
        }
    }

    /// The time of the command: that of each of its events.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Who sent the command.
    pub(crate) fn sender(&self) -> &'a EntityId {
        &self.request.sender
    }

    /// The id of the command.
    pub(crate) fn command(&self) -> CommandId {
        self.request.id
    }

    /// The W3C `traceparent` of the request behind the command.
    pub(crate) fn trace(&self) -> Option<&'a String> {
        self.request.trace.as_ref()
    }

    /// What is decided so far.
    pub(crate) fn events(&self) -> &[UncommittedEvent] {
        &self.events
    }

    pub(crate) fn into_events(self) -> impl Iterator<Item = Event> {
        self.events.into_iter().map(|decided| decided.event)
    }

    /// The id that the next event gets.
    pub(crate) fn next_id(&self) -> EventId {
        let index = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        self.request.id.event(index)
    }

    /// Adds an event in the name of the command's sender.
    pub(crate) fn push(&mut self, fact: Fact) -> Result<(), Rejection> {
        self.push_with(fact, EventHeader::default())
    }

    /// Adds an event.
    pub(crate) fn push_with(&mut self, fact: Fact, header: EventHeader) -> Result<(), Rejection> {
        let data = fact
            .to_data()
            .map_err(|error| reject(RejectionCode::Invalid, error.to_string(), None))?;
        let event = self.event(&fact, header, data);
        self.events.push(UncommittedEvent {
            event,
            fact: Some(fact),
        });
        Ok(())
    }

    /// Adds a custom event. Its id is [`next_id`](Self::next_id).
    pub(crate) fn push_custom(&mut self, event: Event) {
        self.events.push(UncommittedEvent { event, fact: None });
    }

    fn event(&self, fact: &Fact, header: EventHeader, data: Box<RawValue>) -> Event {
        Event {
            id: self.next_id(),
            event_type: fact.event_type(),
            sender: header.sender.unwrap_or_else(|| self.sender().clone()),
            target: header.target,
            chat: header.chat,
            causation: header.causation,
            correlation: header.correlation,
            trace: self.trace().cloned(),
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data,
        }
    }

    /// What `part` decides; nothing of it, if it is refused.
    pub(crate) fn transaction(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        let begun = self.events.len();
        let decided = part(self);
        if decided.is_err() {
            self.events.truncate(begun);
        }
        decided
    }

    /// Drops the events from number `first` on.
    pub(crate) fn truncate(&mut self, first: usize) {
        self.events.truncate(first);
    }

    /// Decides event number `index` anew, and keeps those behind it.
    pub(crate) fn replace(
        &mut self,
        index: usize,
        decide: impl FnOnce(&mut Self) -> Result<(), Rejection>,
    ) -> Result<(), Rejection> {
        let behind = self.events.split_off(index).into_iter().skip(1);
        decide(self)?;
        self.events.extend(behind);
        Ok(())
    }

    /// Whether one more event of any size still fits.
    pub(crate) fn has_room_for_another(&self) -> bool {
        self.events.len() < COMMAND_EVENTS_MAX / 2 && self.size_bytes() < COMMAND_BYTES_MAX / 8
    }

    pub(crate) fn size_bytes(&self) -> usize {
        self.events
            .iter()
            .map(|decided| size_bytes(&decided.event))
            .sum()
    }

    /// Keeps the first events, as many as fit in one commit with another small one. Whether that is all of them.
    pub(crate) fn keep_what_fits(&mut self) -> bool {
        let mut bytes = 0;
        let fitting = self.events.iter().take(COMMAND_EVENTS_MAX - 1);
        let fitting = fitting.take_while(|decided| {
            bytes += size_bytes(&decided.event);
            bytes <= PART_BYTES_MAX
        });
        let fitting = fitting.count();
        let are_all = fitting == self.events.len();
        self.events.truncate(fitting);
        are_all
    }

    pub(crate) fn check_size(&self) -> Result<(), Rejection> {
        let bytes = self.size_bytes();
        if self.events.len() > COMMAND_EVENTS_MAX || bytes > COMMAND_BYTES_MAX {
            let detail = format!(
                "the command makes {} events of {bytes} bytes; at most {COMMAND_EVENTS_MAX} events \
                 and {COMMAND_BYTES_MAX} bytes fit in one commit: split it",
                self.events.len()
            );
            return Err(too_large(detail, None));
        }
        Ok(())
    }
}

/// About how many bytes an event takes in a commit.
pub fn size_bytes(event: &Event) -> usize {
    /// Ids, sender, target, chat, trace, and the names of all fields.
    const ENVELOPE_BYTES: usize = 512;
    let texts = [&event.schema, &event.description, &event.summary];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let metadata = event
        .metadata
        .as_ref()
        .map_or(0, |metadata| metadata.get().len());
    ENVELOPE_BYTES + texts + metadata + event.data.get().len()
}
