//! What must hold of any bytes as a file of products or enterprises.

use std::sync::OnceLock;

use biaoshi::{
    identifier::{Identifier, Prefix},
    registry::import::{
        Code, ENTERPRISES, Encoding, PRODUCTS, Profile, Request, Row, Rows, Severity, Step, detect,
    },
};

/// Headings that the bytes are put below, so that rows are reached; none: the bytes have their own.
const HEADINGS: [&str; 3] = [
    "",
    "identifier,name,produced,gtin,url\n",
    "prefix,org_name,uscc,hosting,contact,website\n",
];

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    // Reading them anew for each input would be most of the work.
    static PROFILES: OnceLock<[Profile; 2]> = OnceLock::new();
    let profiles = PROFILES.get_or_init(|| {
        [PRODUCTS, ENTERPRISES].map(|text| Profile::parse(text).expect("these are sound"))
    });
    for headings in HEADINGS {
        let file = [headings.as_bytes(), data].concat();
        let detected = detect(&file[..]);
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            if detected.is_ok() {
                read(&file, encoding, profiles);
            }
        }
    }
}

fn read(file: &[u8], encoding: Encoding, profiles: &[Profile]) {
    let Ok(mut rows) = Rows::open(|| Ok(file), encoding, profiles) else {
        return;
    };
    let mut data_row = 0;
    while let Ok(Some(row)) = rows.next_row() {
        data_row += 1;
        assert_eq!((row.data_row, row.sheet_line), (data_row, data_row + 1));
        check_row(&row);
    }
}

fn check_row(row: &Row) {
    match &row.step {
        Step::Ready { request, note } => {
            assert!(matches!(
                note,
                Code::Ok | Code::OkTrimmed | Code::OkDateNormalised
            ));
            check_request(request);
        }
        Step::Refused { fault, .. } => assert_eq!(fault.code.severity(), Severity::Refused),
        Step::Skipped(code) => assert_eq!(code.severity(), Severity::Skipped),
    }
}

fn check_request(request: &Request) {
    let is_text = |text: &str| {
        text.chars().count() <= 255
            && !text.contains(char::REPLACEMENT_CHARACTER)
            && !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    };
    match request {
        Request::Product(product) => {
            let read = Identifier::parse_registration(&product.identifier);
            assert!(read.is_ok(), "{:?}", product.identifier);
            assert!(!product.values.is_empty());
            assert!(
                product
                    .values
                    .iter()
                    .all(|value| !value.data.is_empty() && is_text(&value.data))
            );
        }
        Request::Enterprise(firm) => {
            assert!(Prefix::parse(&firm.prefix).is_ok());
            assert_eq!(firm.uscc.len(), 18);
            assert!(!firm.org_name.is_empty() && is_text(&firm.org_name) && is_text(&firm.website));
        }
    }
}
