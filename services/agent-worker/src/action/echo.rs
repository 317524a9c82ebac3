use contract::ActionName;
use contract::run::RunResult;

use sdk::{Action, Call, Running};

/// Returns its arguments. For measuring, and for trying a world out.
pub(crate) struct Echo {
    pub(crate) name: ActionName,
}

impl Action for Echo {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(async move {
            Ok(RunResult {
                output: call.invocation().arguments.clone(),
                ..Default::default()
            })
        })
    }
}
