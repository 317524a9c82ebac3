//! The checkpoint: how far the database has come, and in which log.

use contract::{Seq, WorldId};

use super::error::Error;
use super::record::to_unsigned;
use super::statement::Statement;

/// How far the database has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Up to which commit.
    pub(crate) position: LogPosition,
    /// Changes whenever rows are deleted to be archived again.
    pub(crate) generation: i64,
    /// The tables are incomplete until this commit.
    pub(crate) rebuild_until: Seq,
    /// The worlds whose rows are incomplete.
    pub(crate) world_rebuilds: Vec<WorldRebuild>,
}

/// A commit of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogPosition {
    /// Its sequence; 0 before the first.
    pub(crate) seq: Seq,
    /// Its id, if it is known.
    pub(crate) commit: Option<String>,
    /// When the log was created, in nanoseconds since 1970, if it is known.
    pub(crate) log_created: Option<i64>,
}

/// A world that is archived again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorldRebuild {
    pub(crate) world: WorldId,
    /// Up to which commit it is archived; none until its old rows are deleted.
    pub(crate) seq: Option<Seq>,
}

impl Checkpoint {
    /// Whether the tables are incomplete.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.rebuild_until > self.position.seq
    }

    /// Whether the tables hold everything up to the checkpoint.
    pub(crate) fn is_complete(&self) -> bool {
        !self.is_rebuilding() && self.world_rebuilds.is_empty()
    }

    /// Whether rows about `world`, or about all worlds, are incomplete.
    pub(crate) fn is_rebuilding_world(&self, world: Option<&WorldId>) -> bool {
        let is_meant = |rebuild: &WorldRebuild| world.is_none_or(|world| rebuild.world == *world);
        self.world_rebuilds.iter().any(is_meant)
    }
}

pub(super) type CheckpointRow = (i64, Option<String>, i64, Option<i64>, i64, i64, i64);

/// Its last column is the number of worlds that are rebuilt: it is rarely not 0.
pub(super) const SELECT_CHECKPOINT: &str = "SELECT seq, commit_id, commit_seq, log_created, generation, \
                                            rebuild_until, (SELECT count(*) FROM rebuilds) FROM checkpoint";

pub(super) const SELECT_REBUILDS: &str =
    "SELECT world, seq FROM rebuilds ORDER BY world LIMIT 1000";

pub(super) fn checkpoint_of(
    row: CheckpointRow,
    rebuilds: Vec<(String, i64)>,
) -> Result<Checkpoint, Error> {
    let (seq, commit, commit_seq, log_created, generation, rebuild_until, _) = row;
    let world_rebuild = |(world, seq): (String, i64)| {
        let world = world.parse().map_err(|_| Error::InvalidData {
            reason: format!("{world} is no id of a world"),
        })?;
        Ok(WorldRebuild {
            world,
            seq: to_unsigned(seq).ok(),
        })
    };
    Ok(Checkpoint {
        position: LogPosition {
            seq: to_unsigned(seq)?,
            commit: commit.filter(|_| commit_seq == seq),
            log_created: log_created.filter(|_| commit_seq == seq),
        },
        generation,
        rebuild_until: to_unsigned(rebuild_until)?,
        world_rebuilds: rebuilds
            .into_iter()
            .map(world_rebuild)
            .collect::<Result<_, _>>()?,
    })
}

/// Moves the checkpoint from `from` to `to`: it affects no row if somebody has moved it, or while a world is
/// rebuilt up to it.
pub(super) fn advance(from: &Checkpoint, to: &LogPosition) -> Statement {
    let statement = identify_as(to);
    bind_expected(statement, from, " AND NOT EXISTS (SELECT 1 FROM rebuilds)")
}

/// Notes the identity of the commit at which the checkpoint is.
pub(super) fn identify(from: &Checkpoint, identity: &LogPosition) -> Statement {
    bind_expected(identify_as(identity), from, "")
}

fn identify_as(position: &LogPosition) -> Statement {
    let log_created = position
        .log_created
        .map_or("NULL".to_owned(), |created| created.to_string());
    Statement::new(format!(
        "UPDATE checkpoint SET seq = ?, commit_id = ?, commit_seq = ?, log_created = {log_created}"
    ))
    .bind(position.seq)
    .bind(position.commit.clone())
    .bind(position.seq)
}

/// The identity is part of it: another database may have come to the same number.
fn bind_expected(mut statement: Statement, from: &Checkpoint, and: &str) -> Statement {
    statement.push(" WHERE seq = ? AND generation = ?");
    statement.push_bind(from.position.seq);
    statement.push_bind(from.generation);
    statement.push(" AND coalesce(CASE WHEN commit_seq = seq THEN commit_id END, '') = ?");
    statement.push_bind(from.position.commit.clone().unwrap_or_default());
    statement.push(and);
    statement
}

/// Begins a rebuild of everything, which is complete at commit `until`.
pub(super) fn reset(until: Seq) -> Statement {
    Statement::new(
        "UPDATE checkpoint SET seq = 0, commit_id = NULL, commit_seq = 0, log_created = NULL, \
         generation = generation + 1, rebuild_until = ?",
    )
    .bind(until)
}

/// Ends a rebuild of everything.
pub(super) fn end_rebuild(at: &Checkpoint) -> Statement {
    bind_expected(
        Statement::new("UPDATE checkpoint SET rebuild_until = 0"),
        at,
        "",
    )
}

pub(super) fn request_world_rebuild(world: &WorldId) -> Statement {
    Statement::new(
        "INSERT INTO rebuilds (world, seq) VALUES (?, -1) ON CONFLICT (world) DO UPDATE SET seq = -1",
    )
    .bind(world.as_str())
}

pub(super) fn advance_world_rebuild(world: &WorldId, from: Option<Seq>, to: Seq) -> Statement {
    let from = from.map_or(-1, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
    Statement::new("UPDATE rebuilds SET seq = ? WHERE world = ? AND seq = ?")
        .bind(to)
        .bind(world.as_str())
        .bind(from)
}

pub(super) fn end_world_rebuild(world: &WorldId, at: Seq) -> Statement {
    Statement::new("DELETE FROM rebuilds WHERE world = ? AND seq = ?")
        .bind(world.as_str())
        .bind(at)
}
