//! What the handlers of this door share.

use std::str::FromStr;
use std::sync::Arc;

use contract::{FlowId, WorldId};
use door_kit::DoorState;
use serde::Deserialize;

/// What the handlers of this door share.
#[derive(Clone)]
pub(crate) struct AtomsState {
    pub(crate) doors: Arc<DoorState>,
    /// The flow of clients that name none, where there is one.
    pub(crate) default_flow: Option<DefaultFlow>,
}

/// The flow of a client whose address names none: `WORLD/FLOW`, or `WORLD` for the only flow of a world.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DefaultFlow {
    /// The world.
    pub world: WorldId,
    /// Its flow; the only one when absent.
    pub flow: Option<FlowId>,
}

impl TryFrom<String> for DefaultFlow {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for DefaultFlow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (world, flow) = match text.split_once('/') {
            Some((world, flow)) => (world, Some(flow)),
            None => (text, None),
        };
        let invalid = |error: &dyn std::fmt::Display| {
            format!("{text:?} is not WORLD/FLOW, or WORLD: {error}")
        };
        let flow = flow.map(str::parse).transpose();
        Ok(Self {
            world: world.parse().map_err(|error| invalid(&error))?,
            flow: flow.map_err(|error| invalid(&error))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_flow_names_a_world_and_perhaps_a_flow() {
        let parse = |text: &str| text.parse::<DefaultFlow>();
        let both = parse("helpdesk/desk").unwrap();
        assert_eq!(both.world.as_str(), "helpdesk");
        assert_eq!(both.flow.unwrap().as_str(), "desk");
        assert_eq!(parse("helpdesk").unwrap().flow, None);
        for invalid in ["", "a b", "helpdesk/", "/desk", "a/b/c"] {
            assert!(parse(invalid).is_err(), "{invalid}");
        }
    }
}
