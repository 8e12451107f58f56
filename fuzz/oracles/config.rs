//! What has to hold for any configuration, as a file and as an environment.

use std::ffi::OsString;

use biaoshi::config::{ConfigError, KEYS, parse};

/// An error is read on a terminal: it has a line of its own and not a screen.
const ERROR_CHARS_MAX: usize = 1_000;

/// Reads the data as a file, then as variables, one `NAME=value` a line.
///
/// Nothing panics; what is accepted is shown as a file that amounts to the same; what is refused
/// is told on one line, with something to do.
///
/// # Panics
///
/// If one of these does not hold.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse(Some(("fuzz.toml", text)), []) {
        Ok(loaded) => {
            let shown = loaded.to_toml();
            let again = parse(Some(("shown.toml", &shown)), []);
            let again = again.expect("what is shown is a sound file");
            assert_eq!(again.config, loaded.config, "{shown}");
            assert_eq!(again.to_json(), loaded.to_json());
        }
        Err(error) => check_error(&error),
    }
    if let Err(error) = parse(None, variables(text)) {
        check_error(&error);
    }
}

fn check_error(error: &ConfigError) {
    let told = error.to_string();
    let control = |text: &str| text.chars().any(char::is_control);
    assert!(!control(&told) && !control(&error.hint()), "{told:?}");
    assert!(told.chars().count() <= ERROR_CHARS_MAX, "{told}");
    assert!(!told.is_empty() && !error.hint().is_empty());
}

/// Lines as variables; a line that begins with a digit names a key by its number.
fn variables(text: &str) -> Vec<(OsString, OsString)> {
    let variable = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let name = match name.parse::<usize>() {
            Ok(number) => KEYS[number % KEYS.len()].variable(),
            Err(_) => name.into(),
        };
        Some((name.into(), value.into()))
    };
    text.lines().filter_map(variable).collect()
}
