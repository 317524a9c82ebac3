//! Who may reach whom: the policies, as a cluster applies them.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::overlay::{Name, OVERLAYS, Overlay};
use crate::service::SERVICES;

type Labels = BTreeMap<String, String>;

/// A connection between pods of the namespace: from, to, port.
type Connection = (String, String, String);

/// The ports that pods of the namespace have.
const PORTS: [&str; 6] = ["http", "4222", "6222", "7777", "8222", "5432"];

/// The pods of the namespace.
fn pods(overlay: &Overlay) -> BTreeMap<String, Labels> {
    let mut pods = BTreeMap::new();
    for service in SERVICES {
        let template = overlay.deployment(service).spec.unwrap().template;
        let labels = template.metadata.unwrap().labels.unwrap();
        pods.insert(service.to_owned(), labels);
    }
    // NATS' chart gives its pods this label too.
    for name in ["nats", "postgres"] {
        let labels = Labels::from([("app.kubernetes.io/name".to_owned(), name.to_owned())]);
        pods.insert(name.to_owned(), labels);
    }
    pods
}

fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    assert!(selector.match_expressions.is_none());
    let mut wanted = selector.match_labels.iter().flatten();
    wanted.all(|(name, value)| labels.get(name) == Some(value))
}

fn governs(policy: &NetworkPolicy, labels: &Labels, direction: &str) -> bool {
    let spec = policy.spec.as_ref().unwrap();
    let pods = spec.pod_selector.as_ref().unwrap();
    let mut types = spec.policy_types.iter().flatten();
    selects(pods, labels) && types.any(|it| it == direction)
}

fn has_peer(peers: Option<&Vec<NetworkPolicyPeer>>, labels: &Labels) -> bool {
    peers.into_iter().flatten().any(|peer| {
        let pods = peer.pod_selector.as_ref();
        peer.namespace_selector.is_none() && pods.is_some_and(|pods| selects(pods, labels))
    })
}

fn has_port(ports: Option<&Vec<NetworkPolicyPort>>, port: &str) -> bool {
    // A rule without ports would open all.
    ports
        .unwrap()
        .iter()
        .any(|it| match it.port.as_ref().unwrap() {
            IntOrString::Int(number) => number.to_string() == port,
            IntOrString::String(name) => name == port,
        })
}

fn may_send(policies: &[NetworkPolicy], from: &Labels, to: &Labels, port: &str) -> bool {
    policies.iter().any(|policy| {
        let rules = policy.spec.as_ref().unwrap().egress.iter().flatten();
        governs(policy, from, "Egress")
            && rules
                .clone()
                .any(|rule| has_peer(rule.to.as_ref(), to) && has_port(rule.ports.as_ref(), port))
    })
}

fn may_receive(policies: &[NetworkPolicy], from: &Labels, to: &Labels, port: &str) -> bool {
    policies.iter().any(|policy| {
        let rules = policy.spec.as_ref().unwrap().ingress.iter().flatten();
        governs(policy, to, "Ingress")
            && rules.clone().any(|rule| {
                has_peer(rule.from.as_ref(), from) && has_port(rule.ports.as_ref(), port)
            })
    })
}

fn connections(overlay: &Overlay) -> BTreeSet<Connection> {
    let (policies, pods) = (overlay.all::<NetworkPolicy>(), pods(overlay));
    let mut open = BTreeSet::new();
    for (from, sender) in &pods {
        for (to, receiver) in &pods {
            for port in PORTS {
                if may_send(&policies, sender, receiver, port)
                    && may_receive(&policies, sender, receiver, port)
                {
                    open.insert((from.clone(), to.clone(), port.to_owned()));
                }
            }
        }
    }
    open
}

#[test]
fn everything_is_denied_by_default() {
    for name in OVERLAYS {
        let overlay = Overlay::render(name);
        let policy: NetworkPolicy = overlay.one("deny-all");
        for labels in pods(&overlay).values() {
            assert!(governs(&policy, labels, "Ingress"));
            assert!(governs(&policy, labels, "Egress"));
        }
        let spec = policy.spec.unwrap();
        assert!(spec.ingress.is_none() && spec.egress.is_none());
    }
}

#[test]
fn pods_of_the_namespace_have_the_connections_that_they_need_and_no_others() {
    let connection = |from: &str, to: &str, port: &str| {
        let [from, to, port] = [from, to, port].map(str::to_owned);
        (from, to, port)
    };
    let to_nats = SERVICES.map(|service| connection(service, "nats", "4222"));
    let mut dev = BTreeSet::from(to_nats.clone());
    dev.insert(connection("persistence", "postgres", "5432"));
    assert_eq!(connections(&Overlay::render(Name::Dev)), dev);
    let mut production = BTreeSet::from(to_nats);
    production.insert(connection("nats", "nats", "6222"));
    assert_eq!(connections(&Overlay::render(Name::Production)), production);
}

#[test]
fn agent_workers_alone_reach_addresses_outside_and_no_metadata_of_a_cloud() {
    for name in OVERLAYS {
        let overlay = Overlay::render(name);
        for policy in overlay.all::<NetworkPolicy>() {
            let spec = policy.spec.as_ref().unwrap();
            let peers = spec.egress.iter().flatten();
            let peers = peers.flat_map(|rule| rule.to.iter().flatten());
            let blocks = peers.filter_map(|peer| peer.ip_block.as_ref());
            for block in blocks.filter(|block| block.cidr.ends_with("/0")) {
                for (pod, labels) in pods(&overlay) {
                    assert_eq!(governs(&policy, &labels, "Egress"), pod == "agent-worker");
                }
                let except = block.except.clone().unwrap();
                let link_local = if block.cidr == "::/0" {
                    "fe80::/10"
                } else {
                    "169.254.0.0/16"
                };
                assert!(except.iter().any(|it| it == link_local), "{except:?}");
            }
        }
    }
}

#[test]
fn the_gateway_alone_is_reached_by_the_ingress_controller() {
    let overlay = Overlay::render(Name::Production);
    let policies = overlay.all::<NetworkPolicy>();
    for (pod, labels) in pods(&overlay) {
        let is_open = policies.iter().any(|policy| {
            let rules = policy.spec.as_ref().unwrap().ingress.iter().flatten();
            let mut peers = rules.flat_map(|rule| rule.from.iter().flatten());
            governs(policy, &labels, "Ingress") && peers.any(is_ingress_controller)
        });
        assert_eq!(is_open, pod == "gateway", "{pod}");
    }
}

fn is_ingress_controller(peer: &NetworkPolicyPeer) -> bool {
    let namespaces = peer.namespace_selector.iter();
    let mut labels = namespaces.flat_map(|selector| selector.match_labels.iter().flatten());
    labels.any(|(_, value)| value == "ingress-nginx")
}
