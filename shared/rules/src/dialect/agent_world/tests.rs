//! What the tables of this dialect share.

use crate::entities::SenderKind;

/// The kinds of the senders in the tables.
pub(super) fn kind_of(sender: &str) -> SenderKind {
    match sender {
        "system" => SenderKind::System,
        _ if sender.eq_ignore_ascii_case("world") => SenderKind::World,
        _ if ["human", "user", "you"].contains(&sender.to_lowercase().as_str()) => {
            SenderKind::Human
        }
        _ => SenderKind::Agent,
    }
}
