//! What the processor of an agent may be.

use contract::processor::{
    FunctionProcessor, HttpProcessor, Processor, Regression, RegressionKind, Replay,
};
use contract::{Rejection, action};

use super::check::check_timeout;
use crate::rejection::{invalid, too_large};
use crate::text::check_text;

/// The most samples of a Markov memory's contexts: each sample makes as many entries of its weights.
const MARKOV_ORDER_MAX: u32 = 16;
/// The most coefficients of an autoregression: each step solves as many equations.
const AUTOREGRESSION_ORDER_MAX: u32 = 64;
/// The most numbers of an input or an output: what a sample holds.
const NUMBERS_MAX: u32 = 32_768;
/// The most classes of a softmax regression.
const CLASSES_MAX: usize = 1000;
/// The longest names of all classes together.
const CLASSES_BYTES_MAX: usize = 64 * 1024;
/// The most gradient steps of one sample, and the most samples that are learned again with it.
const PASSES_MAX: u32 = 100;
/// The most samples of a replay memory: all of them are in the weights.
const REPLAY_SAMPLES_MAX: u32 = 10_000;
const URL_BYTES_MAX: usize = 2048;
/// The most samples before a step that a processor of users reads: as many as an autoregression.
const LOOKBACK_MAX: u32 = AUTOREGRESSION_ORDER_MAX;
/// The actions that workers of Manyworlds itself offer: no processor has such a name.
const BUILT_IN: &[&str] = &[
    action::RESPOND,
    action::TOOL,
    action::ACT,
    action::SUMMARISE,
    action::PROCESS,
    action::EVALUATE,
    action::LEARN,
    action::TITLE,
];

/// Checks a processor; `field` is where it stands.
pub(crate) fn check_processor(processor: &Processor, field: &str) -> Result<(), Rejection> {
    match processor {
        Processor::Script(_) | Processor::Echo {} | Processor::Llm(_) => Ok(()),
        Processor::Markov(markov) => {
            let field = format!("{field}.markov.order");
            check_range(markov.order, MARKOV_ORDER_MAX, field)
        }
        Processor::Regression(regression) => {
            check_regression(regression, &format!("{field}.regression"))
        }
        Processor::Http(http) => check_http(http, &format!("{field}.http")),
        Processor::Function(function) => check_function(function, &format!("{field}.function")),
    }
}

fn check_function(function: &FunctionProcessor, field: &str) -> Result<(), Rejection> {
    if BUILT_IN.contains(&function.action.as_str()) {
        let detail = format!("{} is a built-in action", function.action);
        return Err(invalid(format!("{field}.action"), detail));
    }
    if function.lookback > LOOKBACK_MAX {
        let detail = format!("from 0 to {LOOKBACK_MAX}");
        return Err(invalid(format!("{field}.lookback"), detail));
    }
    Ok(())
}

fn check_regression(regression: &Regression, field: &str) -> Result<(), Rejection> {
    check_range(
        regression.order,
        AUTOREGRESSION_ORDER_MAX,
        format!("{field}.order"),
    )?;
    check_range(regression.passes, PASSES_MAX, format!("{field}.passes"))?;
    for (name, number) in [
        ("inputs", regression.inputs),
        ("outputs", regression.outputs),
    ] {
        if let Some(number) = number {
            check_range(number, NUMBERS_MAX, format!("{field}.{name}"))?;
        }
    }
    for (name, number) in [
        ("learning_rate", regression.learning_rate),
        ("ridge", regression.ridge),
    ] {
        if !(number.is_finite() && number >= 0.0) {
            return Err(invalid(format!("{field}.{name}"), "a number from 0"));
        }
    }
    if let Some(replay) = &regression.replay {
        check_replay(replay, &format!("{field}.replay"))?;
    }
    check_classes(regression, &format!("{field}.classes"))
}

fn check_classes(regression: &Regression, field: &str) -> Result<(), Rejection> {
    let classes = &regression.classes;
    if classes.is_empty() {
        return Ok(());
    }
    if regression.kind != RegressionKind::Softmax || regression.outputs.is_some() {
        let detail = "only a softmax regression without outputs has names of classes";
        return Err(invalid(field, detail));
    }
    let bytes: usize = classes.iter().map(String::len).sum();
    if classes.len() > CLASSES_MAX || bytes > CLASSES_BYTES_MAX {
        let detail = format!("at most {CLASSES_MAX}, of {CLASSES_BYTES_MAX} bytes in all");
        return Err(too_large(detail, Some(field.to_owned())));
    }
    let mut sorted: Vec<&String> = classes.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid(field, "each class once"));
    }
    Ok(())
}

fn check_replay(replay: &Replay, field: &str) -> Result<(), Rejection> {
    check_range(
        replay.samples,
        REPLAY_SAMPLES_MAX,
        format!("{field}.samples"),
    )?;
    check_range(replay.per_step, PASSES_MAX, format!("{field}.per_step"))
}

fn check_http(http: &HttpProcessor, field: &str) -> Result<(), Rejection> {
    check_timeout(http.timeout_seconds, &format!("{field}.timeout_seconds"))?;
    let url = format!("{field}.url");
    check_text(&http.url, URL_BYTES_MAX, &url)?;
    if http.url.starts_with("http://") || http.url.starts_with("https://") {
        return Ok(());
    }
    Err(invalid(
        url,
        "an address that begins with http:// or https://",
    ))
}

fn check_range(number: u32, most: u32, field: String) -> Result<(), Rejection> {
    if (1..=most).contains(&number) {
        return Ok(());
    }
    Err(invalid(field, format!("from 1 to {most}")))
}
