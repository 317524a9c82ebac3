//! Scripted interactions: those whose action is not `silence` are completed in a commit of their own.

use contract::interaction::{
    EndStatus, InteractionAccepted, InteractionEnded, InteractionRequested, NewInteraction,
};
use contract::{Command, CommandId, CommandRequest, EntityId, Event, Fact, InteractionId};
use contract::{Rejection, RejectionCode, Timestamp};

use super::parts::{fact, reject};

/// The events of a command that concerns an interaction; `None` for another command.
pub(super) fn events(request: &CommandRequest) -> Option<Result<Vec<Event>, Rejection>> {
    match &request.command {
        Command::RequestInteraction(new) => Some(requested(request, new)),
        Command::CancelInteraction { interaction } => Some(match request.sender.as_str() {
            "world" => {
                let target = "ada".parse().unwrap();
                let cancelled = EndStatus::Cancelled;
                Ok(vec![end(request.id, 0, *interaction, &target, cancelled)])
            }
            _ => Err(reject(RejectionCode::NotAllowed, "sender")),
        }),
        Command::CompleteInteraction {
            interaction, ok, ..
        } => Some(match (request.sender.as_str(), ok) {
            ("human", true) => {
                let completed = EndStatus::Completed;
                Ok(vec![end(
                    request.id,
                    0,
                    *interaction,
                    &request.sender,
                    completed,
                )])
            }
            _ => Err(reject(RejectionCode::NotAllowed, "sender")),
        }),
        _ => None,
    }
}

fn requested(request: &CommandRequest, new: &NewInteraction) -> Result<Vec<Event>, Rejection> {
    if request.sender.as_str() == "nobody" {
        return Err(reject(RejectionCode::UnknownEntity, "sender"));
    }
    if new
        .deadline
        .is_some_and(|deadline| deadline <= Timestamp::now())
    {
        return Err(reject(RejectionCode::Invalid, "deadline"));
    }
    let targets: Vec<EntityId> = new.targets.iter().map(|id| id.parse().unwrap()).collect();
    if targets.iter().any(|target| target.as_str() == "nobody") {
        return Err(reject(RejectionCode::UnknownEntity, "targets[0]"));
    }
    let id = request.id.event(0);
    let accepted = InteractionAccepted {
        interaction: id.interaction(),
        target: targets[0].clone(),
        transition: None,
        state: None,
        arguments: None,
    };
    let requested = InteractionRequested {
        action: new.action.clone(),
        targets,
        arguments: None,
        streams: Default::default(),
        samples: Vec::new(),
        steps: 1,
        deadline: new.deadline.unwrap_or(Timestamp::MAX),
        from_state: None,
        to_state: None,
        volatile: false,
        callback: None,
        callback_of: None,
        state_action: false,
        caller: None,
        node: None,
    };
    let group = Some(id.message());
    let target = accepted.target.to_string();
    let accepted = Fact::InteractionAccepted(accepted);
    Ok(vec![
        fact(
            id,
            request.sender.as_str(),
            group,
            &Fact::InteractionRequested(requested),
        ),
        fact(request.id.event(1), &target, group, &accepted),
    ])
}

/// The ends of the targets of a request, in the commit after it.
pub(super) fn ends(id: CommandId, new: &NewInteraction) -> Vec<Event> {
    let is_silent = |action: &contract::ActionName| action.as_str() == "silence";
    if new.action.as_ref().is_some_and(is_silent) {
        return Vec::new();
    }
    let interaction = id.event(0).interaction();
    let next = CommandId::new();
    let targets = (0..).zip(&new.targets);
    targets
        .map(|(index, target)| {
            let target = target.parse().unwrap();
            end(next, index, interaction, &target, EndStatus::Completed)
        })
        .collect()
}

fn end(
    command: CommandId,
    index: u32,
    interaction: InteractionId,
    target: &EntityId,
    status: EndStatus,
) -> Event {
    let ended = Fact::InteractionEnded(InteractionEnded {
        interaction,
        target: target.clone(),
        status,
        reason: None,
        detail: None,
        state: None,
        steps_done: 1,
        output: Vec::new(),
    });
    let group = Some(contract::MessageId(interaction.0));
    fact(command.event(index), target.as_str(), group, &ended)
}
