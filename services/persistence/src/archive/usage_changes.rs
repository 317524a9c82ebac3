//! What a section of a batch adds to the usage of language models: in all, and for each hour.

use std::collections::BTreeMap;

use contract::query::UsageBucket;
use contract::{EntityId, Timestamp, Usage, WorldId};

use crate::store::{Statement, Value, values_statements};

/// The longest model name that is stored: it is part of a key.
const MODEL_CHARS_MAX: usize = 256;
/// More tokens, or millionths of a currency, than this in one answer are an error of their source: a sum must not
/// overflow.
const AMOUNT_MAX: u64 = 1 << 40;

/// The usage of answers, by world and what it is a sum of.
#[derive(Default)]
pub(super) struct UsageChanges(BTreeMap<WorldId, WorldUsage>);

#[derive(Default)]
struct WorldUsage {
    totals: BTreeMap<Source, Total>,
    /// By the begin of the hour, in milliseconds since 1970.
    hours: BTreeMap<(i64, Source), Total>,
}

/// Whose answers are added up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    agent: EntityId,
    model: String,
    /// Empty for answers without a cost.
    currency: String,
}

#[derive(Default)]
struct Total {
    answers: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost: u64,
}

impl UsageChanges {
    pub(super) fn add(&mut self, world: &WorldId, agent: &EntityId, at: Timestamp, usage: &Usage) {
        let currency = usage.cost.as_ref().map(|cost| cost.currency.to_string());
        let source = Source {
            agent: agent.clone(),
            model: usage.model.chars().take(MODEL_CHARS_MAX).collect(),
            currency: currency.unwrap_or_default(),
        };
        let at = at.as_unix_ms();
        let hour = at - at % UsageBucket::Hour.as_ms();
        let of_world = self.0.entry(world.clone()).or_default();
        of_world
            .hours
            .entry((hour, source.clone()))
            .or_default()
            .add(usage);
        of_world.totals.entry(source).or_default().add(usage);
    }

    pub(super) fn discard(&mut self, world: &WorldId) {
        self.0.remove(world);
    }

    pub(super) fn into_statements(self) -> Vec<Statement> {
        let (mut totals, mut hours) = (Vec::new(), Vec::new());
        for (world, usage) in self.0 {
            let world = || Value::from(world.as_str());
            totals.extend(usage.totals.into_iter().map(|(source, total)| {
                let key = [world()].into_iter().chain(source.values());
                key.chain(total.values()).collect::<Vec<Value>>()
            }));
            hours.extend(usage.hours.into_iter().map(|((hour, source), total)| {
                let key = [world(), hour.into()].into_iter().chain(source.values());
                key.chain(total.values()).collect::<Vec<Value>>()
            }));
        }
        let mut statements = values_statements(
            "INSERT INTO usage \
             (world, agent, model, currency, answers, input_tokens, output_tokens, cost)",
            totals,
            "ON CONFLICT (world, agent, model, currency) DO UPDATE SET \
             answers = usage.answers + excluded.answers, \
             input_tokens = usage.input_tokens + excluded.input_tokens, \
             output_tokens = usage.output_tokens + excluded.output_tokens, \
             cost = usage.cost + excluded.cost",
        );
        statements.extend(values_statements(
            "INSERT INTO usage_hours \
             (world, hour, agent, model, currency, answers, input_tokens, output_tokens, cost)",
            hours,
            "ON CONFLICT (world, hour, agent, model, currency) DO UPDATE SET \
             answers = usage_hours.answers + excluded.answers, \
             input_tokens = usage_hours.input_tokens + excluded.input_tokens, \
             output_tokens = usage_hours.output_tokens + excluded.output_tokens, \
             cost = usage_hours.cost + excluded.cost",
        ));
        statements
    }
}

impl Source {
    fn values(self) -> [Value; 3] {
        [
            self.agent.as_str().into(),
            self.model.into(),
            self.currency.into(),
        ]
    }
}

impl Total {
    fn add(&mut self, usage: &Usage) {
        self.answers += 1;
        self.input_tokens += usage.input_tokens.min(AMOUNT_MAX);
        self.output_tokens += usage.output_tokens.min(AMOUNT_MAX);
        let cost = usage.cost.as_ref().map_or(0, |cost| cost.micros);
        self.cost += cost.min(AMOUNT_MAX);
    }

    fn values(self) -> [Value; 4] {
        [
            self.answers.into(),
            self.input_tokens.into(),
            self.output_tokens.into(),
            self.cost.into(),
        ]
    }
}
