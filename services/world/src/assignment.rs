//! Which replica serves which partition.

use std::collections::BTreeSet;

use bus::MemberId;
use contract::id::Partition;
use sha2::{Digest, Sha256};

/// The partitions that `this` serves while `members` are alive: rendezvous hashing, so that a
/// member that joins or leaves moves only its own share.
pub(crate) fn assigned_partitions(
    this: &MemberId,
    members: &BTreeSet<MemberId>,
) -> BTreeSet<Partition> {
    Partition::all()
        .filter(|partition| {
            members
                .iter()
                .max_by_key(|member| weight(*partition, member))
                == Some(this)
        })
        .collect()
}

fn weight(partition: Partition, member: &MemberId) -> [u8; 32] {
    Sha256::new()
        .chain_update(partition.to_string())
        .chain_update(b"/")
        .chain_update(member.as_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str]) -> BTreeSet<MemberId> {
        names.iter().map(|name| MemberId::from(*name)).collect()
    }

    #[test]
    fn every_partition_has_one_owner() {
        let all = members(&["a", "b", "c"]);
        let shares: Vec<_> = all
            .iter()
            .map(|member| assigned_partitions(member, &all))
            .collect();
        assert_eq!(shares.iter().map(BTreeSet::len).sum::<usize>(), 64);
        assert!(shares.iter().all(|share| share.len() > 10), "{shares:?}");
        assert_eq!(shares.iter().flatten().collect::<BTreeSet<_>>().len(), 64);
    }

    #[test]
    fn a_member_that_leaves_moves_only_its_own_share() {
        let (before, after) = (members(&["a", "b", "c"]), members(&["a", "b"]));
        for member in &after {
            assert!(
                assigned_partitions(member, &before)
                    .is_subset(&assigned_partitions(member, &after))
            );
        }
    }

    #[test]
    fn a_replica_that_is_not_a_member_serves_nothing() {
        assert!(assigned_partitions(&MemberId::from("x"), &members(&["a"])).is_empty());
        assert!(assigned_partitions(&MemberId::from("x"), &members(&[])).is_empty());
    }
}
