//! What a timer does when it fires.

use contract::fact::{TimerFired, TimerSet};
use contract::{EntityId, EventId, Fact, NewEvent, Rejection, TimerId, Timestamp};

use super::schedule::next_occurrence;
use super::state::Timer;
use crate::abilities::{Origin, SendContext, send};
use crate::chats::{NewMessage, check_event_chat, post};
use crate::decider::{Decider, EventHeader};
use crate::world::World;

/// Fires a timer, if what it does fits in the commit. Whether it was fired: one that does not fit fires
/// with the next commit, or, when it is the first of this one, without what it was to do.
pub(crate) fn fire(
    world: &World,
    id: &TimerId,
    decider: &mut Decider<'_>,
) -> Result<bool, Rejection> {
    let begun = decider.events().len();
    fire_unchecked(world, id, decider)?;
    if decider.check_size().is_ok() {
        return Ok(true);
    }
    decider.truncate(begun);
    if begun > 0 {
        return Ok(false);
    }
    // It would never fit.
    let reason = "what it does does not fit in one commit".to_owned();
    push_fired(world, id, Some(reason), decider)?;
    Ok(true)
}

/// Fires a timer, however large its events are.
fn fire_unchecked(world: &World, id: &TimerId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let (fired, place) = (decider.next_id(), decider.events().len());
    push_fired(world, id, None, decider)?;
    let Some(timer) = world.timers.get(id) else {
        return Ok(());
    };
    // An entity that was removed does nothing any more.
    if timer.owner != EntityId::world() && !world.entities.contains(&timer.owner) {
        return Ok(());
    }
    // What they name may be gone by now, or be too much: the timer fires all the same, with the reason.
    let event = timer.event.as_ref();
    let event = event.and_then(|event| send_event(world, timer, event, fired, decider).err());
    let message = post_message(world, timer, decider).err();
    let refused = event.into_iter().chain(message);
    let refused: Vec<String> = refused.map(|rejection| rejection.detail).collect();
    if !refused.is_empty() {
        let reason = refused.join("; ");
        decider.replace(place, |decider| {
            push_fired(world, id, Some(reason), decider)
        })?;
    }
    let (repeat, zone) = (timer.repeat.as_deref(), timer.zone.as_deref());
    match repeat.map(|repeat| next_occurrence(repeat, zone, decider.now())) {
        Some(Ok(due)) => set_again(id, timer, due, decider),
        // One that never comes again is over.
        Some(Err(_)) | None => Ok(()),
    }
}

fn send_event(
    world: &World,
    timer: &Timer,
    event: &NewEvent,
    fired: EventId,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let event = NewEvent {
        causation: Some(event.causation.unwrap_or(fired)),
        ..event.clone()
    };
    let context = SendContext {
        sender: &timer.owner,
        origin: Origin::default(),
        field: "event",
        check_chat: check_event_chat,
    };
    send(world, &event, context, decider)
}

fn post_message(world: &World, timer: &Timer, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    let Some(message) = &timer.message else {
        return Ok(());
    };
    let new = NewMessage {
        sender: &timer.owner,
        chat: &message.chat,
        text: &message.text,
        in_reply_to: None,
        causation: None,
    };
    decider.transaction(|decider| post(world, &new, decider))
}

fn push_fired(
    world: &World,
    id: &TimerId,
    refused: Option<String>,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let Some(timer) = world.timers.get(id) else {
        return Ok(());
    };
    let fact = Fact::TimerFired(TimerFired {
        timer: id.clone(),
        due: timer.due,
        refused,
    });
    decider.push_with(fact, EventHeader::sent_by(&timer.owner))
}

fn set_again(
    id: &TimerId,
    timer: &Timer,
    due: Timestamp,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    let set = TimerSet {
        timer: id.clone(),
        due,
        repeat: timer.repeat.clone(),
        zone: timer.zone.clone(),
        event: timer.event.clone(),
        message: timer.message.clone(),
    };
    decider.push_with(Fact::TimerSet(set), EventHeader::sent_by(&timer.owner))
}
