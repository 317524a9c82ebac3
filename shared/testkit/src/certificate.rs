//! A certificate for this machine.

use std::path::PathBuf;

use tempfile::TempDir;

/// A certificate of `127.0.0.1` and `localhost` that it has signed itself, and its private key, as files.
pub struct Certificate {
    folder: TempDir,
}

impl Certificate {
    /// A new one.
    ///
    /// # Panics
    /// If it can't be made or written.
    pub fn new() -> Self {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let folder = TempDir::new().expect("a temporary folder");
        let certificate = Self { folder };
        std::fs::write(certificate.cert_file(), made.cert.pem()).expect("write it");
        let key = made.signing_key.serialize_pem();
        std::fs::write(certificate.key_file(), key).expect("write its key");
        certificate
    }

    /// The certificate, as PEM.
    pub fn cert_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Its private key, as PEM.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

impl Default for Certificate {
    fn default() -> Self {
        Self::new()
    }
}
