//! A behaviour that a person wrote in a file.

use contract::behaviour::Definition;

use crate::decode::decode;
use crate::error::Error;
use crate::fault::{Fault, Position};
use crate::yaml::{self, InvalidYaml};

/// Parses the text of a behaviour: YAML or JSON, in either format. Its fields keep their order. What they
/// hold is checked when the behaviour is applied.
///
/// # Errors
/// [`Error::Malformed`] names the line; [`Error::NotBehaviour`] when it is not an object with fields, or an
/// object has a field twice.
pub fn parse_behaviour(text: &str) -> Result<Definition, Error> {
    let not_behaviour = |faults: Vec<Fault>| Error::NotBehaviour(first(faults));
    let root = yaml::parse(text).map_err(|error| match error {
        InvalidYaml::Syntax(fault) => Error::Malformed(fault),
        InvalidYaml::Faults(faults) => not_behaviour(faults),
    })?;
    decode(&root, "").map_err(not_behaviour)
}

fn first(faults: Vec<Fault>) -> Fault {
    faults.into_iter().next().unwrap_or_else(|| Fault {
        path: String::new(),
        position: Some(Position { line: 1, column: 1 }),
        reason: "is not a behaviour".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use contract::behaviour::Format;

    use super::*;

    #[test]
    fn a_behaviour_keeps_the_order_of_its_fields() {
        let text = "initial: z\nstates:\n  z: {}\n  a: {wait_seconds: 0.5}";
        let definition = parse_behaviour(text).unwrap();
        let json = r#"{"initial":"z","states":{"z":{},"a":{"wait_seconds":0.5}}}"#;
        assert_eq!(definition.json(), json);
    }

    #[test]
    fn a_file_of_the_other_format_is_read_too() {
        let text = r#"{"machine": {"initial_state": "a"}}"#;
        assert_eq!(parse_behaviour(text).unwrap().format(), Format::Unaiverse);
    }

    #[test]
    fn a_text_that_is_no_behaviour_is_refused() {
        for text in ["hello", "[]", "a: {b: 1, b: 2}"] {
            let error = parse_behaviour(text).unwrap_err();
            assert!(matches!(error, Error::NotBehaviour(_)), "{text}: {error}");
        }
        for text in ["states: [", "a: {"] {
            let error = parse_behaviour(text).unwrap_err();
            assert!(matches!(error, Error::Malformed(_)), "{text}: {error}");
        }
    }
}
