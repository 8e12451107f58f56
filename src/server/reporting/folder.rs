//! Messages as files in a folder, from which somebody takes them.
//!
//! ```text
//! <folder>/T8-20261125-r1-p1-0123abcd.json           a message, whole under its name
//! <folder>/T8-20261125-r1-p1-0123abcd.manifest.json  its key, its rows, its size and SHA-256; written behind it
//! <folder>/T8-20261125-r1-p1-0123abcd.receipt.json   {"status": "1", "receipt": "…"}: what became of it
//! ```
//!
//! A name ends with the beginning of the message's key: a receipt for a message of another ledger,
//! one that was here before, is beside no message of this one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::transport::{Sending, Transport};
use crate::{
    change::Hash,
    disk::{Disk as _, RealDisk, write_whole},
    server::upkeep::blocking,
    topnode::{
        outbox::{Answer, Message},
        wire::{Mapping, Secrets, WireReply, answer, request},
    },
};

/// Digits of a key in a name: enough to tell ledgers apart.
const KEY_DIGITS: usize = 8;

/// The longest receipt.
const RECEIPT_BYTES_MAX: u64 = 64 * 1024;

//----------- Folder -----------------------------------------------------------

/// A folder.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl Transport for Folder {
    fn has_filing(&self) -> bool {
        true
    }

    fn send(&self, message: Message, now_ms: u64) -> Sending<'_> {
        let folder = self.path.clone();
        Box::pin(async move {
            let delivered = blocking(move || deliver(&folder, &message, now_ms)).await;
            let failed = |reason: String| Answer::Failed {
                reason,
                retry_after_ms: None,
            };
            match delivered {
                Some(Ok(answer)) => answer,
                Some(Err(error)) => failed(error.to_string()),
                None => failed("the writing was interrupted".to_owned()),
            }
        })
    }
}

/// Writes a message where it is not there, and reads what became of it.
fn deliver(folder: &Path, message: &Message, now_ms: u64) -> io::Result<Answer> {
    RealDisk.create_folder(folder)?;
    let name = format!(
        "{}-{}-r{}-p{}-{}",
        message.table.name(),
        message.period,
        message.revision,
        message.part.number,
        message.key.get(..KEY_DIGITS).unwrap_or(&message.key),
    );
    let file = |kind: &str| folder.join(format!("{name}{kind}.json"));
    let receipt = file(".receipt");
    // Nothing is signed in a folder: whoever can write there is believed.
    let mapping = Mapping::unsigned();
    if let Ok(found) = fs::metadata(&receipt) {
        if found.len() > RECEIPT_BYTES_MAX {
            return Err(io::Error::other(format!(
                "{} is too long",
                receipt.display()
            )));
        }
        let reply = WireReply {
            status: 200,
            headers: Vec::new(),
            body: fs::read(&receipt)?,
        };
        return Ok(answer(
            message,
            &mapping,
            &Secrets::default(),
            &reply,
            now_ms,
        ));
    }
    let body = request(message, &mapping, &Secrets::default(), now_ms).body;
    let manifest = file(".manifest");
    if !fs::read(file("")).is_ok_and(|there| there == body) || !manifest.exists() {
        write_whole(&RealDisk, &file(""), &body)?;
        let said = manifest_of(message, &name, &body);
        write_whole(&RealDisk, &manifest, said.to_string().as_bytes())?;
    }
    Ok(Answer::Waiting)
}

fn manifest_of(message: &Message, name: &str, body: &[u8]) -> Value {
    json!({
        "file": format!("{name}.json"),
        "table": message.table.name(),
        "period": message.period,
        "revision": message.revision,
        "part": message.part.number,
        "last": message.part.is_last,
        "key": message.key,
        "rows": message.part.rows,
        "bytes": body.len(),
        "sha256": Hash::of(&[body]).to_string(),
    })
}
