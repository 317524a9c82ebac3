//! `manyworlds world check`: what the world would refuse, without a world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use contract::{
    Command, CommandId, CommandRequest, Entity, EntityId, Rejection, Timestamp, WorldSpec,
};
use rules::{StoredSpec, World};
#[cfg(feature = "up")]
use world_file::worker_actions;
use world_file::{Fault, Positions, WorldFile, check_references};

use super::finding::{Finding, Severity};
use crate::output::Output;
use crate::read_world::{Error, read_world_with_positions};

/// Checks files, and prints all that is wrong with them.
pub(super) fn check(files: &[PathBuf], output: Output) -> anyhow::Result<()> {
    let mut errors = 0;
    for file in files {
        let findings = findings_of(file)?;
        errors += findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .count();
        for finding in &findings {
            match output.is_json() {
                true => output.json(finding)?,
                false => output.line(&finding.text(output))?,
            }
        }
        if findings.is_empty() && !output.is_json() {
            output.line(&format!("{}: no errors", file.display()))?;
        }
    }
    match errors {
        0 => Ok(()),
        1 => bail!("1 error"),
        _ => bail!("{errors} errors"),
    }
}

fn findings_of(path: &Path) -> Result<Vec<Finding>, Error> {
    let finding = |fault| Finding::new(path, Severity::Error, fault);
    let (file, positions) = match read_world_with_positions(path) {
        Ok(read) => read,
        Err(Error::Invalid { source, .. }) => {
            return Ok(source.faults().into_iter().map(finding).collect());
        }
        Err(error) => return Err(error),
    };
    let mut findings = references(path, &file, &positions, None);
    if let Err(rejection) = decide(file) {
        let fault = Fault {
            path: rejection.field.unwrap_or_default(),
            position: None,
            reason: rejection.detail,
        };
        let mut faults = vec![fault];
        positions.complete(&mut faults);
        findings.extend(faults.into_iter().map(finding));
    }
    Ok(findings)
}

/// What a file refers to and what is not there: in the file or among the entities of its world; and the actions
/// that workers of users have to offer.
pub(super) fn references(
    path: &Path,
    file: &WorldFile,
    positions: &Positions,
    present: Option<&[Entity]>,
) -> Vec<Finding> {
    let errors = check_references(&file.spec, present);
    let warnings = unoffered_actions(&file.spec);
    let located = [(Severity::Error, errors), (Severity::Warning, warnings)];
    let findings = located.into_iter().flat_map(|(severity, mut faults)| {
        positions.complete(&mut faults);
        let faults = faults.into_iter();
        faults.map(move |fault| Finding::new(path, severity, fault))
    });
    findings.collect()
}

/// The actions that no built-in worker offers.
#[cfg(feature = "up")]
fn unoffered_actions(spec: &WorldSpec) -> Vec<Fault> {
    let offered = agent_worker::offered_actions();
    let missing = worker_actions(spec).into_iter();
    let missing = missing.filter(|(_, action)| !offered.contains(action.as_str()));
    let faults = missing.map(|(path, action)| Fault {
        path,
        position: None,
        reason: format!("no built-in worker offers the action {action}: start a worker that does"),
    });
    faults.collect()
}

/// Which actions the built-in worker offers is known where it is.
#[cfg(not(feature = "up"))]
fn unoffered_actions(_: &WorldSpec) -> Vec<Fault> {
    Vec::new()
}

/// What an empty world decides about a file.
fn decide(file: WorldFile) -> Result<(), Rejection> {
    let mut world = World::new(file.id.clone());
    let id = CommandId::new();
    let bytes = serde_json::to_vec(&file.spec).map_or(usize::MAX, |json| json.len());
    let command = match file.spec.is_large(bytes) {
        true => {
            let spec = Some(Arc::new(file.spec));
            world.set_stored_spec(Some(StoredSpec { command: id, spec }));
            Command::ApplyStoredWorld { create: false }
        }
        false => Command::ApplyWorld(file.spec),
    };
    let request = CommandRequest {
        id,
        sender: EntityId::world(),
        command,
        trace: None,
        run: None,
        principal: None,
    };
    rules::step(&mut world, &request, Timestamp::now()).map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.yaml");
        fs::write(&path, text).unwrap();
        let findings = findings_of(&path).unwrap();
        let prefix = format!("{}/", folder.path().display());
        let texts = findings
            .iter()
            .map(|finding| finding.text(Output::new(true)));
        texts.map(|text| text.replace(&prefix, "")).collect()
    }

    #[test]
    fn all_that_is_wrong_is_found() {
        assert_eq!(texts("id: w"), [""; 0]);
        assert_eq!(
            texts("id: w\nentitties: []\nturn_limit: no"),
            [
                "w.yaml:2:1: error: entitties: unknown field, did you mean `entities`?",
                "w.yaml:3:13: error: turn_limit: expected a whole number, 0 or more, found the text `no`",
            ]
        );
        assert!(texts("id: [")[0].starts_with("w.yaml:"));
    }

    #[test]
    fn what_the_world_refuses_is_found_at_its_place() {
        let text = "id: w\nmain_agent: bob\nturn_limit: 0\nentities:\n  - {id: a, kind: object, abilities: [{name: go, trigger: x.y, run: {worker: move_it}}]}";
        let found = texts(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(
            found[0],
            "w.yaml:2:13: error: main_agent: there is no agent bob"
        );
        assert!(
            found[1].starts_with("w.yaml:5:78: warning: entities[0].abilities[0].run.worker: "),
            "{found:?}"
        );
        assert!(
            found[2].starts_with("w.yaml:3:13: error: turn_limit: "),
            "{found:?}"
        );
    }

    #[test]
    fn the_example_worlds_have_no_errors() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/worlds");
        for entry in fs::read_dir(folder).unwrap() {
            let found = findings_of(&entry.unwrap().path()).unwrap();
            let mut errors = found
                .iter()
                .filter(|finding| finding.severity == Severity::Error);
            assert_eq!(errors.next(), None);
        }
    }
}
