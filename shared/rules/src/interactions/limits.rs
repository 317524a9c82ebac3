//! Limits of interactions.

use std::time::Duration;

/// An interaction without a deadline of its own has this long.
pub(super) const DEADLINE_DEFAULT: Duration = Duration::from_mins(5);
/// The most targets of one interaction: all of them may end, each with its run, in one commit.
pub(super) const TARGETS_MAX: usize = 200;
/// The most interactions of a world that may be open: all of them are in its state.
pub(super) const OPEN_MAX: usize = 100_000;
/// The most samples that a target takes in one interaction.
pub(super) const STEPS_MAX: u32 = 1_000_000;
/// The most samples that one run takes: their values, of 64 KiB at most, wait in the memory of a worker.
pub(super) const STEPS_PER_RUN: u32 = 256;
/// The most bytes of samples that come with a request: it waits in the state of the world.
pub(super) const SAMPLES_BYTES_MAX: usize = 128 * 1024;
/// The most bytes of a request's arguments.
pub(super) const ARGUMENTS_BYTES_MAX: usize = 64 * 1024;
/// The longest name of a state.
pub(super) const STATE_NAME_BYTES_MAX: usize = 128;
/// The largest last sample that the end of an interaction repeats.
pub(super) const VALUE_BYTES_MAX: usize = 8 * 1024;
/// The longest reason for people.
pub(super) const DETAIL_BYTES_MAX: usize = 4096;
