//! Whole files through the pipeline.

mod cells;
mod files;

use std::collections::HashMap;

use super::*;
use crate::identifier::Identifier;

const MESSY: &[u8] = include_bytes!("../../../tests/data/products-messy.csv");
const MESSY_EXPECTED: &[u8] = include_bytes!("../../../tests/data/products-messy.expected.csv");
const FIRMS: &[u8] = include_bytes!("../../../tests/data/enterprises.csv");

fn profiles() -> [Profile; 2] {
    [
        Profile::parse(PRODUCTS).unwrap(),
        Profile::parse(ENTERPRISES).unwrap(),
    ]
}

fn open(bytes: &[u8]) -> Result<Rows<&[u8]>, ImportError> {
    Rows::open(|| Ok(bytes), detect(bytes).unwrap(), &profiles())
}

fn rows(bytes: &[u8]) -> Vec<Row> {
    let mut rows = open(bytes).unwrap();
    std::iter::from_fn(|| rows.next_row().unwrap()).collect()
}

//----------- A node in a test -------------------------------------------------

/// What a node with the sample's enterprises says, without one.
struct FakeNode {
    /// Prefix → whether it is self-built.
    prefixes: HashMap<String, bool>,
    registered: HashMap<crate::identifier::Key, Vec<ProductValue>>,
}

impl FakeNode {
    fn new() -> Self {
        let firms = rows(FIRMS).into_iter().map(|row| match row.step {
            Step::Ready {
                request: Request::Enterprise(firm),
                ..
            } => (firm.prefix, firm.hosting == HostingWord::SelfBuilt),
            other => panic!("row {}: {other:?}", row.data_row),
        });
        Self {
            prefixes: firms.collect(),
            registered: HashMap::new(),
        }
    }

    fn prefix_fault(&self, prefix: &str) -> Option<Code> {
        match self.prefixes.get(prefix) {
            Some(false) => None,
            Some(true) => Some(Code::SelfBuilt),
            None if prefix.starts_with("88.999") => Some(Code::ForeignPrefix),
            None => Some(Code::UnassignedPrefix),
        }
    }

    fn judge(&mut self, row: Row) -> Code {
        match row.step {
            Step::Skipped(code) => code,
            Step::Refused {
                fault,
                ask_node_first,
            } => ask_node_first
                .and_then(|prefix| self.prefix_fault(&prefix))
                .unwrap_or(fault.code),
            Step::Ready {
                request: Request::Product(product),
                note,
            } => {
                let identifier = Identifier::parse_registration(&product.identifier).unwrap();
                if let Some(fault) = self.prefix_fault(identifier.authority()) {
                    return fault;
                }
                match self.registered.get(&identifier.key()) {
                    None => {
                        self.registered.insert(identifier.key(), product.values);
                        note
                    }
                    Some(values) if *values == product.values => Code::Unchanged,
                    Some(_) => Code::Conflict,
                }
            }
            Step::Ready {
                request: Request::Enterprise(_),
                ..
            } => panic!("no products"),
        }
    }
}

//----------- The messy file ---------------------------------------------------

#[test]
fn each_row_of_the_messy_file_gets_its_code() {
    let mut expected = csv::Reader::from_reader(MESSY_EXPECTED);
    let mut node = FakeNode::new();
    let mut judged = rows(MESSY).into_iter();
    for line in expected.records() {
        let line = line.unwrap();
        let row = judged.next().unwrap();
        assert_eq!(row.data_row.to_string(), line[0]);
        let (key, code) = (row.key.clone(), node.judge(row));
        assert_eq!(
            code.name(),
            &line[1],
            "row {} {key:?}: {}",
            &line[0],
            &line[2]
        );
    }
    assert_eq!(judged.next(), None);
}
