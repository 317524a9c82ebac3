//! What model requests cost, by the prices of the configuration.

use anyhow::{Context as _, bail, ensure};
use contract::brain::Provider;
use contract::{Cost, Currency, Usage};

use crate::config::{LlmConfig, ModelPrice};

/// Prices are per so many tokens.
const TOKENS: u128 = 1_000_000;
/// One unit of the currency, in the unit of [`Cost`].
const MICROS: f64 = 1_000_000.0;
/// A higher price is a mistake: it would be a unit of the currency for each token.
const PRICE_MAX: f64 = 1_000_000.0;
/// What comes of a price in the unit of [`Cost`] is an integer up to the errors of floating point.
const FRACTION_MAX: f64 = 0.001;

/// The prices of models, in their order: the first that matches counts.
pub(super) struct Prices {
    prices: Vec<Price>,
}

/// In millionths of the currency for a million tokens.
struct Price {
    provider: Option<Provider>,
    model: String,
    currency: Currency,
    input: u64,
    cached_input: u64,
    output: u64,
}

impl Prices {
    /// # Errors
    /// The field of the configuration that is missing or invalid.
    pub(super) fn new(config: &LlmConfig) -> anyhow::Result<Self> {
        let mut prices: Vec<Price> = Vec::new();
        for (index, price) in config.prices.iter().enumerate() {
            let currency = config.currency.clone();
            let currency = currency.context("llm.currency is not set: llm.prices need it")?;
            let price = parse(price, currency).with_context(|| format!("llm.prices[{index}]"))?;
            let is_same =
                |other: &Price| (other.provider, &other.model) == (price.provider, &price.model);
            if let Some(first) = prices.iter().position(is_same) {
                bail!("llm.prices[{index}] is for the same models as llm.prices[{first}]");
            }
            prices.push(price);
        }
        Ok(Self { prices })
    }

    /// What a request took costs, to the nearest millionth; none without a price of the model.
    pub(super) fn cost(&self, provider: Provider, usage: &Usage) -> Option<Cost> {
        let price = self
            .prices
            .iter()
            .find(|price| price.is_of(provider, &usage.model))?;
        let cached = usage.cached_input_tokens.unwrap_or_default();
        let cached = cached.min(usage.input_tokens);
        let parts = [
            (usage.input_tokens - cached, price.input),
            (cached, price.cached_input),
            (usage.output_tokens, price.output),
        ];
        let parts = parts.map(|(tokens, price)| u128::from(tokens) * u128::from(price));
        let micros = (parts.iter().sum::<u128>() + TOKENS / 2) / TOKENS;
        Some(Cost {
            micros: u64::try_from(micros).unwrap_or(u64::MAX),
            currency: price.currency.clone(),
        })
    }
}

impl Price {
    fn is_of(&self, provider: Provider, model: &str) -> bool {
        let is_model = match self.model.strip_suffix('*') {
            Some(begin) => model.starts_with(begin),
            None => model == self.model,
        };
        is_model && self.provider.is_none_or(|own| own == provider)
    }
}

fn parse(price: &ModelPrice, currency: Currency) -> anyhow::Result<Price> {
    let model = &price.model;
    ensure!(!model.is_empty(), "model is not set");
    let begin = model.strip_suffix('*').unwrap_or(model);
    ensure!(
        !begin.contains('*'),
        "model: {model:?} has a * that is not at its end"
    );
    let field = |name: &str, value: Option<f64>| {
        value
            .with_context(|| format!("{name} is not set"))
            .and_then(|value| to_micros(value).with_context(|| name.to_owned()))
    };
    let input = field("input_per_million", price.input_per_million)?;
    Ok(Price {
        provider: price.provider,
        model: model.clone(),
        currency,
        input,
        cached_input: match price.cached_input_per_million {
            Some(value) => field("cached_input_per_million", Some(value))?,
            None => input,
        },
        output: field("output_per_million", price.output_per_million)?,
    })
}

fn to_micros(price: f64) -> anyhow::Result<u64> {
    ensure!(
        (0.0..=PRICE_MAX).contains(&price),
        "{price} is not a price from 0 to {PRICE_MAX}"
    );
    let micros = price * MICROS;
    ensure!(
        (micros - micros.round()).abs() < FRACTION_MAX,
        "{price} has more than six digits behind its point"
    );
    // It is from 0 to 10^12.
    Ok(micros.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(model: &str, input: f64, output: f64) -> ModelPrice {
        ModelPrice {
            model: model.to_owned(),
            input_per_million: Some(input),
            output_per_million: Some(output),
            ..ModelPrice::default()
        }
    }

    fn prices(prices: Vec<ModelPrice>) -> anyhow::Result<Prices> {
        Prices::new(&LlmConfig {
            currency: "USD".parse().ok(),
            prices,
            ..LlmConfig::default()
        })
    }

    fn usage(model: &str, input: u64, cached: Option<u64>, output: u64) -> Usage {
        Usage {
            model: model.to_owned(),
            input_tokens: input,
            cached_input_tokens: cached,
            output_tokens: output,
            cost: None,
        }
    }

    #[track_caller]
    fn check(prices: &Prices, provider: Provider, usage: &Usage, micros: Option<u64>) {
        let cost = prices.cost(provider, usage);
        assert_eq!(cost.as_ref().map(|cost| cost.micros), micros, "{usage:?}");
        assert!(cost.is_none_or(|cost| cost.currency.as_str() == "USD"));
    }

    #[test]
    fn a_request_costs_its_tokens_times_their_prices() {
        let cached = ModelPrice {
            cached_input_per_million: Some(0.5),
            ..price("cached", 5.0, 15.0)
        };
        let prices = prices(vec![price("small", 0.15, 0.6), cached]).unwrap();
        let openai = Provider::Openai;
        check(
            &prices,
            openai,
            &usage("small", 1_000, None, 100),
            Some(210),
        );
        // To the nearest millionth, a half upwards: 0.45 and 0.75 and 1.5.
        check(&prices, openai, &usage("small", 3, None, 0), Some(0));
        check(&prices, openai, &usage("small", 5, None, 0), Some(1));
        check(&prices, openai, &usage("small", 10, None, 0), Some(2));
        // Cached tokens have a price of their own, or that of others.
        check(
            &prices,
            openai,
            &usage("cached", 1_000, Some(800), 10),
            Some(1_550),
        );
        check(
            &prices,
            openai,
            &usage("small", 1_000, Some(800), 100),
            Some(210),
        );
        // A provider that counts more cached tokens than tokens is not believed.
        check(&prices, openai, &usage("cached", 10, Some(99), 0), Some(5));
        let most = usage("cached", u64::MAX, None, u64::MAX);
        check(&prices, openai, &most, Some(u64::MAX));
        check(&prices, openai, &usage("other", 1, None, 1), None);
    }

    #[test]
    fn the_first_price_that_matches_counts() {
        let own = ModelPrice {
            provider: Some(Provider::Ollama),
            ..price("*", 0.0, 0.0)
        };
        let prices = prices(vec![
            own,
            price("gpt-5-mini", 1.0, 0.0),
            price("gpt-5*", 2.0, 0.0),
        ]);
        let prices = prices.unwrap();
        let of = |model| usage(model, 1_000_000, None, 0);
        check(&prices, Provider::Ollama, &of("gpt-5"), Some(0));
        check(
            &prices,
            Provider::Openai,
            &of("gpt-5-mini"),
            Some(1_000_000),
        );
        check(
            &prices,
            Provider::Azure,
            &of("gpt-5-mini-2"),
            Some(2_000_000),
        );
        check(&prices, Provider::Openai, &of("gpt-5"), Some(2_000_000));
        check(&prices, Provider::Openai, &of("gpt-4"), None);
    }

    #[test]
    fn an_invalid_price_is_named() {
        let unset = ModelPrice {
            output_per_million: None,
            ..price("m", 1.0, 1.0)
        };
        let cached = ModelPrice {
            cached_input_per_million: Some(-0.5),
            ..price("m", 1.0, 1.0)
        };
        for (wrong, message) in [
            (price("", 1.0, 1.0), "llm.prices[1]: model is not set"),
            (
                price("a*b", 1.0, 1.0),
                "llm.prices[1]: model: \"a*b\" has a *",
            ),
            (unset, "llm.prices[1]: output_per_million is not set"),
            (
                cached,
                "llm.prices[1]: cached_input_per_million: -0.5 is not a price",
            ),
            (
                price("m", f64::NAN, 1.0),
                "input_per_million: NaN is not a price",
            ),
            (
                price("m", 1.0, 2e6),
                "output_per_million: 2000000 is not a price",
            ),
            (price("m", 1e-7, 1.0), "0.0000001 has more than six digits"),
            (
                price("first", 2.0, 2.0),
                "llm.prices[1] is for the same models as llm.prices[0]",
            ),
        ] {
            let error = prices(vec![price("first", 1.0, 1.0), wrong]).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.contains(message), "{error}");
        }
        let config = LlmConfig {
            prices: vec![price("m", 1.0, 1.0)],
            ..LlmConfig::default()
        };
        let error = Prices::new(&config).err().unwrap().to_string();
        assert!(error.contains("llm.currency is not set"), "{error}");
    }
}
