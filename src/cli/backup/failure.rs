//! What to do about a backup that was not taken or not restored.

use crate::backup::BackupError;
use crate::cli::Failure;
use crate::ledger::LedgerError;

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        let hint = match &error {
            BackupError::Ledger(LedgerError::NoSpace { .. }) => {
                "free some, or name a directory on another disk, and begin again"
            }
            BackupError::Ledger(_) => {
                "see `biaoshi ledger verify`; docs/operations.md says what to do about damage"
            }
            BackupError::Replay(_) => "restore another backup, or one more of them by --before",
            BackupError::Io { .. } => "see whether the file or folder may be read and written",
            BackupError::Damaged { .. } => {
                "keep it as it is, and take an older backup (`biaoshi backup list`) or another copy"
            }
            BackupError::Empty => "a node writes its first entry when it starts: `biaoshi serve`",
            BackupError::NoBackup(_) => "take one: `biaoshi backup create`",
            BackupError::OtherLedger { .. } => "give each ledger a directory of its own",
            BackupError::InUse(_) => "wait until it is finished",
            BackupError::NoSpace { .. } => "free some, or keep fewer backups (--keep)",
            BackupError::NotEmpty(_) => {
                "move what is there away, or name another directory with --to"
            }
            BackupError::Archives { .. } => {
                "move those segments out of [ledger] archive_dirs, or set it to nothing, and \
                 restore again"
            }
            BackupError::MountPoint(_) => {
                "restore to a directory in it with --to, and set [node] data_dir to that"
            }
            BackupError::LeftOver(_) => "if none is under way, remove it and restore again",
            BackupError::Beyond { .. } => "`biaoshi backup list` says where backups end",
            BackupError::BeforeBeginning => "name a later time",
        };
        Self::new(error.to_string(), hint)
    }
}
