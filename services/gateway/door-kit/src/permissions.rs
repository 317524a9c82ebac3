//! What a principal may do.

use std::collections::BTreeSet;

use contract::{Command, EntityId, Rejection, RejectionCode, WorldId};
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;

/// What a principal may do in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See its state, its events and its archive.
    Read,
    /// Act in it: messages, events, requests, decisions, sessions.
    Send,
    /// Change what it is made of: the world itself, its entities, chats, behaviours, flows and streams.
    Manage,
}

impl Scope {
    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Send => "send",
            Self::Manage => "manage",
        }
    }

    /// The scope that a command needs.
    pub fn of_command(command: &Command) -> Self {
        match command {
            Command::PostMessage { .. }
            | Command::RemoveMessage { .. }
            | Command::EditMessage { .. }
            | Command::SendEvents { .. }
            | Command::RequestAction { .. }
            | Command::CancelRun { .. }
            | Command::Decide { .. }
            | Command::StopChat { .. }
            | Command::CreateChat(_)
            | Command::NewChat(_)
            | Command::OpenChat { .. }
            | Command::BranchChat { .. }
            | Command::RequestInteraction(_)
            | Command::CancelInteraction { .. }
            | Command::CompleteInteraction { .. }
            | Command::UseAction { .. }
            | Command::AppendSamples(_)
            | Command::StartSession { .. }
            | Command::SendSessionEvents { .. }
            | Command::EndSession { .. }
            | Command::SetTimer(_)
            | Command::CancelTimer { .. } => Self::Send,
            Command::CreateWorld(_)
            | Command::ApplyWorld(_)
            | Command::ApplyStoredWorld { .. }
            | Command::UpdateWorld(_)
            | Command::DeleteWorld
            | Command::CreateEntity(_)
            | Command::UpdateEntity(_)
            | Command::ForgetMemory { .. }
            | Command::RemoveEntity { .. }
            | Command::ChangeEntities { .. }
            | Command::RegisterEventType(_)
            | Command::UpdateChat { .. }
            | Command::DeleteChat { .. }
            | Command::PutBehaviour { .. }
            | Command::RemoveBehaviour { .. }
            | Command::PauseBehaviour { .. }
            | Command::ResumeBehaviour { .. }
            | Command::SetRole { .. }
            | Command::PutStream(_)
            | Command::RemoveStream { .. }
            | Command::PutFlow { .. }
            | Command::RemoveFlow { .. }
            // Those of services, which no client sends.
            | Command::ReportConnections { .. }
            | Command::EndConnections { .. }
            | Command::Complete { .. }
            | Command::ReportNode { .. }
            | Command::FireDue => Self::Manage,
        }
    }
}

/// Worlds: one by its id, or all whose ids begin with what is before a `*`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WorldPattern {
    beginning: String,
    is_complete: bool,
}

impl WorldPattern {
    fn includes(&self, world: &WorldId) -> bool {
        let id = world.as_str();
        match self.is_complete {
            true => id == self.beginning,
            false => id.starts_with(&self.beginning),
        }
    }
}

impl TryFrom<String> for WorldPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(beginning) = text.strip_suffix('*') {
            let is_part = beginning.is_empty() || beginning.parse::<WorldId>().is_ok();
            let beginning = is_part.then(|| beginning.to_owned());
            let beginning =
                beginning.ok_or_else(|| format!("{text:?} is no beginning of a world's id"))?;
            return Ok(Self {
                beginning,
                is_complete: false,
            });
        }
        let id: WorldId = text
            .parse()
            .map_err(|error| format!("{text:?} is no id of a world: {error}"))?;
        Ok(Self {
            beginning: id.as_str().to_owned(),
            is_complete: true,
        })
    }
}

/// What a principal may do: where, as whom, and what. What is absent is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// The worlds: ids, or beginnings of ids with a `*` behind them.
    #[serde(deserialize_with = "listed")]
    pub worlds: Option<Vec<WorldPattern>>,
    /// The entities as which it may act. What no entity does is done as `world`.
    #[serde(deserialize_with = "listed")]
    pub entities: Option<BTreeSet<EntityId>>,
    /// What it may do.
    #[serde(deserialize_with = "listed")]
    pub scopes: Option<BTreeSet<Scope>>,
}

/// A list that is there. `null` is refused: it would be no limit, where somebody has left one out by mistake.
fn listed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl Permissions {
    /// Whether it includes a world.
    pub fn includes(&self, world: &WorldId) -> bool {
        let worlds = self.worlds.as_ref();
        worlds.is_none_or(|worlds| worlds.iter().any(|pattern| pattern.includes(world)))
    }

    /// Whether it has a scope.
    pub fn has(&self, scope: Scope) -> bool {
        let scopes = self.scopes.as_ref();
        scopes.is_none_or(|scopes| scopes.contains(&scope))
    }

    /// Whether it limits nothing.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }
}

/// Checks that a principal may use a world.
///
/// # Errors
/// 403 with the field `world` when it may not.
pub(crate) fn check_world(permissions: &Permissions, world: &WorldId) -> Result<(), Problem> {
    if permissions.includes(world) {
        return Ok(());
    }
    let detail = format!("this client has no access to the world {world}");
    let field = Some("world".to_owned());
    Err(Rejection::new(RejectionCode::NotAllowed, detail, field).into())
}

/// A principal lacks a scope.
pub(crate) fn lacks_scope(scope: Scope) -> Problem {
    let detail = format!("this client lacks the scope {}", scope.name());
    Rejection::new(RejectionCode::NotAllowed, detail, None).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(json: &str) -> Permissions {
        serde_json::from_str(json).unwrap()
    }

    fn world(id: &str) -> WorldId {
        id.parse().unwrap()
    }

    #[test]
    fn worlds_are_listed_by_id_or_by_the_beginning_of_it() {
        let some = permissions(r#"{"worlds": ["lobby", "team-*"]}"#);
        for (id, expected) in [
            ("lobby", true),
            ("lobby2", false),
            ("lob", false),
            ("team-1", true),
            ("team", false),
            ("other", false),
        ] {
            assert_eq!(some.includes(&world(id)), expected, "{id}");
        }
        assert!(permissions(r#"{"worlds": ["*"]}"#).includes(&world("any")));
        assert!(!permissions(r#"{"worlds": []}"#).includes(&world("any")));
        assert!(Permissions::default().includes(&world("any")));
    }

    #[test]
    fn scopes_are_those_that_are_listed() {
        let reader = permissions(r#"{"scopes": ["read"]}"#);
        assert!(reader.has(Scope::Read));
        assert!(!reader.has(Scope::Send) && !reader.has(Scope::Manage));
        assert!(!permissions(r#"{"scopes": []}"#).has(Scope::Read));
        assert!(Permissions::default().has(Scope::Manage) && Permissions::default().is_unlimited());
        assert!(!reader.is_unlimited());
    }

    #[test]
    fn a_mistyped_grant_is_refused() {
        for json in [
            r#"{"worlds": ["a b"]}"#,
            r#"{"worlds": ["a b*"]}"#,
            r#"{"scopes": ["write"]}"#,
            r#"{"entities": ["a b"]}"#,
            r#"{"world": ["lobby"]}"#,
            r#"{"worlds": null}"#,
            r#"{"entities": null}"#,
            r#"{"scopes": null}"#,
        ] {
            assert!(serde_json::from_str::<Permissions>(json).is_err(), "{json}");
        }
    }
}
