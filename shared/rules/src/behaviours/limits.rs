//! How large a behaviour may be, with its reasons.

/// The JSON text of a behaviour: it is part of an entity's configuration, and must fit in a commit with the
/// rest of it. The largest public behaviour of the other system has 20 KiB.
pub(super) const DEFINITION_BYTES_MAX: usize = 128 * 1024;
/// States, those of templates included. A diagram of more cannot be read; the largest public behaviour has
/// 21.
pub(super) const STATES_MAX: usize = 256;
/// Transitions: a teleport from all states counts once for each. So that a world with ten thousand
/// machines still fits in memory.
pub(super) const TRANSITIONS_MAX: usize = 4096;
/// What the arguments and messages of all transitions and states add up to once wildcards are replaced: a
/// short document could stand for gigabytes.
pub(super) const MACHINE_BYTES_MAX: usize = 1024 * 1024;
/// The name of a state, which is in events and views.
pub(super) const STATE_NAME_BYTES_MAX: usize = 128;
/// A time: a year. A timestamp this far ahead can still be computed.
pub(super) const SECONDS_MAX: f64 = 366.0 * 24.0 * 3600.0;
/// Wildcards of a document, or of a template: each is searched for at each character of a text.
pub(super) const WILDCARDS_MAX: usize = 256;
/// Warnings about one document: nobody reads more.
pub(super) const WARNINGS_MAX: usize = 100;
