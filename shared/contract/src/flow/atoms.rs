//! The types of events that Atoms defines: their names, and what they hold.
//!
//! They travel inside `flow.event`. A payload here has what a frame of Atoms has beside `id`, `type`,
//! `timestamp` and `metadata`.

mod check;
mod known_type;
mod lookup;
mod payload;
mod table;

pub use check::{InvalidPayload, check_payload};
pub use known_type::{FieldKind, KnownField, KnownType, Sender};
pub use lookup::known_type;
pub use payload::{
    ErrorSeverity, LogName, agent_error, agent_log, chunk, content, empty, last_user_content,
    messages,
};
pub use table::{
    CONVERSATION_TYPES, END_CALL, ERROR, INIT, INTERRUPT, KNOWN_TYPES, LLM_REQUEST, LOG, READY,
    RESPONSE_CHUNK, RESPONSE_END, RESPONSE_START, TRANSCRIPT_UPDATE, TRANSFER_CALL,
    UPDATE_SETTINGS,
};
