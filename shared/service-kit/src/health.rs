//! `/livez`, `/readyz` and `/metrics` of each service.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use opentelemetry::{KeyValue, global};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::telemetry;

type Check = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;
type Checks = Mutex<BTreeMap<&'static str, Check>>;

/// The checks that a service must pass to be ready. Cheap to clone.
#[derive(Clone, Default)]
pub struct Health {
    checks: Arc<Checks>,
}

impl Health {
    /// Adds a check: the service is ready only while it succeeds. Its error is the reason on the health
    /// page. It replaces a check of the same name.
    pub fn require(
        &self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        checks.insert(name, Arc::new(check));
    }

    /// The errors of the checks that fail now; empty when ready. Without checks, the service has not
    /// started yet.
    pub fn problems(&self) -> Vec<String> {
        let checks = self
            .checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if checks.is_empty() {
            return vec!["not started yet".to_owned()];
        }
        checks
            .iter()
            .filter_map(|(name, check)| check().err().map(|reason| format!("{name}: {reason}")))
            .collect()
    }

    /// Makes the metrics show whether `service` is ready, as long as this is in use.
    pub fn report(&self, service: &'static str) {
        let checks: Weak<Checks> = Arc::downgrade(&self.checks);
        let label = [KeyValue::new("service", service)];
        let meter = global::meter("service-kit");
        let gauge = meter.u64_observable_gauge("manyworlds.service.ready");
        let _ = gauge
            .with_description("1 while the service is ready, else 0, by service")
            .with_callback(move |observer| {
                if let Some(checks) = checks.upgrade() {
                    let is_ready = Self { checks }.problems().is_empty();
                    observer.observe(u64::from(is_ready), &label);
                }
            })
            .build();
    }

    /// The routes `/livez`, `/readyz` and `/metrics`.
    pub fn router(&self) -> Router {
        self.probes().merge(Self::metrics())
    }

    /// The routes `/livez` and `/readyz`.
    pub fn probes(&self) -> Router {
        let health = self.clone();
        Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(async move || health.ready()))
    }

    /// The route `/metrics`.
    pub fn metrics() -> Router {
        Router::new().route("/metrics", get(async || metrics()))
    }

    fn ready(&self) -> (StatusCode, String) {
        match self.problems() {
            problems if problems.is_empty() => (StatusCode::OK, "ok\n".to_owned()),
            problems => (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n"),
        }
    }

    /// Serves the routes on `listen` until `shutdown`.
    ///
    /// # Errors
    /// If the address can't be listened on.
    pub async fn serve(
        self,
        listen: SocketAddr,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("listen on {listen}"))?;
        axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await
            .context("serve health")
    }
}

fn metrics() -> (StatusCode, String) {
    match telemetry::metrics_text() {
        Ok(text) => (StatusCode::OK, text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_lists_the_failed_checks() {
        let health = Health::default();
        assert_eq!(health.problems(), ["not started yet"]);
        health.require("nats", || Err("not connected".to_owned()));
        health.require("database", || Ok(()));
        assert_eq!(
            health.ready(),
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "nats: not connected\n".into()
            )
        );
        health.require("nats", || Ok(()));
        assert_eq!(health.ready().0, StatusCode::OK);
    }

    #[test]
    fn readiness_is_a_metric() {
        telemetry::init_metrics();
        let shown = || {
            let text = telemetry::metrics_text().unwrap();
            let mut lines = text.lines();
            let line = lines.find(|line| line.starts_with("manyworlds_service_ready{"))?;
            line.rsplit(' ').next().map(str::to_owned)
        };
        let health = Health::default();
        health.report("test");
        assert_eq!(shown().as_deref(), Some("0"));
        health.require("nats", || Ok(()));
        assert_eq!(shown().as_deref(), Some("1"));
        drop(health);
        assert_eq!(shown(), None);
    }
}
