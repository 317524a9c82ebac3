//! The built-in actions that are done at once: they read and change the state, and need no run.

mod call;
mod discovery;
mod ends;
mod engagement;
mod links;
mod playlist;
mod record;
mod reports;
mod scores;
mod subscriptions;

use contract::Rejection;

use super::resolve::Actor;
use crate::decider::Decider;

pub(super) use call::{Acted, Call, Outcome};
pub(super) use reports::is_no_score;

/// Does an action that is done at once.
pub(super) fn act(
    actor: Actor<'_>,
    action: &str,
    call: &Call<'_>,
    decider: &mut Decider<'_>,
) -> Result<Acted, Rejection> {
    let acted = match action {
        "connect_by_role" => discovery::connect_by_role(actor, call),
        "find_agents" => discovery::find_agents(actor, call, decider),
        "connect_to" => discovery::connect_to(actor, call),
        "connected" => links::connected(actor, call),
        "disconnected" => links::disconnected(actor, call),
        "agents_are_waiting" => links::agents_are_waiting(actor),
        "disconnect" => return links::disconnect(actor, call, decider),
        "disconnect_by_role" => return links::disconnect_by_role(actor, call, decider),
        "engage" => engagement::engage(actor, call),
        "disengage" => engagement::disengage(actor, call),
        "set_engaged_partner" => engagement::set_partner(actor, call),
        "disengage_all" => engagement::disengage_all(actor),
        "all_engagements_completed" => engagement::all_completed(actor),
        "set_pref_streams" => playlist::set(actor, call),
        "first_pref_stream" => playlist::first(actor),
        "next_pref_stream" => playlist::next(actor),
        "check_pref_stream" => playlist::check(actor, call),
        "compare_eval" => scores::compare(actor, call),
        "all_sent_completed" => ends::all_sent_completed(actor, call),
        "all_asked_finished" => ends::all_finished(actor),
        "received_some_asked_data" | "on_received" => ends::received(actor, call),
        "record" => return record::record(actor, call, decider),
        "subscribe" => subscriptions::subscribe(actor, call),
        "suggest_badges_to_world" => return reports::suggest_badges(actor, call, decider),
        "suggest_role_to_world" => return reports::suggest_role(actor, call, decider),
        // What is asked for is there to be read at any time.
        "nop" | "ask_world_stats" => Acted::of(true),
        "show" => Acted::of(call.request.is_some()),
        _ => Acted::of(false),
    };
    Ok(acted)
}
