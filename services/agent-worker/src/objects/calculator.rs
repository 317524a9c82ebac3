//! A calculator without a state.

use manyworlds_sdk::{Error, Event, JsonSchema, Object, ObjectCtx, ObjectType, Received, schemars};
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
    const TYPE: &'static str = "calculator";
}

pub(super) fn object_type() -> ObjectType<impl Object> {
    ObjectType::<Calculator>::default()
        .ability("add", add)
        .ability("subtract", subtract)
        .ability("multiply", multiply)
        .ability("divide", divide)
}

type Calc = ObjectCtx<Calculator>;

async fn add(event: Received<CalculatorAdd>, calculator: Calc) -> Result<Calc, Error> {
    send_answer(
        calculator,
        &event,
        (event.a, '+', event.b),
        event.a + event.b,
    )
}

async fn subtract(event: Received<CalculatorSubtract>, calculator: Calc) -> Result<Calc, Error> {
    send_answer(
        calculator,
        &event,
        (event.a, '-', event.b),
        event.a - event.b,
    )
}

async fn multiply(event: Received<CalculatorMultiply>, calculator: Calc) -> Result<Calc, Error> {
    send_answer(
        calculator,
        &event,
        (event.a, '*', event.b),
        event.a * event.b,
    )
}

async fn divide(event: Received<CalculatorDivide>, calculator: Calc) -> Result<Calc, Error> {
    send_answer(
        calculator,
        &event,
        (event.a, '/', event.b),
        event.a / event.b,
    )
}

fn send_answer<E>(
    mut calculator: Calc,
    event: &Received<E>,
    (a, sign, b): (f64, char, f64),
    result: f64,
) -> Result<Calc, Error> {
    if result.is_finite() {
        let text = format!("{a} {sign} {b} = {result}");
        calculator.send_to(&event.sender, &CalculatorAnswered { text, result })?;
    } else {
        let reason = format!("{a} {sign} {b} is no number");
        calculator.send_to(&event.sender, &CalculatorRefused { reason })?;
    }
    Ok(calculator)
}
