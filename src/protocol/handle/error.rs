//! What is wrong with a message.

use crate::change::DecodeError;

//----------- HandleError ------------------------------------------------------

/// What is wrong with a message; the peer is told no more than that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It ends before something that it announces.
    #[error("the message is cut off")]
    CutOff,
    /// It announces more than any message has.
    #[error("a message of {0} bytes is longer than any")]
    TooLong(u32),
    /// It asks for more conditions than a record has values.
    #[error("there are too many conditions")]
    TooManyConditions,
    /// It is an answer: there is nothing to say to it.
    #[error("the message is an answer")]
    IsAnswer,
    /// It is encrypted, and no session is known.
    #[error("the message is encrypted, and there is no session")]
    Encrypted,
}

impl From<DecodeError> for HandleError {
    fn from(_: DecodeError) -> Self {
        Self::CutOff
    }
}
