//! The rules: which events a command makes, and what an event changes.
//!
//! Everything here is pure. Time and ids come in with the command; the same log gives the same
//! state, always. [`step`] is the whole of it:
//!
//! ```text
//! decide(world, command) ─> events ─> apply(world, event)* ─> follow_up(world) ─> events ─> apply*
//! ```

mod ability;
mod apply;
mod change;
mod chat;
mod context;
mod entity;
mod event;
mod event_types;
mod invocation;
mod memory;
mod message;
mod minds;
mod spec;
mod state;
mod talk;
mod timer;
mod titles;
mod tools;
mod view;

use std::collections::BTreeSet;

use contract::fact::Empty;
use contract::{
    ChatId, Command, CommandRequest, Commit, EntityId, Event, EventId, Fact, Rejection,
    RejectionCode, Seq, Target, Timestamp,
};
use uuid::Uuid;

pub use ability::offers;
pub use context::context;
pub use minds::mind;
pub use state::World;

/// The version of the rules: a snapshot that other rules made is not used.
pub const VERSION: u32 = 5;

/// The most events that one command may make: its commit must fit in one message of NATS.
pub const COMMAND_EVENTS_MAX: usize = 1000;
/// What may follow from one command, beside its own events.
const FOLLOW_UPS_MAX: usize = 400;
/// The most bytes that the events of one command may have, those that follow from it aside. With
/// them, and what other commands put in the same commit, it still fits in NATS' default of 1 MiB.
pub const COMMAND_BYTES_MAX: usize = 384 * 1024;

/// An event that was decided, with its payload in both forms.
#[derive(Debug)]
pub struct Decided {
    /// As it will be in the log.
    pub event: Event,
    /// As the rules read it; `None` when it is a custom event.
    pub fact: Option<Fact>,
}

/// Decides a command at `now`, applies what it makes, and returns that. A rejected command leaves
/// the world untouched.
///
/// # Errors
/// Why the command is refused.
pub fn step(
    world: &mut World,
    request: &CommandRequest,
    now: Timestamp,
) -> Result<Vec<Event>, Rejection> {
    let mut decision = Decision::new(request, now);
    decide(world, request, &mut decision)?;
    decision.check_size()?;
    let mut applied = 0;
    let apply_new = |world: &mut World, decision: &Decision<'_>, applied: &mut usize| {
        for decided in &decision.events[*applied..] {
            apply::apply(world, &decided.event, decided.fact.as_ref(), now);
        }
        *applied = decision.events.len();
    };
    apply_new(world, &decision, &mut applied);
    follow_up(world, &mut decision)?;
    apply_new(world, &decision, &mut applied);
    // Who gives up what it was at may have something else to do.
    if !world.stirred.is_empty() && applied < FOLLOW_UPS_MAX {
        follow_up(world, &mut decision)?;
        apply_new(world, &decision, &mut applied);
    }
    Ok(decision
        .events
        .into_iter()
        .map(|decided| decided.event)
        .collect())
}

/// Applies a commit that is in the log.
///
/// # Errors
/// When an event of a built-in type does not hold what its type promises.
pub fn replay(world: &mut World, seq: Seq, commit: &Commit) -> serde_json::Result<()> {
    for event in &commit.events {
        let fact = Fact::parse(&event.event_type, &event.data)?;
        apply::apply(world, event, fact.as_ref(), commit.at);
    }
    world.close(commit);
    world.stored(seq, commit);
    Ok(())
}

fn decide(
    world: &World,
    request: &CommandRequest,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if !begins_a_world(&request.command) {
        world.check_exists()?;
        if !is_system(request) {
            world.check_entity(&request.sender, "sender")?;
        }
    }
    match &request.command {
        Command::CreateWorld(spec) => spec::create(world, spec, decision),
        Command::ApplyWorld(spec) => spec::apply(world, spec, decision),
        Command::UpdateWorld(change) => spec::update(world, change, decision),
        Command::DeleteWorld => decision.push(Fact::WorldDeleted(Empty {})),
        Command::CreateEntity(entity) => entity::create(world, entity, decision),
        Command::UpdateEntity(change) => entity::update(world, change, decision),
        Command::ForgetMemory { agent } => entity::forget(world, agent, decision),
        Command::RemoveEntity { entity } => entity::remove(world, entity, decision),
        Command::ChangeEntities { changes } => {
            change::change_all(world, changes, &request.sender, "changes", decision)
        }
        Command::RegisterEventType(wanted) => event_types::register(world, wanted, decision),
        Command::CreateChat(chat) => chat::create(world, chat, decision),
        Command::UpdateChat {
            chat,
            title,
            agents,
        } => chat::update(world, chat, title.as_ref(), agents.as_ref(), decision),
        Command::NewChat(chat) => chat::open_new(world, chat, decision),
        Command::OpenChat { chat } => chat::open(world, chat, decision),
        Command::BranchChat { chat, message, new } => {
            chat::branch(world, chat, *message, new, decision)
        }
        Command::DeleteChat { chat } => chat::delete(world, chat, decision),
        Command::StopChat { chat } => chat::stop(world, chat, decision),
        Command::PostMessage {
            chat,
            text,
            in_reply_to,
        } => message::post(world, chat, text, *in_reply_to, decision),
        Command::RemoveMessage { chat, message } => {
            message::remove(world, chat, *message, decision)
        }
        Command::EditMessage {
            chat,
            message,
            text,
        } => message::edit(world, chat, *message, text, decision),
        Command::SendEvents { events, message } => {
            event::send_all(world, events, message.as_ref(), decision)
        }
        Command::RequestAction {
            action,
            entity: agent,
            arguments,
            deadline,
        } => {
            let arguments = arguments.as_deref();
            invocation::request(world, action, agent, arguments, *deadline, decision)
        }
        Command::Complete {
            invocation,
            outcome,
        } => invocation::complete(world, *invocation, outcome, decision),
        Command::CancelInvocation { invocation } => {
            invocation::cancel(world, *invocation, decision)
        }
        Command::Decide { approval, verdict } => tools::decide(world, *approval, verdict, decision),
        Command::SetTimer(wanted) => timer::set(world, wanted, decision),
        Command::CancelTimer { timer } => timer::cancel(world, timer, decision),
        Command::Wake => timer::wake(world, decision),
    }
}

fn begins_a_world(command: &Command) -> bool {
    matches!(command, Command::CreateWorld(_) | Command::ApplyWorld(_))
}

/// What the system itself does needs no entity to do it.
fn is_system(request: &CommandRequest) -> bool {
    request.sender == EntityId::world()
}

/// What follows from the state as it is now: agents that are free take the message that has waited
/// longest for them, turns in which nobody has anything left to say end, runs of entities that were
/// removed are called off, and agents that something woke decide what to do. What does not fit in one commit is due at once, and follows with the next.
fn follow_up(world: &World, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    for (chat, agent) in world.ready.iter().take(FOLLOW_UPS_MAX) {
        invocation::request_answer(world, chat, agent, decision)?;
    }
    let room = FOLLOW_UPS_MAX.saturating_sub(world.ready.len());
    let mut silent = BTreeSet::new();
    for (turn, chat) in world.turns_over.iter().take(room) {
        message::end_turn(*turn, chat, decision)?;
        silent.insert(chat);
    }
    let room = room.saturating_sub(world.turns_over.len());
    invocation::cancel_abandoned(world, room, decision)?;
    let room = room.saturating_sub(world.abandoned.len());
    for agent in world.stirred.iter().take(room) {
        minds::go_on(world, agent, decision)?;
    }
    for chat in silent {
        titles::ask_when_idle(world, chat, decision)?;
    }
    Ok(())
}

/// The events of one command, as they are decided.
struct Decision<'a> {
    request: &'a CommandRequest,
    now: Timestamp,
    events: Vec<Decided>,
}

/// What an event says beside its payload.
#[derive(Default)]
struct About {
    sender: Option<EntityId>,
    target: Option<Target>,
    chat: Option<ChatId>,
    causation: Option<EventId>,
    correlation: Option<Uuid>,
}

impl<'a> Decision<'a> {
    fn new(request: &'a CommandRequest, now: Timestamp) -> Self {
        Self {
            request,
            now,
            events: Vec::new(),
        }
    }

    /// The id that the next event gets.
    fn next_id(&self) -> EventId {
        let index = u32::try_from(self.events.len()).unwrap_or(u32::MAX);
        self.request.id.event(index)
    }

    /// An event in the name of the command's sender.
    fn push(&mut self, fact: Fact) -> Result<(), Rejection> {
        self.push_about(fact, About::default())
    }

    fn push_about(&mut self, fact: Fact, about: About) -> Result<(), Rejection> {
        let data = fact
            .to_data()
            .map_err(|error| reject(RejectionCode::Invalid, error.to_string(), None))?;
        let event = Event {
            id: self.next_id(),
            event_type: fact.event_type(),
            sender: about.sender.unwrap_or_else(|| self.request.sender.clone()),
            target: about.target,
            chat: about.chat,
            causation: about.causation,
            correlation: about.correlation,
            trace: self.request.trace.clone(),
            schema: None,
            description: None,
            summary: None,
            metadata: None,
            data,
        };
        self.events.push(Decided {
            event,
            fact: Some(fact),
        });
        Ok(())
    }

    /// What `part` decides; nothing of it, if it is refused.
    fn whole(
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

    /// Whether one more event of any size still fits.
    fn has_room_for_another(&self) -> bool {
        self.events.len() < COMMAND_EVENTS_MAX / 2 && self.size_bytes() < COMMAND_BYTES_MAX / 8
    }

    fn size_bytes(&self) -> usize {
        self.events
            .iter()
            .map(|decided| size_bytes(&decided.event))
            .sum()
    }

    fn check_size(&self) -> Result<(), Rejection> {
        let bytes = self.size_bytes();
        if self.events.len() > COMMAND_EVENTS_MAX || bytes > COMMAND_BYTES_MAX {
            let detail = format!(
                "the command makes {} events of {bytes} bytes; at most {COMMAND_EVENTS_MAX} events \
                 and {COMMAND_BYTES_MAX} bytes fit in one commit: split it",
                self.events.len()
            );
            return Err(reject(RejectionCode::TooLarge, detail, None));
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

/// Where the field `name` of what stands at `field` is; at `name` when that is all that was sent.
fn within(field: &str, name: &str) -> String {
    match field {
        "" => name.to_owned(),
        field => format!("{field}.{name}"),
    }
}

fn reject(code: RejectionCode, detail: impl Into<String>, field: Option<String>) -> Rejection {
    Rejection {
        code,
        detail: detail.into(),
        field,
    }
}

fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Rejection {
    reject(RejectionCode::Invalid, detail, Some(field.into()))
}

fn action_requested(
    action: contract::ActionName,
    entity: EntityId,
    deadline: Timestamp,
) -> contract::fact::ActionRequested {
    contract::fact::ActionRequested {
        purpose: None,
        ..contract::Purpose::Requested.request(action, entity, deadline)
    }
}
