//! Claims: who has begun what must not be begun twice.

use async_nats::jetstream::kv::CreateErrorKind;
use contract::RunId;
use uuid::Uuid;

use crate::{Bus, Error};

impl Bus {
    /// Claims a run for `claimant`; whether it is the first to do so. Once it is answered, no other
    /// ever is, whatever is killed; the same claimant may ask again. Claims are kept for longer than a
    /// run may take.
    ///
    /// # Errors
    /// [`Error::Broker`] when it is not known: ask again.
    pub async fn claim(&self, run: RunId, claimant: Uuid) -> Result<bool, Error> {
        let (key, value) = (run.to_string(), claimant.to_string());
        match self.claims.create(&key, value.clone().into()).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {
                let holder = self.claims.get(&key).await;
                let holder = holder.map_err(|e| Error::broker("read a claim", e))?;
                Ok(holder.is_some_and(|holder| holder == value))
            }
            Err(error) => Err(Error::broker("claim a run", error)),
        }
    }
}
