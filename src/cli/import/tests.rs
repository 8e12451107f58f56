//! Whole imports against a node that says what the test tells it to.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;
use crate::cli::arguments::{ImportedFiling, NodeArguments};
use crate::cli::fake_node::{Answer, Asked, FakeNode, answer};

mod faults;
mod verdicts;

//----------- Helpers ------------------------------------------------------------

const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A folder with a token and a file, and the arguments that import it.
struct Desk {
    folder: tempfile::TempDir,
    config: Config,
    arguments: ImportArguments,
}

impl Desk {
    fn new(file: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("admin-token"), TOKEN).unwrap();
        fs::write(folder.path().join("file.csv"), file).unwrap();
        let variables = [("BIAOSHI_NODE_DATA_DIR".into(), folder.path().into())];
        let config = crate::config::parse(None, variables).unwrap().config;
        let arguments = ImportArguments {
            file: folder.path().join("file.csv"),
            dry_run: false,
            report: Some(folder.path().join("report.csv")),
            profile: None,
            filing: ImportedFiling::Passed,
            batch: 1_000,
            lang: Some(Language::En),
            node: NodeArguments::default(),
        };
        Self {
            folder,
            config,
            arguments,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&mut self, node: &FakeNode) -> Result<Summary, Failure> {
        self.arguments.node.node = Some(node.url.clone());
        import(&self.config, &self.arguments, Language::En)
    }

    /// The report's rows below its headings, without what to do.
    fn report(&self) -> Vec<String> {
        let mut records = csv::Reader::from_path(self.path("report.csv")).unwrap();
        let cells = |record: csv::StringRecord| record.iter().take(5).collect::<Vec<_>>().join(",");
        records
            .records()
            .map(|record| cells(record.unwrap()))
            .collect()
    }
}

/// A product per suffix, all sound.
fn products(suffixes: &[&str]) -> String {
    let mut text = "标识编码,产品名称,网址\n".to_owned();
    for suffix in suffixes {
        text += &format!("88.118.2/{suffix},泵,\n");
    }
    text
}

/// Verdicts for a batch: `outcome` is asked for each identifier or prefix.
fn verdicts(asked: &Asked, outcome: impl Fn(&str) -> Value) -> Answer {
    let items = asked.json();
    let results = items.as_array().unwrap().iter().enumerate();
    let results: Vec<Value> = results
        .map(|(at, item)| {
            let name = item.get("identifier").or_else(|| item.get("prefix"));
            let mut verdict = outcome(name.unwrap().as_str().unwrap());
            verdict["item"] = json!(at);
            verdict
        })
        .collect();
    answer("200 OK", &json!({"results": results, "summary": {}}))
}

fn created(asked: &Asked) -> Answer {
    verdicts(asked, |_| json!({"outcome": "created"}))
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}
