//! Every name on the broker. Nothing else builds one.

use crate::id::Partition;
use crate::{ActionName, EntityId, EventType, Timestamp, WorldId};

/// The subject of commands and requests to worlds, as traces show it.
pub const COMMAND_TEMPLATE: &str = "mw.cmd.{partition}.{world}";
/// The subject of queries of the archive, as traces show it.
pub const QUERY_TEMPLATE: &str = "mw.query.{name}";
/// The subject of a run in the work queue, as traces show it.
pub const RUN_TEMPLATE: &str = "mw.act.{action}.{world}.{entity}";
/// The stream of the log.
pub const LOG_STREAM: &str = "MW_LOG";
/// What the log's stream listens to.
pub const LOG_ALL: &str = "mw.log.>";
/// Which subjects of the log are republished, and as what: see [`commits`].
pub const LOG_REPUBLISH: (&str, &str) = (
    "mw.log.*.*",
    "mw.live.{{wildcard(1)}}.{{wildcard(2)}}.commit",
);
/// The work queue of runs.
pub const ACTIONS_STREAM: &str = "MW_ACTIONS";
/// What the work queue listens to.
pub const ACTIONS_ALL: &str = "mw.act.>";
/// The stream of schedules, and of the wakes that they become.
pub const TIMERS_STREAM: &str = "MW_TIMERS";
/// The schedules.
pub const TIMERS_ALL: &str = "mw.timer.>";
/// The wakes.
pub const WAKES_ALL: &str = "mw.wake.>";
/// The stream of what could not be handled.
pub const DEAD_STREAM: &str = "MW_DEAD";
/// What could not be handled.
pub const DEAD_ALL: &str = "mw.dead.>";
/// The stream of storage that is kept for the deletion of worlds.
pub const RESERVE_STREAM: &str = "MW_RESERVE";
/// What it holds.
pub const RESERVE: &str = "mw.reserve";
/// The bucket of who is alive.
pub const LEASES_BUCKET: &str = "mw_leases";
/// The bucket of snapshots.
pub const SNAPSHOTS_BUCKET: &str = "mw_snapshots";
/// The bucket of snapshots of the past of worlds.
pub const PAST_SNAPSHOTS_BUCKET: &str = "mw_past_snapshots";
/// The bucket of runs that must not begin twice.
pub const CLAIMS_BUCKET: &str = "mw_claims";
/// The bucket of what processors have learned: each version of their weights, by world and hash.
pub const WEIGHTS_BUCKET: &str = "mw_weights";
/// The bucket of descriptions of worlds that are too large for one message.
pub const SPECS_BUCKET: &str = "mw_specs";
/// The bucket of the worlds that have connections through a gateway, by gateway and world.
pub const CONNECTIONS_BUCKET: &str = "mw_connections";
/// The bucket of the custom actions that workers have registered, by name.
pub const CUSTOM_ACTIONS_BUCKET: &str = "mw_custom_actions";
/// The queue group in which replicas of the world service serve a partition.
pub const WORLD_GROUP: &str = "world";
/// The group of gateways that are alive.
pub const GATEWAY_GROUP: &str = "gateway";
/// The queue group in which replicas of the archive answer queries.
pub const QUERY_GROUP: &str = "persistence";

/// The queue group in which workers answer what any of them can.
pub const WORKER_GROUP: &str = "worker";

/// The requests to every worker for the MCP servers that it knows.
pub const MCP_SERVERS: &str = "mw.mcp.servers";
/// The requests to every worker for how it stands to the MCP servers of a world.
pub const MCP_CHECK: &str = "mw.mcp.check";
/// The requests to every worker to connect to an MCP server again.
pub const MCP_RESTART: &str = "mw.mcp.restart";
/// The requests to any one worker for a resource of an MCP server.
pub const MCP_READ: &str = "mw.mcp.read";

/// Where a world takes commands and state queries, of senders that do not know its owner.
pub fn command(world: &WorldId) -> String {
    format!("mw.cmd.{}.{world}", world.partition())
}

/// Where all worlds of a partition take commands, of senders that do not know their owner.
pub fn commands_of(partition: Partition) -> String {
    format!("mw.cmd.{partition}.*")
}

/// Where one replica takes the commands of a world, as the owner of its partition.
pub fn command_of_owner(world: &WorldId, owner: &str) -> String {
    format!("mw.cmd.{}.{world}.{owner}", world.partition())
}

/// Where one replica takes the commands of all worlds of a partition, as its owner.
pub fn commands_of_owner(partition: Partition, owner: &str) -> String {
    format!("mw.cmd.{partition}.*.{owner}")
}

/// A world's log.
pub fn log(world: &WorldId) -> String {
    format!("mw.log.{}.{world}", world.partition())
}

/// Where the log passes a world's commits on, once they are stored.
pub fn commits(world: &WorldId) -> String {
    format!("mw.live.{}.{world}.commit", world.partition())
}

/// Where a world publishes an event after its commit.
pub fn event(world: &WorldId, event_type: &EventType) -> String {
    format!("mw.evt.{world}.{event_type}")
}

/// All events of a world.
pub fn events_of(world: &WorldId) -> String {
    format!("mw.evt.{world}.>")
}

/// Where chunks of a world's answers are published.
pub fn chunks(world: &WorldId) -> String {
    format!("mw.live.{}.{world}.chunk", world.partition())
}

/// The commits and the chunks of a world: one subscription to both gets them in the order in which they were sent.
pub fn live_of(world: &WorldId) -> String {
    format!("mw.live.{}.{world}.*", world.partition())
}

/// The subject of a run in the work queue.
pub fn run(action: &ActionName, world: &WorldId, agent: &EntityId) -> String {
    format!("mw.act.{action}.{world}.{agent}")
}

/// All runs of an action.
pub fn runs_of(action: &ActionName) -> String {
    format!("mw.act.{action}.>")
}

/// The consumer that all workers of an action share.
pub fn action_consumer(action: &ActionName) -> String {
    format!("action-{action}")
}

/// The cancellations of runs of a world.
pub fn cancel(world: &WorldId) -> String {
    format!("mw.cancel.{world}")
}

/// The cancellations of runs of all worlds.
pub const CANCEL_ALL: &str = "mw.cancel.*";

/// The schedule that wakes a world at `due`. One subject a moment: an earlier wish is never
/// overwritten by a later one, and the same wish twice is one schedule.
pub fn timer(world: &WorldId, due: Timestamp) -> String {
    format!(
        "mw.timer.{}.{world}.{}",
        world.partition(),
        due.as_unix_ms()
    )
}

/// Where a world's wakes arrive.
pub fn wake(world: &WorldId) -> String {
    format!("mw.wake.{}.{world}", world.partition())
}

/// Where what could not be handled is kept: of a world, or of none.
pub fn dead(what: &str, world: Option<&WorldId>) -> String {
    // No world is called so.
    let world = world.map_or("?", WorldId::as_str);
    format!("mw.dead.{what}.{world}")
}

/// The subject of a query.
pub fn query(name: &str) -> String {
    format!("mw.query.{name}")
}

/// The world that a subject of [`command`], [`log`], [`commits`], [`chunks`], [`timer`] or [`wake`] names.
pub fn world_of(subject: &str) -> Option<WorldId> {
    subject.split('.').nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_stay_as_they_are() {
        let world: WorldId = "lobby".parse().unwrap();
        let agent: EntityId = "ada".parse().unwrap();
        let action: ActionName = "respond".parse().unwrap();
        let names = [
            command(&world),
            command_of_owner(&world, "0192"),
            log(&world),
            commits(&world),
            event(&world, &"myapp.order.created".parse().unwrap()),
            chunks(&world),
            run(&action, &world, &agent),
            cancel(&world),
            timer(&world, Timestamp::from_unix_ms(1_700_000_000_000)),
            wake(&world),
            dead("invocation", Some(&world)),
            query("events"),
        ];
        insta::assert_snapshot!(names.join("\n"), @r"
        mw.cmd.19.lobby
        mw.cmd.19.lobby.0192
        mw.log.19.lobby
        mw.live.19.lobby.commit
        mw.evt.lobby.myapp.order.created
        mw.live.19.lobby.chunk
        mw.act.respond.lobby.ada
        mw.cancel.lobby
        mw.timer.19.lobby.1700000000000
        mw.wake.19.lobby
        mw.dead.invocation.lobby
        mw.query.events
        ");
    }

    #[test]
    fn a_subject_names_its_world() {
        let world: WorldId = "lobby".parse().unwrap();
        for subject in [
            command(&world),
            command_of_owner(&world, "0192"),
            log(&world),
            commits(&world),
            chunks(&world),
            wake(&world),
            timer(&world, Timestamp::MAX),
        ] {
            assert_eq!(world_of(&subject), Some(world.clone()));
        }
        assert_eq!(world_of("mw.cmd"), None);
    }
}
