//! The table of the built-in actions.

use super::argument::{Argument, ArgumentDefault, ArgumentKind};
use super::built_in::{BuiltIn, Class, Reads};
use ArgumentDefault::{Boolean, Integer, Null, Number, Text};
use ArgumentKind as Kind;

/// The built-in action of this name.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN_ACTIONS.iter().find(|action| action.name == name)
}

const fn required(name: &'static str, kind: ArgumentKind) -> Argument {
    optional(name, kind, ArgumentDefault::Required)
}

const fn optional(name: &'static str, kind: ArgumentKind, default: ArgumentDefault) -> Argument {
    Argument {
        name,
        kind,
        default,
    }
}

const fn action(
    name: &'static str,
    class: Class,
    arguments: &'static [Argument],
    reads: &'static [Reads],
) -> BuiltIn {
    BuiltIn {
        name,
        class,
        arguments,
        requestable: !matches!(class, Class::Sends),
        needs_input: false,
        reads,
    }
}

/// An action that is only done with a request, or with data.
const fn on_input(
    name: &'static str,
    class: Class,
    arguments: &'static [Argument],
    reads: &'static [Reads],
) -> BuiltIn {
    BuiltIn {
        needs_input: true,
        ..action(name, class, arguments, reads)
    }
}

const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "min", "max"];
const BADGE_TYPES: &[&str] = &["completed", "attended", "intermediate", "pro"];
const POSITIONS: &[&str] = &[
    "first",
    "last",
    "not_first",
    "not_last",
    "last_round",
    "not_last_round",
    "last_song",
    "not_last_song",
];

/// The agents that are meant when none is named.
const INVOLVED: &[Reads] = &[Reads::Found, Reads::Engaged, Reads::ValidCmp, Reads::Roster];
const INVOLVED_LINKS: &[Reads] = &[
    Reads::Links,
    Reads::Found,
    Reads::Engaged,
    Reads::ValidCmp,
    Reads::Roster,
];
const SENT: &[Reads] = &[
    Reads::Roster,
    Reads::Found,
    Reads::Engaged,
    Reads::ValidCmp,
    Reads::Playlist,
    Reads::Streams,
    Reads::Interactions,
];

/// All built-in actions, by the families of the reference: links, engagement, requests, streams, playlist,
/// scores, ends, reports.
pub const BUILT_IN_ACTIONS: &[BuiltIn] = &[
    action(
        "connect_by_role",
        Class::Local,
        &[
            required("role", Kind::Texts),
            optional("filter_fcn", Kind::CustomAction, Null),
            optional("accept_already_connected", Kind::Boolean, Boolean(false)),
        ],
        &[Reads::Roster, Reads::Links],
    ),
    action(
        "find_agents",
        Class::Local,
        &[
            required("role", Kind::Texts),
            optional("engage", Kind::Boolean, Boolean(false)),
            optional("handshake_completed", Kind::Boolean, Boolean(false)),
        ],
        &[Reads::Roster, Reads::Links],
    ),
    action(
        "connect_to",
        Class::Local,
        &[required("peer_id", Kind::Text)],
        &[Reads::Roster, Reads::Links],
    ),
    action(
        "connected",
        Class::Guard,
        &[
            optional("agent", Kind::Agents, Null),
            optional("handshake_completed", Kind::Boolean, Boolean(false)),
        ],
        INVOLVED_LINKS,
    ),
    action(
        "disconnected",
        Class::Guard,
        &[
            optional("agent", Kind::Agents, Null),
            optional("handshake_completed", Kind::Boolean, Boolean(false)),
        ],
        INVOLVED_LINKS,
    ),
    action(
        "disconnect",
        Class::Local,
        &[required("agent", Kind::Agents)],
        INVOLVED_LINKS,
    ),
    action(
        "disconnect_by_role",
        Class::Local,
        &[
            required("role", Kind::Texts),
            optional("disengage_too", Kind::Boolean, Boolean(false)),
        ],
        &[Reads::Roster, Reads::Links],
    ),
    action(
        "agents_are_waiting",
        Class::Guard,
        &[],
        &[Reads::Found, Reads::Links],
    ),
    action(
        "send_engage",
        Class::Sends,
        &[],
        &[Reads::Found, Reads::Roster, Reads::Interactions],
    ),
    on_input(
        "engage",
        Class::Local,
        &[
            optional("acceptable_role", Kind::Texts, Null),
            optional("sender_role", Kind::Texts, Null),
            optional("exclusive", Kind::Boolean, Boolean(true)),
        ],
        &[Reads::Roster, Reads::Engaged],
    ),
    action(
        "set_engaged_partner",
        Class::Local,
        &[
            optional("agent", Kind::Agents, Null),
            optional("clear_found", Kind::Boolean, Boolean(true)),
        ],
        &[Reads::ValidCmp, Reads::Roster],
    ),
    action(
        "send_disengage",
        Class::Sends,
        &[optional(
            "send_disconnection_too",
            Kind::Boolean,
            Boolean(false),
        )],
        &[Reads::Engaged, Reads::Roster],
    ),
    on_input(
        "disengage",
        Class::Local,
        &[optional("disconnect_too", Kind::Boolean, Boolean(false))],
        &[Reads::Engaged],
    ),
    action("disengage_all", Class::Local, &[], &[Reads::Engaged]),
    action(
        "all_engagements_completed",
        Class::Guard,
        &[],
        &[Reads::Found],
    ),
    action("send", Class::Sends, SEND_ARGUMENTS, SENT),
    on_input("process", Class::Run, &[], &[Reads::Streams]),
    on_input("learn", Class::Run, &[], &[Reads::Streams]),
    // It is done for messages of chats.
    on_input("respond", Class::Run, &[], &[]),
    action(
        "nop",
        Class::Local,
        &[optional("message", Kind::Text, Null)],
        &[],
    ),
    action("show", Class::Local, &[], &[Reads::Interactions]),
    action(
        "subscribe",
        Class::Local,
        &[
            optional("stream_owners", Kind::Agents, Null),
            optional("stream_props", Kind::StreamProperties, Null),
            optional("unsubscribe", Kind::Boolean, Boolean(false)),
        ],
        &[Reads::Streams, Reads::Roster],
    ),
    action(
        "send_subscribe",
        Class::Sends,
        &[
            optional("agent", Kind::Agents, Null),
            optional("stream_hashes", Kind::Texts, Null),
            optional("unsubscribe", Kind::Boolean, Boolean(false)),
        ],
        SENT,
    ),
    action(
        "record",
        Class::Local,
        &[optional(
            "record_uuid",
            Kind::TextOrNull,
            Text("see_interaction_uuid"),
        )],
        &[Reads::Streams],
    ),
    action(
        "set_pref_streams",
        Class::Local,
        &[
            required("net_hashes", Kind::Texts),
            optional("repeat", Kind::Integer, Integer(1)),
        ],
        &[Reads::Streams],
    ),
    action("first_pref_stream", Class::Local, &[], &[Reads::Playlist]),
    action("next_pref_stream", Class::Local, &[], &[Reads::Playlist]),
    action(
        "check_pref_stream",
        Class::Guard,
        &[optional("what", Kind::Choice(POSITIONS), Text("last"))],
        &[Reads::Playlist],
    ),
    action(
        "evaluate",
        Class::Run,
        &[
            required("stream_hash", Kind::Text),
            required("how", Kind::Metric),
            optional("steps", Kind::Integer, Integer(100)),
            optional("re_offset", Kind::Boolean, Boolean(false)),
            optional("agents_to_evaluate", Kind::Agents, Null),
        ],
        &[
            Reads::Streams,
            Reads::Engaged,
            Reads::ValidCmp,
            Reads::Playlist,
        ],
    ),
    action(
        "compare_eval",
        Class::Local,
        &[
            required("cmp", Kind::Choice(COMPARISONS)),
            required("thres", Kind::Number),
            optional("good_if_true", Kind::Boolean, Boolean(true)),
        ],
        &[Reads::Evaluation],
    ),
    action(
        "all_sent_completed",
        Class::Guard,
        &[optional("action_name", Kind::Text, Null)],
        &[Reads::Interactions],
    ),
    action(
        "all_asked_finished",
        Class::Guard,
        &[],
        &[Reads::Interactions],
    ),
    action(
        "received_some_asked_data",
        Class::Guard,
        RECEIVED_ARGUMENTS,
        &[Reads::Interactions, Reads::Streams],
    ),
    // The name that the other system's newer versions give it.
    action(
        "on_received",
        Class::Guard,
        RECEIVED_ARGUMENTS,
        &[Reads::Interactions, Reads::Streams],
    ),
    action(
        "suggest_badges_to_world",
        Class::Sends,
        &[
            optional("agent", Kind::Agents, Null),
            optional("score", Kind::Number, Null),
            optional("badge_type", Kind::Choice(BADGE_TYPES), Text("completed")),
            optional("badge_description", Kind::Text, Null),
        ],
        INVOLVED,
    ),
    action(
        "suggest_role_to_world",
        Class::Sends,
        &[
            optional("agent", Kind::Agents, Null),
            required("role", Kind::Text),
        ],
        INVOLVED,
    ),
    action(
        "ask_world_stats",
        Class::Sends,
        &[optional("filters", Kind::Object, Null)],
        Reads::ALL,
    ),
];

const RECEIVED_ARGUMENTS: &[Argument] = &[
    optional("processing_fcn", Kind::CustomAction, Null),
    optional("data_type", Kind::Text, Null),
];

const SEND_ARGUMENTS: &[Argument] = &[
    optional("action_name", Kind::Text, Null),
    optional("target", Kind::Agents, Null),
    optional("action_kwargs", Kind::Object, Null),
    optional("streams", Kind::Streams, Null),
    optional("data_samples", Kind::Samples, Null),
    optional("num_steps", Kind::Integer, Integer(-1)),
    optional("timeout", Kind::Number, Number(-1.0)),
    optional("from_state", Kind::Text, Null),
    optional("to_state", Kind::Text, Null),
    optional("callback", Kind::Callback, Null),
    optional("forced_uuid", Kind::Text, Null),
    optional("id", Kind::TextOrNull, Text("random")),
    optional("copy_sys", Kind::Boolean, Boolean(false)),
    optional("wait_completion", Kind::Boolean, Boolean(false)),
    optional("volatile", Kind::Boolean, Boolean(false)),
    optional("num_samples_to_stream", Kind::Integer, Integer(-1)),
];
