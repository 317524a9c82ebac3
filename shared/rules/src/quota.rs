//! How much the log of a world holds, and what is decided when that is all it may hold.
//!
//! A world whose quota is used up stores what ends or removes something, so that turns, runs and sessions come to
//! their end, and refuses the rest. Nothing begins by itself either: its timers and its behaviours wait until it may
//! hold more. What its open runs set off is limited as ever, so it grows by no more than that.

mod state;

use contract::{Command, LogSize, Quota, Rejection, RejectionCode};

pub(crate) use self::state::LogQuota;
use crate::rejection::{invalid, reject};
use crate::world::World;

/// Whether the log of a world holds all that it may hold.
pub(crate) fn is_used_up(world: &World) -> bool {
    let quota = world.description.as_ref().map(|of| of.quota);
    used_up(world, quota.unwrap_or_default()).is_some()
}

fn used_up(world: &World, quota: Quota) -> Option<(&'static str, u64)> {
    world.quota.size().exceeded(quota.min(world.quota.max()))
}

/// A quota allows something.
pub(crate) fn check_quota(quota: Quota) -> Result<(), Rejection> {
    for (field, limit) in [("events", quota.events), ("bytes", quota.bytes)] {
        if limit == Some(0) {
            return Err(invalid(format!("quota.{field}"), "at least 1"));
        }
    }
    Ok(())
}

/// Refuses a command for which the log has no room.
pub(crate) fn check_room(world: &World, command: &Command) -> Result<(), Rejection> {
    let Some(description) = world.description.as_ref().filter(|_| !world.deleted) else {
        return Ok(());
    };
    if used_up(world, description.quota).is_none() || ends_something(command) {
        return Ok(());
    }
    // What is described counts with the quota that it has.
    let (quota, is_described) = match command {
        Command::ApplyWorld(spec) => (spec.quota, true),
        Command::ApplyStoredWorld { .. } => {
            let stored = world.stored_spec.as_ref();
            let spec = stored.and_then(|stored| stored.spec.as_ref());
            (spec.map_or(description.quota, |spec| spec.quota), true)
        }
        Command::UpdateWorld(update) => (update.quota.unwrap_or(description.quota), true),
        _ => (description.quota, false),
    };
    let Some((limit, max)) = used_up(world, quota) else {
        return Ok(());
    };
    let LogSize { events, bytes } = world.quota.size();
    let detail = format!(
        "the log of {} holds {events} events, {bytes} bytes, and its quota is {max} {limit}: raise that, or delete the \
         world",
        world.id
    );
    let field = is_described.then(|| format!("quota.{limit}"));
    Err(reject(RejectionCode::QuotaExceeded, detail, field))
}

/// Whether a command ends or removes something that is there, or is the result of what has begun.
fn ends_something(command: &Command) -> bool {
    match command {
        Command::DeleteWorld
        | Command::RemoveEntity { .. }
        | Command::ReportConnections { .. }
        | Command::EndConnections { .. }
        | Command::DeleteChat { .. }
        | Command::StopChat { .. }
        | Command::RemoveMessage { .. }
        | Command::ForgetMemory { .. }
        | Command::Complete { .. }
        | Command::CancelRun { .. }
        | Command::Decide { .. }
        | Command::CancelInteraction { .. }
        | Command::CompleteInteraction { .. }
        | Command::RemoveBehaviour { .. }
        | Command::PauseBehaviour { .. }
        | Command::RemoveStream { .. }
        | Command::RemoveFlow { .. }
        | Command::EndSession { .. }
        | Command::ReportNode { .. }
        | Command::CancelTimer { .. }
        | Command::FireDue => true,
        Command::CreateWorld(_)
        | Command::ApplyWorld(_)
        | Command::ApplyStoredWorld { .. }
        | Command::UpdateWorld(_)
        | Command::CreateEntity(_)
        | Command::UpdateEntity(_)
        | Command::ChangeEntities { .. }
        | Command::RegisterEventType(_)
        | Command::CreateChat(_)
        | Command::UpdateChat { .. }
        | Command::NewChat(_)
        | Command::OpenChat { .. }
        | Command::BranchChat { .. }
        | Command::PostMessage { .. }
        | Command::EditMessage { .. }
        | Command::SendEvents { .. }
        | Command::RequestAction { .. }
        | Command::RequestInteraction(_)
        | Command::PutBehaviour { .. }
        | Command::ResumeBehaviour { .. }
        | Command::UseAction { .. }
        | Command::SetRole { .. }
        | Command::PutStream(_)
        | Command::AppendSamples(_)
        | Command::PutFlow { .. }
        | Command::StartSession { .. }
        | Command::SendSessionEvents { .. }
        | Command::SetTimer(_) => false,
    }
}
