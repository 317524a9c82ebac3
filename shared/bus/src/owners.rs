//! Which replica of the world service owns which partition.
//!
//! Senders address the owner: a replica that is paused, and still subscribed, keeps no requests once another has
//! taken over. This is for speed only, as [`Membership`] is: while a sender knows no owner, any replica takes its
//! requests.

use std::collections::{BTreeMap, BTreeSet};

use contract::id::Partition;
use contract::{WorldId, subject};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::request::NoReply;
use crate::{MemberId, Membership};

/// The partitions that `this` owns while `members` are alive.
pub fn owned_partitions(this: &MemberId, members: &BTreeSet<MemberId>) -> BTreeSet<Partition> {
    Partition::all()
        .filter(|partition| owner(*partition, members) == Some(this))
        .collect()
}

/// The owner of a partition: rendezvous hashing, so that a member that joins or leaves moves only its own share.
fn owner(partition: Partition, members: &BTreeSet<MemberId>) -> Option<&MemberId> {
    members
        .iter()
        .max_by_key(|member| weight(partition, member))
}

fn weight(partition: Partition, member: &MemberId) -> [u8; 32] {
    Sha256::new()
        .chain_update(partition.to_string())
        .chain_update(b"/")
        .chain_update(member.as_bytes())
        .finalize()
        .into()
}

/// The owners as this process sees them.
pub(crate) struct Owners {
    owners: watch::Receiver<BTreeMap<Partition, MemberId>>,
    observer: AbortHandle,
}

impl Drop for Owners {
    fn drop(&mut self) {
        self.observer.abort();
    }
}

impl Owners {
    /// Observes the members of the world service.
    pub(crate) fn observe(membership: Membership) -> Self {
        let mut members = membership.members();
        let (sender, owners) = watch::channel(BTreeMap::new());
        let update = async move {
            while members.changed().await.is_ok() {
                let members = members.borrow_and_update().clone();
                let owners = Partition::all()
                    .filter_map(|partition| Some((partition, owner(partition, &members)?.clone())));
                sender.send_replace(owners.collect());
            }
        };
        #[expect(clippy::disallowed_methods, reason = "it ends with this value")]
        let observer = tokio::spawn(membership.observe(update)).abort_handle();
        Self { owners, observer }
    }

    /// Sends a request to the subject of the owner of a world, and waits for its reply, or until the world has
    /// another owner, which has not got the request.
    pub(crate) async fn request<T, F>(
        &self,
        world: &WorldId,
        send: impl Fn(String) -> F,
    ) -> Result<T, NoReply>
    where
        F: Future<Output = Result<T, NoReply>>,
    {
        let partition = world.partition();
        let mut owners = self.owners.clone();
        let owner = owners.borrow_and_update().get(&partition).cloned();
        let subject = match &owner {
            Some(owner) => subject::command_of_owner(world, &owner.to_string()),
            None => subject::command(world),
        };
        let is_other = |owners: &BTreeMap<_, _>| owners.get(&partition) != owner.as_ref();
        let reply = async {
            match send(subject).await {
                // It is gone, or has not begun: another may have.
                Err(NoReply::NoResponders) if owner.is_some() => {
                    send(subject::command(world)).await
                }
                reply => reply,
            }
        };
        tokio::select! {
            biased;
            reply = reply => reply,
            Ok(_) = owners.wait_for(is_other) => Err(NoReply::OwnerChanged),
        }
    }
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
            .map(|member| owned_partitions(member, &all))
            .collect();
        assert_eq!(shares.iter().map(BTreeSet::len).sum::<usize>(), 64);
        assert!(shares.iter().all(|share| share.len() > 10), "{shares:?}");
        assert_eq!(shares.iter().flatten().collect::<BTreeSet<_>>().len(), 64);
    }

    #[test]
    fn a_member_that_leaves_moves_only_its_own_share() {
        let (before, after) = (members(&["a", "b", "c"]), members(&["a", "b"]));
        for member in &after {
            assert!(owned_partitions(member, &before).is_subset(&owned_partitions(member, &after)));
        }
    }

    #[test]
    fn a_replica_that_is_not_a_member_owns_nothing() {
        assert!(owned_partitions(&MemberId::from("x"), &members(&["a"])).is_empty());
        assert!(owned_partitions(&MemberId::from("x"), &members(&[])).is_empty());
    }
}
