//! Sums of what the model requests of one run took.

use contract::{Cost, Usage};

/// Adds what another model request of the run took.
pub(crate) fn add_usage(total: &mut Option<Usage>, more: Option<Usage>) {
    let Some(more) = more else { return };
    *total = Some(match total.take() {
        Some(before) => sum(before, more),
        None => more,
    });
}

fn sum(one: Usage, other: Usage) -> Usage {
    Usage {
        model: other.model,
        input_tokens: one.input_tokens.saturating_add(other.input_tokens),
        cached_input_tokens: match (one.cached_input_tokens, other.cached_input_tokens) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        },
        output_tokens: one.output_tokens.saturating_add(other.output_tokens),
        cost: sum_of_costs(one.cost, other.cost),
    }
}

/// None when a part of it is not known, or is in another currency.
fn sum_of_costs(one: Option<Cost>, other: Option<Cost>) -> Option<Cost> {
    let (one, other) = (one?, other?);
    (one.currency == other.currency).then(|| Cost {
        micros: one.micros.saturating_add(other.micros),
        ..one
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(tokens: u64, cached: Option<u64>, cost: Option<(u64, &str)>) -> Option<Usage> {
        Some(Usage {
            model: "m".to_owned(),
            input_tokens: tokens,
            cached_input_tokens: cached,
            output_tokens: 1,
            cost: cost.map(|(micros, currency)| Cost {
                micros,
                currency: currency.parse().unwrap(),
            }),
        })
    }

    #[test]
    fn a_sum_has_a_cost_when_all_of_it_has() {
        let usd = |micros| Some((micros, "USD"));
        for (one, other, cost) in [
            (usd(1), usd(2), usd(3)),
            (usd(1), None, None),
            (None, usd(1), None),
            (usd(1), Some((2, "EUR")), None),
            (usd(u64::MAX), usd(1), usd(u64::MAX)),
        ] {
            let mut total = None;
            add_usage(&mut total, usage(3, None, one));
            add_usage(&mut total, None);
            add_usage(&mut total, usage(4, Some(2), other));
            let mut expected = usage(7, Some(2), cost);
            if let Some(expected) = &mut expected {
                expected.output_tokens = 2;
            }
            assert_eq!(total, expected);
        }
    }
}
