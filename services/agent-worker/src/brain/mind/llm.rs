//! Decisions and summaries of a language model.

use std::collections::BTreeMap;

use contract::action::ActOutput;
use contract::brain::Llm;
use contract::chat::ChatMessage;
use contract::mind::Reflection;
use contract::tool::ToolCall;
use contract::{EntityId, MessageId, Timestamp, Usage};
use manyworlds_sdk::{ActionCtx, Error};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::prompt;
use super::task::MindTask;
use crate::brain::completion::Completion;
use crate::brain::llm::ModelClient;
use crate::brain::model_request::ModelRequest;
use crate::brain::usage::add_usage;
use crate::tools::{self, Toolset};

/// The maximum number of steps of a plan, and of bytes of a step: a world accepts no more.
const PLAN_STEPS_MAX: usize = 64;
const STEP_BYTES_MAX: usize = 512;

/// The arguments of a tool call, as the model wrote them.
type Arguments = Map<String, Value>;

pub(super) async fn decide(
    models: &ModelClient,
    model: &Llm,
    task: MindTask<'_>,
    ctx: &mut ActionCtx,
) -> Result<ActOutput, Error> {
    let model = prompt::with_system_prompt(model, task);
    let toolset = Toolset::for_mind(task.context, task.mind.next.as_ref());
    let next = task
        .mind
        .next
        .as_ref()
        .and_then(|_| toolset.tools().first());
    let prompt = prompt::decision_prompt(task.mind, next.map(|tool| tool.name.as_str()));
    let completion = complete(models, &model, task, &prompt, &toolset, ctx).await?;
    let mut output = ActOutput {
        note: Some(completion.text).filter(|text| !text.trim().is_empty()),
        usage: completion.usage,
        ..ActOutput::default()
    };
    for call in completion.calls {
        match call.name.as_str() {
            tools::SLEEP => output.update.sleeps = true,
            tools::PLAN => output.update.plan = plan(&call),
            _ => output.calls.push(call),
        }
    }
    reflect(models, &model, task, &prompt, &mut output, ctx).await?;
    Ok(output)
}

/// The plan in the arguments of a call, truncated to what a world accepts.
fn plan(call: &ToolCall) -> Option<Vec<String>> {
    let arguments: BTreeMap<String, Vec<String>> =
        serde_json::from_str(call.arguments.get()).ok()?;
    let steps = arguments.into_values().next()?;
    let truncate = |mut step: String| {
        step.truncate(step.floor_char_boundary(STEP_BYTES_MAX));
        step.replace('\0', "")
    };
    Some(
        steps
            .into_iter()
            .take(PLAN_STEPS_MAX)
            .map(truncate)
            .collect(),
    )
}

/// Sends the prompts of reflections on the abilities that are called. Each completion becomes an
/// argument of the call.
async fn reflect(
    models: &ModelClient,
    model: &Llm,
    task: MindTask<'_>,
    decision_prompt: &str,
    output: &mut ActOutput,
    ctx: &mut ActionCtx,
) -> Result<(), Error> {
    let reflections = task.config.mind.iter().flat_map(|mind| &mind.reflections);
    let reflections: Vec<&Reflection> = reflections.collect();
    for call in &mut output.calls {
        let ability = call.ability();
        let before_call = reflections
            .iter()
            .filter(|reflection| ability.as_ref() == Some(&reflection.before));
        for reflection in before_call {
            let prompt = format!(
                "{decision_prompt}\n\nYou call `{}` with {}. Before that, think: {}\nAnswer with the \
                 text of `{}` alone.",
                call.name, call.arguments, reflection.prompt, reflection.argument
            );
            let no_tools = Toolset::default();
            let completion = complete(models, model, task, &prompt, &no_tools, ctx).await?;
            add_usage(&mut output.usage, completion.usage);
            set_argument(call, &reflection.argument, &completion.text)?;
            let thoughts = &mut output.update.thoughts;
            thoughts.insert(reflection.name(), completion.text);
        }
    }
    Ok(())
}

fn set_argument(call: &mut ToolCall, argument: &str, text: &str) -> Result<(), Error> {
    let bad = |error: serde_json::Error| Error::failed("bad_arguments", error.to_string());
    let mut arguments: Arguments = serde_json::from_str(call.arguments.get()).map_err(bad)?;
    arguments.insert(argument.to_owned(), Value::from(text));
    call.arguments = to_raw_value(&arguments).map_err(bad)?;
    Ok(())
}

pub(super) async fn summarise(
    models: &ModelClient,
    model: &Llm,
    task: MindTask<'_>,
    paragraphs: u32,
    ctx: &mut ActionCtx,
) -> Result<(String, Option<Usage>), Error> {
    let prompt = prompt::summary_prompt(task.mind, paragraphs);
    let completion = complete(models, model, task, &prompt, &Toolset::default(), ctx).await?;
    if completion.text.trim().is_empty() {
        return Err(Error::failed(
            "empty_summary",
            "the summary of the model is empty",
        ));
    }
    Ok((completion.text, completion.usage))
}

/// Sends a prompt to the model, as a message of the world.
async fn complete(
    models: &ModelClient,
    model: &Llm,
    task: MindTask<'_>,
    prompt: &str,
    toolset: &Toolset,
    ctx: &mut ActionCtx,
) -> Result<Completion, Error> {
    let id = MessageId(ctx.request().id.0);
    let message = ChatMessage {
        id,
        sender: EntityId::world(),
        from_agent: false,
        answerers: Vec::new(),
        text: prompt.to_owned(),
        at: Timestamp::now(),
        turn: id,
        in_reply_to: None,
    };
    let request = ModelRequest {
        agent: &task.context.entity,
        messages: std::slice::from_ref(&message),
        message: &message,
        steps: &[],
        toolset,
        others: &[],
        deadline: task.deadline,
    };
    models.complete(model, request, ctx).await
}
