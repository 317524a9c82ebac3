//! The migrations of both databases: the same steps, each in its own dialect.
//!
//! They are listed here and not by a macro of sqlx, which would compile both drivers a second time, for the compiler.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Its SQL, its version, and what it is about.
type Step = (&'static str, i64, &'static str);

macro_rules! steps {
    ($database:literal) => {
        [
            (
                include_str!(concat!("../../migrations/", $database, "/0001_archive.sql")),
                1,
                "archive",
            ),
            (
                include_str!(concat!(
                    "../../migrations/",
                    $database,
                    "/0002_branches.sql"
                )),
                2,
                "branches",
            ),
            (
                include_str!(concat!(
                    "../../migrations/",
                    $database,
                    "/0003_interactions.sql"
                )),
                3,
                "interactions",
            ),
            (
                include_str!(concat!(
                    "../../migrations/",
                    $database,
                    "/0004_sessions.sql"
                )),
                4,
                "sessions",
            ),
            (
                include_str!(concat!(
                    "../../migrations/",
                    $database,
                    "/0005_identity.sql"
                )),
                5,
                "identity",
            ),
            (
                include_str!(concat!("../../migrations/", $database, "/0006_plans.sql")),
                6,
                "plans",
            ),
            (
                include_str!(concat!("../../migrations/", $database, "/0007_costs.sql")),
                7,
                "costs",
            ),
        ]
    };
}

pub(super) fn sqlite() -> Migrator {
    migrator(&steps!("sqlite"))
}

pub(super) fn postgres() -> Migrator {
    migrator(&steps!("postgres"))
}

fn migrator(steps: &[Step]) -> Migrator {
    let migration = |(sql, version, description): &Step| {
        let (kind, sql) = (MigrationType::Simple, sql.into_sql_str());
        Migration::new(*version, (*description).into(), kind, sql, false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_file_is_a_migration() {
        for (folder, migrator) in [("sqlite", sqlite()), ("postgres", postgres())] {
            let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let files = Migrator::new(std::path::Path::new(&folder)).await.unwrap();
            let checked = |migrator: &Migrator| -> Vec<_> {
                let described = |one: &Migration| {
                    let name = (one.version, one.description.clone());
                    (name, one.checksum.clone(), one.migration_type, one.no_tx)
                };
                migrator.iter().map(described).collect()
            };
            assert_eq!(checked(&migrator), checked(&files), "{folder}");
            assert!(!checked(&files).is_empty());
        }
    }
}
