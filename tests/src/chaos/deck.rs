//! Which kind of fault comes next.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::fault_kind::FaultKind;

/// Deals the kinds in an order that the seed decides: each once before any comes again.
pub(super) struct Deck {
    kinds: Vec<FaultKind>,
    rest: Vec<FaultKind>,
    has_dealt_all: bool,
}

impl Deck {
    pub(super) fn new(kinds: &[FaultKind]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            rest: Vec::new(),
            has_dealt_all: kinds.is_empty(),
        }
    }

    /// Whether each kind was dealt.
    pub(super) fn has_dealt_all(&self) -> bool {
        self.has_dealt_all
    }

    /// The next kind; none when there are no kinds.
    pub(super) fn deal(&mut self, random: &mut StdRng) -> Option<FaultKind> {
        if self.rest.is_empty() {
            self.rest.clone_from(&self.kinds);
            self.rest.shuffle(random);
        }
        let kind = self.rest.pop();
        self.has_dealt_all |= self.rest.is_empty();
        kind
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn each_kind_is_dealt_before_one_comes_again_and_the_seed_decides_the_order() {
        let kinds = FaultKind::all();
        let deal = |seed| {
            let (mut deck, mut random) = (Deck::new(&kinds), StdRng::seed_from_u64(seed));
            let dealt: Vec<_> = kinds
                .iter()
                .filter_map(|_| deck.deal(&mut random))
                .collect();
            assert!(deck.has_dealt_all());
            dealt
        };
        assert!(kinds.iter().all(|kind| deal(1).contains(kind)));
        assert_eq!(deal(1), deal(1));
        assert_ne!(deal(1), deal(2));
    }
}
