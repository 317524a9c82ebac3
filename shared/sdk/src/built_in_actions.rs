//! The built-in actions as methods of the context of a custom action.

use serde_json::Value;

use crate::behaviour_ctx::BehaviourCtx;
use crate::built_in_call::BuiltInCall;

macro_rules! built_in_actions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident),*);)*) => {
        impl BehaviourCtx {
            /// The built-in actions that have a method, and the arguments of each method. What else an action
            /// takes is set with [`BuiltInCall::with`].
            pub const BUILT_IN_ACTIONS: &[(&str, &[&str])] = &[
                $((stringify!($name), &[$(stringify!($argument)),*])),*
            ];

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
    /// Accepts who requested this action as its partner; with `acceptable_role`, only if it has the role. The
    /// other one learns of it when it sent the request with `send_engage`, else it sets its partner itself.
    engage();
    /// Lets who requested this action go, if it is a partner.
    disengage();
    /// Lets its partners go.
    disengage_all();
    /// Whether all that it has found are its partners.
    all_engagements_completed();
    /// Requests an action of its partners, or of `target`. Without an action (`()`), they store
    /// `data_samples`.
    send(action_name);
    /// Processes samples with its processor, and waits for the end: those that are named (`streams` and
    /// `num_steps`, or `data_samples`), else those of the request, else those of a subscription. True if some
    /// were processed: their outputs are the last samples of its stream `processor`.
    process();
    /// Learns samples with its processor, and waits for the end: `stdin` and `stdtar` of `streams`, or what
    /// `process` would take. True if some were learned.
    learn();
    /// Does nothing.
    nop();
    /// Shows a request: true if this action serves one.
    show();
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
    /// Compares what others wrote with a stream, and waits for the end: false if there is nothing to compare.
    evaluate(stream_hash, how);
    /// Compares the results of its last evaluation.
    compare_eval(cmp, thres);
    /// Whether all that it has requested has ended.
    all_sent_completed();
    /// Whether everyone of whom it has requested something has ended that.
    all_asked_finished();
    /// Whether others have written something for its requests that it has not received yet.
    received_some_asked_data();
    /// The same under the name that newer versions of the other system give it.
    on_received();
    /// Suggests badges.
    suggest_badges_to_world();
    /// Suggests a role.
    suggest_role_to_world(agent, role);
    /// The statistics of the world are views: this is always true.
    ask_world_stats();
}
