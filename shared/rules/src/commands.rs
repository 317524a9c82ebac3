//! The table of commands: which feature decides each.

use contract::fact::Empty;
use contract::{Command, CommandRequest, EntityId, Fact, Rejection};

use crate::decider::{Decider, FOLLOW_UPS_MAX};
use crate::entity_checks::check_entity;
use crate::world::World;
use crate::{
    abilities, behaviours, chats, completion, due, entities, event_types, flows, interactions,
    presence, quota, runs, sessions, spec, streams, timers, tools, worlds,
};

/// Decides a command.
pub(crate) fn decide(
    world: &World,
    request: &CommandRequest,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    if !begins_a_world(&request.command) {
        worlds::require_world(world)?;
        // What the system itself does needs no entity to do it.
        if request.sender != EntityId::world() {
            entities::require_entity(world, &request.sender, "sender")?;
        }
        // A run of an earlier world of this id, too, has ended.
        if let Some(run) = request.run {
            runs::require_open(world, run)?;
        }
    }
    quota::check_room(world, &request.command)?;
    match &request.command {
        Command::CreateWorld(new) => spec::create(world, new, decider),
        Command::ApplyWorld(wanted) => spec::apply(world, wanted, decider),
        Command::ApplyStoredWorld { create } => spec::begin_stored(world, *create, decider),
        Command::UpdateWorld(update) => worlds::update(world, update, decider),
        Command::DeleteWorld => delete_world(world, decider),
        Command::CreateEntity(_)
        | Command::UpdateEntity(_)
        | Command::ForgetMemory { .. }
        | Command::RemoveEntity { .. }
        | Command::ChangeEntities { .. }
        | Command::ReportConnections { .. }
        | Command::EndConnections { .. }
        | Command::RegisterEventType(_) => decide_entities(world, &request.command, decider),
        Command::CreateChat(_)
        | Command::UpdateChat { .. }
        | Command::NewChat(_)
        | Command::OpenChat { .. }
        | Command::BranchChat { .. }
        | Command::DeleteChat { .. }
        | Command::StopChat { .. }
        | Command::PostMessage { .. }
        | Command::RemoveMessage { .. }
        | Command::EditMessage { .. } => decide_chats(world, &request.command, decider),
        Command::PutStream(_) | Command::RemoveStream { .. } | Command::AppendSamples(_) => {
            decide_streams(world, &request.command, decider)
        }
        Command::PutBehaviour { .. }
        | Command::RemoveBehaviour { .. }
        | Command::PauseBehaviour { .. }
        | Command::ResumeBehaviour { .. }
        | Command::UseAction { .. }
        | Command::SetRole { .. } => decide_behaviours(world, &request.command, decider),
        Command::PutFlow { .. }
        | Command::RemoveFlow { .. }
        | Command::StartSession { .. }
        | Command::SendSessionEvents { .. }
        | Command::EndSession { .. }
        | Command::ReportNode { .. } => decide_flows(world, &request.command, decider),
        Command::SendEvents { .. }
        | Command::RequestAction { .. }
        | Command::Complete { .. }
        | Command::CancelRun { .. }
        | Command::Decide { .. }
        | Command::RequestInteraction(_)
        | Command::CancelInteraction { .. }
        | Command::CompleteInteraction { .. }
        | Command::SetTimer(_)
        | Command::CancelTimer { .. }
        | Command::FireDue => decide_work(world, &request.command, decider),
    }
}

fn begins_a_world(command: &Command) -> bool {
    matches!(
        command,
        Command::CreateWorld(_) | Command::ApplyWorld(_) | Command::ApplyStoredWorld { .. }
    )
}

fn decide_entities(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::CreateEntity(entity) => {
            entities::create(world, entity, check_entity, decider)?;
            behaviours::on_created(world, entity, decider)
        }
        Command::UpdateEntity(update) => entities::update(world, update, check_entity, decider),
        Command::ForgetMemory { agent } => entities::forget(world, agent, decider),
        Command::RemoveEntity { entity } => remove_entity(world, entity, decider),
        Command::ChangeEntities { changes } => {
            entities::change_all(world, changes, decider.sender(), "changes", decider)
        }
        Command::ReportConnections {
            gateway,
            connected,
            disconnected,
        } => presence::report(world, gateway, (connected, disconnected), decider),
        Command::EndConnections { gateway } => presence::end_connections(world, gateway, decider),
        Command::RegisterEventType(wanted) => event_types::register(world, wanted, decider),
        _ => Ok(()),
    }
}

/// Ends a world. Its runs are cancelled, so that workers stop; should there be very many, those behind the first
/// ones end in vain.
fn delete_world(world: &World, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    for (id, run) in world.runs.iter().take(FOLLOW_UPS_MAX) {
        runs::push_cancelled(id, run, decider)?;
    }
    decider.push(Fact::WorldDeleted(Empty {}))
}

/// Removes an entity: its runs and what waits for a person end, then it goes.
fn remove_entity(world: &World, id: &EntityId, decider: &mut Decider<'_>) -> Result<(), Rejection> {
    entities::require_entity(world, id, "entity")?;
    let runs = world.runs.of_entity(id);
    // What does not fit in one commit is cancelled with the next: nobody waits for it in a chat.
    let (in_chats, others): (Vec<_>, Vec<_>) =
        runs.partition(|(_, run)| run.purpose.question().is_some());
    let others = others.into_iter().take(FOLLOW_UPS_MAX);
    for (id, run) in in_chats.into_iter().chain(others) {
        runs::push_cancelled(id, run, decider)?;
    }
    tools::cancel_approvals_of(world, id, decider)?;
    entities::remove(world, id, decider)
}

fn decide_chats(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::CreateChat(chat) => chats::create(world, chat, decider),
        Command::UpdateChat {
            chat,
            title,
            agents,
        } => chats::update(world, chat, title.as_ref(), agents.as_ref(), decider),
        Command::NewChat(chat) => chats::open_new(world, chat, decider),
        Command::OpenChat { chat } => chats::open(world, chat, decider),
        Command::BranchChat { chat, message, new } => {
            chats::branch(world, chat, *message, new, decider)
        }
        Command::DeleteChat { chat, replacement } => {
            chats::delete(world, chat, replacement.as_ref(), decider)
        }
        Command::StopChat { chat } => chats::stop(world, chat, decider),
        Command::PostMessage {
            chat,
            text,
            in_reply_to,
        } => {
            let message = chats::NewMessage {
                sender: decider.sender(),
                chat,
                text,
                in_reply_to: *in_reply_to,
                causation: None,
            };
            chats::post(world, &message, decider)
        }
        Command::RemoveMessage { chat, message } => chats::remove(world, chat, *message, decider),
        Command::EditMessage {
            chat,
            message,
            text,
        } => chats::edit(world, chat, *message, text, decider),
        _ => Ok(()),
    }
}

fn decide_streams(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::PutStream(wanted) => streams::put(world, wanted, decider),
        Command::RemoveStream { stream } => streams::remove(world, stream, decider),
        Command::AppendSamples(wanted) => {
            streams::append(world, wanted, decider.sender(), "", decider)
        }
        _ => Ok(()),
    }
}

fn decide_behaviours(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::PutBehaviour { entity, definition } => {
            behaviours::put(world, entity, definition, "", decider)
        }
        Command::RemoveBehaviour { entity } => behaviours::remove(world, entity, decider),
        Command::PauseBehaviour { entity } => behaviours::pause(world, entity, decider),
        Command::ResumeBehaviour { entity, once } => {
            behaviours::resume(world, entity, *once, decider)
        }
        Command::UseAction {
            action,
            arguments,
            interaction,
        } => behaviours::use_action(world, (action, arguments.as_deref(), *interaction), decider),
        Command::SetRole { entity, role } => {
            behaviours::change_role(world, entity, role.as_ref(), decider)
        }
        _ => Ok(()),
    }
}

fn decide_flows(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::PutFlow { flow, spec } => flows::put(world, flow, spec, decider),
        Command::RemoveFlow { flow } => flows::remove(world, flow, decider),
        Command::StartSession {
            flow,
            variables,
            init,
        } => flows::start(world, flow, variables, init.as_deref(), decider),
        Command::SendSessionEvents { session, events } => {
            flows::send(world, *session, events, decider)
        }
        Command::EndSession { session, reason } => {
            flows::end(world, *session, reason.as_deref(), decider)
        }
        Command::ReportNode {
            session,
            run,
            events,
            text,
            calls,
        } => {
            let report = flows::NodeReport {
                events,
                text: text.as_deref(),
                calls,
            };
            flows::report(world, (*session, *run), report, decider)
        }
        _ => Ok(()),
    }
}

fn decide_work(
    world: &World,
    command: &Command,
    decider: &mut Decider<'_>,
) -> Result<(), Rejection> {
    match command {
        Command::SendEvents { events, message } => {
            abilities::send_all(world, events, chats::check_event_chat, decider)?;
            match message {
                Some(message) => chats::post_with_events(world, message, decider),
                None => Ok(()),
            }
        }
        Command::RequestAction {
            action,
            entity,
            arguments,
            deadline,
        } => {
            if world.behaviours.contains(entity) {
                let request = (action, arguments.as_deref(), *deadline);
                return behaviours::request_action(world, entity, request, decider);
            }
            let arguments = arguments.as_deref();
            runs::request_by_name(world, action, entity, arguments, *deadline, decider)
        }
        Command::Complete { run, outcome } => completion::complete(world, *run, outcome, decider),
        Command::CancelRun { run } => runs::cancel(world, *run, decider),
        Command::Decide { approval, verdict } => tools::decide(world, *approval, verdict, decider),
        Command::RequestInteraction(new) => {
            sessions::check_awaited(world, new)?;
            interactions::request(world, new, decider)
        }
        Command::CancelInteraction { interaction } => {
            interactions::cancel(world, *interaction, decider)
        }
        Command::CompleteInteraction {
            interaction,
            ok,
            samples,
            detail,
        } => {
            let result = interactions::ClientResult {
                interaction: *interaction,
                ok: *ok,
                samples,
                detail: detail.as_deref(),
            };
            interactions::complete_by_client(world, result, decider)
        }
        Command::SetTimer(wanted) => timers::set(world, wanted, decider),
        Command::CancelTimer { timer } => timers::cancel(world, timer, decider),
        Command::FireDue if world.applying.is_some() => spec::apply_next_part(world, decider),
        Command::FireDue => due::fire_due(world, decider),
        _ => Ok(()),
    }
}
