//! Changes of objects: who may make them, and what stays.

use contract::ability::EntityPatch;
use contract::{Command, Entity, RejectionCode};
use serde_json::json;

use super::super::{Story, hash};
use super::{id, object, raw};

#[test]
fn who_may_change_what() {
    let state = |entity: &str| EntityPatch::State {
        entity: id(entity),
        revision: None,
        patch: raw(&json!([{"op": "add", "path": "/open", "value": true}])),
    };
    let give = |from: Option<&str>, to: Option<&str>| EntityPatch::Holder {
        entity: id("mic"),
        from: from.map(id),
        to: to.map(id),
    };
    let go = |entity: &str| EntityPatch::Location {
        entity: id(entity),
        to: Some("hall".into()),
    };
    let bad = EntityPatch::State {
        entity: id("mic"),
        revision: None,
        patch: raw(&json!([{"op": "replace", "path": "/nowhere", "value": 1}])),
    };
    let closed = EntityPatch::State {
        entity: id("mic"),
        revision: None,
        patch: raw(&json!([{"op": "add", "path": "/open", "value": "perhaps"}])),
    };
    use RejectionCode::{Conflict, Invalid, NotAllowed, UnknownEntity};
    let table: &[(&str, EntityPatch, Option<RejectionCode>)] = &[
        ("mic", state("mic"), None),
        ("world", state("mic"), None),
        ("ada", state("mic"), Some(NotAllowed)),
        ("mic", bad, Some(Invalid)),
        ("mic", closed, Some(Invalid)),
        ("ada", give(Some("ada"), Some("bob")), None),
        ("ada", give(Some("ada"), None), None),
        ("mic", give(Some("ada"), Some("bob")), None),
        ("bob", give(Some("ada"), Some("bob")), Some(NotAllowed)),
        ("bob", give(Some("bob"), Some("bob")), Some(Conflict)),
        (
            "ada",
            give(Some("ada"), Some("nobody")),
            Some(UnknownEntity),
        ),
        ("ada", give(Some("ada"), Some("mic")), Some(Invalid)),
        ("ada", go("ada"), None),
        ("ada", go("bob"), Some(NotAllowed)),
        ("ada", go("nobody"), Some(UnknownEntity)),
    ];
    for (sender, change, code) in table {
        let mut story = Story::begin(&["ada", "bob"]);
        story.add(Entity {
            held_by: Some(id("ada")),
            state: Some(json!({})),
            state_schema: Some(json!({"properties": {"open": {"type": "boolean"}}})),
            ..object("mic", &[])
        });
        let before = hash(&story.world);
        let refused = story.change(sender, change.clone()).err();
        assert_eq!(
            refused.as_ref().map(|r| r.code),
            *code,
            "{sender} {change:?} {refused:?}"
        );
        assert_eq!(hash(&story.world) == before, code.is_some());
    }
}

#[test]
fn what_becomes_of_an_entity_stays_when_it_is_described_again() {
    let mut story = Story::begin(&["ada"]);
    let mic = Entity {
        state: Some(json!({"open": false})),
        held_by: Some(id("ada")),
        ..object("mic", &[])
    };
    story.add(mic.clone());
    let open = EntityPatch::State {
        entity: id("mic"),
        revision: None,
        patch: raw(&json!([{"op": "replace", "path": "/open", "value": true}])),
    };
    story.change("mic", open).unwrap();
    let spec = contract::WorldSpec {
        entities: vec![Entity {
            description: "on the table".into(),
            ..mic
        }],
        ..Default::default()
    };
    story
        .send("world", Command::ApplyWorld(spec.clone()))
        .unwrap();
    assert_eq!(story.entity("mic").state, Some(json!({"open": true})));
    assert_eq!(story.entity("mic").description, "on the table");
    assert!(
        story
            .send("world", Command::ApplyWorld(spec))
            .unwrap()
            .is_empty()
    );
    let gone = Command::RemoveEntity { entity: id("ada") };
    story.send("world", gone).unwrap();
    assert_eq!(story.entity("mic").held_by, None);
    assert_eq!(hash(&story.replayed()), hash(&story.world));
}
