//! Why there was no reply, and what to do about it.

use std::error::Error;
use std::time::Duration;

use crate::cli::Failure;

//============ Error types =======================================================

/// Why there was no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum ClientError {
    /// The node's address is none.
    #[error("{0:?} is no address of a node: {1}")]
    BadUrl(String, String),
    /// Nobody listens there.
    #[error("cannot reach a node at {0}: {1}")]
    Unreachable(String, String),
    /// The connection ended, or was not HTTP.
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    /// It took too long.
    #[error("{0} did not reply within {1:?}")]
    Timeout(String, Duration),
    /// More than any reply of a node.
    #[error("{0} replied with more than 16 MiB")]
    TooLarge(String),
    /// The token could not be read.
    #[error("cannot read the token in {0}: {1}")]
    Token(String, String),
    /// The system refused.
    #[error("cannot start a client: {0}")]
    Runtime(String),
}

impl ClientError {
    /// Is it worth asking again?
    pub(in crate::cli) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(..) | Self::Broken(..) | Self::Timeout(..)
        )
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::BadUrl(..) => "write it as http://127.0.0.1:8000",
            Self::Unreachable(..) => {
                "start the node with `biaoshi serve`, or say where it is: --node URL, or --config \
                 FILE with its [http] listen"
            }
            Self::Broken(..) | Self::TooLarge(..) => {
                "see whether it is a node of biaoshi that listens there, and what its log says"
            }
            Self::Timeout(..) => "the node is overloaded or its disk stalls; its log says more",
            Self::Token(..) => {
                "the node writes it to admin-token in its data directory when it starts: run this \
                 as the node's user, name the node's --config, or give --token-file FILE"
            }
            Self::Runtime(_) => "see whether open files are limited (ulimit -n)",
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

/// What lies at the bottom of an error: the layers above it say only that something went wrong.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string().to_lowercase()
}
