//! The names of fields that have a meaning in every frame.

/// The fields that every frame has. A field of an event's payload can't replace one of them.
pub(crate) const BASE_FIELDS: [&str; 6] = [
    "event_type",
    "description",
    "summary",
    "created_at",
    "sender_id",
    "target_id",
];
/// The fields that the log adds to an event. Where its sender wrote one of them, that stands.
pub(crate) const LOG_FIELDS: [&str; 3] = ["event_id", "sequence", "recorded_at"];
/// The field with all that the log adds, where the sender of an event wrote a field of the same name. What a
/// client writes here is not kept.
pub(crate) const LOG: &str = "manyworlds";
