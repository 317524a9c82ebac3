//! Flows.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::flow::FlowView;
use crate::{FlowId, Seq};

/// A flow, and the commit that is considered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowResponse {
    /// What it is.
    #[serde(flatten)]
    #[schema(value_type = FlowView)]
    pub flow: FlowView<'static>,
    /// The last commit that is considered.
    pub seq: Seq,
}

/// Which page of the flows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FlowsPageQuery {
    /// Those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<FlowId>,
    /// At most so many: 1 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of flows, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FlowsPage {
    /// The flows.
    #[schema(value_type = Vec<FlowView>)]
    pub items: Vec<FlowView<'static>>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<FlowId>,
    /// The last commit that is considered.
    pub seq: Seq,
}
