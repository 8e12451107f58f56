//! `topnode rehearse`: docking, played through with a stand-in of the national node.

mod checklist;
mod events;
mod filing;
mod play;
mod probing;

use std::path::{Path, PathBuf};

use super::super::arguments::RehearseArguments;
use super::super::import::{Locale, language};
use super::super::{Exit, Failure, Output};
use crate::config::Config;
use crate::identifier::Prefix;
use crate::server::{Options, rehearsal::Rehearsal};
use play::Play;

/// Where probes come from: an address of this machine that nothing else asks from.
const PROBES: &str = "127.0.0.2/32";

/// The secondary prefix of a node that has none yet.
const PREFIX: &str = "88.118";

//----------- run ----------------------------------------------------------------

/// Plays it through, and prints the checklist.
pub(in crate::cli) fn run(
    config: &Config,
    arguments: &RehearseArguments,
    locale: Locale,
    output: &Output,
) -> Result<Exit, Failure> {
    let folder = Folder::make(arguments.folder.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("no threads: {error}"), "try again"))?;
    let probes = PROBES.parse().expect("it is a network");
    let options = options(config);
    let rehearsal = runtime.block_on(Rehearsal::begin(options.clone(), &folder.path, probes))?;
    let language = language(arguments.lang, locale);
    let mut play = Play::new(&rehearsal, &options, language)?;
    let played = play.run();
    let checklist = play.checklist;
    runtime.block_on(rehearsal.end());
    runtime.shutdown_background();
    if output.is_json() {
        output.json(&checklist.to_json())?;
    } else {
        output.text(&checklist.text(language))?;
    }
    played?;
    Ok(if checklist.has_failed() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

/// What is rehearsed: the node that the configuration speaks of, with no data of its own.
fn options(config: &Config) -> Options {
    let mut options = config.server.clone();
    if options.node.secondary_prefixes.is_empty() {
        let prefix = Prefix::parse(PREFIX).expect("it is a prefix");
        options.node.secondary_prefixes.push(prefix);
    }
    options.origins.test_prefixes.clear();
    options.origins.self_networks.clear();
    options
}

/// A folder that goes when it is over, unless it was named.
struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    fn make(named: Option<&Path>) -> Result<Self, Failure> {
        let path = named.map_or_else(
            || std::env::temp_dir().join(format!("biaoshi-rehearsal-{}", std::process::id())),
            Path::to_path_buf,
        );
        let made = std::fs::create_dir(&path);
        made.map_err(|error| {
            let hint = "name a folder that is not there yet with --folder";
            Failure::new(format!("{}: {error}", path.display()), hint)
        })?;
        Ok(Self {
            path,
            is_kept: named.is_some(),
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // What is left is in the folder for temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
