//! The clock by which doors write moments that others compare: ids of commands, and deadlines.

use contract::{CommandId, Timestamp};

use super::connection::BrokerConnection;

/// The clock of NATS, by which all services go: that of this machine may be wrong, and is used only until NATS is
/// connected for the first time. Cheap to clone.
#[derive(Clone, Default)]
pub struct Clock(BrokerConnection);

impl Clock {
    pub(crate) fn new(connection: BrokerConnection) -> Self {
        Self(connection)
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self.0.first_bus() {
            Some(bus) => bus.now(),
            None => Timestamp::now(),
        }
    }

    /// An id for a new command, with the time in it: a world refuses commands that are too old.
    pub fn new_command_id(&self) -> CommandId {
        match self.0.first_bus() {
            Some(bus) => bus.new_command_id(),
            None => CommandId::new(),
        }
    }
}
