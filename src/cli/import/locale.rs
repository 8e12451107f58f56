//! What depends on where and when the command runs.

use std::ffi::OsStr;

use jiff::tz::TimeZone;

use crate::cli::Variables;
use crate::cli::arguments::Language;

/// The variables that say in which language messages are, the strongest first (POSIX, 8.2).
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// China has one time zone; filings are dated in it.
const ZONE: &str = "Asia/Shanghai";

//----------- Locale -------------------------------------------------------------

/// The language of whoever types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::cli) struct Locale {
    is_chinese: bool,
}

impl Locale {
    /// The locale of an environment.
    pub(in crate::cli) fn of(variables: &Variables) -> Self {
        let value = |name: &&str| {
            let mut own = variables.iter().filter(|(key, _)| key == OsStr::new(name));
            own.next()
                .map(|(_, value)| value)
                .filter(|value| !value.is_empty())
        };
        let locale = VARIABLES.iter().find_map(value);
        let is_chinese = locale.is_some_and(|locale| locale.to_string_lossy().starts_with("zh"));
        Self { is_chinese }
    }
}

/// The language asked for, else the locale's.
pub(in crate::cli) fn language(asked: Option<Language>, locale: Locale) -> Language {
    let own = if locale.is_chinese {
        Language::Zh
    } else {
        Language::En
    };
    asked.unwrap_or(own)
}

//----------- today --------------------------------------------------------------

/// Today in China, as `YYYY-MM-DD`.
pub(in crate::cli) fn today() -> String {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::fixed(jiff::tz::offset(8)));
    jiff::Timestamp::now().to_zoned(zone).date().to_string()
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese(variables: &[(&str, &str)]) -> bool {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Locale::of(&owned.collect()).is_chinese
    }

    #[test]
    fn the_strongest_variable_that_is_set_counts() {
        assert!(chinese(&[("LANG", "zh_CN.UTF-8")]));
        assert!(chinese(&[("LANG", "C"), ("LC_MESSAGES", "zh_TW")]));
        assert!(!chinese(&[("LANG", "zh_CN"), ("LC_ALL", "C.UTF-8")]));
        assert!(chinese(&[("LC_ALL", ""), ("LANG", "zh")]));
        assert!(!chinese(&[("LANGUAGE", "zh")]));
        assert!(!chinese(&[]));
    }

    #[test]
    fn what_is_asked_for_outranks_the_locale() {
        let locale = Locale { is_chinese: true };
        assert_eq!(language(None, locale), Language::Zh);
        assert_eq!(language(Some(Language::En), locale), Language::En);
    }

    #[test]
    fn today_is_a_date() {
        let today: jiff::civil::Date = today().parse().unwrap();
        assert!(today.year() >= 2026);
    }
}
