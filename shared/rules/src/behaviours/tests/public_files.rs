//! Behaviour files of a folder, such as those of the other system's examples, which are no part of this
//! repository: `MANYWORLDS_BEHAVIOURS_DIR=FOLDER cargo test -p manyworlds-rules public_files -- --nocapture`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use contract::behaviour::{CustomAction, Definition};

use crate::behaviours::{CustomActions, Machine, built_in, dot, mermaid};

#[test]
fn all_files_of_the_folder_load() {
    let Some(folder) = env::var_os("MANYWORLDS_BEHAVIOURS_DIR") else {
        return;
    };
    let mut files = Vec::new();
    collect(Path::new(&folder), &mut files);
    let mut count = 0;
    let mut declared_in_all = BTreeSet::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        if !text.contains("\"initial_state\"") {
            continue;
        }
        let definition = Definition::from_json(&text).unwrap();
        let (machine, warnings, declared) = load(&definition, file);
        let folder = env::var_os("MANYWORLDS_DIAGRAMS_DIR").map(PathBuf::from);
        if let Some(folder) = folder {
            fs::write(folder.join(format!("{count}.dot")), dot(&machine)).unwrap();
            fs::write(folder.join(format!("{count}.mmd")), mermaid(&machine)).unwrap();
        }
        println!(
            "{}: {} states, {} transitions, declared {declared:?}, warnings {warnings:?}",
            file.display(),
            machine.states().len(),
            machine
                .states()
                .iter()
                .map(|state| state.transitions.len())
                .sum::<usize>(),
        );
        count += 1;
        declared_in_all.extend(declared);
    }
    println!("{count} files, {} custom actions", declared_in_all.len());
    assert!(
        count > 0,
        "no behaviour in {}",
        Path::new(&folder).display()
    );
}

/// Compiles a file, and declares each action that it lacks.
fn load(definition: &Definition, file: &Path) -> (Machine, Vec<String>, BTreeSet<String>) {
    let mut declared = BTreeSet::new();
    loop {
        let actions: Vec<CustomAction> = declared
            .iter()
            .map(|name: &String| CustomAction {
                name: name.parse().unwrap(),
                arguments: None,
                requestable: true,
            })
            .collect();
        let custom = CustomActions::new(&actions, "actions").unwrap();
        match Machine::compile(definition, &custom) {
            Ok((machine, warnings)) => {
                let warnings = warnings.into_iter();
                let warnings = warnings.map(|found| format!("{} {:?}", found.field, found.code));
                return (machine, warnings.collect(), declared);
            }
            Err(rejection) => {
                let unknown = rejection.detail.contains("unknown action");
                let name = rejection.detail.split('"').nth(1).unwrap_or_default();
                let is_new = built_in(name).is_none() && declared.insert(name.to_owned());
                assert!(unknown && is_new, "{}: {rejection:?}", file.display());
            }
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
}
