//! From options to a transport: what is in the files that they name.

use std::{fs, path::Path, sync::Arc};

use super::{Transport, folder::Folder, https::Https};
use crate::{
    server::{
        options::{Delivery, HttpsOptions, ReportingOptions},
        tls::TlsError,
    },
    topnode::wire::{Mapping, MappingError, Secrets},
};

/// The longest of these files: a mapping with all names of all fields.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// What an HMAC-SHA256 is not weaker than its hash with (RFC 2104 §3), and half of it.
const SECRET_BYTES_MIN: usize = 16;

//----------- Wire -------------------------------------------------------------

/// How messages are said, and what is shared.
pub(super) struct Wire {
    pub(super) mapping: Mapping,
    pub(super) secrets: Secrets,
}

/// The way that the options name; none where reports go by hand.
///
/// # Errors
/// Where a file cannot be read, or something is missing.
pub(in crate::server) fn transport(
    options: &ReportingOptions,
) -> Result<Option<Arc<dyn Transport>>, ReportingError> {
    Ok(match options.by {
        Delivery::Hand => None,
        Delivery::Folder => Some(Arc::new(Folder::new(options.folder.clone()))),
        Delivery::Https => {
            let https = &options.https;
            Some(Arc::new(Https::new(https, wire(https)?)?))
        }
    })
}

fn wire(options: &HttpsOptions) -> Result<Wire, ReportingError> {
    let mapping = match &options.mapping {
        None => Mapping::default(),
        Some(file) => {
            let parsed = Mapping::parse(&read(file)?);
            parsed.map_err(|error| ReportingError::Mapping {
                file: file.display().to_string(),
                error: Box::new(error),
            })?
        }
    };
    let secret = options.secret_file.as_deref().map(read).transpose()?;
    let token = options.token_file.as_deref().map(read).transpose()?;
    let secrets = Secrets {
        token: token.unwrap_or_default().trim().to_owned(),
        secret: secret.unwrap_or_default().trim().as_bytes().to_vec(),
    };
    if mapping.needs_secret() && secrets.secret.len() < SECRET_BYTES_MIN {
        return Err(ReportingError::NoSecret);
    }
    if mapping.needs_token() && secrets.token.is_empty() {
        return Err(ReportingError::NoToken);
    }
    Ok(Wire { mapping, secrets })
}

fn read(file: &Path) -> Result<String, ReportingError> {
    let unread = |what: String| ReportingError::File {
        file: file.display().to_string(),
        what,
    };
    let found = fs::metadata(file).map_err(|error| unread(error.to_string()))?;
    if found.len() > FILE_BYTES_MAX {
        return Err(unread(format!("over {FILE_BYTES_MAX} bytes")));
    }
    fs::read_to_string(file).map_err(|error| unread(error.to_string()))
}

//============ Error types =====================================================

/// Why reports cannot go.
#[derive(Debug, thiserror::Error)]
pub enum ReportingError {
    /// A file cannot be read.
    #[error("{file}: {what}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// The mapping says something that cannot be done.
    #[error("{file}: {error}")]
    Mapping {
        /// The file.
        file: String,
        /// What it says.
        error: Box<MappingError>,
    },
    /// There is nothing to sign with.
    #[error("the mapping signs, and [report] secret_file names no secret of at least 16 bytes")]
    NoSecret,
    /// There is no token.
    #[error("the mapping says a token, and [report] token_file names none")]
    NoToken,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
