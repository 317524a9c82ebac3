//! The table of types.

use super::known_type::{FieldKind, KnownField, KnownType, Sender};

/// A client's first frame.
pub const INIT: &str = "system.init";
/// The client wants an answer.
pub const LLM_REQUEST: &str = "system.llm.request";
/// The client interrupts what is answered.
pub const INTERRUPT: &str = "system.control.interrupt";
/// The client changes how it is answered.
pub const UPDATE_SETTINGS: &str = "system.output_agent.update_settings";
/// The session has begun.
pub const READY: &str = "agent.ready";
/// Something failed.
pub const ERROR: &str = "agent.error";
/// An answer begins.
pub const RESPONSE_START: &str = "agent.llm.response.start";
/// A piece of an answer; in the log, all of it.
pub const RESPONSE_CHUNK: &str = "agent.llm.response.chunk";
/// An answer ends.
pub const RESPONSE_END: &str = "agent.llm.response.end";
/// A message of either side.
pub const TRANSCRIPT_UPDATE: &str = "agent.transcript.update";
/// The call ends.
pub const END_CALL: &str = "agent.end_call";
/// The call goes to somebody else.
pub const TRANSFER_CALL: &str = "agent.transfer_call";
/// What a node did.
pub const LOG: &str = "agent.log";

/// How a client and an agent are connected.
pub const CONVERSATION_TYPES: &[&str] = &[
    "telephonyInbound",
    "telephonyOutbound",
    "chat",
    "webcall",
    "supervisor_agent",
];

const fn required(name: &'static str, kind: FieldKind) -> KnownField {
    KnownField {
        name,
        required: true,
        kind,
    }
}

const fn optional(name: &'static str, kind: FieldKind) -> KnownField {
    KnownField {
        name,
        required: false,
        kind,
    }
}

const fn from_client(name: &'static str, fields: &'static [KnownField]) -> KnownType {
    KnownType {
        name,
        sender: Sender::Client,
        fields,
    }
}

const fn from_server(name: &'static str, fields: &'static [KnownField]) -> KnownType {
    KnownType {
        name,
        sender: Sender::Server,
        fields,
    }
}

const ANY_OBJECT: FieldKind = FieldKind::Object(&[]);

const SESSION_CONTEXT: FieldKind = FieldKind::Object(&[
    required("initial_variables", ANY_OBJECT),
    required("conversation_type", FieldKind::OneOf(CONVERSATION_TYPES)),
    optional(
        "caller",
        FieldKind::Object(&[
            optional("user_number", FieldKind::Text),
            optional("agent_number", FieldKind::Text),
            optional("direction", FieldKind::Text),
            optional("call_id", FieldKind::Text),
        ]),
    ),
]);

const TRANSFER_OPTIONS: FieldKind = FieldKind::Object(&[
    required(
        "type",
        FieldKind::OneOf(&["cold_transfer", "warm_transfer"]),
    ),
    optional(
        "privateHandoffOption",
        FieldKind::Object(&[
            required("type", FieldKind::OneOf(&["prompt", "static"])),
            optional("prompt", FieldKind::Text),
        ]),
    ),
    optional("publicHandoffOption", ANY_OBJECT),
]);

/// Every type that Atoms defines.
pub const KNOWN_TYPES: &[KnownType] = &[
    from_client(
        INIT,
        &[
            required("version", FieldKind::Text),
            required("session_context", SESSION_CONTEXT),
            optional(
                "output_agent_settings",
                FieldKind::Object(&[optional("interruptible", FieldKind::Bool)]),
            ),
        ],
    ),
    from_client("system.user.joined", &[]),
    from_client("system.user.started_speaking", &[]),
    from_client("system.user.stopped_speaking", &[]),
    from_client(
        LLM_REQUEST,
        &[
            optional("content", FieldKind::Text),
            // A message may have calls of tools, and no content.
            optional(
                "messages",
                FieldKind::List(&[required("role", FieldKind::Text)]),
            ),
            optional("extra_params", ANY_OBJECT),
        ],
    ),
    from_client(INTERRUPT, &[]),
    from_client(UPDATE_SETTINGS, &[required("settings", ANY_OBJECT)]),
    from_client(
        TRANSCRIPT_UPDATE,
        &[
            required("role", FieldKind::OneOf(&["user", "assistant"])),
            required("content", FieldKind::Text),
        ],
    ),
    from_server(READY, &[]),
    from_server(
        ERROR,
        &[
            required("message", FieldKind::Text),
            optional("severity", FieldKind::OneOf(&["warning", "fatal"])),
            optional("payload", ANY_OBJECT),
        ],
    ),
    from_server(RESPONSE_START, &[optional("request_id", FieldKind::Text)]),
    from_server(RESPONSE_CHUNK, &[required("text", FieldKind::Text)]),
    from_server(RESPONSE_END, &[]),
    from_server("agent.speak", &[required("text", FieldKind::Text)]),
    from_server("agent.control.interrupt", &[]),
    from_server("agent.control.mute_user", &[]),
    from_server("agent.control.unmute_user", &[]),
    from_server(END_CALL, &[]),
    from_server(
        TRANSFER_CALL,
        &[
            required("transfer_call_number", FieldKind::Text),
            required("transfer_options", TRANSFER_OPTIONS),
            optional(
                "on_hold_music",
                FieldKind::OneOf(&["ringtone", "relaxing_sound", "uplifting_beats", "none"]),
            ),
        ],
    ),
    from_server(
        LOG,
        &[
            required("name", FieldKind::Text),
            optional("payload", ANY_OBJECT),
        ],
    ),
];
