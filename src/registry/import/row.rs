//! Rows: what each comes to.

use super::{Code, Column, FieldKind, FileKind, Profile, field, profile::trim};
use crate::identifier::Identifier;

/// First cells of rows that add up what is above them.
const TOTALS: [&str; 3] = ["合计", "总计", "小计"];

//----------- Row --------------------------------------------------------------

/// A row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number below the headings, from 1.
    pub data_row: u64,
    /// Its number in the sheet, headings included: what the spreadsheet shows at its left.
    pub sheet_line: u64,
    /// The identifier or prefix as it stands there, trimmed; for reports.
    pub key: String,
    /// What is to be done with it.
    pub step: Step,
}

/// What is to be done with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To be sent to the node.
    Ready {
        /// What to ask for.
        request: Request,
        /// What the row is told if the node registers it: one of the three `ok`.
        note: Code,
    },
    /// Refused here.
    Refused {
        /// The first fault, in the order of the columns.
        fault: Fault,
        /// Set where the identifier stands before the fault and is sound so far: what the node says
        /// of its prefix outranks the fault.
        ask_node_first: Option<String>,
    },
    /// Not meant to be registered.
    Skipped(Code),
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub code: Code,
    /// The field, by its name in the profile; empty where the whole row is meant.
    pub field: String,
    /// The cell as it stands in the file.
    pub value: String,
}

//----------- Request ----------------------------------------------------------

/// What a row asks the node for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Register a product.
    Product(ProductRow),
    /// Admit an enterprise.
    Enterprise(EnterpriseRow),
}

/// A product to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductRow {
    /// Its identifier.
    pub identifier: String,
    /// Its values; empty cells are left out.
    pub values: Vec<ProductValue>,
}

/// A value of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductValue {
    /// Its index.
    pub index: u32,
    /// Its type.
    pub kind: String,
    /// Its data.
    pub data: String,
}

/// An enterprise to admit; empty where not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnterpriseRow {
    /// The prefix it gets.
    pub prefix: String,
    /// Its name.
    pub org_name: String,
    /// Its unified social credit code.
    pub uscc: String,
    /// Where its identifiers live.
    pub hosting: HostingWord,
    /// Its province.
    pub province: String,
    /// Its city.
    pub city: String,
    /// Its industry.
    pub industry: String,
    /// Its web site.
    pub website: String,
}

/// Where the identifiers of an enterprise live.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HostingWord {
    /// 托管
    #[default]
    Hosted,
    /// 自建
    SelfBuilt,
}

//----------- read -------------------------------------------------------------

/// Reads the cells of a row. `places` says for each cell which column of the profile it is.
pub(super) fn read(
    profile: &Profile,
    places: &[Option<usize>],
    cells: &[&str],
    data_row: u64,
) -> Row {
    // Cells of a row with too many or too few may stand under the wrong heading.
    let key_at = key_at(profile, places).filter(|_| cells.len() == places.len());
    let key = key_at
        .and_then(|at| cells.get(at))
        .map_or("", |cell| trim(cell));
    let step = step(profile, places, cells);
    Row {
        data_row,
        sheet_line: data_row + 1,
        key: key.to_owned(),
        step,
    }
}

/// A row whose quotation mark is not closed before the file ends.
pub(super) fn swallowed(data_row: u64) -> Row {
    let fault = Fault {
        code: Code::WrongColumns,
        field: String::new(),
        value: "\"…".to_owned(),
    };
    let step = Step::Refused {
        fault,
        ask_node_first: None,
    };
    Row {
        data_row,
        sheet_line: data_row + 1,
        key: String::new(),
        step,
    }
}

/// The cell that the key of a row stands in.
fn key_at(profile: &Profile, places: &[Option<usize>]) -> Option<usize> {
    let is_key = |place: &Option<usize>| {
        place.is_some_and(|place| profile.columns[place].kind == profile.key())
    };
    places.iter().position(is_key)
}

fn step(profile: &Profile, places: &[Option<usize>], cells: &[&str]) -> Step {
    let Some(first) = cells
        .iter()
        .map(|cell| trim(cell))
        .find(|cell| !cell.is_empty())
    else {
        return Step::Skipped(Code::SkippedEmpty);
    };
    if is_total(first) {
        return Step::Skipped(Code::SkippedTotal);
    }
    if cells.len() != places.len() {
        let value = format!("{} / {}", cells.len(), places.len());
        let fault = Fault {
            code: Code::WrongColumns,
            field: String::new(),
            value,
        };
        return Step::Refused {
            fault,
            ask_node_first: None,
        };
    }
    let mut fields = Vec::with_capacity(cells.len());
    let mut note = Code::Ok;
    let mut prefix = None;
    for (cell, place) in cells.iter().zip(places) {
        let Some(place) = place else { continue };
        let column = &profile.columns[*place];
        let trimmed = trim(cell);
        let checked = match field::check(column, trimmed) {
            Ok(checked) => checked,
            Err(code) => {
                let value = (*cell).to_owned();
                let fault = Fault {
                    code,
                    field: column.field.clone(),
                    value,
                };
                return Step::Refused {
                    fault,
                    ask_node_first: prefix,
                };
            }
        };
        if column.kind == FieldKind::Identifier {
            prefix = Identifier::parse_query(trimmed)
                .ok()
                .map(|id| id.authority().to_owned());
        }
        note = noted(
            note,
            column,
            trimmed.len() != cell.len(),
            checked.is_normalised,
        );
        fields.push((column, checked.text));
    }
    match profile.kind {
        FileKind::Products => product(&fields, note),
        FileKind::Enterprises => Step::Ready {
            request: Request::Enterprise(enterprise(fields)),
            note,
        },
    }
}

/// Trimming outranks a date written anew.
fn noted(note: Code, column: &Column, is_trimmed: bool, is_normalised: bool) -> Code {
    match note {
        Code::OkTrimmed => note,
        _ if is_trimmed && column.kind != FieldKind::Skip => Code::OkTrimmed,
        _ if is_normalised => Code::OkDateNormalised,
        _ => note,
    }
}

/// Whether a cell says that the row adds up others: `合计`, `合 计：`, `小计:`.
fn is_total(cell: &str) -> bool {
    let is_filler = |c: char| c.is_whitespace() || matches!(c, ':' | '：');
    let word: String = cell
        .chars()
        .filter(|character| !is_filler(*character))
        .collect();
    TOTALS.contains(&word.as_str())
}

fn product(fields: &[(&Column, String)], note: Code) -> Step {
    let mut identifier = String::new();
    let mut values = Vec::new();
    for (column, text) in fields {
        match &column.value {
            _ if column.kind == FieldKind::Identifier => identifier.clone_from(text),
            Some((index, kind)) if !text.is_empty() => {
                values.push(ProductValue {
                    index: *index,
                    kind: kind.clone(),
                    data: text.clone(),
                });
            }
            _ => {}
        }
    }
    // A record holds something; the first column that could have is the one that lacks it.
    if values.is_empty() {
        let field = fields.iter().find(|(column, _)| column.value.is_some());
        let field = field
            .map(|(column, _)| column.field.clone())
            .unwrap_or_default();
        let fault = Fault {
            code: Code::MissingField,
            field,
            value: String::new(),
        };
        let prefix = Identifier::parse_query(&identifier).ok();
        let ask_node_first = prefix.map(|identifier| identifier.authority().to_owned());
        return Step::Refused {
            fault,
            ask_node_first,
        };
    }
    Step::Ready {
        request: Request::Product(ProductRow { identifier, values }),
        note,
    }
}

fn enterprise(fields: Vec<(&Column, String)>) -> EnterpriseRow {
    let mut row = EnterpriseRow::default();
    for (column, text) in fields {
        match (column.kind, column.field.as_str()) {
            (FieldKind::Prefix, _) => row.prefix = text,
            (FieldKind::Uscc, _) => row.uscc = text,
            (FieldKind::Hosting, _) if text == "self-built" => row.hosting = HostingWord::SelfBuilt,
            (_, "org_name") => row.org_name = text,
            (_, "province") => row.province = text,
            (_, "city") => row.city = text,
            (_, "industry") => row.industry = text,
            (_, "website") => row.website = text,
            _ => {}
        }
    }
    row
}
