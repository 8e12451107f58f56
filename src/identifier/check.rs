//! What may be registered.
//!
//! What was registered is printed, scanned, typed and compared by people: a character that cannot
//! be seen, or that looks the same in two encodings, makes two names where they see one.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::{IDENTIFIER_BYTES_MAX, IDENTIFIER_CHARACTERS_MAX, prefix};

/// Checks what holds for queries too: the limits, and no NUL, which the Handle protocol cannot carry
/// (RFC 3651 §3: UTF-8 strings without it).
pub(super) fn query(text: &str) -> Result<(), IdentifierError> {
    let characters = text.chars().count();
    if characters > IDENTIFIER_CHARACTERS_MAX || text.len() > IDENTIFIER_BYTES_MAX {
        return Err(IdentifierError::TooLong { characters });
    }
    match text.find('\0') {
        None => Ok(()),
        Some(at) => {
            let position = text[..at].chars().count() + 1;
            Err(IdentifierError::ControlCharacter {
                position,
                code_point: 0,
            })
        }
    }
}

/// Checks every rule and returns the bytes before the first slash.
pub(super) fn registration(text: &str) -> Result<usize, IdentifierError> {
    if text.is_empty() {
        return Err(IdentifierError::Missing);
    }
    // A hostile text ends here: what follows looks at each character more than once.
    let readable = text.chars().take(IDENTIFIER_CHARACTERS_MAX + 1);
    let faults = (1..)
        .zip(readable)
        .filter_map(|(position, character)| fault(position, character));
    // The first of equal ranks stays; a rank below stands for a worse fault.
    if let Some((_, error)) = faults.min_by_key(|(rank, _)| *rank) {
        return Err(error);
    }
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return Err(IdentifierError::OuterBlank);
    }
    let authority_bytes = text.find('/').ok_or(IdentifierError::NoSlash)?;
    prefix::check(&text[..authority_bytes]).map_err(IdentifierError::BadPrefix)?;
    if authority_bytes + 1 == text.len() {
        return Err(IdentifierError::EmptySuffix);
    }
    query(text)?;
    let is_nfc = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => true,
        IsNormalized::No => false,
        IsNormalized::Maybe => text.chars().nfc().eq(text.chars()),
    };
    if is_nfc {
        Ok(authority_bytes)
    } else {
        Err(IdentifierError::NotNfc)
    }
}

/// What is wrong with a character, and the rank of that among the faults of a text: the first in
/// the order of [`IdentifierError`] is reported, wherever it stands.
fn fault(position: usize, character: char) -> Option<(u8, IdentifierError)> {
    if character.is_ascii_graphic() || character == ' ' {
        return None;
    }
    let code_point = u32::from(character);
    if is_bidi(code_point) {
        let error = IdentifierError::Bidi {
            position,
            code_point,
        };
        return Some((2, error));
    }
    if is_invisible(code_point) {
        let error = IdentifierError::ZeroWidth {
            position,
            code_point,
        };
        return Some((1, error));
    }
    match character.general_category() {
        GeneralCategory::Control
        | GeneralCategory::LineSeparator
        | GeneralCategory::ParagraphSeparator => {
            let error = IdentifierError::ControlCharacter {
                position,
                code_point,
            };
            Some((0, error))
        }
        GeneralCategory::Unassigned => {
            let error = IdentifierError::Unassigned {
                position,
                code_point,
            };
            Some((3, error))
        }
        _ => None,
    }
}

/// Marks and overrides of the bidirectional algorithm (UAX #9 §2).
fn is_bidi(code_point: u32) -> bool {
    matches!(code_point, 0x061C | 0x200E | 0x200F | 0x202A..=0x202E | 0x2066..=0x2069)
}

/// `Default_Ignorable_Code_Point` (UAX #44, DerivedCoreProperties): drawn as nothing.
fn is_invisible(code_point: u32) -> bool {
    matches!(
        code_point,
        0x00AD
            | 0x034F
            | 0x115F..=0x1160
            | 0x17B4..=0x17B5
            | 0x180B..=0x180F
            | 0x200B..=0x200D
            | 0x2060..=0x206F
            | 0x3164
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFA0
            | 0xFFF0..=0xFFF8
            | 0x1BCA0..=0x1BCA3
            | 0x1D173..=0x1D17A
            | 0xE0000..=0xE0FFF
    )
}

//============ Error types =====================================================

/// Why a text is no identifier, in the order in which it is checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing is there.
    #[error("the identifier is missing")]
    Missing,
    /// A control character, or a line or paragraph separator.
    #[error("character {position} is the control character U+{code_point:04X}; remove it")]
    ControlCharacter {
        /// Its place, from 1.
        position: usize,
        /// What it is.
        code_point: u32,
    },
    /// A character that is drawn as nothing.
    #[error("character {position}, U+{code_point:04X}, cannot be seen; remove it")]
    ZeroWidth {
        /// Its place, from 1.
        position: usize,
        /// What it is.
        code_point: u32,
    },
    /// A mark that turns the direction of what follows.
    #[error("character {position}, U+{code_point:04X}, turns the writing direction; remove it")]
    Bidi {
        /// Its place, from 1.
        position: usize,
        /// What it is.
        code_point: u32,
    },
    /// A code point that means nothing yet.
    #[error("character {position}, U+{code_point:04X}, is not assigned in Unicode; replace it")]
    Unassigned {
        /// Its place, from 1.
        position: usize,
        /// What it is.
        code_point: u32,
    },
    /// Blanks before or behind.
    #[error("there are blanks before or behind the identifier; remove them")]
    OuterBlank,
    /// No slash between prefix and suffix.
    #[error("there is no slash; an identifier is prefix/suffix, such as 88.118.8/JXDY2106023")]
    NoSlash,
    /// What is before the slash is no prefix.
    #[error("what is before the slash is no prefix: {0}")]
    BadPrefix(prefix::PrefixError),
    /// Nothing behind the slash.
    #[error("there is nothing behind the slash")]
    EmptySuffix,
    /// Over the limits.
    #[error("it has {characters} characters; at most {IDENTIFIER_CHARACTERS_MAX} are possible")]
    TooLong {
        /// How many it has.
        characters: usize,
    },
    /// Letters with marks are decomposed.
    #[error("it is not in Unicode normalisation form C; type it anew or convert it to NFC")]
    NotNfc,
}

impl IdentifierError {
    /// The code of `docs/import.md`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing_field",
            Self::ControlCharacter { .. } => "control_character",
            Self::Bidi { .. } => "bidi",
            Self::ZeroWidth { .. } => "zero_width",
            Self::Unassigned { .. } => "unassigned_character",
            Self::OuterBlank => "outer_blank",
            Self::NoSlash => "no_slash",
            Self::BadPrefix(_) => "bad_prefix",
            Self::EmptySuffix => "empty_suffix",
            Self::TooLong { .. } => "identifier_too_long",
            Self::NotNfc => "not_nfc",
        }
    }
}
