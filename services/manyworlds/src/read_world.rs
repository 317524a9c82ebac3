//! Reads world files from the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use world_file::WorldFile;

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
pub(crate) fn read_world(path: &Path) -> Result<WorldFile, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    WorldFile::parse(&text).map_err(|source| Error::Invalid {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_and_the_field() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        let missing = read_world(&path).unwrap_err();
        assert_eq!(missing.to_string(), format!("read {}", path.display()));
        fs::write(&path, "id: a\nturns: 3").unwrap();
        let invalid = anyhow::Error::new(read_world(&path).unwrap_err());
        let expected = format!("{} is not a world: unknown field turns", path.display());
        assert_eq!(format!("{invalid:#}"), expected);
    }
}
