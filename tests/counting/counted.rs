//! What a node says that it counted, and what its ledger says.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use biaoshi::{
    change::{Change, Partition},
    ledger::{Inline, Ledger, SqliteLedger, SqliteOptions},
};

use super::common::Node;

/// Totals by origin, outcome and protocol; what is 0 is left out.
pub(crate) type Totals = BTreeMap<String, u64>;

/// What is expected.
pub(crate) fn of(expected: &[(&str, u64)]) -> Totals {
    let owned = expected
        .iter()
        .map(|(kind, total)| ((*kind).to_owned(), *total));
    owned.collect()
}

/// What the metrics say.
pub(crate) fn counted(node: &Node) -> Totals {
    let text = node.metrics();
    let counted = text.lines().filter_map(|line| {
        let labels = line.strip_prefix("biaoshi_resolutions_total{")?;
        let (labels, total) = labels.split_once("} ")?;
        let total: u64 = total.parse().ok()?;
        let words: Vec<&str> = labels.split('"').skip(1).step_by(2).collect();
        (total > 0).then(|| (words.join(" "), total))
    });
    counted.collect()
}

/// What tells one cell of the ledger from another, but for its day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    pub(crate) prefix: String,
    pub(crate) subject: u8,
    pub(crate) protocol: u8,
    pub(crate) outcome: u8,
    pub(crate) origin: u8,
}

/// The cells of the ledger of a node that is stopped, all days together.
pub(crate) fn cells(data_dir: &Path) -> BTreeMap<Counted, u64> {
    let partition = Partition::parse("counters/node-1").expect("it is its name");
    let root = data_dir.join("ledger");
    let opened = SqliteLedger::open(&root, SqliteOptions::default(), Arc::new(Inline));
    let ledger = opened.expect("it can be read");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let entries = runtime
        .expect("there is a runtime")
        .block_on(ledger.read(&partition, 1, 1 << 30))
        .expect("it holds together");
    let mut largest = BTreeMap::new();
    for change in entries.iter().flat_map(|entry| entry.changes()) {
        let totals = match change.expect("it is known") {
            Change::CounterTotals(totals) => totals,
            Change::Timings(_) => continue,
            other => panic!("only totals and timings stand there: {other:?}"),
        };
        for cell in totals.cells {
            let counted = Counted {
                prefix: cell
                    .prefix
                    .map_or(String::new(), |prefix| prefix.to_string()),
                subject: cell.subject,
                protocol: cell.protocol,
                outcome: cell.outcome,
                origin: cell.origin,
            };
            let known: &mut u64 = largest.entry((cell.day, counted)).or_default();
            *known = cell.total.max(*known);
        }
    }
    let mut sums = BTreeMap::new();
    for ((_, counted), total) in largest {
        *sums.entry(counted).or_default() += total;
    }
    sums
}
