//! The outcomes of a batch, each at its place. Pure.

use contract::Accepted;

use super::command_queue::Slot;
use crate::broker::BatchOutcomes;
use crate::problem::Problem;

type Outcome<T> = (T, Option<Result<Accepted, Problem>>);

/// Assigns the outcomes of a batch to its places. What has no answer gets the problem that it is lost.
pub(super) fn assign<T>(slots: Vec<Slot<T>>, outcomes: BatchOutcomes) -> Vec<Outcome<T>> {
    let lost = outcomes.lost.unwrap_or_else(Problem::internal);
    let mut decided = outcomes.decided.into_iter();
    let mut outcome = || decided.next().unwrap_or_else(|| Err(lost.clone()));
    let slots = slots.into_iter();
    slots
        .map(|slot| (slot.place, slot.has_command.then(&mut outcome)))
        .collect()
}

/// Gives the commands of all places the same problem.
pub(super) fn fail<T>(slots: Vec<Slot<T>>, problem: &Problem) -> impl Iterator<Item = Outcome<T>> {
    let slots = slots.into_iter();
    slots.map(|slot| (slot.place, slot.has_command.then(|| Err(problem.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_gets_its_own_outcome_and_what_is_lost_the_same_problem() {
        let accepted = |seq| Accepted {
            seq,
            first: 0,
            events: 1,
        };
        let refused = Problem::invalid("a", "b");
        let lost = Problem::unavailable("c");
        let slots = [true, false, true, true, false, true]
            .into_iter()
            .enumerate();
        let slots = slots.map(|(place, has_command)| Slot { place, has_command });
        let outcomes = BatchOutcomes {
            decided: vec![Ok(accepted(7)), Err(refused.clone())],
            lost: Some(lost.clone()),
        };
        let assigned = assign(slots.collect(), outcomes);
        let expected = [
            (0, Some(Ok(accepted(7)))),
            (1, None),
            (2, Some(Err(refused))),
            (3, Some(Err(lost.clone()))),
            (4, None),
            (5, Some(Err(lost))),
        ];
        assert_eq!(assigned, expected);
    }
}
