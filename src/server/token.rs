//! The bootstrap token's file.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::ServerError;
use crate::{
    access::{TOKEN_BYTES, Token},
    disk::{self, RealDisk},
};

/// The bootstrap token's file in the data directory.
pub const TOKEN_FILE: &str = "admin-token";

/// Reads the bootstrap token, or makes one at the first start.
///
/// # Errors
/// Where the file can be neither read nor made, or holds something else.
pub(super) fn load_or_make(data_dir: &Path) -> Result<(Token, PathBuf), ServerError> {
    let path = data_dir.join(TOKEN_FILE);
    let unusable = |what: String| ServerError::DataDir {
        path: path.display().to_string(),
        what,
    };
    let token = match fs::read_to_string(&path) {
        Ok(text) => Token::parse(&text).map_err(|error| unusable(error.to_string()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut entropy = [0; TOKEN_BYTES];
            getrandom::fill(&mut entropy).map_err(|error| unusable(error.to_string()))?;
            let token = Token::new(entropy);
            let line = format!("{}\n", token.reveal());
            disk::write_whole(&RealDisk, &path, line.as_bytes())
                .map_err(|error| unusable(error.to_string()))?;
            token
        }
        Err(error) => return Err(unusable(error.to_string())),
    };
    Ok((token, path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn it_is_made_once_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("admin-token.new"), "left over").unwrap();
        let (first, path) = load_or_make(folder.path()).unwrap();
        let (again, _) = load_or_make(folder.path()).unwrap();
        assert_eq!(first.reveal(), again.reveal());
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::write(&path, "nonsense").unwrap();
        assert!(load_or_make(folder.path()).is_err());
    }
}
