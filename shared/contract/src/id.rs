//! Ids. What people name is 1 to 64 of `A-Z a-z 0-9 _ -`; what the system makes is a UUID.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

/// The longest name, in bytes: it must fit in a NATS subject beside its neighbours.
pub const NAME_LENGTH_MAX: usize = 64;

/// A name that is not 1 to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id: use 1 to 64 of A-Z a-z 0-9 _ -")]
pub struct InvalidId(pub String);

fn is_name(text: &str) -> bool {
    (1..=NAME_LENGTH_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, utoipa::ToSchema)]
        #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{1,64}$")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                if is_name(text) { Ok(Self(text.into())) } else { Err(InvalidId(text.to_owned())) }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(NameVisitor).map(Self)
            }
        }
    )*};
}

struct NameVisitor;

impl de::Visitor<'_> for NameVisitor {
    type Value = Arc<str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: 1 to 64 of A-Z a-z 0-9 _ -")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Arc<str>, E> {
        if is_name(text) {
            Ok(text.into())
        } else {
            Err(E::custom(InvalidId(text.to_owned())))
        }
    }
}

name_id! {
    /// A world.
    WorldId;
    /// An agent, object or user in a world.
    EntityId;
    /// A conversation in a world.
    ChatId;
    /// A timer in a world.
    TimerId;
    /// The name of a stream among those of its owner.
    StreamName;
    /// The name under which workers offer an action.
    ActionName;
    /// A role of entities in a world.
    RoleName;
    /// One run of one gateway.
    GatewayId;
    /// A flow in a world.
    FlowId;
    /// A node among those of its flow.
    NodeId;
}

impl WorldId {
    /// The partition of this world: FNV-1a (32 bits) of its id, modulo [`PARTITIONS`].
    pub fn partition(&self) -> Partition {
        let hash = self.0.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        Partition(u8::try_from(hash % u32::from(PARTITIONS)).unwrap_or_default())
    }
}

impl EntityId {
    /// The entity that stands for the world itself. It is in every world and can't be created.
    pub fn world() -> Self {
        Self("world".into())
    }
}

/// How many partitions the worlds are spread over. It is in every log subject: never change it.
pub const PARTITIONS: u8 = 64;

/// One of the [`PARTITIONS`] shares of all worlds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// Every partition, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The schema of a type that is written as text: `pattern` accepts nothing that the type refuses.
pub(crate) fn text_schema(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
        .examples([example])
        .into()
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

uuid_id! {
    /// A command. Its sender makes it and repeats it on every retry: the world acts on it once.
    CommandId;
    /// One append to a log.
    CommitId;
    /// An event.
    EventId;
    /// A message in a chat: the id of its `message.posted` event.
    MessageId;
    /// One run of an action: the id of its `action.requested` event.
    RunId;
    /// A call that waits for a person: the id of its `approval.requested` event.
    ApprovalId;
    /// A request of an entity to others: the id of its `interaction.requested` event.
    InteractionId;
    /// A client's conversation with a flow: the id of its `session.started` event.
    SessionId;
}

impl CommandId {
    /// A new id: UUIDv7, of the sender's clock.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id that stands for a key which a client chose: the same parts give the same id (UUIDv8
    /// of their SHA-256), so a client that repeats its key repeats its command.
    pub fn from_key(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") and ("a", "bc") apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        Self(Uuid::new_v8(bytes))
    }

    /// The id of the command's event number `index`. Derived, so that deciding needs no randomness
    /// and a repeated command can be answered with the ids that it got the first time.
    pub fn event(self, index: u32) -> EventId {
        const RANDOM_BITS: u128 = (1 << 62) - 1;
        let bits = self.0.as_u128();
        let low = (bits & RANDOM_BITS).wrapping_add(u128::from(index)) & RANDOM_BITS;
        EventId(Uuid::from_u128((bits & !RANDOM_BITS) | low))
    }
}

impl Default for CommandId {
    fn default() -> Self {
        Self::new()
    }
}

impl CommitId {
    /// A new id: UUIDv7.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for CommitId {
    fn default() -> Self {
        Self::new()
    }
}

impl RunId {
    /// The command with which a worker reports how this run ended: the same in every attempt, so that
    /// it takes effect once. What a run answers in a chat is its first event.
    pub fn completion(self) -> CommandId {
        CommandId::from_key(&["complete", &self.to_string()])
    }

    /// The command with which a worker reports what this run has done so far for a node of a flow, from 0:
    /// the same in every attempt, so that a repeated report does nothing.
    pub fn report(self, index: u32) -> CommandId {
        CommandId::from_key(&["report", &self.to_string(), &index.to_string()])
    }
}

impl EventId {
    /// The message that a `message.posted` event with this id posts.
    pub fn message(self) -> MessageId {
        MessageId(self.0)
    }

    /// The run that an `action.requested` event with this id requests.
    pub fn run(self) -> RunId {
        RunId(self.0)
    }

    /// The approval that an `approval.requested` event with this id requests.
    pub fn approval(self) -> ApprovalId {
        ApprovalId(self.0)
    }

    /// The interaction that an `interaction.requested` event with this id requests.
    pub fn interaction(self) -> InteractionId {
        InteractionId(self.0)
    }

    /// The session that a `session.started` event with this id begins.
    pub fn session(self) -> SessionId {
        SessionId(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_64_safe_characters() {
        let longest = "x".repeat(64);
        for good in ["a", "Lobby_1-b", longest.as_str()] {
            assert!(good.parse::<WorldId>().is_ok(), "{good}");
        }
        let too_long = "x".repeat(65);
        for bad in [
            "",
            "a.b",
            "a b",
            "a*",
            "ä",
            ">",
            "a/b",
            "a\n",
            too_long.as_str(),
        ] {
            assert_eq!(bad.parse::<WorldId>(), Err(InvalidId(bad.into())));
            assert!(
                serde_json::from_value::<WorldId>(bad.into()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_partition_of_a_world_never_changes() {
        let partitions: Vec<String> = ["lobby", "a", "World", "x_1-2"]
            .map(|name| name.parse::<WorldId>().unwrap().partition().to_string())
            .into();
        insta::assert_compact_debug_snapshot!(partitions, @r#"["19", "44", "51", "48"]"#);
    }

    #[test]
    fn a_commands_events_have_ids_of_their_own_that_a_repeat_gives_again() {
        let command = CommandId::new();
        let ids: std::collections::HashSet<_> =
            (0..1000).map(|index| command.event(index)).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
        assert_eq!(command.event(0).0, command.0);
    }

    #[test]
    fn event_ids_wrap_within_their_random_bits() {
        let command = CommandId(Uuid::from_u128(u128::MAX));
        assert_eq!(command.event(1).0.as_u128(), !((1 << 62) - 1));
    }

    #[test]
    fn a_clients_key_is_a_stable_command_id() {
        assert_eq!(
            CommandId::from_key(&["a", "b"]),
            CommandId::from_key(&["a", "b"])
        );
        assert_ne!(
            CommandId::from_key(&["ab", "c"]),
            CommandId::from_key(&["a", "bc"])
        );
    }
}
