//! How many replicas production has, and what they follow.

use std::collections::BTreeSet;

use contract::{ActionName, action, subject};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::Value;

use crate::overlay::{Name, Overlay};
use crate::service::SERVICES;

/// The actions of agents that the agent worker offers. Those of examples of objects are not among them.
const ACTIONS: [&str; 8] = [
    action::RESPOND,
    action::TOOL,
    action::ACT,
    action::SUMMARISE,
    action::PROCESS,
    action::EVALUATE,
    action::LEARN,
    action::TITLE,
];

fn scaled_object(overlay: &Overlay) -> &Value {
    let mut all = overlay.of("keda.sh/v1alpha1", "ScaledObject");
    let first = all.next().unwrap();
    assert!(all.next().is_none());
    &first["spec"]
}

#[test]
fn agent_workers_follow_the_consumer_of_each_action() {
    let overlay = Overlay::render(Name::Production);
    let triggers = scaled_object(&overlay)["triggers"].as_array().unwrap();
    let slots_max = agent_worker::Config::default().slots_max;
    let followed: BTreeSet<String> = triggers
        .iter()
        .map(|trigger| {
            let metadata = &trigger["metadata"];
            assert_eq!(trigger["type"], "nats-jetstream");
            assert_eq!(metadata["stream"], subject::ACTIONS_STREAM);
            assert_eq!(metadata["account"], "$G");
            let lag: usize = metadata["lagThreshold"].as_str().unwrap().parse().unwrap();
            assert_eq!(lag, slots_max / 2);
            metadata["consumer"].as_str().unwrap().to_owned()
        })
        .collect();
    let consumers = ACTIONS.map(|name| {
        let name: ActionName = name.parse().unwrap();
        subject::action_consumer(&name)
    });
    assert_eq!(followed, BTreeSet::from(consumers));
}

#[test]
fn production_has_two_or_more_of_each_service() {
    let overlay = Overlay::render(Name::Production);
    for service in SERVICES {
        let fixed = overlay.deployment(service).spec.unwrap().replicas;
        let least = match service {
            "gateway" => {
                let scaler: HorizontalPodAutoscaler = overlay.one(service);
                scaler.spec.unwrap().min_replicas
            }
            "agent-worker" => {
                let spec = scaled_object(&overlay);
                assert_eq!(spec["scaleTargetRef"]["name"], service);
                let least = spec["minReplicaCount"].as_i64().unwrap();
                Some(i32::try_from(least).unwrap())
            }
            _ => fixed,
        };
        assert!(least.is_some_and(|least| least >= 2), "{service}");
        // A fixed number would undo what a scaler has decided, at each apply.
        let is_scaled = matches!(service, "gateway" | "agent-worker");
        assert_eq!(fixed.is_none(), is_scaled, "{service}");
    }
}

#[test]
fn one_replica_at_a_time_is_taken_and_a_zone_has_a_part_of_them() {
    let overlay = Overlay::render(Name::Production);
    for service in SERVICES {
        let budget: PodDisruptionBudget = overlay.one(service);
        let selected = budget.spec.unwrap().selector.unwrap();
        let deployment = overlay.deployment(service).spec.unwrap();
        assert_eq!(selected, deployment.selector, "{service}");
        let pod = deployment.template.spec.unwrap();
        let spread = pod.topology_spread_constraints.unwrap();
        let zone = &spread[0];
        assert_eq!(zone.topology_key, "topology.kubernetes.io/zone");
        assert_eq!(zone.when_unsatisfiable, "DoNotSchedule");
        assert_eq!(zone.label_selector.as_ref(), Some(&selected), "{service}");
    }
}
