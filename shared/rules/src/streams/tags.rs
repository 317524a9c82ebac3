//! The tags of samples: they grow within each interaction, and among the samples of none.

use contract::{InteractionId, Rejection};
use serde::{Deserialize, Serialize};

use super::limits::INTERACTIONS_MAX;
use crate::rejection::{field_path, invalid};

/// The last tags of a stream.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct LastTags {
    /// That of the samples of no interaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    untagged: Option<u64>,
    /// Those of the interactions that appended last, the latest at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    by_interaction: Vec<(InteractionId, u64)>,
}

impl LastTags {
    /// The last tag of an interaction, or of none.
    pub(super) fn get(&self, interaction: Option<InteractionId>) -> Option<u64> {
        let Some(interaction) = interaction else {
            return self.untagged;
        };
        let mut known = self.by_interaction.iter();
        known.find_map(|(id, tag)| (*id == interaction).then_some(*tag))
    }

    pub(super) fn set(&mut self, interaction: Option<InteractionId>, tag: u64) {
        let Some(interaction) = interaction else {
            self.untagged = Some(tag);
            return;
        };
        self.by_interaction.retain(|(id, _)| *id != interaction);
        if self.by_interaction.len() >= INTERACTIONS_MAX {
            self.by_interaction.remove(0);
        }
        self.by_interaction.push((interaction, tag));
    }
}

/// The tags of `count` samples from position `first` on, behind the tag `last`: those that are wanted, or
/// the positions, or what follows on `last` when that is greater.
pub(super) fn tags(
    wanted: Option<&[u64]>,
    count: usize,
    first: u64,
    last: Option<u64>,
    field: &str,
) -> Result<Vec<u64>, Rejection> {
    let Some(wanted) = wanted else {
        let behind = last.map_or(0, |last| last.saturating_add(1));
        let begin = first.max(behind);
        return Ok((begin..).take(count).collect());
    };
    let at = field_path(field, "tags");
    if wanted.len() != count {
        let detail = format!("{} tags for {count} samples", wanted.len());
        return Err(invalid(at, detail));
    }
    let mut before = last;
    for (index, tag) in wanted.iter().enumerate() {
        if let Some(before) = before.filter(|before| tag <= before) {
            let detail = format!("the tag {tag} is not greater than {before}, the one before it");
            return Err(invalid(format!("{at}[{index}]"), detail));
        }
        before = Some(*tag);
    }
    Ok(wanted.to_vec())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes ids")]
mod tests {
    use contract::CommandId;

    use super::*;

    #[test]
    fn tags_grow_and_are_the_positions_by_default() {
        for (wanted, first, last, expected) in [
            (None, 0, None, Ok(vec![0, 1])),
            (None, 40, Some(39), Ok(vec![40, 41])),
            (None, 40, Some(99), Ok(vec![100, 101])),
            (Some(&[7, 9][..]), 0, None, Ok(vec![7, 9])),
            (Some(&[0, 1]), 0, None, Ok(vec![0, 1])),
            (Some(&[7, 9]), 5, Some(7), Err("tags[0]")),
            (Some(&[7, 7]), 5, None, Err("tags[1]")),
            (Some(&[7]), 5, None, Err("tags")),
            (Some(&[7, 8, 9]), 5, None, Err("tags")),
        ] {
            let found = tags(wanted, 2, first, last, "");
            let found = found.map_err(|rejection| rejection.field.unwrap());
            assert_eq!(found, expected.map_err(str::to_owned), "{wanted:?}");
        }
    }

    #[test]
    fn the_last_tags_of_the_latest_interactions_are_kept() {
        let mut last = LastTags::default();
        last.set(None, 5);
        let ids: Vec<_> = (0..=INTERACTIONS_MAX)
            .map(|_| InteractionId(CommandId::new().0))
            .collect();
        for id in &ids {
            last.set(Some(*id), 3);
        }
        last.set(Some(ids[1]), 4);
        assert_eq!(last.get(None), Some(5));
        assert_eq!(last.get(Some(ids[0])), None);
        assert_eq!(last.get(Some(ids[1])), Some(4));
        assert_eq!(last.by_interaction.len(), INTERACTIONS_MAX);
    }
}
