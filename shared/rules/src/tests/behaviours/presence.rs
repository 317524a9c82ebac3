//! Agents whose brain is a client: present while gateways have connections of them.

use contract::behaviour::{LinkState, Roster};
use contract::command::EntityUpdate;
use contract::view::{GetRoster, GetView};
use contract::{AgentConfig, Brain, Command, GatewayId, RejectionCode};
use serde_json::{Value, json};

use super::super::Story;
use super::built_ins::student;
use super::outcomes::{ends, once, worker};
use super::{all_types, story};
use crate::view;

fn gateway(name: &str) -> GatewayId {
    name.parse().unwrap()
}

fn brain(entity: &str, brain: Brain) -> Command {
    Command::UpdateEntity(EntityUpdate {
        kind: None,
        entity: entity.parse().unwrap(),
        name: None,
        agent: Some(AgentConfig {
            brain,
            ..AgentConfig::default()
        }),
        description: None,
        abilities: None,
        metadata: None,
    })
}

impl Story {
    fn connects(&mut self, name: &str, entities: &[&str]) -> Vec<String> {
        self.reports_connections(name, entities, &[])
    }

    fn disconnects(&mut self, name: &str, entities: &[&str]) -> Vec<String> {
        self.reports_connections(name, &[], entities)
    }

    fn reports_connections(
        &mut self,
        name: &str,
        connected: &[&str],
        gone: &[&str],
    ) -> Vec<String> {
        let parse = |ids: &[&str]| ids.iter().map(|id| id.parse().unwrap()).collect();
        let report = Command::ReportConnections {
            gateway: gateway(name),
            connected: parse(connected),
            disconnected: parse(gone),
        };
        let events = self.send("world", report).unwrap();
        let types = events.iter().map(|event| event.event_type.to_string());
        types.collect()
    }

    fn gateway_dies(&mut self, name: &str) -> usize {
        let gateway = gateway(name);
        let events = self.send("world", Command::EndConnections { gateway });
        events.unwrap().len()
    }

    fn present(&self, entity: &str) -> bool {
        let roster = view(&self.world, &GetRoster.into_request());
        let roster: Roster = serde_json::from_value(serde_json::to_value(roster).unwrap()).unwrap();
        let mut entries = roster.roster.into_iter();
        let entry = entries.find(|entry| entry.entity.as_str() == entity);
        entry.unwrap().present
    }

    fn link(&self, of: &str, to: &str) -> Option<LinkState> {
        let memory = self.world.behaviours.memory(&of.parse().unwrap())?;
        memory.links.get(&to.parse().unwrap()).copied()
    }
}

/// A teacher with this behaviour, and the student `c`, whose brain is a client.
fn lesson(teacher: Value) -> Story {
    let mut story = story(&[("t", "teacher", teacher), ("c", "student", json!(null))]);
    story.send("world", brain("c", Brain::Client {})).unwrap();
    story
}

/// Connects to `c`, and notices when it is there, and when it is gone.
fn connects_to_c() -> Value {
    json!({
        "initial": "start",
        "states": {
            "start": {"transitions": [
                {"action": "connect_to", "args": {"peer_id": "c"}, "to": "waiting"}]},
            "waiting": {"transitions": [
                {"action": "connected", "args": {"agent": "c", "handshake_completed": true},
                 "to": "together"}]},
            "together": {"transitions": [
                {"action": "disconnected", "args": {"agent": "c"}, "to": "alone"}]},
            "alone": {},
        },
    })
}

#[test]
fn one_whose_connections_were_never_reported_is_present() {
    let mut story = lesson(connects_to_c());
    assert!(story.present("c"));
    story.wakes_after(0.1);
    assert_eq!(story.state("t"), "together");
    // Of those that are no clients, and of those that are not there, nothing is recorded.
    let nothing = story.connects("g", &["t", "guest", "nobody", "world"]);
    assert!(nothing.is_empty(), "{nothing:?}");
    assert!(story.disconnects("g", &["c", "t"]).is_empty());
    story.wakes_after(11.0);
    assert!(story.present("c") && story.present("t") && story.present("guest"));
    assert_eq!(story.state("t"), "together");
}

#[test]
fn presence_ends_after_the_grace_period_and_with_it_the_links() {
    let mut story = lesson(connects_to_c());
    assert_eq!(story.connects("g", &["c", "c"]), ["entity.connected"]);
    assert!(story.connects("g", &["c"]).is_empty());
    story.wakes_after(0.1);
    assert_eq!(story.state("t"), "together");
    assert_eq!(story.disconnects("g", &["c"]), ["entity.disconnected"]);
    assert!(story.disconnects("g", &["c"]).is_empty());
    story.wakes_after(9.9);
    assert!(story.present("c"));
    assert_eq!(story.link("t", "c"), Some(LinkState::Connected));
    story.wakes_after(0.2);
    assert!(!story.present("c"));
    assert_eq!(story.state("t"), "alone");
    assert_eq!(story.link("t", "c"), None);
    assert_eq!(story.link("c", "t"), None);
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn a_client_that_reconnects_in_time_was_never_gone() {
    let mut story = lesson(connects_to_c());
    story.connects("g", &["c"]);
    story.wakes_after(0.1);
    story.disconnects("g", &["c"]);
    story.wakes_after(9.0);
    story.connects("other", &["c"]);
    story.wakes_after(30.0);
    assert!(story.present("c"));
    assert_eq!(story.state("t"), "together");
    assert!(!all_types(&story).contains(&"entity.presence_ended".to_owned()));
    // Each time it has the whole grace period.
    story.disconnects("other", &["c"]);
    story.wakes_after(9.9);
    assert!(story.present("c"));
    story.wakes_after(0.2);
    assert!(!story.present("c"));
}

#[test]
fn one_gateway_is_as_good_as_another() {
    let mut story = lesson(connects_to_c());
    story.connects("g", &["c"]);
    story.connects("h", &["c"]);
    story.disconnects("g", &["c"]);
    story.wakes_after(11.0);
    assert!(story.present("c"));
    assert_eq!(story.gateway_dies("g"), 0);
    assert_eq!(story.gateway_dies("h"), 1);
    assert_eq!(story.gateway_dies("h"), 0);
    assert!(story.present("c"));
    story.wakes_after(10.1);
    assert!(!story.present("c"));
    story.replays();
}

#[test]
fn a_link_to_one_that_is_absent_is_connected_when_it_comes() {
    let mut story = lesson(json!(null));
    story.connects("g", &["c"]);
    story.disconnects("g", &["c"]);
    story.wakes_after(10.1);
    let definition = connects_to_c().to_string();
    let definition = contract::behaviour::Definition::from_json(&definition).unwrap();
    let entity = "t".parse().unwrap();
    let put = Command::PutBehaviour { entity, definition };
    story.send("world", put).unwrap();
    story.wakes_after(1.0);
    // Nothing is due: an absent entity costs its world nothing.
    assert_eq!(story.world.next_due(), None);
    assert_eq!(story.state("t"), "waiting");
    assert_eq!(story.link("t", "c"), Some(LinkState::Connecting));
    let connected = story.connects("g", &["c"]);
    assert_eq!(connected, ["entity.connected"], "in a later commit");
    story.wakes_after(0.0);
    assert_eq!(story.state("t"), "together");
    assert_eq!(story.link("c", "t"), Some(LinkState::Connected));
    story.replays();
}

#[test]
fn what_is_requested_of_an_absent_one_waits() {
    let mut story = lesson(json!(null));
    story.connects("g", &["c"]);
    story.disconnects("g", &["c"]);
    story.wakes_after(10.1);
    let request = json!({"action": "process", "targets": ["c"], "samples": [1],
        "timeout_seconds": 60});
    let interaction = story.asks("guest", request);
    story.wakes_after(30.0);
    assert_eq!(ends(&story), []);
    // It may answer without a connection that is reported, as over REST.
    let result = Command::CompleteInteraction {
        interaction,
        ok: true,
        samples: Vec::new(),
        detail: None,
    };
    story.send("c", result).unwrap();
    assert_eq!(ends(&story), [("c".into(), "completed".into(), None)]);
}

#[test]
fn a_partner_that_is_gone_is_no_partner_any_more() {
    let mut story = story(&[
        (
            "t",
            "teacher",
            once("connect_by_role", json!({"role": "student"})),
        ),
        ("c", "student", student()),
        ("w", "worker", worker()),
    ]);
    story.send("world", brain("c", Brain::Client {})).unwrap();
    story.connects("g", &["c"]);
    story.wakes_after(0.1);
    let send = Command::UseAction {
        action: "send_engage".parse().unwrap(),
        arguments: None,
        interaction: None,
    };
    story.send("t", send).unwrap();
    story.wakes_after(0.1);
    assert_eq!(story.state("c"), "engaged");
    assert_eq!(story.behaviour("t").engaged.len(), 1);
    story.disconnects("g", &["c"]);
    story.wakes_after(10.1);
    assert!(story.behaviour("t").engaged.is_empty());
    assert!(story.behaviour("t").found.is_empty());
    assert!(story.behaviour("c").engaged.is_empty());
    assert!(story.behaviour("c").available);
    story.replays();
}

#[test]
fn one_that_a_worker_thinks_for_or_that_is_removed_needs_no_connection() {
    let mut story = lesson(connects_to_c());
    story.connects("g", &["c"]);
    story.disconnects("g", &["c"]);
    story.wakes_after(10.1);
    assert!(!story.present("c"));
    story.send("world", brain("c", Brain::default())).unwrap();
    assert!(story.present("c"));
    story.send("world", brain("c", Brain::Client {})).unwrap();
    story.connects("g", &["c"]);
    story.disconnects("g", &["c"]);
    let entity = "c".parse().unwrap();
    story
        .send("world", Command::RemoveEntity { entity })
        .unwrap();
    assert_eq!(story.wakes_after(11.0).len(), 0);
    assert_eq!(story.world.next_due(), None);
    story.replays();
}

#[test]
fn many_are_reported_and_end_together() {
    let mut story = lesson(json!(null));
    let clients: Vec<String> = (0..1500).map(|number| format!("c{number}")).collect();
    let clients: Vec<&str> = clients.iter().map(String::as_str).collect();
    for id in &clients {
        let mut entity = super::super::entity(id, contract::EntityKind::Agent);
        entity.agent = Some(AgentConfig {
            brain: Brain::Client {},
            ..AgentConfig::default()
        });
        story.send("world", Command::CreateEntity(entity)).unwrap();
    }
    for part in clients.chunks(1000) {
        assert_eq!(story.connects("g", part).len(), 1);
    }
    assert_eq!(story.gateway_dies("g"), 1);
    assert_eq!(story.gateway_dies("g"), 1);
    assert_eq!(story.gateway_dies("g"), 0);
    let ended = story.wakes_after(10.1);
    assert_eq!(ended.len(), 2);
    assert!(!story.present("c0") && !story.present("c1499"));
    story.replays();
}

#[test]
fn only_the_world_itself_reports_connections() {
    let mut story = lesson(json!(null));
    let report = Command::ReportConnections {
        gateway: gateway("g"),
        connected: vec!["c".parse().unwrap()],
        disconnected: Vec::new(),
    };
    let refused = story.send("guest", report).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotAllowed);
    let end = Command::EndConnections {
        gateway: gateway("g"),
    };
    let refused = story.send("c", end).unwrap_err();
    assert_eq!(refused.code, RejectionCode::NotAllowed);
    let too_many = Command::ReportConnections {
        gateway: gateway("g"),
        connected: vec!["c".parse().unwrap(); 1001],
        disconnected: Vec::new(),
    };
    let refused = story.send("world", too_many).unwrap_err();
    assert_eq!(refused.code, RejectionCode::TooLarge);
    assert_eq!(refused.field.as_deref(), Some("connected"));
}
