//! Comparisons of what `evaluate` has found.

use std::collections::{BTreeMap, BTreeSet};

use contract::EntityId;
use contract::behaviour::MemoryChange;
use serde_json::Value;

use super::call::{Acted, Call};
use crate::behaviours::runtime::resolve::Actor;

/// Compares the results of the last evaluation, and keeps those who pass.
pub(super) fn compare(actor: Actor<'_>, call: &Call<'_>) -> Acted {
    let cmp = call.get("cmp").and_then(Value::as_str).unwrap_or_default();
    let threshold = call.get("thres").and_then(Value::as_f64);
    let is_good = call.args.get("good_if_true") != Some(&false.into());
    let passed = threshold.map_or_else(BTreeSet::new, |threshold| {
        passers(&actor.memory.evaluation, cmp, threshold, is_good)
    });
    let is_true = !passed.is_empty();
    let change = MemoryChange {
        valid_cmp: (passed != actor.memory.valid_cmp).then_some(passed),
        ..MemoryChange::default()
    };
    Acted::with(is_true, change)
}

/// Those who pass: by a threshold, or the best one. A comparison that nobody knows, a result below 0 and
/// a threshold below 0, except for the best one without a bound, pass nobody.
fn passers(
    results: &BTreeMap<EntityId, f64>,
    cmp: &str,
    threshold: f64,
    is_good: bool,
) -> BTreeSet<EntityId> {
    if results.values().any(|result| *result < 0.0) {
        return BTreeSet::new();
    }
    if matches!(cmp, "min" | "max") {
        return best(results, cmp == "max", threshold).into_iter().collect();
    }
    let passes = |result: f64| match cmp {
        "<" => result < threshold,
        "<=" => result <= threshold,
        ">" => result > threshold,
        _ => result >= threshold,
    };
    if threshold < 0.0 || !matches!(cmp, "<" | "<=" | ">" | ">=") {
        return BTreeSet::new();
    }
    let passers = results
        .iter()
        .filter(|(_, result)| passes(**result) == is_good);
    passers.map(|(agent, _)| agent.clone()).collect()
}

/// The one with the least or the largest result, within a bound unless that is below 0.
fn best(results: &BTreeMap<EntityId, f64>, is_max: bool, bound: f64) -> Option<EntityId> {
    let mut best: Option<(&EntityId, f64)> = None;
    for (agent, result) in results {
        let is_better = |(_, so_far): (&EntityId, f64)| {
            if is_max {
                *result > so_far
            } else {
                *result < so_far
            }
        };
        if best.is_none_or(is_better) {
            best = Some((agent, *result));
        }
    }
    let is_within = |result: f64| {
        bound < 0.0
            || if is_max {
                result >= bound
            } else {
                result <= bound
            }
    };
    let (agent, _) = best.filter(|(_, result)| is_within(*result))?;
    Some(agent.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(cmp: &str, threshold: f64, is_good: bool, results: &[(&str, f64)]) -> String {
        let results = results
            .iter()
            .map(|(agent, result)| (agent.parse().unwrap(), *result));
        let passers = passers(&results.collect(), cmp, threshold, is_good);
        let ids: Vec<&str> = passers.iter().map(EntityId::as_str).collect();
        ids.join("")
    }

    #[test]
    fn those_who_pass_are_those_within_the_threshold_or_the_best_one() {
        let results = [("x", 0.1), ("y", 0.3), ("z", 0.5)];
        for (cmp, threshold, is_good, expected) in [
            ("<=", 0.3, true, "xy"),
            ("<", 0.3, true, "x"),
            (">=", 0.3, true, "yz"),
            (">", 0.5, true, ""),
            ("min", -1.0, true, "x"),
            ("max", -1.0, true, "z"),
            ("min", 0.05, true, ""),
            ("max", 0.4, true, "z"),
            ("<=", 0.3, false, "z"),
            ("==", 0.3, true, ""),
            ("<=", -0.1, true, ""),
        ] {
            assert_eq!(
                passed(cmp, threshold, is_good, &results),
                expected,
                "{cmp} {threshold}"
            );
        }
        assert_eq!(passed("<=", 0.3, true, &[]), "");
        assert_eq!(passed("<=", 0.3, true, &[("x", -0.1), ("y", 0.1)]), "");
        // The first of several best ones.
        assert_eq!(passed("min", -1.0, true, &[("x", 0.1), ("y", 0.1)]), "x");
    }
}
