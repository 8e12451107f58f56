//! Cells: what each kind of column takes.

use super::{Code, Column, FieldKind};
use crate::identifier::{Identifier, Prefix};

/// The characters of a unified social credit code, in the order of their values (GB 32100-2015).
pub const USCC_ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Characters of a unified social credit code.
const USCC_CHARACTERS: usize = 18;

//----------- check ------------------------------------------------------------

/// What a cell comes to: its text as it is stored, and whether a date was written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) text: String,
    pub(super) is_normalised: bool,
}

/// Checks a trimmed cell: encoding, control characters, length, then what its kind asks.
pub(super) fn check(column: &Column, cell: &str) -> Result<Checked, Code> {
    if column.kind == FieldKind::Skip {
        return Ok(Checked {
            text: String::new(),
            is_normalised: false,
        });
    }
    if cell.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Code::BadEncoding);
    }
    if cell.is_empty() {
        let empty = Checked {
            text: String::new(),
            is_normalised: false,
        };
        return if column.required {
            Err(Code::MissingField)
        } else {
            Ok(empty)
        };
    }
    if column.kind == FieldKind::Identifier {
        let read = Identifier::parse_registration(cell);
        return read
            .map(|_| as_it_is(cell))
            .map_err(|error| identifier_code(error.code()));
    }
    let is_illegal =
        |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    if cell.contains(is_illegal) {
        return Err(Code::ControlCharacter);
    }
    if cell.chars().count() > column.characters_max {
        return Err(Code::ValueTooLong);
    }
    match column.kind {
        FieldKind::Date => date(cell),
        FieldKind::Gtin => gtin(cell).map(|()| as_it_is(cell)),
        FieldKind::Url => url(cell).map(|()| as_it_is(cell)),
        FieldKind::Uscc => uscc(cell),
        FieldKind::Prefix => Prefix::parse(cell)
            .map(|_| as_it_is(cell))
            .map_err(|_| Code::BadPrefix),
        FieldKind::Hosting => hosting(cell),
        // `2E+5` may be a model; a spreadsheet writes a fraction and two digits of exponent.
        FieldKind::Text if is_scientific(cell) && cell.contains('.') => {
            Err(Code::ScientificNotation)
        }
        FieldKind::Text | FieldKind::Identifier | FieldKind::Skip => Ok(as_it_is(cell)),
    }
}

fn as_it_is(cell: &str) -> Checked {
    Checked {
        text: cell.to_owned(),
        is_normalised: false,
    }
}

/// The code of an identifier's fault: the list knows them all but the one that trimming mends.
fn identifier_code(name: &str) -> Code {
    Code::from_name(name).unwrap_or(Code::ControlCharacter)
}

//----------- Kinds ------------------------------------------------------------

/// Reads `2026-05-07`, `2026/5/7`, `2026.5.7`, `2026年5月7日` and writes the first.
fn date(cell: &str) -> Result<Checked, Code> {
    // Spreadsheets add the time of midnight to days.
    let day = [" 0:00:00", " 00:00:00", " 0:00", " 00:00"]
        .iter()
        .find_map(|midnight| cell.strip_suffix(midnight))
        .unwrap_or(cell);
    let parts: Vec<&str> = match day.strip_suffix('日') {
        Some(day) => {
            let (year, rest) = day.split_once('年').ok_or(Code::BadDate)?;
            let (month, day) = rest.split_once('月').ok_or(Code::BadDate)?;
            vec![year, month, day]
        }
        None => {
            let separator = day
                .chars()
                .find(|c| !c.is_ascii_digit())
                .ok_or(Code::BadDate)?;
            if !matches!(separator, '-' | '/' | '.') {
                return Err(Code::BadDate);
            }
            day.split(separator).collect()
        }
    };
    let [year, month, day] = parts.as_slice() else {
        return Err(Code::BadDate);
    };
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_number = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        is_number
            .then(|| part.parse::<i16>().ok())
            .flatten()
            .ok_or(Code::BadDate)
    };
    let year = number(year, 4..=4)?;
    let month = i8::try_from(number(month, 1..=2)?).map_err(|_| Code::BadDate)?;
    let day = i8::try_from(number(day, 1..=2)?).map_err(|_| Code::BadDate)?;
    let date = jiff::civil::Date::new(year, month, day).map_err(|_| Code::BadDate)?;
    let text = date.to_string();
    let is_normalised = text != cell;
    Ok(Checked {
        text,
        is_normalised,
    })
}

/// A GTIN-8, -12, -13 or -14 with its check digit (GS1 General Specifications §7.9).
fn gtin(cell: &str) -> Result<(), Code> {
    if is_scientific(cell) {
        return Err(Code::ScientificNotation);
    }
    let is_gtin =
        matches!(cell.len(), 8 | 12 | 13 | 14) && cell.bytes().all(|byte| byte.is_ascii_digit());
    if !is_gtin {
        return Err(Code::BadCheckDigit);
    }
    // Weights 1 and 3 from the right, the check digit included.
    let sum: u32 = cell
        .bytes()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    if sum.is_multiple_of(10) {
        Ok(())
    } else {
        Err(Code::BadCheckDigit)
    }
}

/// Whether a spreadsheet has shortened a number to `6.90123E+12`.
fn is_scientific(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once("E+").or_else(|| cell.split_once("e+")) else {
        return false;
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1 && are_digits(whole) && are_digits(fraction) && are_digits(exponent)
}

fn url(cell: &str) -> Result<(), Code> {
    let is_web = url::Url::parse(cell)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    // The parser mends blanks and missing slashes; what is stored must be what was meant.
    let rest = cell.split_once("://").map_or("", |(_, rest)| rest);
    let has_host = rest.starts_with(|character: char| !matches!(character, '/' | '\\'));
    if is_web && has_host && !cell.contains(char::is_whitespace) {
        Ok(())
    } else {
        Err(Code::BadUrl)
    }
}

/// A unified social credit code with its check character (GB 32100-2015 §4.4); letters are stored
/// in upper case.
fn uscc(cell: &str) -> Result<Checked, Code> {
    let text = cell.to_ascii_uppercase();
    let values: Option<Vec<usize>> = text
        .chars()
        .map(|character| USCC_ALPHABET.find(character))
        .collect();
    let values = values.filter(|values| values.len() == USCC_CHARACTERS);
    let [body @ .., check] = values.as_deref().unwrap_or_default() else {
        return Err(Code::BadCheckDigit);
    };
    // Weights are the powers of 3 modulo 31.
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let sum: usize = body
        .iter()
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum();
    if (sum + check).is_multiple_of(31) {
        Ok(Checked {
            text,
            is_normalised: false,
        })
    } else {
        Err(Code::BadCheckDigit)
    }
}

fn hosting(cell: &str) -> Result<Checked, Code> {
    let word = match cell.to_ascii_lowercase().as_str() {
        "hosted" | "托管" | "已托管" | "4" => "hosted",
        "self-built" | "self_built" | "self built" | "自建" | "未托管" | "1" => "self-built",
        _ => return Err(Code::MissingField),
    };
    Ok(as_it_is(word))
}
