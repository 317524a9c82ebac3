//! What the code blocks of the documents hold: JSON, YAML and TOML that can be parsed, worlds that can be applied, and
//! parts of example programs.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::pages::{self, Fence};
use crate::places::{program_folder, repository};

/// The languages that a block may have.
const LANGUAGES: [&str; 9] = [
    "sh",
    "json",
    "yaml",
    "toml",
    "rust",
    "text",
    "mermaid",
    "python",
    "typescript",
];

/// The example of clients in a language: a test of the system runs it.
const CLIENT: &str = "docs/examples/clients/stream_answer";

#[test]
fn every_block_of_data_can_be_parsed() {
    let mut wrong = Vec::new();
    for page in pages::all() {
        for fence in &page.fences {
            if let Err(error) = check(fence) {
                wrong.push(format!("{}:{}: {error}", page.path, fence.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_block_that_is_wrong_is_found() {
    for (language, text, wrong) in [
        ("json", "{\"a\": 1}", false),
        ("json", "{a: 1}", true),
        ("toml", "a = 1", false),
        ("toml", "a = ", true),
        ("yaml", "a: {b: 1}", false),
        ("yaml", "a: {b: 1", true),
        ("yaml", "id: w\nentities: [{id: a, kind: user}]", false),
        ("yaml", "id: w\nentities: [{id: a, kind: robot}]", true),
        ("python", "    print()", false),
        ("python", "print(1)", true),
        ("", "what is this", true),
    ] {
        let fence = Fence {
            language: language.to_owned(),
            text: text.to_owned(),
            line: 1,
        };
        assert_eq!(check(&fence).is_err(), wrong, "{text}");
    }
}

fn check(fence: &Fence) -> Result<(), String> {
    let text = &fence.text;
    match &*fence.language {
        "json" => parse::<Value>(serde_json::from_str(text)).map(drop),
        "toml" => parse::<toml::Table>(toml::from_str(text)).map(drop),
        "yaml" => {
            let value = world_file::to_json(text).map_err(|error| error.to_string())?;
            match value.get("id") {
                Some(_) => check_world(text),
                None => Ok(()),
            }
        }
        "python" => check_excerpt(text, "py"),
        "typescript" => check_excerpt(text, "ts"),
        language if LANGUAGES.contains(&language) => Ok(()),
        language => Err(format!(
            "a block has one of the languages {LANGUAGES:?}, not {language:?}"
        )),
    }
}

/// Each line is one of the example program in this language.
fn check_excerpt(text: &str, extension: &str) -> Result<(), String> {
    let example = format!("{CLIENT}.{extension}");
    let program = fs::read_to_string(repository().join(&example)).unwrap();
    let has = |line: &str| program.lines().any(|other| other.trim() == line.trim());
    match text.lines().find(|line| !has(line)) {
        Some(line) => Err(format!("{example} has no line {line:?}")),
        None => Ok(()),
    }
}

fn parse<T>(parsed: Result<T, impl ToString>) -> Result<T, String> {
    parsed.map_err(|error| error.to_string())
}

/// A block with an id is a whole world file.
fn check_world(text: &str) -> Result<(), String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("world.yaml");
    fs::write(&file, text).unwrap();
    let output = Command::new(program_folder().join("manyworlds"))
        .args(["world", "check"])
        .arg(&file)
        .output()
        .unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr)),
    }
}
