use std::sync::Arc;

use contract::mind::{MindUpdate, Summary, ThinkTask};
use contract::run::RunResult;
use contract::{ActionName, RunContext};
use tokio::time::{Instant, timeout_at};

use crate::brain::llm::Models;
use crate::brain::mind::{self, Minded};
use sdk::{Action, Call, Error, Running};
use service_kit::ErrorChain;
use tracing::warn;

/// What an agent with a mind does next, or what it remembers in short.
pub(crate) struct Act {
    pub(crate) name: ActionName,
    pub(crate) models: Arc<Models>,
}

impl Action for Act {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn call(&self, call: Call) -> Running<'_> {
        Box::pin(self.think(call))
    }
}

impl Act {
    async fn think(&self, mut call: Call) -> Result<RunResult, Error> {
        // What an agent thinks is read when it is done.
        call.silence();
        let mut context = call.context().await?;
        remind(&mut context, &call).await;
        let (Some(config), Some(situation)) = (&context.entity.agent, &context.situation) else {
            let reason = format!("{} was not asked what it does", context.entity.id);
            return Err(Error::failed("no_mind", reason));
        };
        let limit = config.turn_timeout_seconds;
        let until = Instant::now()
            .checked_add(limit)
            .map_or(call.deadline(), |end| end.min(call.deadline()));
        let minded = Minded {
            context: &context,
            config,
            situation,
            until,
        };
        let thinking = async {
            match situation.thinking {
                ThinkTask::Decide => self.decide(minded, &mut call).await,
                ThinkTask::Summarise => self.summarise(minded, &mut call).await,
            }
        };
        timeout_at(until, thinking).await.unwrap_or_else(|_| {
            let reason = format!("nothing was decided within {} s", limit.as_secs_f64());
            Err(Error::failed("timeout", reason))
        })
    }

    async fn decide(&self, minded: Minded<'_>, call: &mut Call) -> Result<RunResult, Error> {
        let decided = mind::decide(&self.models, minded, call).await?;
        Ok(RunResult {
            message: decided.said,
            calls: decided.calls,
            thought: Some(decided.thought),
            usage: decided.usage,
            ..RunResult::default()
        })
    }

    async fn summarise(&self, minded: Minded<'_>, call: &mut Call) -> Result<RunResult, Error> {
        let Some(last) = minded.situation.memory.last() else {
            return Ok(RunResult::default());
        };
        let (text, usage) = mind::summarise(&self.models, minded, call).await?;
        let summary = Summary {
            text,
            until: last.id,
        };
        let thought = MindUpdate {
            summary: Some(summary),
            ..MindUpdate::default()
        };
        Ok(RunResult {
            thought: Some(thought),
            usage,
            ..RunResult::default()
        })
    }
}

/// Reminds an agent of all that it ever heard, if it is to be. Without an archive it makes do with what
/// its world remembers.
async fn remind(context: &mut RunContext, call: &Call) {
    let mind = context
        .entity
        .agent
        .as_ref()
        .and_then(|agent| agent.mind.as_ref());
    let is_wanted = mind.is_some_and(|mind| mind.memory.full);
    let Some(situation) = context
        .situation
        .as_mut()
        .filter(|it| is_wanted && it.thinking == ThinkTask::Decide)
    else {
        return;
    };
    match call.heard().await {
        Ok(rows) => situation.memory = mind::reminded(&rows, &situation.memory),
        Err(error) => warn!(error = %ErrorChain(&error), "an agent thinks without its full memory"),
    }
}
