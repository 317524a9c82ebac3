//! An agent that decides with a language model.

use std::collections::BTreeMap;

use contract::brain::Llm;
use contract::chat::ChatMessage;
use contract::mind::Reflection;
use contract::tool::ToolCall;
use contract::{EntityId, MessageId, Timestamp, Usage};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::{Decided, Minded, told};
use crate::brain::llm::Models;
use crate::brain::{self, Asked};
use crate::tools::{self, Offer};
use sdk::{Call, Error};

/// A plan that is longer is no plan.
const STEPS_MAX: usize = 64;
const STEP_BYTES_MAX: usize = 512;

/// The arguments of a call, as the model gave them.
type Arguments = Map<String, Value>;

pub(super) async fn decide(
    models: &Models,
    model: &Llm,
    minded: Minded<'_>,
    call: &mut Call,
) -> Result<Decided, Error> {
    let model = told::system(model, minded);
    let offer = Offer::to_act(minded.context, minded.situation.next.as_ref());
    let next = minded
        .situation
        .next
        .as_ref()
        .and_then(|_| offer.tools().first());
    let question = told::question(minded.situation, next.map(|tool| tool.name.as_str()));
    let answer = ask(models, &model, minded, &question, &offer, call).await?;
    let mut decided = Decided {
        said: Some(answer.text).filter(|text| !text.trim().is_empty()),
        usage: answer.usage,
        ..Decided::default()
    };
    for made in answer.calls {
        match made.name.as_str() {
            tools::SLEEP => decided.thought.sleeps = true,
            tools::PLAN => decided.thought.plan = plan(&made),
            _ => decided.calls.push(made),
        }
    }
    reflect(models, &model, minded, &question, &mut decided, call).await?;
    Ok(decided)
}

/// As much of a plan as a world takes.
fn plan(call: &ToolCall) -> Option<Vec<String>> {
    let arguments: BTreeMap<String, Vec<String>> =
        serde_json::from_str(call.arguments.get()).ok()?;
    let steps = arguments.into_values().next()?;
    let cut = |mut step: String| {
        step.truncate(step.floor_char_boundary(STEP_BYTES_MAX));
        step.replace('\0', "")
    };
    Some(steps.into_iter().take(STEPS_MAX).map(cut).collect())
}

/// Thinks about what is to be thought about before abilities are used: the answers are arguments.
async fn reflect(
    models: &Models,
    model: &Llm,
    minded: Minded<'_>,
    question: &str,
    decided: &mut Decided,
    call: &mut Call,
) -> Result<(), Error> {
    let reflections = minded.config.mind.iter().flat_map(|mind| &mind.reflections);
    let reflections: Vec<&Reflection> = reflections.collect();
    for made in &mut decided.calls {
        let key = made.ability();
        let of_it = reflections
            .iter()
            .filter(|it| key.as_ref() == Some(&it.before));
        for reflection in of_it {
            let question = format!(
                "{question}\n\nYou call `{}` with {}. Before that, think: {}\nAnswer with the text \
                 of `{}` alone.",
                made.name, made.arguments, reflection.prompt, reflection.argument
            );
            let nothing = Offer::default();
            let answer = ask(models, model, minded, &question, &nothing, call).await?;
            add(&mut decided.usage, answer.usage);
            fill(made, &reflection.argument, &answer.text)?;
            let thoughts = &mut decided.thought.thoughts;
            thoughts.insert(reflection.name(), answer.text);
        }
    }
    Ok(())
}

fn fill(call: &mut ToolCall, argument: &str, text: &str) -> Result<(), Error> {
    let bad = |error: serde_json::Error| Error::failed("bad_arguments", error.to_string());
    let mut arguments: Arguments = serde_json::from_str(call.arguments.get()).map_err(bad)?;
    arguments.insert(argument.to_owned(), Value::from(text));
    call.arguments = to_raw_value(&arguments).map_err(bad)?;
    Ok(())
}

fn add(total: &mut Option<Usage>, more: Option<Usage>) {
    match (total, more) {
        (Some(total), Some(more)) => {
            total.input_tokens += more.input_tokens;
            total.output_tokens += more.output_tokens;
        }
        (total @ None, more) => *total = more,
        (Some(_), None) => {}
    }
}

pub(super) async fn summarise(
    models: &Models,
    model: &Llm,
    minded: Minded<'_>,
    paragraphs: u32,
    call: &mut Call,
) -> Result<(String, Option<Usage>), Error> {
    let question = told::to_sum_up(minded.situation, paragraphs);
    let answer = ask(models, model, minded, &question, &Offer::default(), call).await?;
    if answer.text.trim().is_empty() {
        return Err(Error::failed(
            "empty_summary",
            "the model summed up nothing",
        ));
    }
    Ok((answer.text, answer.usage))
}

/// Asks a model one question, as the world's.
async fn ask(
    models: &Models,
    model: &Llm,
    minded: Minded<'_>,
    question: &str,
    offer: &Offer,
    call: &mut Call,
) -> Result<brain::Thought, Error> {
    let id = MessageId(call.invocation().id.0);
    let message = ChatMessage {
        id,
        sender: EntityId::world(),
        from_agent: false,
        answerers: Vec::new(),
        text: question.to_owned(),
        at: Timestamp::now(),
        turn: id,
        in_reply_to: None,
    };
    let asked = Asked {
        agent: &minded.context.entity,
        messages: std::slice::from_ref(&message),
        message: &message,
        steps: &[],
        offer,
        others: &[],
        until: minded.until,
    };
    models.think(model, asked, call).await
}
