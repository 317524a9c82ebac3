//! Runs of actions. In the interface, `run` is the name of a run.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{ActionName, EntityId, RunId, Seq, Timestamp, Usage};

/// A run of an action to request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunRequest {
    /// Whose action it is.
    pub agent: EntityId,
    /// The name under which workers offer it.
    pub action: ActionName,
    /// Its arguments: any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    pub arguments: Option<Box<RawValue>>,
    /// In whose name; `world` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<EntityId>,
    /// If it has not ended by then, it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Whether to wait for its end. If not, the answer is 202 once the request is durable.
    #[serde(default)]
    pub wait: bool,
}

/// Where the end of a run is searched.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// The commit of its request: the log is searched from there for its end, some 10,000 commits of
    /// the world at a time; a 404 has the position to go on from. Without it only a run that is open is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
}

/// A run of an action.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(from = "FlatRun")]
pub struct RunResponse {
    /// Its id.
    pub id: RunId,
    /// The commit of its request, or of its end if that is known; absent for a run that is found
    /// in the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// How far it is.
    #[serde(flatten)]
    pub status: RunStatus,
}

/// How far a run is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RunStatus {
    /// It has not ended.
    Open {},
    /// It succeeded.
    Completed {
        /// Its output.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<serde_json::Value>)]
        output: Option<Box<RawValue>>,
        /// What its language model cost.
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// It failed, for good.
    Failed {
        /// A word for programs.
        code: String,
        /// A sentence for people.
        reason: String,
    },
    /// It was cancelled.
    Cancelled {},
}

/// A [`RunResponse`] as it is parsed: serde does not parse raw JSON in a flattened enum.
#[derive(Deserialize)]
struct FlatRun {
    id: RunId,
    seq: Option<Seq>,
    status: StatusName,
    output: Option<Box<RawValue>>,
    usage: Option<Usage>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatusName {
    Open,
    Completed,
    Failed,
    Cancelled,
}

impl From<FlatRun> for RunResponse {
    fn from(run: FlatRun) -> Self {
        let status = match run.status {
            StatusName::Open => RunStatus::Open {},
            StatusName::Completed => RunStatus::Completed {
                output: run.output,
                usage: run.usage,
            },
            StatusName::Failed => RunStatus::Failed {
                code: run.code,
                reason: run.reason,
            },
            StatusName::Cancelled => RunStatus::Cancelled {},
        };
        Self {
            id: run.id,
            seq: run.seq,
            status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_survives_its_text() {
        let id = "018f0000-0000-7000-8000-000000000001";
        for rest in [
            r#","status":"open""#,
            r#","seq":7,"status":"completed","output":{"n":  1.0e2}"#,
            r#","seq":7,"status":"failed","code":"c","reason":"why""#,
            r#","status":"cancelled""#,
        ] {
            let text = format!(r#"{{"id":"{id}"{rest}}}"#);
            let run: RunResponse = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&run).unwrap(), text);
        }
    }
}
