//! Tools: what a model may call, what came of it, and what people are asked first.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ability::AbilityKey;
use crate::id::{ActionName, ApprovalId, ChatId, EntityId, RunId, WorldId};
use crate::seconds;
use crate::timestamp::Timestamp;

/// A server of the Model Context Protocol (MCP). A worker uses only those that its own
/// configuration allows, and adds what is secret: a world never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum McpServer {
    /// A program that the worker starts, and talks to over its standard input and output.
    Stdio {
        /// The program.
        command: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        args: Vec<String>,
    },
    /// A server that is there already, over streamable HTTP.
    Http {
        /// Where.
        url: String,
    },
}

/// The MCP servers of a world, by the names that its people give them.
pub type McpServers = BTreeMap<String, McpServer>;

/// Which tools an agent's model has, and how far it may go without asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolAccess {
    /// What becomes of a call.
    #[serde(default)]
    pub permission: Permission,
    /// The servers of its world whose tools it has; all of them when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<String>,
    /// Whether its model may ask people questions of its own.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub questions: bool,
    /// A call may take this long; then it has failed, and the model gets the error.
    #[serde(default = "default_timeout", with = "seconds")]
    #[schema(value_type = f64, default = 60)]
    pub timeout_seconds: Duration,
    /// People have this long to answer; without a limit the agent waits until somebody does.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "seconds::optional"
    )]
    #[schema(value_type = Option<f64>)]
    pub approval_timeout_seconds: Option<Duration>,
}

impl ToolAccess {
    /// Whether it includes the tools of this server of the world.
    pub fn includes(&self, server: &str) -> bool {
        self.servers.is_empty() || self.servers.iter().any(|name| name == server)
    }
}

impl Default for ToolAccess {
    fn default() -> Self {
        Self {
            permission: Permission::default(),
            servers: Vec::new(),
            questions: true,
            timeout_seconds: default_timeout(),
            approval_timeout_seconds: None,
        }
    }
}

const fn yes() -> bool {
    true
}

const fn default_timeout() -> Duration {
    Duration::from_secs(60)
}

/// What becomes of a model's call of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Tools that change nothing run; the others are refused.
    Read,
    /// Tools that change nothing run; a person is asked about each call of another.
    #[default]
    Ask,
    /// All run.
    Auto,
}

/// A model's call of a tool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ToolCall {
    /// What its model calls it: unique among the calls of one step.
    pub id: String,
    /// The name under which the model knows the tool.
    pub name: String,
    /// The tool; none when the model called one that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// What it is given.
    #[schema(value_type = serde_json::Value)]
    pub arguments: Box<RawValue>,
    /// Whether the tool changes nothing, by its own word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_only: bool,
    /// Whether running it twice changes no more than running it once, by its own word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
    /// Why it is not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What the model's provider wants to see again with the call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

impl ToolCall {
    /// The use of an ability: for `target`, when that is not whose ability it is.
    pub fn to_use(
        id: String,
        ability: AbilityKey,
        target: Option<EntityId>,
        arguments: Box<RawValue>,
    ) -> Self {
        let AbilityKey { entity, ability } = ability;
        Self {
            id,
            name: format!("{entity}_{ability}"),
            tool: Some(Tool::Ability {
                entity,
                ability,
                target,
            }),
            arguments,
            reads_only: false,
            repeatable: false,
            refused: None,
            signatures: Vec::new(),
        }
    }

    /// The ability that it uses, if it does.
    pub fn ability(&self) -> Option<AbilityKey> {
        match &self.tool {
            Some(Tool::Ability {
                entity, ability, ..
            }) => Some(AbilityKey {
                entity: entity.clone(),
                ability: ability.clone(),
            }),
            _ => None,
        }
    }
}

/// What a model can call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tool {
    /// A tool of an MCP server.
    Mcp {
        /// The name of the server in its world.
        server: String,
        /// The tool's own name.
        tool: String,
    },
    /// The people of the world, who are asked this.
    People {
        /// The questions.
        questions: Vec<Question>,
    },
    /// An ability of an entity of the world: the call becomes the event that triggers it.
    Ability {
        /// Whose.
        entity: EntityId,
        /// Its name.
        ability: ActionName,
        /// Whom the event is for, when it is not whose ability it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<EntityId>,
    },
}

/// A question to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// Its id among the questions of one call.
    pub id: String,
    /// A few words above it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub header: String,
    /// What is asked.
    pub question: String,
    /// What can be chosen; any text is an answer when there is nothing to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// Whether several can be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple: bool,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// Its id among the choices of one question.
    pub id: String,
    /// What people read.
    pub label: String,
    /// And what it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// What came of a call, as the model gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolResult {
    /// The text.
    pub text: String,
    /// Whether the call failed, or was not made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

impl ToolResult {
    /// Why a run that was cancelled has no result.
    pub const CANCELLED: &'static str = "it was called off";

    /// What a call came to that was made.
    pub fn succeeded(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            failed: false,
        }
    }

    /// Why a call failed, or was not made.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self {
            text: reason.into(),
            failed: true,
        }
    }

    /// The output of a run of the built-in action `tool`. A worker that writes something else gives an
    /// empty result.
    pub fn from_output(output: Option<&RawValue>) -> Self {
        let result = output.and_then(|json| serde_json::from_str(json.get()).ok());
        result.unwrap_or_else(|| Self::succeeded(""))
    }
}

/// One step of an agent on its way to an answer: the text of its model, and the calls that it made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolStep {
    /// The text before the calls.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The calls, and what came of each.
    pub calls: Vec<(ToolCall, ToolResult)>,
}

/// A call that waits for a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// Its id: that of the `approval.requested` event.
    pub id: ApprovalId,
    /// Who wants to call.
    pub agent: EntityId,
    /// Where.
    pub chat: ChatId,
    /// The run that called.
    #[serde(rename = "invocation")]
    pub run: RunId,
    /// The call. By its tool it waits for permission, or for the answers to questions.
    pub call: ToolCall,
    /// The server of the tool as it was then: the permission is for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<McpServer>,
    /// Since when it waits.
    pub asked_at: Timestamp,
    /// Nobody is waited for after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// What people decide about a call that waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is made.
    Approved,
    /// It is not made, and the model gets that as its result.
    Denied {
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The answers to its questions.
    Answered {
        /// One for each question that is answered.
        answers: Vec<QuestionAnswer>,
    },
    /// Nobody answered in time. Only the world itself decides this.
    Expired,
    /// What it was for was cancelled. Only the world itself decides this.
    Cancelled,
}

impl Verdict {
    /// What the model reads as the result of the call; none yet when the call is made.
    pub fn result(&self) -> Option<ToolResult> {
        let result = match self {
            Self::Approved => return None,
            Self::Denied { reason } if reason.is_empty() => {
                ToolResult::failed("a person refused this")
            }
            Self::Denied { reason } => {
                ToolResult::failed(format!("a person refused this: {reason}"))
            }
            Self::Answered { answers } => {
                ToolResult::succeeded(serde_json::to_string(answers).unwrap_or_default())
            }
            Self::Expired => ToolResult::failed("nobody answered in time"),
            Self::Cancelled => ToolResult::failed(ToolResult::CANCELLED),
        };
        Some(result)
    }
}

/// A person's answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuestionAnswer {
    /// The id of the question.
    pub question: String,
    /// The ids of what was chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// An MCP server as one worker knows it, for operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct McpServerStatus {
    /// Its id: 8 hexadecimal digits, the same on every worker.
    pub id: String,
    /// Its name in the world that used it first.
    pub name: String,
    /// How a worker is connected to it.
    pub transport: McpTransport,
    /// Whether it can be used now.
    pub status: McpConnection,
    /// The worlds that have used it.
    pub worlds: Vec<WorldId>,
    /// Since when it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Why it could not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How a worker is connected to an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum McpTransport {
    /// Over the standard input and output of a program that it started.
    Stdio,
    /// Over streamable HTTP.
    Http,
}

/// Whether a worker is connected to an MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum McpConnection {
    /// It is about to be.
    Connecting,
    /// It is.
    Connected,
    /// The last attempt failed.
    Failed,
    /// It is not, and will be when somebody needs it.
    Closed,
}

/// Every worker replies how it stands to each of these MCP servers of a world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckMcpServers {
    /// The world whose servers they are.
    pub world: WorldId,
    /// The servers.
    pub servers: McpServers,
}

/// How one worker stands to an MCP server of a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct McpServerCheck {
    /// Whether its configuration allows the server. If not, its agents are without the server's tools.
    pub allowed: bool,
    /// Whether it is connected to the server.
    pub status: McpConnection,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Every worker that knows the server closes its connection, and opens another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestartMcpServer {
    /// The server's [`McpServerStatus::id`].
    pub id: String,
}

/// A worker reads a resource of an MCP server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadResource {
    /// The world whose server it is.
    pub world: WorldId,
    /// What the world calls the server.
    pub name: String,
    /// The server.
    pub server: McpServer,
    /// The resource, as the server names it.
    pub uri: String,
}

/// A worker replies within this time whether a resource can be read. The requester waits for longer,
/// so that it gets the reason when it can't.
pub const RESOURCE_TIMEOUT: Duration = Duration::from_secs(8);

/// The most that a resource may have, in bytes: a message of NATS holds 1 MiB (its default).
pub const RESOURCE_BYTES_MAX: usize = 512 << 10;
