//! The certificate of the gateway.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::http_server::PROTOCOLS;

/// The certificate with which the gateway serves HTTPS. It is read at the start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate, and those that lead from it to an authority (PEM).
    pub cert_file: PathBuf,
    /// Its private key (PEM).
    pub key_file: PathBuf,
}

impl TlsConfig {
    /// What encrypts connections.
    ///
    /// # Errors
    /// When a file can't be read, or they do not belong together.
    pub(crate) fn acceptor(&self) -> anyhow::Result<TlsAcceptor> {
        let shown = self.cert_file.display();
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&self.cert_file)
            .with_context(|| format!("read tls.cert_file {shown}"))?
            .collect();
        let certificates = certificates.with_context(|| format!("tls.cert_file {shown}"))?;
        let shown = self.key_file.display();
        let key = PrivateKeyDer::from_pem_file(&self.key_file)
            .with_context(|| format!("read tls.key_file {shown}"))?;
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .context("tls.cert_file and tls.key_file do not belong together")?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
