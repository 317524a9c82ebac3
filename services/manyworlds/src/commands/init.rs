//! `manyworlds init`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::output::Output;

const WORLD: &str = include_str!("init/world.yaml");
const CONFIG: &str = include_str!("init/manyworlds.toml");
const MANIFEST: &str = include_str!("init/Cargo.toml.txt");
/// An example of the SDK, so that what is written compiles.
const WORKER: &str = include_str!("../../../../shared/sdk/examples/counter.rs");

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder, which is created
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where the SDK is: the folder shared/sdk of the source of manyworlds
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "../manyworlds/shared/sdk"
    )]
    sdk: PathBuf,
}

/// Writes a world file, a configuration and the project of a worker. Files that are there stay as they are, and
/// are errors.
pub(crate) fn run(options: &Options, output: Output) -> anyhow::Result<()> {
    let sdk = toml_text(&std::path::absolute(&options.sdk)?)?;
    let manifest = MANIFEST.replace("SDK", &sdk);
    let files = [
        ("world.yaml", WORLD),
        ("manyworlds.toml", CONFIG),
        ("worker/Cargo.toml", manifest.as_str()),
        ("worker/src/main.rs", WORKER),
    ];
    for (name, _) in files {
        let path = options.folder.join(name);
        anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    }
    for (name, text) in files {
        let path = options.folder.join(name);
        write_new(&path, text).with_context(|| format!("write {}", path.display()))?;
        output.line(&path.display().to_string())?;
    }
    let folder = options.folder.display();
    output.note(&format!(
        "next: MANYWORLDS_CONFIG={folder}/manyworlds.toml manyworlds up --world {folder}/world.yaml"
    ));
    Ok(())
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::File::create_new(path)?;
    file.write_all(text.as_bytes())
}

/// A path as a text of TOML: JSON's escapes are those of TOML.
fn toml_text(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().context("the path of the SDK is not UTF-8")?;
    Ok(serde_json::to_string(text)?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::read_world::read_world;
    use crate::up::Config;

    #[test]
    fn what_is_written_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            folder: folder.path().join("new"),
            sdk: PathBuf::from("/some \"where\"/sdk"),
        };
        run(&options, Output::new(true)).unwrap();
        let world = read_world(&options.folder.join("world.yaml")).unwrap();
        assert_eq!(world_file::check_references(&world.spec, None), []);
        let config = options.folder.join("manyworlds.toml");
        let loaded = service_kit::config::load_from(Some(config.as_path()), HashMap::new());
        let _: Config = loaded.unwrap();
        let manifest = fs::read_to_string(options.folder.join("worker/Cargo.toml")).unwrap();
        assert!(
            manifest.contains(r#"manyworlds-sdk = { path = "/some \"where\"/sdk" }"#),
            "{manifest}"
        );
        // The world has the ability that the worker offers.
        let abilities = &world
            .spec
            .entities
            .iter()
            .find(|entity| entity.id.as_str() == "counter")
            .unwrap()
            .abilities;
        assert_eq!(
            serde_json::to_value(&abilities[0].run).unwrap(),
            serde_json::json!({"worker": "counter-count"})
        );
        // A second time nothing is written.
        let error = run(&options, Output::new(true)).unwrap_err();
        assert!(
            error.to_string().ends_with("world.yaml is there already"),
            "{error}"
        );
    }
}
