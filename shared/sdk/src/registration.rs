//! Registers the custom actions of a worker, before it runs them.

use bus::Bus;
use contract::behaviour::DeclaredAction;
use service_kit::ErrorChain;
use tracing::warn;

use crate::backoff::Backoff;

/// Registers custom actions: from then on, behaviours that are applied may use them. While that is not
/// possible, it is tried again.
pub(crate) async fn register_actions(bus: &Bus, declared: &[DeclaredAction], retry: &Backoff) {
    for declaration in declared {
        register(bus, declaration, retry).await;
    }
}

async fn register(bus: &Bus, declaration: &DeclaredAction, retry: &Backoff) {
    let name = &declaration.action.name;
    let mut attempt = 0;
    loop {
        match bus.custom_actions().register(declaration).await {
            Ok(None) => return,
            Ok(Some(before)) => {
                if before.action != declaration.action {
                    warn!(action = %name, by = %before.by, "custom action registered otherwise before");
                }
                return;
            }
            Err(error) => {
                warn!(action = %name, error = %ErrorChain(&error), "custom action not registered yet");
            }
        }
        attempt += 1;
        tokio::time::sleep(retry.pause(attempt)).await;
    }
}
