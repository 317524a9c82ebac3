//! Function tools: functions that a model may call while it answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contract::flow::ToolInterrupt;
use futures::future::BoxFuture;
use schema::Schema;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::error::Error;

/// How long a call may take.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// One call: its result, or a sentence about its failure.
pub(crate) type Calling = BoxFuture<'static, Result<Value, String>>;
type Function = Box<dyn Fn(&RawValue) -> Calling + Send + Sync>;

/// A function that a model may call, with the schema of its arguments.
///
/// ```
/// use std::time::Duration;
///
/// use manyworlds_sdk::{Error, FunctionTool, JsonSchema, Tools, schemars};
/// use serde::Deserialize;
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Order {
///     /// As on the receipt.
///     number: u64,
/// }
///
/// async fn find(order: Order) -> Result<String, Error> {
///     Ok(format!("order {} is on its way", order.number))
/// }
///
/// let find = FunctionTool::new("find_order", "Finds an order.", find)
///     .timeout(Duration::from_secs(5))
///     .finish_on_interrupt();
/// let tools = Tools::default().with(find);
/// assert_eq!(tools.schemas()[0]["function"]["parameters"]["required"][0], "number");
/// ```
pub struct FunctionTool {
    name: String,
    description: String,
    parameters: Value,
    /// Absent with the reason why the schema can't be used.
    schema: Result<Schema, String>,
    function: Function,
    pub(crate) timeout: Duration,
    pub(crate) on_interrupt: ToolInterrupt,
    pub(crate) is_repeatable: bool,
}

impl FunctionTool {
    /// A function whose arguments are a struct. Its result is what the model gets as JSON.
    pub fn new<A, F, R, T>(name: &str, description: &str, function: F) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send + 'static,
        T: Serialize,
    {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let schema = generator.into_root_schema_for::<A>();
        // A schema is a JSON value already, so that it can always be encoded.
        let mut parameters = serde_json::to_value(&schema).unwrap_or(Value::Bool(true));
        if let Value::Object(fields) = &mut parameters {
            // What only matters to people; some providers refuse them.
            fields.remove("$schema");
            fields.remove("title");
        }
        Self::with_schema(name, description, parameters, function)
    }

    /// A function with a given JSON Schema (draft 2020-12) of its arguments.
    pub fn with_schema<A, F, R, T>(
        name: &str,
        description: &str,
        parameters: Value,
        function: F,
    ) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send + 'static,
        T: Serialize,
    {
        let document = to_raw_value(&parameters).map_err(|error| error.to_string());
        let schema = document
            .and_then(|document| Schema::parse(&document).map_err(|error| error.to_string()));
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            parameters,
            schema,
            function: Box::new(move |arguments| call(&function, arguments)),
            timeout: TIMEOUT_DEFAULT,
            on_interrupt: ToolInterrupt::Cancel,
            is_repeatable: false,
        }
    }

    /// Sets how long a call may take; 30 s by default. Then it has failed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// A call is finished, and its end reported, also when the answer is interrupted meanwhile. By default it is
    /// cancelled.
    #[must_use]
    pub fn finish_on_interrupt(mut self) -> Self {
        self.on_interrupt = ToolInterrupt::Finish;
        self
    }

    /// A call may be made twice: it is made again when a worker was lost during it. By default it is
    /// not, and has failed: its effect is not known.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.is_repeatable = true;
        self
    }

    /// Checks arguments by the schema.
    pub(crate) fn check(&self, arguments: &RawValue) -> Result<(), String> {
        let schema = self.schema.as_ref();
        let schema = schema.map_err(|reason| format!("the schema of {}: {reason}", self.name))?;
        schema.check(arguments).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            faults.join("; ")
        })
    }

    /// Makes a call.
    pub(crate) fn call(&self, arguments: &RawValue) -> Calling {
        (self.function)(arguments)
    }
}

fn call<A, F, R, T>(function: &F, arguments: &RawValue) -> Calling
where
    A: DeserializeOwned + Send + 'static,
    F: Fn(A) -> R,
    R: Future<Output = Result<T, Error>> + Send + 'static,
    T: Serialize,
{
    let called = serde_json::from_str(arguments.get()).map(function);
    Box::pin(async move {
        let calling = called.map_err(|error| format!("the arguments: {error}"))?;
        let result = calling.await.map_err(|error| error.to_string())?;
        serde_json::to_value(result).map_err(|error| format!("encode the result: {error}"))
    })
}

/// The tools that a node offers to a model, by name. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tools {
    tools: BTreeMap<String, Arc<FunctionTool>>,
}

impl Tools {
    /// Adds a tool. It replaces another of the same name.
    #[must_use]
    pub fn with(mut self, tool: FunctionTool) -> Self {
        self.tools.insert(tool.name.clone(), Arc::new(tool));
        self
    }

    /// The tools as providers of models take them:
    /// `{"type": "function", "function": {"name", "description", "parameters"}}`.
    pub fn schemas(&self) -> Vec<Value> {
        let tools = self.tools.values();
        let schema = |tool: &Arc<FunctionTool>| {
            json!({"type": "function", "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            }})
        };
        tools.map(schema).collect()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Arc<FunctionTool>> {
        self.tools.get(name)
    }
}

/// A model calls a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// The model's id of the call. When it is empty, the node gives it one.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments: the text of a JSON object.
    pub arguments: String,
}

impl FunctionCall {
    /// A call without an id.
    pub fn new(name: &str, arguments: &Value) -> Self {
        Self {
            id: String::new(),
            name: name.to_owned(),
            arguments: arguments.to_string(),
        }
    }
}

/// What a model gets for a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionResult {
    /// The id of the call.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The result as JSON, or a sentence about the failure.
    pub content: String,
    /// Whether it failed.
    pub is_error: bool,
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Order {
        number: u32,
        #[serde(default)]
        note: Option<String>,
    }

    #[tokio::test]
    async fn arguments_are_checked_by_the_schema() {
        let tool = FunctionTool::new("find", "", async |order: Order| {
            Ok(format!("{} {:?}", order.number, order.note))
        });
        for (arguments, expected) in [
            (json!({"number": 7}), Ok("7 None")),
            (json!({"number": 7, "note": "x"}), Ok("7 Some(\"x\")")),
            (json!({"number": "7"}), Err("data.number")),
            (json!({"number": -1}), Err("data.number")),
            (json!({}), Err("number")),
            (json!([]), Err("data")),
        ] {
            let raw = to_raw_value(&arguments).unwrap();
            match (tool.check(&raw), expected) {
                (Ok(()), Ok(expected)) => {
                    assert_eq!(tool.call(&raw).await.unwrap(), expected, "{arguments}");
                }
                (Err(reason), Err(field)) => assert!(reason.contains(field), "{reason}"),
                (checked, _) => panic!("{arguments}: {checked:?}"),
            }
        }
    }

    #[test]
    fn a_schema_that_can_not_be_used_is_a_failure_of_each_call() {
        let schema = json!({"tpye": "object"});
        let tool = FunctionTool::with_schema("odd", "", schema, async |given: Value| Ok(given));
        let arguments = to_raw_value(&json!({})).unwrap();
        let reason = tool.check(&arguments).unwrap_err();
        assert!(reason.starts_with("the schema of odd: "), "{reason}");
    }
}
