//! Worlds as files: YAML or JSON, what `WorldSpec` has, and the id.

use std::path::{Path, PathBuf};

use contract::{WorldId, WorldSpec};
use serde::Deserialize;
use serde_json::Value;

/// A world that a person described in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldFile {
    /// The world's id.
    pub id: WorldId,
    /// What it is to be.
    pub spec: WorldSpec,
}

/// Why a file is not a world.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is neither YAML nor JSON, or a value in it is not what it must be.
    #[error("{} is not a world", path.display())]
    Invalid {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl WorldFile {
    /// Reads a world from a file.
    ///
    /// # Errors
    /// [`Error`] names the file, and the field at fault.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|source| Error::Invalid {
            path: path.to_owned(),
            source,
        })
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        #[derive(Deserialize)]
        struct Described {
            id: WorldId,
            #[serde(flatten)]
            spec: WorldSpec,
        }
        // JSON is YAML. This first reading is what tells the line of a wrong value.
        let Described { id, spec } = serde_saphyr::from_str(text)?;
        let mut given: Value = serde_saphyr::from_str(text)?;
        if let Some(object) = given.as_object_mut() {
            object.remove("id");
        }
        // A message ignores what it does not know, but a person mistypes: tell.
        match unknown(&given, &serde_json::to_value(&spec)?, "") {
            Some(path) => Err(format!("unknown field {path}").into()),
            None => Ok(Self { id, spec }),
        }
    }
}

/// The path of the first field of `given` that reading dropped. A field with an empty value tells
/// nothing: writing may leave it out.
fn unknown(given: &Value, read: &Value, path: &str) -> Option<String> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => given.iter().find_map(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            let path = format!("{path}{dot}{name}");
            match read.get(name) {
                Some(read) => unknown(value, read, &path),
                None if is_empty(value) => None,
                None => Some(path),
            }
        }),
        (Value::Array(given), Value::Array(read)) => given
            .iter()
            .zip(read)
            .enumerate()
            .find_map(|(index, (given, read))| unknown(given, read, &format!("{path}[{index}]"))),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_worlds_are_worlds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds");
        let mut ids: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let world = WorldFile::read(&entry.unwrap().path()).unwrap();
                world.id.to_string()
            })
            .collect();
        ids.sort();
        let expected = [
            "blackboard",
            "calculator",
            "library",
            "lobby",
            "market",
            "roundtable",
            "studio",
            "tictactoe",
            "workshop",
        ];
        assert_eq!(ids, expected);
    }

    #[test]
    fn json_is_read_too() {
        let world = WorldFile::parse(r#"{"id": "a", "name": "A", "turn_limit": 2}"#).unwrap();
        assert_eq!(
            (
                world.id.as_str(),
                world.spec.name.as_str(),
                world.spec.turn_limit
            ),
            ("a", "A", 2)
        );
    }

    #[test]
    fn a_mistyped_field_is_named() {
        let mistyped =
            "id: a\nentities:\n  - id: ada\n    kind: agent\n    agent: {brian: {script: {}}}";
        let error = WorldFile::parse(mistyped).unwrap_err();
        assert_eq!(error.to_string(), "unknown field entities[0].agent.brian");
    }

    #[test]
    fn a_wrong_value_is_told_with_its_line() {
        let error = WorldFile::parse("id: a\nturn_limit: many").unwrap_err();
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn a_file_without_an_id_is_no_world() {
        let error = WorldFile::parse("name: A").unwrap_err();
        assert!(error.to_string().contains("id"), "{error}");
    }
}
