//! Who may use the nats-server of `up`, and for what.
//!
//! A process of this machine that is none of ours has no password, so it neither reads nor writes. Each of ours may do
//! what its part of the system does: only the world service writes the log, and nobody but it purges or deletes.
//! Passwords are new at each start, and reach the server in its environment: no file has them but `url`, for workers
//! of one's own, `url-persistence`, for a rebuild of the archive, and `url-backup`.

use std::fs::File;
use std::io::Read as _;

use anyhow::Context as _;

/// A part of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    World,
    Gateway,
    /// The agent worker, and workers of one's own.
    Worker,
    Persistence,
    /// Who copies all streams, and writes to none.
    Backup,
}

const USERS: [User; 5] = [
    User::World,
    User::Gateway,
    User::Worker,
    User::Persistence,
    User::Backup,
];

/// What every part does: it finds the streams and buckets that the world service has made, and reads the log and the
/// buckets.
const PUBLISH_ALL: &[&str] = &[
    "$JS.API.INFO",
    "$JS.API.STREAM.INFO.*",
    "$JS.API.STREAM.MSG.GET.*",
    "$JS.API.DIRECT.GET.>",
    // Without a name of its own, and with one.
    "$JS.API.CONSUMER.CREATE.KV_mw_leases",
    "$JS.API.CONSUMER.CREATE.KV_mw_leases.>",
    "$JS.API.CONSUMER.CREATE.KV_mw_custom_actions",
    "$JS.API.CONSUMER.CREATE.KV_mw_custom_actions.>",
    "$JS.API.CONSUMER.DELETE.KV_mw_leases.*",
    "$JS.API.CONSUMER.DELETE.KV_mw_custom_actions.*",
    "$JS.FC.>",
    "mw.dead.>",
];

impl User {
    fn name(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Gateway => "gateway",
            Self::Worker => "worker",
            Self::Persistence => "persistence",
            Self::Backup => "backup",
        }
    }

    /// The environment variable of its password.
    fn variable(self) -> &'static str {
        match self {
            Self::World => "MW_NATS_WORLD",
            Self::Gateway => "MW_NATS_GATEWAY",
            Self::Worker => "MW_NATS_WORKER",
            Self::Persistence => "MW_NATS_PERSISTENCE",
            Self::Backup => "MW_NATS_BACKUP",
        }
    }

    /// The subjects to which it publishes, beside [`PUBLISH_ALL`].
    fn publishes(self) -> &'static [&'static str] {
        match self {
            // It sets everything up, and is the only writer of the log.
            Self::World => &[
                "mw.>",
                "$KV.>",
                "$JS.API.>",
                "$JS.ACK.>",
                "$JS.SNAPSHOT.RESTORE.>",
                "_INBOX.>",
            ],
            Self::Gateway => &[
                "mw.cmd.>",
                "mw.query.>",
                "mw.mcp.>",
                "$KV.mw_leases.gateway.*",
                "$KV.mw_connections.>",
                "$KV.mw_specs.>",
                "$JS.API.CONSUMER.CREATE.KV_mw_connections",
                "$JS.API.CONSUMER.CREATE.KV_mw_connections.>",
                "$JS.API.CONSUMER.DELETE.KV_mw_connections.*",
                // What waits for workers and for the world service is shown.
                "$JS.API.CONSUMER.LIST.MW_ACTIONS",
                "$JS.API.CONSUMER.LIST.MW_LOG",
                "$JS.API.CONSUMER.LIST.MW_TIMERS",
                // The run of a dead letter is tried again.
                "mw.act.>",
            ],
            Self::Worker => &[
                "mw.cmd.>",
                "mw.query.>",
                "mw.live.*.*.chunk",
                "$KV.mw_leases.worker.*",
                "$KV.mw_claims.>",
                "$KV.mw_weights.>",
                "$KV.mw_custom_actions.>",
                "$JS.API.STREAM.PURGE.KV_mw_weights",
                "$JS.API.CONSUMER.CREATE.MW_ACTIONS",
                "$JS.API.CONSUMER.*.MW_ACTIONS.>",
                "$JS.API.CONSUMER.DURABLE.CREATE.MW_ACTIONS.>",
                "$JS.API.CONSUMER.MSG.NEXT.MW_ACTIONS.>",
                "$JS.ACK.MW_ACTIONS.>",
                "$JS.ACK.*.*.MW_ACTIONS.>",
                "_INBOX.>",
            ],
            Self::Persistence => &[
                "$KV.mw_leases.persistence.*",
                "$JS.API.CONSUMER.CREATE.MW_LOG",
                "$JS.API.CONSUMER.*.MW_LOG.>",
                "$JS.API.CONSUMER.DURABLE.CREATE.MW_LOG.>",
                "$JS.API.CONSUMER.MSG.NEXT.MW_LOG.>",
                "$JS.ACK.MW_LOG.>",
                "$JS.ACK.*.*.MW_LOG.>",
                "_INBOX.>",
            ],
            Self::Backup => &[
                "$JS.API.STREAM.SNAPSHOT.*",
                "$JS.API.CONSUMER.INFO.MW_LOG.*",
                "$JS.SNAPSHOT.ACK.>",
            ],
        }
    }

    /// The subjects to which it subscribes, beside its own replies.
    fn subscribes(self) -> &'static [&'static str] {
        match self {
            Self::World => &["mw.>"],
            Self::Gateway => &["mw.live.>"],
            Self::Worker => &["mw.cancel.*", "mw.mcp.>", "mw.evt.>", "mw.live.>"],
            Self::Persistence => &["mw.query.>"],
            Self::Backup => &[],
        }
    }

    /// What it may do, as the server's configuration has it.
    fn permissions(self) -> String {
        let inbox = format!("_INBOX.{}.>", self.name());
        let publishes = lines(PUBLISH_ALL.iter().chain(self.publishes()).copied());
        let subscribes = lines(self.subscribes().iter().copied().chain([&*inbox]));
        // Worlds are deleted by a purge of their own subjects; no stream is ever deleted.
        format!(
            "      permissions: {{\n        \
                     publish: {{\n          allow: [\n{publishes}          ]\n          \
                       deny: [\"$JS.API.STREAM.DELETE.>\"]\n        }}\n        \
                     subscribe: {{\n          allow: [\n{subscribes}          ]\n        }}\n      }}\n"
        )
    }
}

/// Subjects as elements of a list, each on a line.
fn lines<'a>(subjects: impl Iterator<Item = &'a str>) -> String {
    subjects
        .map(|subject| format!("            \"{subject}\"\n"))
        .collect()
}

/// The users, with their passwords.
#[derive(Clone)]
pub(super) struct Users {
    passwords: [String; USERS.len()],
}

impl Users {
    /// Users with new passwords.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut random = File::open("/dev/urandom").context("open /dev/urandom")?;
        let mut passwords = [const { String::new() }; USERS.len()];
        for password in &mut passwords {
            let mut bytes = [0; 32];
            random.read_exact(&mut bytes).context("read /dev/urandom")?;
            // A word: what begins with a digit the server would read as a number.
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            *password = format!("p{digits}");
        }
        Ok(Self { passwords })
    }

    /// The address of the server on this machine for a user.
    pub(super) fn url(&self, user: User, port: u16) -> String {
        let password = &self.passwords[user as usize];
        format!("nats://{}:{password}@127.0.0.1:{port}", user.name())
    }

    /// The variables from which the server reads the passwords.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let passwords = self.passwords.iter().map(String::as_str);
        USERS.map(User::variable).into_iter().zip(passwords)
    }

    /// The part of the server's configuration about them, as in `deploy/nats/users.conf`. It has no password.
    pub(super) fn config(&self) -> String {
        authorization(|user| {
            let (name, variable) = (user.name(), user.variable());
            format!("user: {name}\n      password: ${variable}")
        })
    }
}

/// The users, each known by what `identity` says.
fn authorization(identity: impl Fn(User) -> String) -> String {
    let users = USERS.map(|user| {
        let (identity, permissions) = (identity(user), user.permissions());
        format!("    {{\n      {identity}\n{permissions}    }}\n")
    });
    format!("authorization {{\n  users: [\n{}  ]\n}}\n", users.concat())
}

/// The users with an nkey each.
pub(crate) struct NkeyAccounts {
    /// The name and the seed of each, which is its secret.
    pub(crate) seeds: Vec<(&'static str, String)>,
    /// The part of the server's configuration about them. It has no secret.
    pub(crate) config: String,
}

/// The users with a new nkey each.
pub(crate) fn nkey_accounts() -> anyhow::Result<NkeyAccounts> {
    let keys = USERS.map(|_| nkeys::KeyPair::new_user());
    let mut seeds = Vec::new();
    for (user, key) in USERS.into_iter().zip(&keys) {
        seeds.push((user.name(), key.seed()?));
    }
    let config = authorization(|user| {
        let public = keys[user as usize].public_key();
        format!("# {}\n      nkey: {public}", user.name())
    });
    Ok(NkeyAccounts { seeds, config })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_world_service_writes_the_log_and_deletes_from_it() {
        for user in USERS {
            let permissions = user.permissions();
            let is_world = user == User::World;
            assert_eq!(permissions.contains("\"mw.>\""), is_world, "{user:?}");
            assert!(!permissions.contains("\">\""), "{user:?}");
            assert!(!permissions.contains("mw.log"), "{user:?}");
            assert!(!permissions.contains("PURGE.MW_LOG"), "{user:?}");
        }
    }

    #[test]
    fn the_configuration_has_no_password() {
        let users = Users::new().unwrap();
        let config = users.config();
        for (variable, password) in users.variables() {
            assert!(config.contains(&format!("${variable}\n")), "{config}");
            assert!(!config.contains(password));
            assert_eq!(password.len(), 65);
        }
    }

    #[test]
    fn the_users_of_other_deployments_are_the_same() {
        let file = include_str!("../../../../deploy/nats/users.conf");
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        assert_eq!(text, Users::new().unwrap().config());
    }
}
