//! The file of a backup: records of a kind, a length and bytes, with a digest of all of them at the end.
//!
//! A reader checks the whole file first: what is not complete is no backup.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use bus::{StreamExtent, StreamHeader};
use contract::{Seq, subject};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What each file begins with.
const MAGIC: &[u8] = b"manyworlds backup\n";
/// The form of the records behind it.
const FORMAT: u32 = 1;
/// A backup has all messages: only its owner reads it.
const FILE_MODE: u32 = 0o600;
/// No record is longer: what claims to be is none.
const RECORD_BYTES_MAX: u32 = 16 * 1024 * 1024;

const KIND_HEADER: u8 = b'H';
const KIND_STREAM: u8 = b'S';
const KIND_CHUNK: u8 = b'C';
const KIND_END: u8 = b'E';
/// The SHA-256 of all before this record.
const KIND_DIGEST: u8 = b'D';

/// What a backup begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The form of what follows.
    pub(super) format: u32,
    /// The version that wrote it.
    pub(super) version: String,
    /// The work of commits up to this one was stored in the streams that stand before the log.
    pub(super) dispatched_until: Seq,
}

impl Header {
    pub(super) fn new(dispatched_until: Seq) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dispatched_until,
        }
    }
}

/// What a backup ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// The log is complete up to this sequence.
    pub(super) log_last_seq: Seq,
    /// How many streams there are.
    pub(super) streams: usize,
}

/// Where a file is while it is not complete.
pub(super) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// A backup that is written.
pub(super) struct BackupWriter {
    path: PathBuf,
    file: BufWriter<File>,
    digest: Sha256,
    log: Option<StreamExtent>,
    streams: usize,
}

impl BackupWriter {
    /// Begins a file, beside where it will be.
    pub(super) fn create(path: &Path, header: &Header) -> anyhow::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true);
        let partial = partial(path);
        let file = options.mode(FILE_MODE).open(&partial);
        let file = file.with_context(|| format!("write {}", partial.display()))?;
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            digest: Sha256::new(),
            log: None,
            streams: 0,
        };
        writer.write(MAGIC)?;
        writer.record(KIND_HEADER, &serde_json::to_vec(header)?)?;
        Ok(writer)
    }

    /// Begins a stream.
    pub(super) fn begin_stream(&mut self, header: &StreamHeader) -> anyhow::Result<()> {
        if header.name == subject::LOG_STREAM {
            self.log = Some(header.extent()?);
        }
        self.streams += 1;
        self.record(KIND_STREAM, &serde_json::to_vec(header)?)
    }

    /// Adds a piece of the stream that was begun.
    pub(super) fn chunk(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.record(KIND_CHUNK, bytes)
    }

    /// Ends it: the file is in its place then, and on the disk.
    pub(super) fn finish(mut self) -> anyhow::Result<Summary> {
        let log = self.log.context("the log was not copied")?;
        let summary = Summary {
            log_last_seq: log.last_seq,
            streams: self.streams,
        };
        self.record(KIND_END, &serde_json::to_vec(&summary)?)?;
        let digest = self.digest.clone().finalize();
        self.record(KIND_DIGEST, &digest)?;
        let context = || format!("write {}", self.path.display());
        self.file.flush().with_context(context)?;
        self.file.get_ref().sync_all().with_context(context)?;
        std::fs::rename(partial(&self.path), &self.path).with_context(context)?;
        let folder = self.path.parent().map(File::open).transpose();
        folder
            .and_then(|folder| folder.map_or(Ok(()), |folder| folder.sync_all()))
            .with_context(context)?;
        Ok(summary)
    }

    fn record(&mut self, kind: u8, bytes: &[u8]) -> anyhow::Result<()> {
        let length = u32::try_from(bytes.len()).ok();
        let length = length.filter(|length| *length <= RECORD_BYTES_MAX);
        let length = length.context("a record is too long")?;
        self.write(&[kind])?;
        self.write(&length.to_be_bytes())?;
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.digest.update(bytes);
        let written = self.file.write_all(bytes);
        written.with_context(|| format!("write {}", partial(&self.path).display()))
    }
}

/// A part of a backup.
pub(super) enum Record {
    /// A stream begins.
    Stream(StreamHeader),
    /// A piece of it.
    Chunk(Vec<u8>),
    /// All was read.
    End(Summary),
}

/// A backup that is read.
pub(super) struct BackupReader {
    file: BufReader<File>,
    digest: Sha256,
    header: Header,
}

impl BackupReader {
    /// Opens a file whose whole content was checked.
    ///
    /// # Errors
    /// When it is no backup, one of another version, or not complete.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
        let checked = Self::begin(file).and_then(|mut reader| {
            while !matches!(reader.next()?, Record::End(_)) {}
            let mut file = reader.file.into_inner();
            file.rewind()?;
            Self::begin(file)
        });
        checked.with_context(|| format!("{} can't be restored", path.display()))
    }

    fn begin(file: File) -> anyhow::Result<Self> {
        let mut reader = Self {
            file: BufReader::new(file),
            digest: Sha256::new(),
            header: Header::new(0),
        };
        let mut magic = [0; MAGIC.len()];
        let is_ours = reader.read(&mut magic).is_ok() && magic == MAGIC;
        ensure!(is_ours, "it is no backup of Manyworlds");
        let (kind, bytes) = reader.record()?;
        ensure!(kind == KIND_HEADER, "it is damaged: it has no header");
        // Of another format only this field is known.
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(&bytes).context("it is damaged")?;
        ensure!(
            format == FORMAT,
            "it has format {format}; this version reads {FORMAT}"
        );
        reader.header = serde_json::from_slice(&bytes).context("it is damaged")?;
        Ok(reader)
    }

    /// What it begins with.
    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The next part. At the end the whole file was compared with its digest.
    pub(super) fn next(&mut self) -> anyhow::Result<Record> {
        let (kind, bytes) = self.record()?;
        match kind {
            KIND_STREAM => {
                let header = serde_json::from_slice(&bytes).context("it is damaged")?;
                Ok(Record::Stream(header))
            }
            KIND_CHUNK => Ok(Record::Chunk(bytes)),
            KIND_END => {
                let summary: Summary = serde_json::from_slice(&bytes).context("it is damaged")?;
                let expected = self.digest.clone().finalize();
                let (kind, digest) = self.record()?;
                let is_same = kind == KIND_DIGEST && digest[..] == expected[..];
                ensure!(is_same, "it is damaged: its digest differs");
                let is_at_end = self.file.read(&mut [0])? == 0;
                ensure!(is_at_end, "it is damaged: there is more behind its end");
                Ok(Record::End(summary))
            }
            _ => bail!("it is damaged: a record of an unknown kind"),
        }
    }

    fn record(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.read(&mut head)?;
        let [kind, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        ensure!(
            length <= RECORD_BYTES_MAX,
            "it is damaged: a record is too long"
        );
        let mut bytes = vec![0; usize::try_from(length)?];
        self.read(&mut bytes)?;
        Ok((kind, bytes))
    }

    fn read(&mut self, bytes: &mut [u8]) -> anyhow::Result<()> {
        match self.file.read_exact(bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                bail!("it is not complete: it ends too early")
            }
            Err(error) => return Err(error).context("read it"),
        }
        self.digest.update(&*bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;

    fn stream(name: &str, last_seq: Seq) -> StreamHeader {
        let header = json!({"name": name, "config": {"name": name},
            "state": {"messages": 1, "last_seq": last_seq}});
        serde_json::from_str(&header.to_string()).unwrap()
    }

    fn written(folder: &Path) -> PathBuf {
        let path = folder.join("a.backup");
        let mut writer = BackupWriter::create(&path, &Header::new(7)).unwrap();
        writer.begin_stream(&stream("MW_ACTIONS", 3)).unwrap();
        writer.chunk(b"one").unwrap();
        writer
            .begin_stream(&stream(subject::LOG_STREAM, 9))
            .unwrap();
        writer.chunk(b"two").unwrap();
        writer.chunk(b"three").unwrap();
        assert!(!path.exists());
        assert_eq!(writer.finish().unwrap().log_last_seq, 9);
        path
    }

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!partial(&path).exists());
        let mut reader = BackupReader::open(&path).unwrap();
        assert_eq!(reader.header().dispatched_until, 7);
        let mut parts = Vec::new();
        loop {
            match reader.next().unwrap() {
                Record::Stream(header) => parts.push(header.name),
                Record::Chunk(bytes) => parts.push(String::from_utf8(bytes).unwrap()),
                Record::End(summary) => {
                    assert_eq!((summary.log_last_seq, summary.streams), (9, 2));
                    break;
                }
            }
        }
        assert_eq!(parts, ["MW_ACTIONS", "one", "MW_LOG", "two", "three"]);
    }

    #[test]
    fn whatever_is_torn_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        let other = folder.path().join("b.backup");
        for length in 0..bytes.len() {
            std::fs::write(&other, &bytes[..length]).unwrap();
            assert!(BackupReader::open(&other).is_err(), "{length} bytes");
        }
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            std::fs::write(&other, &changed).unwrap();
            assert!(BackupReader::open(&other).is_err(), "byte {index}");
        }
        std::fs::write(&other, [&bytes[..], b"x"].concat()).unwrap();
        assert!(BackupReader::open(&other).is_err());
    }

    #[test]
    fn a_refusal_has_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let newer = text
            .replacen("\"format\":1", "\"format\":9", 1)
            .into_bytes();
        for (content, expected) in [
            (
                b"PK\x03\x04 something else".to_vec(),
                "no backup of Manyworlds",
            ),
            (Vec::new(), "no backup of Manyworlds"),
            (bytes[..bytes.len() - 1].to_vec(), "not complete"),
            (newer, "format 9; this version reads 1"),
        ] {
            std::fs::write(&path, content).unwrap();
            let error = BackupReader::open(&path).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.contains(expected), "{error}");
        }
    }
}
