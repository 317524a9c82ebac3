//! The manifests of `deploy/kubernetes`, as Kustomize renders them, and `docker-compose.yml`: whether they agree with the code, and whether the
//! services run with what they hold.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it does not expect"
)]

mod autoscaling;
mod compose;
mod edge;
mod nats;
mod network;
mod overlay;
mod pods;
mod running;
mod service;
