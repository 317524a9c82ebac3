//! The ordered batch whose commands are being decided.

use std::sync::Arc;

use bus::BatchPosition;
use contract::{CommandId, Rejection, RejectionCode, Reply};

/// The ordered batch whose commands are being decided, and how far it had been decided before.
///
/// A repeated batch may be stored in part. What it accepted is known by its ids; what was refused left
/// nothing, and must not be decided anew on a state that has the commands behind it.
#[derive(Default)]
pub(super) struct BatchProgress(Option<(Arc<[CommandId]>, usize)>);

impl BatchProgress {
    /// Whether the command at this position was decided before: it, or one behind it, is known. Reads the
    /// batch once, when its first command is decided.
    pub(super) fn is_decided(
        &mut self,
        position: &BatchPosition,
        is_known: impl Fn(CommandId) -> bool,
    ) -> bool {
        let batch = &position.batch;
        let decided = match &self.0 {
            Some((current, decided)) if Arc::ptr_eq(current, batch) => *decided,
            _ => {
                // An id that was made of a key may be known from an earlier batch.
                let is_evidence = |id: &CommandId| id.0.get_timestamp().is_some() && is_known(*id);
                let last = batch.iter().rposition(is_evidence);
                let decided = last.map_or(0, |index| index + 1);
                self.0 = Some((Arc::clone(batch), decided));
                decided
            }
        };
        position.index < decided
    }
}

/// The reply to a command that was decided before, and has no events in the log.
pub(super) fn lost_answer() -> Reply {
    let detail = "the command was refused, or changed nothing, before the commands behind it were \
                  stored, and its answer was lost: it is not decided again";
    Reply::Rejected(Rejection::new(RejectionCode::Expired, detail, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_before_a_known_command_was_decided() {
        let new = CommandId::new;
        let keyed = CommandId::from_key(&["k"]);
        let batch: Arc<[CommandId]> = [new(), new(), keyed, new(), new()].into();
        for (known, expected) in [
            (&[][..], 0),
            (&[0][..], 1),
            (&[1][..], 2),
            (&[0, 3][..], 4),
            (&[2][..], 0),
            (&[0, 2][..], 1),
            (&[4][..], 5),
        ] {
            let mut progress = BatchProgress::default();
            let is_known = |id| known.iter().any(|index: &usize| batch[*index] == id);
            let decided = (0..batch.len()).filter(|index| {
                let batch = Arc::clone(&batch);
                let position = BatchPosition {
                    batch,
                    index: *index,
                };
                progress.is_decided(&position, is_known)
            });
            assert_eq!(decided.count(), expected, "{known:?}");
        }
    }

    #[test]
    fn a_batch_is_read_once_and_another_one_anew() {
        let [first, second] = [[CommandId::new()], [CommandId::new()]].map(Arc::<[_]>::from);
        let position = |batch: &Arc<[CommandId]>| BatchPosition {
            batch: Arc::clone(batch),
            index: 0,
        };
        let mut progress = BatchProgress::default();
        assert!(!progress.is_decided(&position(&first), |_| false));
        assert!(!progress.is_decided(&position(&first), |_| true));
        assert!(progress.is_decided(&position(&second), |_| true));
        assert!(progress.is_decided(&position(&first), |_| true));
    }
}
