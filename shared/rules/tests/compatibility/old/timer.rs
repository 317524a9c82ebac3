//! Timers, and deadlines that have passed.

use chrono::{DateTime, Utc};
use contract::chat::ChatText;
use contract::command::SetTimer;
use contract::fact::{TimerCancelled, TimerFired, TimerSet};
use contract::{EntityId, EventId, Fact, NewEvent, Rejection, RejectionCode, TimerId, Timestamp};
use croner::parser::{CronParser, Seconds, Year};

use super::ability::Origin;
use super::state::{Due, Timer, World};
use super::{About, Decision, event as custom, invalid, invocation, message, reject, tools};

/// The most that a timer may hold: it waits in the state of the world, and what it does when it fires,
/// itself set again included, must fit in one commit with room to spare.
const TIMER_BYTES_MAX: usize = 96 * 1024;
/// The most timers of a world: all of them are in its state.
const TIMERS_MAX: usize = 100_000;

pub(super) fn set(
    world: &World,
    wanted: &SetTimer,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if let Some(draft) = &wanted.event {
        custom::check_draft(world, draft, "event")?;
    }
    if let Some(line) = &wanted.message {
        world.check_chat(&line.chat, "message.chat")?;
        if line.text.trim().is_empty() {
            return Err(invalid("message.text", "a message says something"));
        }
    }
    if world.timers.len() >= TIMERS_MAX && !world.timers.contains_key(&wanted.timer) {
        let detail = format!("a world has at most {TIMERS_MAX} timers");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    let next = wanted.repeat.as_deref();
    let next = next.map(|repeat| self::next(repeat, decision.now));
    let due = match (wanted.due, next.transpose()?) {
        (Some(due), _) | (None, Some(due)) => due,
        (None, None) => return Err(invalid("due", "a timer is due once, or repeats")),
    };
    decision.push(Fact::TimerSet(TimerSet {
        timer: wanted.timer.clone(),
        due,
        repeat: wanted.repeat.clone(),
        event: wanted.event.clone(),
        message: wanted.message.clone(),
    }))?;
    let bytes = decision.size_bytes();
    if bytes > TIMER_BYTES_MAX {
        let detail = format!("the timer has {bytes} bytes; at most {TIMER_BYTES_MAX} are kept");
        return Err(reject(RejectionCode::TooLarge, detail, None));
    }
    Ok(())
}

/// The first moment of a cron expression after `now`.
fn next(repeat: &str, now: Timestamp) -> Result<Timestamp, Rejection> {
    let unclear =
        |reason: String| invalid("repeat", format!("{repeat:?} is no schedule: {reason}"));
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(repeat).map_err(|e| unclear(e.to_string()))?;
    let now = DateTime::<Utc>::from_timestamp_millis(now.as_unix_ms())
        .ok_or_else(|| unclear("it is too late for it".to_owned()))?;
    let next = cron.find_next_occurrence(&now, false);
    let next = next.map_err(|e| unclear(e.to_string()))?;
    Ok(Timestamp::from_unix_ms(next.timestamp_millis()))
}

pub(super) fn cancel(
    world: &World,
    timer: &TimerId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    if !world.timers.contains_key(timer) {
        let detail = format!("there is no timer {timer} in the world {}", world.id);
        return Err(reject(
            RejectionCode::UnknownTimer,
            detail,
            Some("timer".to_owned()),
        ));
    }
    decision.push(Fact::TimerCancelled(TimerCancelled {
        timer: timer.clone(),
    }))
}

/// Does what is due, soonest first; what does not fit in one command is left for the next wake.
pub(super) fn wake(world: &World, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let now = decision.now;
    for (_, due) in world.due.iter().take_while(|(due, _)| *due <= now) {
        if !decision.events.is_empty() && !decision.has_room_for_another() {
            break;
        }
        let begun = decision.events.len();
        match due {
            Due::Timer(timer) => {
                fire(world, timer, decision)?;
                if decision.check_size().is_err() {
                    decision.events.truncate(begun);
                    if begun > 0 {
                        break;
                    }
                    // It would never fit: then it only fires.
                    let reason = "what it does does not fit in one commit".to_owned();
                    push_fired(world, timer, Some(reason), decision)?;
                }
            }
            Due::Deadline(id) => {
                if let Some(open) = world.invocations.get(id) {
                    let reason = format!("it had not ended at its deadline, {}", open.deadline);
                    invocation::fail(*id, open, "deadline", &reason, decision)?;
                }
            }
            Due::Approval(id) => tools::expire(world, *id, decision)?,
        }
    }
    Ok(())
}

fn fire(world: &World, id: &TimerId, decision: &mut Decision<'_>) -> Result<(), Rejection> {
    let (fired, place) = (decision.next_id(), decision.events.len());
    push_fired(world, id, None, decision)?;
    let Some(timer) = world.timers.get(id) else {
        return Ok(());
    };
    // Whoever has left says nothing any more.
    if timer.owner != EntityId::world() && !world.entities.contains_key(&timer.owner) {
        return Ok(());
    }
    // What they name may be gone by now, or be too much: the timer fires all the same, and says so.
    let event = timer.event.as_ref();
    let event = event.and_then(|draft| send(world, timer, draft, fired, decision).err());
    let line = timer.message.as_ref();
    let line = line.and_then(|line| say(world, timer, line, decision).err());
    let refused: Vec<String> = event.into_iter().chain(line).map(|no| no.detail).collect();
    if !refused.is_empty() {
        let others = decision.events.split_off(place).into_iter().skip(1);
        push_fired(world, id, Some(refused.join("; ")), decision)?;
        decision.events.extend(others);
    }
    match timer
        .repeat
        .as_deref()
        .map(|repeat| next(repeat, decision.now))
    {
        Some(Ok(due)) => set_again(id, timer, due, decision),
        // One that never comes again is over.
        Some(Err(_)) | None => Ok(()),
    }
}

fn send(
    world: &World,
    timer: &Timer,
    draft: &NewEvent,
    fired: EventId,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let draft = NewEvent {
        causation: Some(draft.causation.unwrap_or(fired)),
        ..draft.clone()
    };
    let (owner, origin) = (timer.owner.clone(), Origin::default());
    custom::send(world, &draft, owner, origin, "event", decision)
}

fn say(
    world: &World,
    timer: &Timer,
    line: &ChatText,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    decision.whole(|decision| {
        message::post_as(world, &timer.owner, &line.chat, &line.text, None, decision)
    })
}

fn push_fired(
    world: &World,
    id: &TimerId,
    refused: Option<String>,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let Some(timer) = world.timers.get(id) else {
        return Ok(());
    };
    let about = About {
        sender: Some(timer.owner.clone()),
        ..About::default()
    };
    let fact = Fact::TimerFired(TimerFired {
        timer: id.clone(),
        due: timer.due,
        refused,
    });
    decision.push_about(fact, about)
}

fn set_again(
    id: &TimerId,
    timer: &Timer,
    due: Timestamp,
    decision: &mut Decision<'_>,
) -> Result<(), Rejection> {
    let about = About {
        sender: Some(timer.owner.clone()),
        ..About::default()
    };
    let set = TimerSet {
        timer: id.clone(),
        due,
        repeat: timer.repeat.clone(),
        event: timer.event.clone(),
        message: timer.message.clone(),
    };
    decision.push_about(Fact::TimerSet(set), about)
}
