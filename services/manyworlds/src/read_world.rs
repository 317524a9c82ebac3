//! Reads world files from the disk.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use world_file::{Positions, WorldFile};

/// The largest file of samples: more than one commit holds.
const SAMPLE_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a world file could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file can't be read.
    #[error("read {}", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its text is not a world file.
    #[error("{} is not a world", path.display())]
    Invalid {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong, and where.
        source: world_file::Error,
    },
}

/// Reads a world file.
#[cfg(any(test, feature = "up"))]
pub(crate) fn read_world(path: &Path) -> Result<WorldFile, Error> {
    read_world_with_positions(path).map(|(world, _)| world)
}

/// Reads a world file, and where its fields are.
pub(crate) fn read_world_with_positions(path: &Path) -> Result<(WorldFile, Positions), Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let invalid = |source| Error::Invalid {
        path: path.to_owned(),
        source,
    };
    let (mut world, positions) = WorldFile::parse_with_positions(&text).map_err(invalid)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    world
        .read_sample_files(|file| read_beside(folder, Path::new(file)))
        .map_err(invalid)?;
    Ok((world, positions))
}

/// Reads a file of the folder of a world file, or below it, and no other: somebody else may have written the
/// world file, and what is read is sent to a server.
fn read_beside(folder: &Path, file: &Path) -> io::Result<String> {
    let outside = || {
        let reason = "it is not in the folder of the world file";
        io::Error::new(io::ErrorKind::PermissionDenied, reason)
    };
    let is_below = file
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if !is_below {
        return Err(outside());
    }
    // An empty path is the working directory.
    let folder = Path::new(".").join(folder).canonicalize()?;
    // A link may lead elsewhere.
    let found = folder.join(file).canonicalize()?;
    if !found.starts_with(&folder) {
        return Err(outside());
    }
    // Of a device there is no end.
    let stored = fs::metadata(&found)?;
    if !stored.is_file() || stored.len() > SAMPLE_FILE_BYTES_MAX {
        let reason = format!("it is no file of at most {SAMPLE_FILE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    fs::read_to_string(found)
}

#[cfg(test)]
mod tests {
    use contract::stream::Generator;

    use super::*;

    #[test]
    fn the_samples_of_a_stream_may_be_in_a_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("worlds"), folder.path().join("secret"));
        fs::create_dir_all(inside.join("samples")).unwrap();
        fs::write(&outside, "1").unwrap();
        fs::write(inside.join("samples/readings.txt"), "1.5\n2\n3\n").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("link")).unwrap();
        let path = inside.join("a.yaml");
        let read = |file: &str| {
            let text = format!(
                "id: a\nstreams: {{world:x: {{type: number, generator: {{file: {file}}}}}}}"
            );
            fs::write(&path, text).unwrap();
            read_world(&path).map_err(|error| format!("{:#}", anyhow::Error::new(error)))
        };
        let world = read("{path: samples/readings.txt, count: 2}").unwrap();
        let stream = world.spec.streams.values().next().unwrap();
        let samples = vec![serde_json::json!(1.5), serde_json::json!(2)];
        assert_eq!(stream.generator, Some(Generator::List(samples)));
        for file in ["../secret", "link", "missing", "samples"] {
            let error = read(&format!("{{path: {file}}}")).unwrap_err();
            assert!(
                error.contains("streams.world:x.generator.file.path"),
                "{error}"
            );
        }
        let absolute = outside.display();
        let error = read(&format!("{{path: {absolute}}}")).unwrap_err();
        assert!(error.contains("not in the folder"), "{error}");
        let error = read("{path: samples/readings.txt, count: 4}").unwrap_err();
        assert!(error.contains("generator.file.count"), "{error}");
        let error = read("{path: a, size: 4}").unwrap_err();
        assert!(
            error.contains("streams.world:x.generator.file.size: unknown field"),
            "{error}"
        );
    }

    #[test]
    fn an_error_names_the_file_and_the_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let missing = read_world(&path).unwrap_err();
        assert_eq!(missing.to_string(), format!("read {}", path.display()));
        fs::write(&path, "id: a\nturns: 3").unwrap();
        let invalid = anyhow::Error::new(read_world(&path).unwrap_err());
        let expected = format!(
            "{} is not a world: line 2, column 1: turns: unknown field",
            path.display()
        );
        assert!(format!("{invalid:#}").starts_with(&expected));
    }
}
