//! What a language model has read and written, and what that cost.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the answers of a language model took.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// The model that answered.
    pub model: String,
    /// Tokens that it read.
    pub input_tokens: u64,
    /// Tokens of these that its provider had in a cache; absent when the provider does not report them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input_tokens: Option<u64>,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What that cost, by the prices of the worker when it ran; absent when the worker has no price of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// An amount of money, as an integer, so that sums are exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// In millionths of one unit of the currency: 1,500,000 is 1.50.
    pub micros: u64,
    /// The currency.
    pub currency: Currency,
}

/// Shows the amount in units: `0.001500 USD`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, micros) = (self.micros / 1_000_000, self.micros % 1_000_000);
        f.pad(&format!("{units}.{micros:06} {}", self.currency))
    }
}

/// A currency: three capital letters, as in ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
pub struct Currency(String);

/// A text that is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no currency: use three capital letters, such as USD (ISO 4217)")]
pub struct InvalidCurrency(pub String);

impl Currency {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(text: String) -> Result<Self, InvalidCurrency> {
        match text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            true => Ok(Self(text)),
            false => Err(InvalidCurrency(text)),
        }
    }
}

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(text: &str) -> Result<Self, InvalidCurrency> {
        text.to_owned().try_into()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("USD".parse::<Currency>().unwrap().as_str(), "USD");
        for wrong in ["", "usd", "US", "USDT", "US1", "ÄÖ"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
            let json = format!("{wrong:?}");
            assert!(serde_json::from_str::<Currency>(&json).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cost_is_shown_in_units() {
        let currency: Currency = "EUR".parse().unwrap();
        for (micros, shown) in [
            (0, "0.000000 EUR"),
            (1, "0.000001 EUR"),
            (1_500_000, "1.500000 EUR"),
        ] {
            let cost = Cost {
                micros,
                currency: currency.clone(),
            };
            assert_eq!(cost.to_string(), shown);
        }
    }
}
