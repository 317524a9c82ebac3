//! Embeds the console, as `make console` builds it, with each of its files compressed. Without it a page is embedded
//! that describes how to get it.
//!
//! `assets.rs` in the folder of the build is the table of the files that `src/asset.rs` includes.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

/// The media type of files with an extension, and whether they are compressed: pictures and fonts are already.
const MEDIA_TYPES: &[(&str, &str, bool)] = &[
    ("html", "text/html; charset=utf-8", true),
    ("js", "text/javascript; charset=utf-8", true),
    ("css", "text/css; charset=utf-8", true),
    ("svg", "image/svg+xml", true),
    ("json", "application/json", true),
    ("yaml", "application/yaml", true),
    ("txt", "text/plain; charset=utf-8", true),
    ("wasm", "application/wasm", true),
    ("png", "image/png", false),
    ("webp", "image/webp", false),
    ("ico", "image/x-icon", false),
    ("woff2", "font/woff2", false),
];
/// The best that brotli has: it is done once, and not for each request.
const BROTLI_QUALITY: i32 = 11;
/// The usual window of brotli: 4 MiB, more than a file of the console has.
const BROTLI_WINDOW: i32 = 22;
/// Half of a SHA-256 distinguishes the versions of a file.
const ETAG_BYTES: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let console = crate_folder.join("../console");
    let built = console.join("dist");
    let is_built = built.join("index.html").is_file();
    let source = match is_built {
        true => built,
        false => crate_folder.join("not-built"),
    };
    watch(&[&crate_folder.join("build.rs"), &source]);
    if !is_built && console.is_dir() {
        // Cargo takes a path that is missing for one that has changed.
        watch(&[&console]);
    }
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run it by cargo")?;
    let out = PathBuf::from(out);
    let mut table =
        "/// The files of the console.\npub(crate) static ASSETS: &[Asset] = &[\n".to_owned();
    for (number, path) in files(&source)?.into_iter().enumerate() {
        table.push_str(&embed(&source, &path, &out.join(number.to_string()))?);
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

fn watch(paths: &[&Path]) {
    for path in paths {
        println!("cargo:rerun-if-changed={}", path.display());
    }
}

/// The page, and the files of its folder `assets`, as paths in the folder.
fn files(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut files = vec!["index.html".to_owned()];
    let mut folders = vec!["assets".to_owned()];
    while let Some(below) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder.join(&below)) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or("a name of a file is not UTF-8")?;
            let path = format!("{below}/{name}");
            match entry.file_type()?.is_dir() {
                true => folders.push(path),
                // A browser that debugs reads source maps from the sources, and not from the gateway.
                false if path.ends_with(".map") => {}
                false => files.push(path),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a file in each of its encodings, and returns its entry of the table.
fn embed(folder: &Path, path: &str, out: &Path) -> Result<String, Box<dyn Error>> {
    let content = fs::read(folder.join(path))?;
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let known = MEDIA_TYPES.iter().find(|(of, ..)| *of == extension);
    let (_, media_type, is_compressed) = known.ok_or(format!("{path}: unknown extension"))?;
    let mut etag = String::new();
    for byte in &Sha256::digest(&content)[..ETAG_BYTES] {
        write!(etag, "{byte:02x}")?;
    }
    let (mut gzip, mut brotli) = (None, None);
    if *is_compressed {
        gzip = smaller(&content, compress_gzip(&content)?);
        brotli = smaller(&content, compress_brotli(&content)?);
    }
    let identity = store(&out.with_extension("raw"), &content)?;
    let gzip = gzip.map(|bytes| store(&out.with_extension("gz"), &bytes));
    let brotli = brotli.map(|bytes| store(&out.with_extension("br"), &bytes));
    let optional = |stored: Option<String>| match stored {
        Some(include) => format!("Some({include})"),
        None => "None".to_owned(),
    };
    Ok(format!(
        "    Asset {{ path: {path:?}, media_type: {media_type:?}, etag: {etag:?}, identity: {identity}, \
         gzip: {}, brotli: {} }},\n",
        optional(gzip.transpose()?),
        optional(brotli.transpose()?),
    ))
}

/// Writes bytes to a file, and returns the expression that includes it.
fn store(file: &Path, bytes: &[u8]) -> Result<String, Box<dyn Error>> {
    fs::write(file, bytes)?;
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.ok_or("a stored file has no name")?;
    Ok(format!(
        "include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"
    ))
}

/// What was compressed, if that made it smaller.
fn smaller(content: &[u8], compressed: Vec<u8>) -> Option<Vec<u8>> {
    (compressed.len() < content.len()).then_some(compressed)
}

fn compress_gzip(content: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn compress_brotli(mut content: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut content, &mut compressed, &parameters)?;
    Ok(compressed)
}
