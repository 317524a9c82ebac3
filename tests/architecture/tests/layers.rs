//! The rule for the layers of a crate.

use super::fixture::violations;

const ENTITIES: &str = "shared/rules/src/entities.rs";
const RUNS: &str = "shared/rules/src/runs.rs";

#[test]
fn a_feature_imports_from_no_higher_layer() {
    let code = "pub struct Entities; use crate::streams::Streams;";
    assert_eq!(
        violations(&[(ENTITIES, code)]),
        ["layer shared/rules/src/entities.rs -> shared/rules/src/streams.rs\n    Streams"]
    );
}

#[test]
fn a_feature_imports_from_no_other_of_its_layer() {
    let code = "mod state; pub use state::Runs; fn stop(streams: crate::streams::Streams) {}";
    assert_eq!(
        violations(&[(RUNS, code)]),
        ["layer shared/rules/src/runs.rs -> shared/rules/src/streams.rs\n    Streams"]
    );
}

#[test]
fn a_field_of_the_world_is_an_import_of_its_feature() {
    for code in [
        "fn stop(world: &World) { world.streams.stop(); }",
        "fn stop(world: &World) { let streams = &mut world.streams; }",
        "fn stop(world: &World) { world.streams().stop(); }",
        "impl Stop { fn stop(&self) { self.world.streams.stop(); } }",
        "fn stop(world: &World) { assert!(!world.streams.is_empty()); }",
    ] {
        let code = format!("mod state; pub use state::Runs; {code}");
        assert_eq!(
            violations(&[(RUNS, &code)]),
            ["layer shared/rules/src/runs.rs -> world.streams"],
            "{code}"
        );
    }
}

#[test]
fn a_file_is_in_a_layer() {
    let library = "mod chats; mod entities; mod flows; mod runs; mod streams; mod world;";
    assert_eq!(
        violations(&[
            (
                "shared/rules/src/lib.rs",
                &format!("{library} pub use world::World;")
            ),
            ("shared/rules/src/flows.rs", "pub struct Flows;"),
        ]),
        ["layer shared/rules/src/flows.rs is in no layer of rules"]
    );
}

#[test]
fn layers_belong_to_a_crate() {
    assert_eq!(
        violations(&[("shared/rules/Cargo.toml", "package.name = 'contract'")]),
        [
            "crate rules is listed, but there is none",
            "crate shared/rules is called contract",
            "layer of rules, but there is no such crate",
        ]
    );
}
