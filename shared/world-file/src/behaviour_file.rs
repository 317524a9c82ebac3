//! A behaviour that a person wrote in a file.

use contract::behaviour::Definition;
use serde::de::IgnoredAny;
use serde_saphyr::DuplicateKeyPolicy;

use crate::error::Error;

/// Parses the text of a behaviour: YAML or JSON, in either format. Its fields keep their order. What they
/// hold is checked when the behaviour is applied.
///
/// # Errors
/// [`Error::Malformed`] names the line; [`Error::NotBehaviour`] when it is not an object with fields, or an
/// object has a field twice.
pub fn parse_behaviour(text: &str) -> Result<Definition, Error> {
    serde_saphyr::from_str(text).map_err(|error| match check_syntax(text) {
        Ok(_) => Error::NotBehaviour(Box::new(error)),
        Err(error) => Error::malformed(error),
    })
}

/// Reads YAML, whatever it holds: a name that is there twice is no fault of its syntax.
fn check_syntax(text: &str) -> Result<IgnoredAny, serde_saphyr::Error> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::FirstWins,
    };
    serde_saphyr::from_str_with_options(text, options)
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
