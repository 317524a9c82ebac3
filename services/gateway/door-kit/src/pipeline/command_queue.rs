//! The commands that are not sent yet, and the batches in which they leave. Pure.

use std::collections::VecDeque;

/// Commands of one batch: as many events as a world stores in one commit.
const BATCH_COMMANDS_MAX: usize = 256;
/// Bytes of one batch: a message of NATS has 1 MiB by default, and the envelopes of small commands are
/// larger than themselves. A command that is larger by itself is a batch of its own.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Places that wait: as many as make a full batch while one is under way.
const PLACES_MAX: usize = BATCH_COMMANDS_MAX;
/// Bytes that wait, for the same reason. The last one may exceed it.
const QUEUE_BYTES_MAX: usize = BATCH_BYTES_MAX;

/// The places of a sequence that wait, each with its command if it has one.
pub(super) struct CommandQueue<T, C> {
    places: VecDeque<(T, Option<(C, usize)>)>,
    bytes: usize,
}

/// A place in the sequence.
#[derive(Debug, PartialEq)]
pub(super) struct Slot<T> {
    pub(super) place: T,
    /// Whether its command is in the batch.
    pub(super) has_command: bool,
}

/// Places that leave together, and their commands. It has a place at least.
#[derive(Debug, PartialEq)]
pub(super) struct Batch<T, C> {
    pub(super) slots: Vec<Slot<T>>,
    pub(super) commands: Vec<C>,
}

impl<T, C> Default for CommandQueue<T, C> {
    fn default() -> Self {
        Self {
            places: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<T, C> CommandQueue<T, C> {
    /// Adds a place, and its command with the bytes that it has.
    pub(super) fn push(&mut self, place: T, command: Option<(C, usize)>) {
        self.bytes += command.as_ref().map_or(0, |(_, bytes)| *bytes);
        self.places.push_back((place, command));
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.len() >= PLACES_MAX || self.bytes >= QUEUE_BYTES_MAX
    }

    /// Takes the next batch; none when nothing waits.
    pub(super) fn next_batch(&mut self) -> Option<Batch<T, C>> {
        let mut batch = Batch {
            slots: Vec::new(),
            commands: Vec::new(),
        };
        let mut batch_bytes = 0;
        loop {
            let count = batch.commands.len();
            let fits = |(_, command): &mut (T, Option<(C, usize)>)| match command {
                None => true,
                Some(_) if count == 0 => true,
                Some((_, bytes)) => {
                    count < BATCH_COMMANDS_MAX && batch_bytes + *bytes <= BATCH_BYTES_MAX
                }
            };
            let Some((place, command)) = self.places.pop_front_if(fits) else {
                break;
            };
            batch.slots.push(Slot {
                place,
                has_command: command.is_some(),
            });
            if let Some((command, bytes)) = command {
                batch_bytes += bytes;
                batch.commands.push(command);
            }
        }
        self.bytes -= batch_bytes;
        (!batch.slots.is_empty()).then_some(batch)
    }

    /// Takes all places. Their commands are dropped.
    pub(super) fn drain(&mut self) -> Vec<Slot<T>> {
        self.bytes = 0;
        let slot = |(place, command): (T, Option<_>)| Slot {
            place,
            has_command: command.is_some(),
        };
        self.places.drain(..).map(slot).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_all_commands_in_order_within_their_limits() {
        // Small ones, ones as large as a batch, and places without a command, in every mixture.
        let sizes = [
            0,
            1,
            100,
            5_000,
            90_000,
            BATCH_BYTES_MAX,
            BATCH_BYTES_MAX + 1,
        ];
        for seed in 1..200_usize {
            let mut queue = CommandQueue::default();
            let mut bytes_of = Vec::new();
            for place in 0..600_usize {
                let random = (place * 7919 + seed * 104_729) / 13;
                let size = sizes[random % (1 + seed % sizes.len())];
                bytes_of.push((random % 5 > 0).then_some(size));
                queue.push(place, bytes_of[place].map(|bytes| (place, bytes)));
            }
            let (mut places, mut commands) = (Vec::new(), Vec::new());
            while let Some(batch) = queue.next_batch() {
                let bytes: usize = batch.commands.iter().filter_map(|one| bytes_of[*one]).sum();
                assert!(
                    bytes <= BATCH_BYTES_MAX || batch.commands.len() == 1,
                    "{bytes}"
                );
                assert!(batch.commands.len() <= BATCH_COMMANDS_MAX);
                let sent = batch.slots.iter().filter(|slot| slot.has_command);
                assert!(
                    sent.map(|slot| slot.place)
                        .eq(batch.commands.iter().copied())
                );
                places.extend(batch.slots.iter().map(|slot| slot.place));
                commands.extend(batch.commands);
            }
            assert!(places.iter().copied().eq(0..600));
            let expected = (0..600).filter(|place| bytes_of[*place].is_some());
            assert!(commands.into_iter().eq(expected));
            assert_eq!((queue.len(), queue.bytes), (0, 0));
        }
    }

    #[test]
    fn a_queue_is_full_of_places_or_of_bytes() {
        let mut queue = CommandQueue::<_, ()>::default();
        for place in 0..PLACES_MAX {
            assert!(!queue.is_full());
            queue.push(place, None);
        }
        assert!(queue.is_full());
        assert_eq!(queue.drain().len(), PLACES_MAX);
        assert!(!queue.is_full());
        queue.push(0, Some(((), QUEUE_BYTES_MAX)));
        assert!(queue.is_full());
        assert_eq!(
            queue.next_batch().map(|batch| batch.commands.len()),
            Some(1)
        );
        assert!(!queue.is_full());
        assert_eq!(queue.next_batch(), None);
    }
}
