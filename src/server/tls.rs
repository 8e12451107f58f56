//! TLS: whom this node trusts, and by what others know it.

use std::path::Path;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

//----------- connector --------------------------------------------------------

/// Connects to a server that one of these authorities vouches for, else one of the system's; shows
/// a certificate where there is one.
///
/// # Errors
/// Where a file cannot be read or is not what it should be.
pub(super) fn connector(
    ca_file: Option<&Path>,
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<HttpsConnector<HttpConnector>, TlsError> {
    let builder = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Unusable(error.to_string()))?
        .with_root_certificates(roots(ca_file)?);
    let config = match (certificate, key) {
        (None, None) => builder.with_no_client_auth(),
        (None, Some(_)) | (Some(_), None) => return Err(TlsError::Half),
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let read = PrivateKeyDer::from_pem_file(key);
            let key = read.map_err(|error| TlsError::read(key, &error))?;
            let config = builder.with_client_auth_cert(chain, key);
            config.map_err(|error| TlsError::read(certificate, &error))?
        }
    };
    let builder = HttpsConnectorBuilder::new().with_tls_config(config);
    Ok(builder.https_or_http().enable_http1().build())
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => {
            for certificate in certificates(file)? {
                let added = roots.add(certificate);
                added.map_err(|error| TlsError::read(file, &error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error| TlsError::read(file, &error))?;
    if read.is_empty() {
        return Err(TlsError::read(file, &"there is no certificate in it"));
    }
    Ok(read)
}

//============ Error types =====================================================

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be used.
    #[error("{file}: {what}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// One of two files is missing.
    #[error("certificate_file and key_file are said together or not at all")]
    Half,
    /// TLS itself cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl TlsError {
    fn read(file: &Path, what: &dyn std::fmt::Display) -> Self {
        Self::File {
            file: file.display().to_string(),
            what: what.to_string(),
        }
    }
}
