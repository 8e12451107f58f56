//! Arguments of `backup` and `restore`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

//----------- BackupCommand ------------------------------------------------------

pub(super) const BACKUP_EXAMPLES: &str = "\
Examples:
  biaoshi backup create /backup/node               beside the running node; again each hour
  biaoshi backup create /backup/node --keep 48     and remove all but the newest 48
  biaoshi backup create /backup/node --keystore-to /safe/keys
  biaoshi backup create - | age -r age1... > node.bsb.age
  biaoshi backup list /backup/node
  biaoshi backup verify /backup/node               read every byte of the newest

A backup holds the ledger and no keys: --keystore-to copies those, to another place.";

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Back the ledger up, whether the node runs or not
    #[command(after_help = BACKUP_EXAMPLES)]
    Create(CreateArguments),
    /// Say which backups a directory holds
    #[command(after_help = BACKUP_EXAMPLES)]
    List {
        /// The directory of backups
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
    /// Read a backup, every byte of it, and check each entry against the one before it
    #[command(after_help = BACKUP_EXAMPLES)]
    Verify {
        /// A directory of backups (then the newest), or one of them
        #[arg(value_name = "BACKUP")]
        backup: PathBuf,
    },
}

/// Arguments of `backup create`.
#[derive(Args, Debug)]
pub struct CreateArguments {
    /// The directory of backups, or - for one stream with everything to standard output
    #[arg(value_name = "DIRECTORY")]
    pub directory: PathBuf,

    /// Keep this many of the newest backups, and remove the others once the new one is finished
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,

    /// Copy the keys too, to this directory, which must not be in the directory of backups
    #[arg(long, value_name = "DIRECTORY")]
    pub keystore_to: Option<PathBuf>,

    /// Say what would be copied, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

//----------- RestoreArguments ---------------------------------------------------

pub(super) const RESTORE_EXAMPLES: &str = "\
Examples:
  biaoshi restore /backup/node                               the newest, into [node] data_dir
  biaoshi restore /backup/node --to /tmp/drill               somewhere else, as a drill
  biaoshi restore /backup/node/backup-20261123T100000.000Z
  biaoshi restore /backup/node --before 2026-11-23T10:00:00+08:00
  biaoshi restore /backup/node --data-seq 4711               up to that entry
  age -d -i key.txt node.bsb.age | biaoshi restore -

The directory must be empty or missing: nothing is restored over what is there. With a point in
time, what came after it is given up; the node that had it must never run again.";

/// Arguments of `restore`.
#[derive(Args, Debug)]
pub struct RestoreArguments {
    /// A directory of backups (then the newest), one of them, or - for a stream
    #[arg(value_name = "BACKUP")]
    pub backup: PathBuf,

    /// The data directory [default: [node] data_dir]
    #[arg(long, value_name = "DIRECTORY")]
    pub to: Option<PathBuf>,

    /// The last entry of data/1 that is restored
    #[arg(long, value_name = "SEQ")]
    pub data_seq: Option<u64>,

    /// The last entry of control that is restored; more where data/1 rests on more
    #[arg(long, value_name = "SEQ")]
    pub control_seq: Option<u64>,

    /// Leave out entries of this time and later (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub before: Option<jiff::Timestamp>,

    /// Copy the keys from this directory, where `backup create --keystore-to` left them
    #[arg(long, value_name = "DIRECTORY")]
    pub keystore_from: Option<PathBuf>,

    /// Read the backup, every byte of it, and restore nothing
    #[arg(long)]
    pub dry_run: bool,
}
