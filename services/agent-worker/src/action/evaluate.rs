//! Compares what agents have written with a stream: how far each is off.

mod arguments;
mod metric;

use std::collections::BTreeMap;

use contract::run::RunResult;
use contract::{ActionName, EntityId, Sample, StreamRef};
use manyworlds_sdk::{Action, ActionCtx, Error, RunFuture};
use serde_json::json;
use serde_json::value::to_raw_value;

use self::arguments::Arguments;
use self::metric::Metric;

/// The most samples that are read at once.
const PAGE_SAMPLES: u32 = 1000;

/// Evaluates agents: the mean error of each over the samples of a stream, matched by their tags.
pub(crate) struct Evaluate {
    pub(crate) name: ActionName,
}

impl Action for Evaluate {
    fn name(&self) -> &ActionName {
        &self.name
    }

    fn run(&self, ctx: ActionCtx) -> RunFuture<'_> {
        Box::pin(evaluate(ctx))
    }
}

async fn evaluate(mut ctx: ActionCtx) -> Result<RunResult, Error> {
    ctx.mute();
    let arguments = ctx.request().arguments.as_deref();
    let arguments = Arguments::parse(arguments)?;
    let Some(metric) = Metric::parse(&arguments.how) else {
        let reason = format!("no metric is called {:?}", arguments.how);
        return Err(Error::failed("unknown_metric", reason));
    };
    let steps = u32::try_from(arguments.steps).unwrap_or(u32::MAX);
    let reference = &arguments.reference;
    let expected = read(&ctx, &reference.stream, reference.first, steps).await?;
    let mut evaluation: BTreeMap<EntityId, f64> = BTreeMap::new();
    for output in &arguments.outputs {
        let count = u32::try_from(output.last.saturating_add(1).saturating_sub(output.first))
            .unwrap_or(u32::MAX);
        let written = read(&ctx, &output.stream, output.first, count.min(steps)).await?;
        let error = metric.compare(&expected, &written, arguments.re_offset);
        match error {
            Some(error) => evaluation.insert(output.agent.clone(), error),
            None => return result(false, &BTreeMap::new()),
        };
    }
    let is_complete = expected.len() as u64 == arguments.steps;
    result(is_complete, &evaluation)
}

fn result(is_true: bool, evaluation: &BTreeMap<EntityId, f64>) -> Result<RunResult, Error> {
    let output = to_raw_value(&json!({"result": is_true, "evaluation": evaluation}))
        .map_err(|error| Error::failed("bad_output", error.to_string()))?;
    Ok(RunResult {
        output: Some(output),
        ..RunResult::default()
    })
}

async fn read(
    ctx: &ActionCtx,
    stream: &StreamRef,
    first: u64,
    count: u32,
) -> Result<Vec<Sample>, Error> {
    let mut samples: Vec<Sample> = Vec::new();
    while (samples.len() as u64) < u64::from(count) {
        let next = first + samples.len() as u64;
        let left = count - u32::try_from(samples.len()).unwrap_or(count);
        let page = ctx
            .read_samples(stream, next, left.min(PAGE_SAMPLES))
            .await?;
        if page.is_empty() {
            break;
        }
        samples.extend(page);
    }
    Ok(samples)
}
