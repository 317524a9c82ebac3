//! What lives in a world: entities and chats, and how an agent thinks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ability::{Ability, EventTypeVersion, Perception};
use crate::mind::MindConfig;
use crate::tool::{McpServers, ToolAccess};
use crate::{ActionName, ChatId, EntityId, MessageId};

/// Something with an id in a world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Entity {
    /// Its id; `world` is taken by the world itself.
    pub id: EntityId,
    /// What it is.
    pub kind: EntityKind,
    /// What people call it; its id when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How it thinks and answers: agents only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentConfig>,
    /// What it is, for models and people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abilities: Vec<Ability>,
    /// Its state: any JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub state: Option<serde_json::Value>,
    /// What its state must hold: a JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub state_schema: Option<serde_json::Value>,
    /// How often its state, its holder or its place has changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(read_only)]
    pub revision: u64,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<EntityId>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: BTreeMap<String, serde_json::Value>,
}

impl Entity {
    /// An entity of which no more than this is known.
    pub fn new(id: EntityId, kind: EntityKind) -> Self {
        Self {
            id,
            kind,
            name: String::new(),
            agent: None,
            description: String::new(),
            abilities: Vec::new(),
            state: None,
            state_schema: None,
            revision: 0,
            held_by: None,
            location: None,
            metadata: BTreeMap::new(),
        }
    }

    /// What people call it.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            self.id.as_str()
        } else {
            &self.name
        }
    }
}

/// The kinds of entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// It has a brain, and answers.
    Agent,
    /// It has state, and is acted upon.
    Object,
    /// A person, or a program that acts for one.
    User,
}

/// How an agent thinks and answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AgentConfig {
    /// What it thinks with.
    #[serde(default)]
    pub brain: Brain,
    /// Messages of the chat that it is given to think about, newest last.
    #[serde(default = "default_context_messages")]
    #[schema(minimum = 1, maximum = 200, default = 20)]
    pub context_messages: u32,
    /// Whether its answer to another agent addresses that one, when it addresses nobody itself.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    #[schema(default = true)]
    pub auto_reply: bool,
    /// One answer may take this long in all, its retries included; then it has failed.
    #[serde(default = "default_turn_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 120)]
    pub turn_timeout_seconds: Duration,
    /// The tools that its model may call; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolAccess>,
    /// What makes it act by itself; without one it only answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mind: Option<Box<MindConfig>>,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            brain: Brain::default(),
            context_messages: default_context_messages(),
            auto_reply: true,
            turn_timeout_seconds: default_turn_timeout(),
            tools: None,
            mind: None,
        }
    }
}

pub(crate) const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_true(value: &bool) -> bool {
    *value
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u64) -> bool {
    *value == 0
}

const fn default_context_messages() -> u32 {
    20
}

const fn default_turn_timeout() -> Duration {
    Duration::from_secs(120)
}

/// What an agent thinks with: `{"script": {...}}`, `{"llm": {...}}`, `{"function": {...}}` or
/// `{"client": {}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Brain {
    /// Fixed rules and templates. It needs no key and always says the same.
    Script(Script),
    /// A language model.
    Llm(Box<Llm>),
    /// Code of a worker that users build.
    Function {
        /// The action under which workers offer it.
        action: ActionName,
    },
    /// A client that is connected, and sends events in the agent's name. Workers never think for
    /// it, and it is not asked to answer in a chat.
    Client {},
}

impl Default for Brain {
    fn default() -> Self {
        Self::Script(Script::default())
    }
}

/// Fixed rules: the first whose `when` is in the message answers, else `default`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Script {
    /// Tried in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ScriptRule>,
    /// The answer when no rule fits. In an answer `{text}`, `{sender}` and `{agent}` stand for the
    /// message, who sent it, and this agent, and `{result}` for what came of the last call.
    #[serde(default = "default_reply")]
    pub default: String,
    /// The pause before each word, so that streaming can be seen.
    #[serde(default, with = "seconds", skip_serializing_if = "Duration::is_zero")]
    #[schema(value_type = f64, default = 0)]
    pub pause_seconds: Duration,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            default: default_reply(),
            pause_seconds: Duration::ZERO,
        }
    }
}

fn default_reply() -> String {
    "{agent} heard {sender} say: {text}".to_owned()
}

/// One rule of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptRule {
    /// The rule fits when the message contains this, whatever its case.
    pub when: String,
    /// The answer, once all `calls` are made.
    pub reply: String,
    /// What the agent makes use of before it answers, one after another: a call is made when what
    /// came of the one before is there. One that fails is the last. The world refuses the calls of
    /// an agent without `tools`; `tools: {}` is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub calls: Vec<ScriptCall>,
}

/// A call of an ability by a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptCall {
    /// Whose ability.
    pub entity: EntityId,
    /// Its name.
    pub ability: ActionName,
    /// What it is given. Strings in it are filled in as an answer is.
    #[serde(default = "nothing")]
    #[schema(value_type = Object)]
    pub arguments: serde_json::Value,
    /// Whom the event is for, when it is not whose ability it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<EntityId>,
}

fn nothing() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// A language model. Its key is never here: it comes from the worker's environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Llm {
    /// The wire protocol.
    pub provider: Provider,
    /// The model's name, as its provider spells it.
    pub model: String,
    /// Where to call, when it is not the provider's own address. A worker sends a key only to
    /// addresses that its own configuration lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// What the model is told first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_prompt: String,
    /// The sampling temperature; the model's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The longest answer, in tokens; the model's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u32>,
    /// One call may take this long.
    #[serde(default = "default_call_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 60)]
    pub call_timeout_seconds: Duration,
}

const fn default_call_timeout() -> Duration {
    Duration::from_secs(60)
}

/// A language model that a world uses for itself, such as for titles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatModel {
    /// The wire protocol.
    pub provider: Provider,
    /// The model's name, as its provider spells it. Empty means that there is no such model.
    pub model: String,
    /// See [`Llm::base_url`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// The wire protocols of language models that workers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// OpenAI's chat completions, and whatever speaks the same.
    Openai,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
    /// Ollama's own protocol.
    Ollama,
}

/// A conversation in a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// Where its title comes from: what a person called it stays.
    #[serde(default, skip_serializing_if = "TitleSource::is_default")]
    #[schema(read_only)]
    pub titled: TitleSource,
    /// The agents that take part; empty means every agent of the world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<EntityId>,
    /// The chat whose beginning it shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub branch: Option<Branch>,
}

/// Where the title of a chat comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TitleSource {
    /// Nobody has given it one yet.
    #[default]
    Default,
    /// It was made of what is said in the chat.
    Auto,
    /// A person gave it.
    Manual,
}

impl TitleSource {
    fn is_default(&self) -> bool {
        *self == Self::Default
    }
}

/// Where a chat branched off another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Branch {
    /// The other chat.
    pub chat: ChatId,
    /// The last message that both have.
    #[schema(value_type = Uuid)]
    pub message: MessageId,
}

impl Chat {
    /// A chat of all agents.
    pub fn new(id: ChatId) -> Self {
        Self {
            id,
            title: String::new(),
            titled: TitleSource::default(),
            agents: Vec::new(),
            branch: None,
        }
    }
}

/// A world as a person describes it: what `world create` and `world apply` take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorldSpec {
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Answers that one agent may give before a person, or the world, speaks again.
    #[serde(default = "default_turn_limit")]
    #[schema(minimum = 1, maximum = 1000, default = 5)]
    pub turn_limit: u32,
    /// The agent, by id or name, that answers people who address nobody; all of them when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub main_agent: String,
    /// Lines of `NAME=value`: `{{NAME}}` in a system prompt stands for the value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variables: String,
    /// Whatever else is known of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// The model that names its chats; that of the first agent that has one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_model: Option<ChatModel>,
    /// The servers of tools that its agents may use, by name.
    #[serde(default, skip_serializing_if = "McpServers::is_empty")]
    pub mcp_servers: McpServers,
    /// What agents perceive of one another.
    #[serde(default, skip_serializing_if = "Perception::is_default")]
    pub perception: Perception,
    /// The types of custom events that are checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_types: Vec<EventTypeVersion>,
    /// Who and what is in it.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Its conversations.
    #[serde(default)]
    pub chats: Vec<Chat>,
}

impl Default for WorldSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            turn_limit: default_turn_limit(),
            main_agent: String::new(),
            variables: String::new(),
            metadata: BTreeMap::new(),
            chat_model: None,
            mcp_servers: McpServers::new(),
            perception: Perception::default(),
            event_types: Vec::new(),
            entities: Vec::new(),
            chats: Vec::new(),
        }
    }
}

const fn default_turn_limit() -> u32 {
    5
}

/// Durations as a number of seconds, for what people write.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }

    pub(crate) mod optional {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

        #[expect(clippy::ref_option, reason = "serde passes a reference")]
        pub(crate) fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            duration
                .map(|duration| duration.as_secs_f64())
                .serialize(serializer)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            Option::<f64>::deserialize(deserializer)?
                .map(Duration::try_from_secs_f64)
                .transpose()
                .map_err(de::Error::custom)
        }
    }
}
