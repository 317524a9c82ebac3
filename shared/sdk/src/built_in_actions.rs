//! The built-in actions as methods of the context of a custom action.

use serde_json::Value;

use crate::behaviour_ctx::BehaviourCtx;
use crate::built_in_call::BuiltInCall;

macro_rules! built_in_actions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident),*);)*) => {
        impl BehaviourCtx {
            $(
                $(#[$doc])*
                pub fn $name(&self, $($argument: impl Into<Value>),*) -> BuiltInCall<'_> {
                    self.use_action(stringify!($name))
                        $(.with(stringify!($argument), $argument))*
                }
            )*
        }
    };
}

built_in_actions! {
    /// Connects to those who have a role; true if there was one that it was not connected to.
    connect_by_role(role);
    /// Finds those who have a role, or one of several; true if there is one.
    find_agents(role);
    /// Connects to one entity.
    connect_to(peer_id);
    /// Whether it is connected to those that it is involved with, or to `agent`.
    connected();
    /// Whether those that it was involved with, or `agent`, are gone.
    disconnected();
    /// Drops a link.
    disconnect(agent);
    /// Drops the links to those who have a role.
    disconnect_by_role(role);
    /// Whether some of those that it has found are not connected yet.
    agents_are_waiting();
    /// Offers those that it has found to be their partner. True if that was sent: the answers come later.
    send_engage();
    /// Sets its partners.
    set_engaged_partner(agent);
    /// Lets its partners go, and requests the same of them.
    send_disengage();
    /// Lets its partners go.
    disengage_all();
    /// Whether all that it has found are its partners.
    all_engagements_completed();
    /// Requests an action of its partners, or of `target`.
    send(action_name);
    /// Does nothing.
    nop();
    /// Subscribes to streams: `stream_owners` and `stream_props`.
    subscribe();
    /// Requests others to subscribe to streams.
    send_subscribe(stream_hashes);
    /// Records samples that are there: `streams` and `num_steps`.
    record();
    /// Sets its playlist.
    set_pref_streams(net_hashes);
    /// Goes to the first stream of its playlist.
    first_pref_stream();
    /// Goes to the next stream of its playlist.
    next_pref_stream();
    /// Whether its playlist is at a place.
    check_pref_stream(what);
    /// Compares the results of its last evaluation.
    compare_eval(cmp, thres);
    /// Whether all that it has requested has ended.
    all_sent_completed();
    /// Whether everyone of whom it has requested something has ended that.
    all_asked_finished();
    /// Whether others have written something for its requests that it has not received yet.
    received_some_asked_data();
    /// Suggests badges.
    suggest_badges_to_world();
    /// Suggests a role.
    suggest_role_to_world(agent, role);
    /// The statistics of the world are views: this is always true.
    ask_world_stats();
}
