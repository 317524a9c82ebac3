//! A calculator. It remembers nothing.

use sdk::{Error, Event, JsonSchema, Kind, Me, Object, Received, schemars};
use serde::{Deserialize, Serialize};

/// Add two numbers.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorAdd {
    a: f64,
    b: f64,
}

/// Subtract `b` from `a`.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorSubtract {
    a: f64,
    b: f64,
}

/// Multiply two numbers.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorMultiply {
    a: f64,
    b: f64,
}

/// Divide `a` by `b`.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorDivide {
    a: f64,
    b: f64,
}

/// What came out.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorAnswered {
    /// The whole calculation, such as `2 + 3 = 5`.
    text: String,
    result: f64,
}

/// Nothing came out, and why.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct CalculatorRefused {
    reason: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct Calculator {}

impl Object for Calculator {
    const KIND: &'static str = "calculator";
}

pub(super) fn kind() -> Kind<impl Object> {
    Kind::<Calculator>::default()
        .ability("add", add)
        .ability("subtract", subtract)
        .ability("multiply", multiply)
        .ability("divide", divide)
}

type Calc = Me<Calculator>;

async fn add(asked: Received<CalculatorAdd>, me: Calc) -> Result<Calc, Error> {
    answer(me, &asked, (asked.a, '+', asked.b), asked.a + asked.b)
}

async fn subtract(asked: Received<CalculatorSubtract>, me: Calc) -> Result<Calc, Error> {
    answer(me, &asked, (asked.a, '-', asked.b), asked.a - asked.b)
}

async fn multiply(asked: Received<CalculatorMultiply>, me: Calc) -> Result<Calc, Error> {
    answer(me, &asked, (asked.a, '*', asked.b), asked.a * asked.b)
}

async fn divide(asked: Received<CalculatorDivide>, me: Calc) -> Result<Calc, Error> {
    answer(me, &asked, (asked.a, '/', asked.b), asked.a / asked.b)
}

fn answer<E>(
    mut me: Calc,
    asked: &Received<E>,
    (a, sign, b): (f64, char, f64),
    result: f64,
) -> Result<Calc, Error> {
    if result.is_finite() {
        let text = format!("{a} {sign} {b} = {result}");
        me.send_to(&asked.sender, &CalculatorAnswered { text, result })?;
    } else {
        let reason = format!("{a} {sign} {b} is no number");
        me.send_to(&asked.sender, &CalculatorRefused { reason })?;
    }
    Ok(me)
}
