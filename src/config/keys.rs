//! The table of known keys: what may be set, its default, its range.
//!
//! One table drives the check for unknown keys, the variables of the environment, the defaults
//! and `docs/configuration.md`. A key that is not here does not exist.

use std::fmt;

//----------- Kind ---------------------------------------------------------------

/// What a key holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// One text.
    Text,
    /// A list of texts; one text stands for a list of one, commas separate in the environment.
    Texts,
    /// A whole number in a range, both ends included.
    Whole {
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text in quotes"),
            Self::Texts => f.write_str("a text in quotes or a list of them"),
            Self::Whole { min, max } => write!(f, "a whole number from {min} to {max}"),
        }
    }
}

//----------- Key ----------------------------------------------------------------

/// A known key.
#[derive(Debug)]
pub struct Key {
    /// The section it stands in, without brackets.
    pub section: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The value where nothing is said, as TOML.
    pub default: &'static str,
}

impl Key {
    /// The variable that overrides it: `BIAOSHI_HTTP_LISTEN`.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}_{}", self.section, self.name).to_ascii_uppercase()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.section, self.name)
    }
}

//----------- KEYS ---------------------------------------------------------------

/// What every variable of this program starts with.
pub const VARIABLE_PREFIX: &str = "BIAOSHI_";

/// The variable that names the file; it is no key.
pub const FILE_VARIABLE: &str = "BIAOSHI_CONFIG";

const fn text(section: &'static str, name: &'static str, default: &'static str) -> Key {
    Key {
        section,
        name,
        kind: Kind::Text,
        default,
    }
}

const fn texts(section: &'static str, name: &'static str, default: &'static str) -> Key {
    Key {
        section,
        name,
        kind: Kind::Texts,
        default,
    }
}

const fn whole(
    section: &'static str,
    name: &'static str,
    (min, max): (u64, u64),
    default: &'static str,
) -> Key {
    Key {
        section,
        name,
        kind: Kind::Whole { min, max },
        default,
    }
}

/// Every key, in the order in which files and documents show them.
pub static KEYS: [Key; 38] = [
    text("node", "data_dir", r#""./biaoshi-data""#),
    text("node", "zone", r#""id.example""#),
    texts("node", "secondary_prefixes", "[]"),
    texts("http", "listen", r#"["127.0.0.1:8000"]"#),
    // Half of the 1,024 descriptors that a process has on Debian unless told otherwise.
    whole("http", "connections_max", (1, 100_000), "512"),
    // A browser on a bad line sends its header within seconds; whoever takes longer holds a slot.
    whole("http", "header_timeout_seconds", (1, 300), "10"),
    // As long as the common reverse proxies keep an idle connection to a node behind them.
    whole("http", "idle_timeout_seconds", (1, 3_600), "60"),
    // A batch of 2,000 items of 4 KiB each.
    whole("http", "body_bytes_max", (65_536, 67_108_864), "8388608"),
    // Below the ten seconds after which container runtimes kill what they asked to stop.
    whole("http", "shutdown_seconds", (1, 300), "8"),
    // Half of what a file may have: a backup copies the one that is open as a whole.
    whole(
        "ledger",
        "segment_bytes_max",
        (1_048_576, 4_294_967_296),
        "2147483648",
    ),
    texts("ledger", "archive_dirs", "[]"),
    // Enough to checkpoint, to write a snapshot of a common node and for a person to work in.
    whole(
        "ledger",
        "free_bytes_min",
        (0, 1_125_899_906_842_624),
        "1073741824",
    ),
    // An hour of imports is replayed in seconds, and a snapshot costs as much as it is large.
    whole("snapshot", "interval_seconds", (1, 604_800), "3600"),
    texts("handle", "listen", r#"["127.0.0.1:2641"]"#),
    texts("dns", "listen", r#"["127.0.0.1:8053"]"#),
    texts("dns", "name_servers", "[]"),
    text("dns", "naptr_service", r#""IDIS+URL""#),
    // What was just registered is found a minute later by whoever asked too early.
    whole("dns", "negative_ttl_seconds", (0, 86_400), "60"),
    texts("metrics", "listen", r#"["127.0.0.1:9641"]"#),
    texts(
        "accounting",
        "internal_networks",
        r#"["127.0.0.0/8", "::1/128"]"#,
    ),
    texts("accounting", "probe_networks", "[]"),
    texts("accounting", "self_networks", "[]"),
    texts("accounting", "test_prefixes", "[]"),
    text("accounting", "docking_date", r#""""#),
    texts("topnode", "resolution", "[]"),
    texts("topnode", "operator", "[]"),
    text("report", "by", r#""hand""#),
    text("report", "url", r#""""#),
    text("report", "mapping", r#""""#),
    text("report", "token_file", r#""""#),
    text("report", "secret_file", r#""""#),
    text("report", "ca_file", r#""""#),
    text("report", "certificate_file", r#""""#),
    text("report", "key_file", r#""""#),
    text("report", "folder", r#""./biaoshi-reports""#),
    text("report", "from", r#""""#),
    text("log", "level", r#""info""#),
    text("log", "format", r#""text""#),
];

/// The key of that section and name, with its place in the table.
pub(super) fn find(section: &str, name: &str) -> Option<usize> {
    KEYS.iter()
        .position(|key| key.section == section && key.name == name)
}

/// The sections, each once, in order.
pub(super) fn sections() -> Vec<&'static str> {
    let mut names: Vec<&str> = KEYS.iter().map(|key| key.section).collect();
    names.dedup();
    names
}

/// The keys of a section, in order.
pub(super) fn of_section(section: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

//----------- nearest ------------------------------------------------------------

/// The known name that is nearest to what was written; none if nothing is known.
///
/// Longer inputs are cut: the distance costs the product of both lengths, and no known name is
/// half as long.
pub(super) fn nearest<'k>(
    written: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<&'k str> {
    const COMPARED_CHARS_MAX: usize = 64;
    let written: String = written.chars().take(COMPARED_CHARS_MAX).collect();
    let written = written.to_ascii_lowercase();
    known
        .into_iter()
        .min_by_key(|name| strsim::damerau_levenshtein(&written, &name.to_ascii_lowercase()))
}
