//! The bootstrap token: the one secret until named administrators exist.

use std::fmt;

use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;

use super::Caller;

/// Bytes of entropy in a token: 256 bits, beyond guessing, so that it needs no slow hash.
pub const TOKEN_BYTES: usize = 32;

//----------- Token ------------------------------------------------------------

/// A secret, written as 64 hexadecimal digits; never shown by `Debug`.
#[derive(Clone)]
pub struct Token([u8; TOKEN_BYTES]);

impl Token {
    /// Makes a token of entropy.
    #[must_use]
    pub fn new(entropy: [u8; TOKEN_BYTES]) -> Self {
        Self(entropy)
    }

    /// Reads a token; white space around it is allowed, as in a file with a last line feed.
    ///
    /// # Errors
    /// Where the text is not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let bytes = HEXLOWER
            .decode(text.trim().as_bytes())
            .map_err(|_| TokenError)?;
        bytes.try_into().map(Self).map_err(|_| TokenError)
    }

    /// The text to hand to whoever may have it.
    #[must_use]
    pub fn reveal(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

//----------- Gate -------------------------------------------------------------

/// Tells who is asking.
#[derive(Debug)]
pub struct Gate {
    bootstrap: Token,
}

/// Who is asking, or why that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// Somebody, or nobody in particular.
    As(Caller),
    /// A token was given and is not ours.
    UnknownToken,
    /// The token is ours, but it opens nothing from there.
    NotFromThere,
}

impl Gate {
    /// A gate that knows the bootstrap token.
    #[must_use]
    pub fn new(bootstrap: Token) -> Self {
        Self { bootstrap }
    }

    /// Tells who is asking, from the token given and whether the peer is on this machine.
    ///
    /// A peer that a proxy forwarded is never on this machine.
    #[must_use]
    pub fn identify(&self, token: Option<&str>, is_loopback: bool) -> Identified {
        let Some(text) = token else {
            return Identified::As(Caller::Anonymous);
        };
        let is_ours = Token::parse(text).is_ok_and(|given| given.0.ct_eq(&self.bootstrap.0).into());
        match (is_ours, is_loopback) {
            (false, _) => Identified::UnknownToken,
            (true, false) => Identified::NotFromThere,
            (true, true) => Identified::As(Caller::Administrator),
        }
    }
}

//============ Error types =====================================================

/// The text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token is 64 hexadecimal digits")]
pub struct TokenError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens_and_only_from_here() {
        let token = Token::new([0xab; TOKEN_BYTES]);
        let (right, wrong) = (token.reveal(), Token::new([0xac; TOKEN_BYTES]).reveal());
        let gate = Gate::new(token);
        assert_eq!(gate.identify(None, true), Identified::As(Caller::Anonymous));
        assert_eq!(
            gate.identify(Some(&right), true),
            Identified::As(Caller::Administrator)
        );
        assert_eq!(gate.identify(Some(&right), false), Identified::NotFromThere);
        for text in [wrong.as_str(), "", &right[..63], &format!("{right}0"), "é"] {
            assert_eq!(
                gate.identify(Some(text), true),
                Identified::UnknownToken,
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let shown = format!("{:?}", Gate::new(Token::new([0xab; TOKEN_BYTES])));
        assert!(!shown.contains("ab"), "{shown}");
    }
}
