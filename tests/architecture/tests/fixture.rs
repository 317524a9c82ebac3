//! A small workspace that keeps all rules, with a few files replaced.

use std::fs;

use tempfile::TempDir;

use crate::crates::CrateRules;
use crate::layers::Layers;
use crate::{check, crates, orphans, sizes};

const CRATE_RULES: CrateRules = CrateRules {
    may_use: &[
        ("contract", &[]),
        ("rules", &["contract"]),
        ("gateway", &["contract", "door-kit"]),
        ("door-kit", &["contract"]),
    ],
    with_feature: &[("door-kit", &["rules"])],
    kept_to: &[("axum", &["gateway"])],
    pure: &[("contract", &["serde"])],
};

const LAYERS: &[Layers] = &[Layers {
    crate_name: "rules",
    layers: &[&["entities"], &["runs", "streams"], &["chats"], &["lib"]],
    state: "world",
}];

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        r#"
            [workspace]
            members = ["services/*", "services/gateway/door-*", "shared/*", "tests"]
            [workspace.dependencies]
            web = { package = "axum", version = "1" }
        "#,
    ),
    (
        "tests/Cargo.toml",
        r#"
            package.name = "system-tests"
            dependencies = { axum = "1", gateway.path = "../services/gateway" }
        "#,
    ),
    (
        "shared/contract/Cargo.toml",
        r#"
            package.name = "contract"
            dependencies.serde = "1"
            dev-dependencies.tokio = "1"
        "#,
    ),
    ("shared/contract/src/lib.rs", "pub mod subject;"),
    (
        "shared/contract/src/subject.rs",
        r#"pub fn actions(name: &str) -> String { format!("mw.act.{name}") }"#,
    ),
    (
        "shared/rules/Cargo.toml",
        r#"
            package.name = "rules"
            dependencies.contract.path = "../contract"
        "#,
    ),
    (
        "shared/rules/src/lib.rs",
        "
            mod chats; mod entities; mod runs; mod streams; mod world;
            pub use chats::stop;
            pub use world::World;
        ",
    ),
    (
        "shared/rules/src/world.rs",
        "
            use crate::{chats, entities::Entities, runs::Runs, streams::Streams};
            pub struct World {
                pub chats: chats::Chats,
                pub entities: Entities,
                pub runs: Runs,
                pub streams: Streams,
            }
        ",
    ),
    ("shared/rules/src/entities.rs", "pub struct Entities;"),
    (
        "shared/rules/src/runs.rs",
        "
            mod state; pub use self::state::Runs;
            fn count(metrics: &Metrics) { metrics.streams.add(1); }
        ",
    ),
    (
        "shared/rules/src/runs/state.rs",
        "use crate::entities::Entities; pub struct Runs(Option<Entities>);",
    ),
    ("shared/rules/src/streams.rs", "pub struct Streams;"),
    (
        "shared/rules/src/chats.rs",
        "
            mod decide; mod state;
            pub use self::{decide::stop, state::Chats};
        ",
    ),
    (
        "shared/rules/src/chats/decide.rs",
        "
            use crate::World;
            pub fn stop(world: &mut World) {
                world.chats.stop(&mut world.runs);
                assert!(world.entities.is_empty());
            }
        ",
    ),
    (
        "shared/rules/src/chats/state.rs",
        "
            use crate::runs::Runs;
            pub struct Chats;
            impl Chats { pub fn stop(&mut self, runs: &mut Runs) {} }
        ",
    ),
    (
        "services/gateway/Cargo.toml",
        r#"
            package.name = "gateway"
            dependencies = { contract.path = "", door-kit.path = "door-kit", web.workspace = true }
        "#,
    ),
    (
        "services/gateway/src/lib.rs",
        "mod auth; mod problem; mod router; pub fn run() {}",
    ),
    (
        "services/gateway/src/main.rs",
        "fn main() { gateway::run(); }",
    ),
    (
        "services/gateway/src/auth.rs",
        "
            use crate::problem::Problem;
            pub struct Principal;
            pub fn check() -> Result<Principal, Problem> { Err(Problem) }
        ",
    ),
    (
        "services/gateway/src/problem.rs",
        r#"
            pub struct Problem;
            #[cfg(test)]
            mod tests { use crate::auth::check; const SUBJECT: &str = "mw.act.a"; }
            #[cfg(test)]
            pub(crate) use crate::auth::Principal;
        "#,
    ),
    (
        "services/gateway/src/router.rs",
        "
            mod chats; mod worlds;
            use crate::auth;
            pub struct Router;
            impl Router { fn check(&self) { let _ = auth::check(); } }
            #[cfg(test)]
            mod tests;
        ",
    ),
    (
        "services/gateway/src/router/chats.rs",
        "use super::worlds::World; struct Chats(World);",
    ),
    ("services/gateway/src/router/worlds.rs", "pub struct World;"),
    ("services/gateway/src/router/tests.rs", "use super::Router;"),
    (
        "services/gateway/node_modules/parser/Cargo.toml",
        "not = a manifest",
    ),
    (
        "services/gateway/door-kit/Cargo.toml",
        r#"package.name = "door-kit""#,
    ),
    (
        "services/gateway/door-kit/src/lib.rs",
        "pub fn fan_out() {}",
    ),
];

/// The violations of all rules in the workspace, with these files instead of its own or in addition.
pub(crate) fn violations(changed: &[(&str, &str)]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    for (file, text) in FILES.iter().chain(changed) {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = [
        crates::violations(folder.path(), &CRATE_RULES),
        check::imports(folder.path(), LAYERS),
        check::subjects(folder.path()),
        sizes::violations(folder.path()),
        orphans::violations(folder.path()),
    ];
    found
        .into_iter()
        .flatten()
        .map(|violation| violation.to_string())
        .collect()
}
