//! Backups of a real node: taken beside it, restored, damaged, cut off.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use common::{Client, Node, data, registered_in};
use serde_json::Value;

/// Small segments, so that a sample fills some.
const SETTINGS: &[(&str, &str)] = &[
    ("BIAOSHI_LEDGER_SEGMENT_BYTES_MAX", "1048576"),
    ("BIAOSHI_LEDGER_FREE_BYTES_MIN", "0"),
];

/// The partition of the totals of resolutions.
const COUNTERS: &str = "counters/node-1";

/// A product of the sample.
const PRODUCT: &str = "/api/v1/identifiers/88.118.0002/P03202605270000001";

//----------- Helpers ----------------------------------------------------------

/// A node with the sample's firms and products.
fn node() -> Node {
    let node = Node::start_with(SETTINGS);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    assert_eq!(node.import("products.csv", &[]).0, 0);
    node
}

fn text(path: &Path) -> &str {
    path.to_str().expect("its path is text")
}

fn succeed(node: &Node, arguments: &[&str]) -> Value {
    let output = node.run(&[&["--json"], arguments].concat());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// What it says on standard error where it does not succeed.
fn fail(node: &Node, arguments: &[&str]) -> String {
    let output = node.run(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeds");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `ledger verify` says of a data directory.
fn verify(node: &Node, data_dir: &Path) -> Value {
    let mut command = node.command();
    command.env("BIAOSHI_NODE_DATA_DIR", data_dir);
    let output = command.args(["--json", "ledger", "verify"]).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the binary runs");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).expect("it is JSON")
}

fn head(verified: &Value, partition: &str) -> u64 {
    let rows = verified["partitions"].as_array().expect("it lists them");
    let row = rows.iter().find(|row| row["partition"] == partition);
    row.and_then(|row| row["head_seq"].as_u64())
        .expect("it is there")
}

/// The totals of resolutions, `None` before the first are written.
fn counters_head(verified: &Value) -> Option<u64> {
    let rows = verified["partitions"].as_array().expect("it lists them");
    let row = rows.iter().find(|row| row["partition"] == COUNTERS)?;
    row["head_seq"].as_u64()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Replaces a file that nobody may write to.
fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let before = fs::read(path).expect("it is there");
    let mut bytes = before.clone();
    change(&mut bytes);
    fs::remove_file(path).expect("its folder may be written to");
    fs::write(path, bytes).expect("its folder may be written to");
    before
}

//----------- Whole ------------------------------------------------------------

#[test]
fn a_backup_repairs_a_node_whose_ledger_is_damaged() {
    let mut node = node();
    let backups = node.path("backups");
    let first = succeed(&node, &["backup", "create", text(&backups)]);
    assert!(first["segments_copied"].as_u64() > Some(0), "{first}");
    assert_eq!(first["segments_shared"], 0);
    assert_eq!(node.import("products-gb18030.csv", &[]).0, 0);
    let keys = node.path("keys");
    let keystore = ["--keystore-to", text(&keys)];
    let second = succeed(
        &node,
        &[&["backup", "create", text(&backups)], &keystore[..]].concat(),
    );
    assert_eq!(
        second["segments_copied"], 0,
        "only what is new is copied: {second}"
    );
    assert_eq!(second["segments_shared"], first["segments_copied"]);
    let token = node.token();
    assert!(node.stop(), "it ends well when it is asked to");
    let before = node.verify();

    // A bit of a closed segment: nothing is served of it.
    let ledger = node.data_dir().join("ledger/data-1");
    rewrite(&ledger.join("segment-00000001.sqlite"), |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    assert!(fail(&node, &["ledger", "verify"]).contains("restore"));
    assert!(fail(&node, &["restore", text(&backups)]).contains("not empty"));
    fs::rename(node.data_dir(), node.path("damaged")).expect("it can be moved");
    let restored = succeed(
        &node,
        &["restore", text(&backups), "--keystore-from", text(&keys)],
    );
    assert_eq!(restored["live"], before["totals"]["live"]);
    let after = node.verify();
    assert_eq!(
        registered_in(&after),
        registered_in(&before),
        "the same entries, hashes, digests and counts"
    );
    assert!(counters_head(&after) <= counters_head(&before));
    node.start_again();
    assert_eq!(node.token(), token, "the keys are the same");
    assert_eq!(node.get(PRODUCT).0, 200);
    assert_eq!(node.import("products.csv", &[]).0, 0);
    let authorization = format!("Authorization: Bearer {token}");
    let path = PRODUCT.replace("P03202605270000001", "AFTER-THE-RESTORE");
    let body = br#"{"values":[{"index":1,"type":"NAME","data":{"format":"string","value":"x"}}]}"#;
    let mut client = Client::connect(node.address());
    let headers = [authorization.as_str(), "Content-Type: application/json"];
    let (status, answer) = client.request("PUT", &path, &headers, body);
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn what_was_acknowledged_before_a_backup_is_in_it_whatever_goes_on_beside_it() {
    let node = Node::start_with(SETTINGS);
    assert_eq!(node.import("enterprises.csv", &[]).0, 0);
    let products = data("products.csv");
    let mut import = node.command();
    import.args(["import", text(&products), "--batch", "100"]);
    let mut import = import
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let backups = node.path("backups");
    let mut live = 0;
    for round in 0..6 {
        let acknowledged = head(&node.verify(), "control");
        let created = succeed(&node, &["backup", "create", text(&backups)]);
        let to = node.path(&format!("restored-{round}"));
        let restored = succeed(&node, &["restore", text(&backups), "--to", text(&to)]);
        let verified = verify(&node, &to);
        assert_eq!(restored["live"], verified["totals"]["live"]);
        assert!(head(&verified, "control") >= acknowledged);
        assert!(
            verified["totals"]["live"].as_u64() >= Some(live),
            "{created}"
        );
        live = verified["totals"]["live"].as_u64().expect("a count");
    }
    assert!(import.wait().expect("it ends").success());
    succeed(&node, &["backup", "create", text(&backups)]);
    let to = node.path("restored");
    let restored = succeed(&node, &["restore", text(&backups), "--to", text(&to)]);
    assert_eq!(restored["live"], 30_000);
    let whole = succeed(&node, &["backup", "verify", text(&backups)]);
    assert_eq!(whole["is_whole"], true);
    // The newest two, and no segment that only the others had.
    succeed(&node, &["backup", "create", text(&backups), "--keep", "2"]);
    let list = succeed(&node, &["backup", "list", text(&backups)]);
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    succeed(&node, &["backup", "verify", text(&backups)]);
}

#[test]
fn a_stream_is_restored_through_a_pipe() {
    let node = node();
    let to = node.path("restored");
    let binary = node.command().get_program().to_owned();
    let binary = text(Path::new(&binary)).to_owned();
    let script = format!(
        "{binary} backup create - | {binary} --json restore - --to {}",
        text(&to)
    );
    let mut shell = Command::new("sh");
    for (name, value) in node.command().get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let output = shell
        .args(["-c", &script])
        .output()
        .expect("there is a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("entries of ledger"), "{stderr}");
    let restored: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(restored["live"], 30_000);
    let (here, there) = (node.verify(), verify(&node, &to));
    assert_eq!(registered_in(&here), registered_in(&there));
    assert!(counters_head(&there) <= counters_head(&here));
    let cut = fs::read(node.path("node.log")).expect("it has a log");
    fs::write(node.path("garbage"), &cut[..cut.len().min(1_000)]).expect("it can be written");
    let script = format!("{binary} restore - --to {}2 < garbage", text(&to));
    let mut shell = Command::new("sh");
    shell.current_dir(node.path("."));
    let output = shell
        .args(["-c", &script])
        .output()
        .expect("there is a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && stderr.contains("the stream is damaged"),
        "{stderr}"
    );
    assert!(
        !node.path("restored2").exists(),
        "what is not whole has no name"
    );
    assert!(
        !node.path("restored2.restoring").exists(),
        "and leaves nothing"
    );
}

//----------- Points in time ---------------------------------------------------

#[test]
fn a_point_in_time_is_met_exactly() {
    let node = node();
    let backups = node.path("backups");
    succeed(&node, &["backup", "create", text(&backups)]);
    let all = node.verify();
    let last = head(&all, "data/1");
    let mut live = Vec::new();
    for seq in [1, last / 3, last - 1, last] {
        let to = node.path(&format!("restored-{seq}"));
        let seq_text = seq.to_string();
        let until = ["--to", text(&to), "--data-seq", &seq_text];
        let restored = succeed(&node, &[&["restore", text(&backups)], &until[..]].concat());
        let verified = verify(&node, &to);
        assert_eq!(head(&verified, "data/1"), seq);
        assert_eq!(head(&verified, "control"), head(&all, "control"));
        live.push(restored["live"].as_u64().expect("a count"));
    }
    assert!(live.is_sorted() && live[0] < live[1], "{live:?}");
    assert_eq!(live[3], 30_000);
    // Less of `control` than the data rests on is not left out.
    let to = node.path("needed");
    let until = ["--to", text(&to), "--control-seq", "1"];
    succeed(&node, &[&["restore", text(&backups)], &until[..]].concat());
    let verified = verify(&node, &to);
    assert!(head(&verified, "control") > 1);
    assert_eq!(head(&verified, "data/1"), last);
    let to = node.path("never");
    let beyond = (last + 1).to_string();
    let said = fail(
        &node,
        &[
            "restore",
            text(&backups),
            "--to",
            text(&to),
            "--data-seq",
            &beyond,
        ],
    );
    assert!(said.contains(&format!("ends at {last}")), "{said}");
    let early = ["--to", text(&to), "--before", "2020-01-01T00:00:00+08:00"];
    let said = fail(&node, &[&["restore", text(&backups)], &early[..]].concat());
    assert!(said.contains("had not begun"), "{said}");
    let late = ["--to", text(&to), "--before", "2100-01-01T00:00:00+08:00"];
    let restored = succeed(&node, &[&["restore", text(&backups)], &late[..]].concat());
    assert_eq!(restored["live"], 30_000);
}

//----------- Damage -----------------------------------------------------------

#[test]
fn a_bit_in_any_file_is_found_and_named() {
    let node = node();
    let backups = node.path("backups");
    succeed(&node, &["backup", "create", text(&backups)]);
    let mut hit = 0;
    for file in files(&backups) {
        let name = file
            .file_name()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        if name == "lock" {
            continue;
        }
        for place in [7, 50, 93] {
            let before = rewrite(&file, |bytes| {
                let at = bytes.len() * place / 100;
                bytes[at] ^= 0x01;
            });
            let said = fail(&node, &["backup", "verify", text(&backups)]);
            assert!(said.contains(&name), "{name}, {place} %: {said}");
            let to = node.path("restored");
            let said = fail(&node, &["restore", text(&backups), "--to", text(&to)]);
            assert!(said.contains(&name), "{name}, {place} %: {said}");
            assert!(!to.exists() && !node.path("restored.restoring").exists());
            rewrite(&file, |bytes| *bytes = before);
            hit += 1;
        }
        let before = rewrite(&file, |bytes| bytes.truncate(bytes.len() / 2));
        let said = fail(&node, &["backup", "verify", text(&backups)]);
        assert!(said.contains(&name), "{name}, cut: {said}");
        rewrite(&file, |bytes| *bytes = before);
    }
    assert_eq!(hit, 9, "a segment, the entries and the manifest");
    succeed(&node, &["backup", "verify", text(&backups)]);
}

//----------- Cut off ----------------------------------------------------------

#[test]
fn what_is_cut_off_is_not_taken_for_whole() {
    let node = node();
    let backups = node.path("backups");
    let kill = |arguments: &[&str], after: u64| {
        let mut child = node
            .command()
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        std::thread::sleep(Duration::from_millis(after));
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().expect("it ends")
    };
    for after in (0..120).step_by(12) {
        kill(&["backup", "create", text(&backups)], after);
        if !node
            .run(&["backup", "list", text(&backups)])
            .stdout
            .is_empty()
        {
            // What is listed as finished can be read.
            let listed = node.run(&["--json", "backup", "list", text(&backups)]);
            let listed: Value = serde_json::from_slice(&listed.stdout).expect("it is JSON");
            let listed = listed.as_array().expect("a list");
            for backup in listed.iter().filter_map(|row| row["backup"].as_str()) {
                succeed(&node, &["backup", "verify", backup]);
            }
        }
    }
    succeed(&node, &["backup", "create", text(&backups), "--keep", "1"]);
    let list = succeed(&node, &["backup", "list", text(&backups)]);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert!(
        files(&backups)
            .iter()
            .all(|file| !text(file).ends_with(".new"))
    );
    let mut cut_off = 0;
    for after in (0..300).step_by(30) {
        let to = node.path(&format!("restored-{after}"));
        kill(&["restore", text(&backups), "--to", text(&to)], after);
        if to.exists() {
            assert_eq!(verify(&node, &to)["totals"]["live"], 30_000);
            continue;
        }
        cut_off += 1;
        let left = node.path(&format!("restored-{after}.restoring"));
        if left.exists() {
            let said = fail(&node, &["restore", text(&backups), "--to", text(&to)]);
            assert!(said.contains("restoring is left"), "{said}");
            fs::remove_dir_all(&left).expect("it can be removed");
        }
        let restored = succeed(&node, &["restore", text(&backups), "--to", text(&to)]);
        assert_eq!(restored["live"], 30_000);
    }
    assert!(cut_off > 0, "the first is killed at once");
}

/// What a backup had copied before it was cut off need not be copied again.
#[test]
fn a_backup_goes_on_where_another_was_cut_off() {
    let node = node();
    let backups = node.path("backups");
    let first = succeed(&node, &["backup", "create", text(&backups)]);
    assert!(first["segments_copied"].as_u64() > Some(0), "{first}");
    let folder = first["backup"].as_str().expect("it has a folder");
    fs::remove_file(Path::new(folder).join("manifest.json")).expect("it is there");
    let left = backups.join("segments/data-1/segment-00000099-0000000000000000.sqlite");
    fs::write(&left, "of a backup that was removed").expect("it can be written");
    let second = succeed(&node, &["backup", "create", text(&backups)]);
    assert_eq!(second["segments_copied"], 0, "{second}");
    assert_eq!(second["segments_shared"], first["segments_copied"]);
    assert!(!Path::new(folder).exists() && !left.exists());
    succeed(&node, &["backup", "verify", text(&backups)]);
}

//----------- Refused ----------------------------------------------------------

#[test]
fn what_would_go_wrong_is_refused_before() {
    let node = node();
    let (backups, keys) = (node.path("backups"), node.path("backups/keys"));
    let said = fail(&node, &["backup", "list", text(&backups)]);
    assert!(said.contains("no finished backup"), "{said}");
    let dry = succeed(&node, &["backup", "create", text(&backups), "--dry-run"]);
    assert_eq!(dry["is_dry_run"], true);
    assert!(!backups.exists(), "a dry run writes nothing");
    assert_keys_refused(&node, &backups, &keys);
    succeed(&node, &["backup", "create", text(&backups)]);
    let token = node.token();
    for file in files(&backups) {
        let bytes = fs::read(&file).expect("it can be read");
        let has_token = bytes
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!has_token, "{} has the token in it", file.display());
    }
    let other = Node::start_with(SETTINGS);
    let said = fail(&other, &["backup", "create", text(&backups)]);
    assert!(said.contains("backups of ledger"), "{said}");
    let to = node.path("restored");
    let dry = ["restore", text(&backups), "--to", text(&to), "--dry-run"];
    assert_eq!(succeed(&node, &dry)["is_dry_run"], true);
    assert!(!to.exists());
    assert!(fail(&node, &["restore", text(&backups)]).contains("not empty"));
}

/// Damage of one backup is none of the others, and costs them nothing.
#[test]
fn an_old_backup_that_is_damaged_hurts_no_other() {
    let node = node();
    let backups = node.path("backups");
    let create = ["backup", "create", text(&backups)];
    let old = succeed(&node, &create);
    let manifest = Path::new(old["backup"].as_str().expect("a folder")).join("manifest.json");
    rewrite(&manifest, |bytes| bytes[20] ^= 1);
    let copied = old["segments_copied"].as_u64();
    let new = succeed(&node, &create);
    assert_eq!(new["segments_shared"].as_u64(), copied, "{new}");
    succeed(&node, &["backup", "verify", text(&backups)]);
    let to = node.path("restored");
    let restored = succeed(&node, &["restore", text(&backups), "--to", text(&to)]);
    assert_eq!(restored["live"], 30_000);
    let list = succeed(&node, &["backup", "list", text(&backups)]);
    assert!(
        list[0]["wrong"]
            .as_str()
            .is_some_and(|wrong| wrong.contains("damaged")),
        "{list}"
    );
}

/// A clock that was ahead once leaves a name that sorts behind all that follow.
#[test]
fn the_backup_just_taken_is_kept() {
    let node = node();
    let backups = node.path("backups");
    let create = ["backup", "create", text(&backups)];
    let ahead = succeed(&node, &create);
    let ahead = PathBuf::from(ahead["backup"].as_str().expect("a folder"));
    let future = backups.join("backup-20991231T000000.000Z");
    fs::rename(ahead, &future).expect("it can be renamed");
    let new = succeed(&node, &[&create[..], &["--keep", "1"]].concat());
    assert!(
        Path::new(new["backup"].as_str().expect("a folder")).exists(),
        "{new}"
    );
    assert!(!future.exists());
    succeed(&node, &["backup", "verify", text(&backups)]);
}

/// The archives of a configuration count as the ledger's, and must not bring back what was left
/// out.
#[test]
fn archives_do_not_undo_a_point_in_time() {
    let mut node = node();
    let backups = node.path("backups");
    succeed(&node, &["backup", "create", text(&backups)]);
    let archive = node.path("archive");
    let folder = archive.join("data-1");
    fs::create_dir_all(&folder).expect("it can be made");
    let first = "ledger/data-1/segment-00000001.sqlite";
    let closed = node.data_dir().join(first);
    // One that comes later than what is restored.
    let later = folder.join("segment-00000002.sqlite");
    fs::copy(closed, &later).expect("it can be copied");
    node.set("BIAOSHI_LEDGER_ARCHIVE_DIRS", text(&archive));
    let to = node.path("restored");
    let restore = ["restore", text(&backups), "--to", text(&to)];
    let said = fail(&node, &[&restore[..], &["--data-seq", "2"]].concat());
    assert!(said.contains("archive"), "{said}");
    assert!(!to.exists());
    // The same segment in two places is one.
    fs::rename(later, folder.join("segment-00000001.sqlite")).expect("it can be renamed");
    assert_eq!(succeed(&node, &restore)["live"], 30_000);
}

#[test]
fn a_dry_run_says_what_a_restore_would() {
    let node = node();
    let backups = node.path("backups");
    succeed(&node, &["backup", "create", text(&backups)]);
    let dry = ["restore", text(&backups), "--dry-run"];
    assert!(fail(&node, &dry).contains("not empty"));
    let to = node.path("restored");
    let far = ["--to", text(&to), "--data-seq", "999999"];
    assert!(fail(&node, &[&dry[..], &far].concat()).contains("999999"));
    // Links and parents lead where they lead.
    let link = node.path("link");
    std::os::unix::fs::symlink(&backups, &link).expect("it can be made");
    for keys in [link.join("keys"), node.path("nowhere/../backups/keys")] {
        assert_keys_refused(&node, &backups, &keys);
    }
}

/// Keys must not lie where the backups are.
fn assert_keys_refused(node: &Node, backups: &Path, keys: &Path) {
    let create = ["backup", "create", text(backups)];
    let said = fail(
        node,
        &[&create[..], &["--keystore-to", text(keys)]].concat(),
    );
    assert!(said.contains("must not lie among the backups"), "{said}");
}
