//! Whole files: encodings, headings, lines that are no rows, files that mean harm.

use proptest::prelude::*;

use super::*;

fn steps(file: &[u8]) -> Vec<&'static str> {
    let name = |row: Row| match row.step {
        Step::Ready { note, .. } => note.name(),
        Step::Refused { fault, .. } => fault.code.name(),
        Step::Skipped(code) => code.name(),
    };
    rows(file).into_iter().map(name).collect()
}

#[test]
fn encodings_are_told_apart() {
    let text = "标识编码,产品名称\n88.118.8/A,液压泵\n";
    let (gb18030, _, _) = encoding_rs::GB18030.encode(text);
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    assert_eq!(detect(text.as_bytes()), Ok(Encoding::Utf8));
    assert_eq!(detect(&marked[..]), Ok(Encoding::Utf8));
    assert_eq!(detect(&gb18030[..]), Ok(Encoding::Gb18030));
    assert_eq!(detect(&b"plain"[..]), Ok(Encoding::Utf8));
    let plain = rows(text.as_bytes());
    assert_eq!(rows(&marked), plain);
    assert_eq!(rows(&gb18030), plain);
    assert_eq!(detect(&b"\xff\xfeh\x00"[..]), Err(EncodingError::Utf16));
    for workbook in [&b"PK\x03\x04rest"[..], b"\xd0\xcf\x11\xe0rest"] {
        assert_eq!(detect(workbook), Err(EncodingError::Workbook));
    }
}

#[test]
fn a_character_cut_by_the_end_is_a_fault() {
    // Two bytes of three: in GB18030 they are a character.
    let file = [b"identifier,name\n88.118.8/A,", &"标".as_bytes()[..2]].concat();
    assert_eq!(detect(&file[..]), Ok(Encoding::Gb18030));
    let workbook = Dripping(b"PK\x03\x04rest", 1);
    assert_eq!(detect(workbook), Err(EncodingError::Workbook));
}

#[test]
fn a_spoilt_byte_does_not_turn_a_file_into_another_encoding() {
    let mut file = "标识编码,产品名称\n88.118.8/A,液压泵\n88.118.8/B,液压泵\n"
        .as_bytes()
        .to_vec();
    let at = file.len() - 3;
    file[at] = 0xff;
    assert_eq!(detect(&file[..]), Ok(Encoding::Utf8));
    assert_eq!(steps(&file), ["ok", "bad_encoding"]);
}

/// Gives a file a few bytes at a time, so that characters are cut.
struct Dripping<'a>(&'a [u8], usize);

impl std::io::Read for Dripping<'_> {
    fn read(&mut self, output: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(output.len());
        let (now, rest) = self.0.split_at(count);
        output[..count].copy_from_slice(now);
        self.0 = rest;
        Ok(count)
    }
}

#[test]
fn characters_may_be_cut_anywhere() {
    let text = "标识编码,产品名称\n88.118.8/A,液压泵𠀀\n\n88.118.8/B,x\n".as_bytes();
    let whole = rows(text);
    for bytes in 1..9 {
        assert_eq!(detect(Dripping(text, bytes)), Ok(Encoding::Utf8), "{bytes}");
        let open = || Ok(Dripping(text, bytes));
        let mut rows = Rows::open(open, Encoding::Utf8, &profiles()).unwrap();
        let dripped: Vec<_> = std::iter::from_fn(|| rows.next_row().unwrap()).collect();
        assert_eq!(dripped, whole, "{bytes}");
    }
}

#[test]
fn lines_that_are_no_rows() {
    let file = "identifier,name\r\n88.118.8/A,x\r\n\r\n,\r\n \u{3000},\r\n合计,30\r\n合 计：,\r\n,小计\r\n总计\r\n合计员/A,x\r\n";
    let expected = [
        "ok",
        "skipped_empty",
        "skipped_empty",
        "skipped_empty",
        "skipped_total",
        "skipped_total",
        "skipped_total",
        "skipped_total",
        "bad_prefix",
    ];
    assert_eq!(steps(file.as_bytes()), expected);
    let numbers: Vec<_> = rows(file.as_bytes())
        .iter()
        .map(|row| (row.data_row, row.sheet_line))
        .collect();
    assert_eq!(numbers[0], (1, 2));
    assert_eq!(numbers[8], (9, 10));
}

#[test]
fn rows_have_as_many_cells_as_there_are_headings() {
    let file =
        "identifier,name\n88.118.8/A\n88.118.8/A,x,y\n88.118.8/A,x\n\"88.118.8/B\",\"x\ny\"\n";
    assert_eq!(
        steps(file.as_bytes()),
        ["wrong_columns", "wrong_columns", "ok", "ok"]
    );
}

#[test]
fn rows_that_an_open_quotation_mark_swallowed_are_not_registered() {
    let file = "identifier,name\n88.118.8/A,x\n88.118.8/B,\"open\n88.118.8/C,y\n";
    assert_eq!(steps(file.as_bytes()), ["ok", "wrong_columns"]);
    let file = "identifier,name\n88.118.8/A,x\n88.118.8/B,\"closed\"";
    assert_eq!(steps(file.as_bytes()), ["ok", "ok"]);
}

#[test]
fn quotation_marks_within_a_cell_are_text() {
    let file = "identifier,name\n88.118.8/A,5\" 管\n\n88.118.8/B,\"a\"\"b\"\n88.118.8/C,\"x\"y\"";
    assert_eq!(steps(file.as_bytes()), ["ok", "skipped_empty", "ok", "ok"]);
    let file = format!("identifier,name\n{}", "88.118.8/A,5\" 管\n".repeat(100_001));
    assert_eq!(rows(file.as_bytes()).len(), 100_001, "none of them is open");
}

#[test]
fn cells_behind_the_last_heading_count() {
    assert_eq!(steps(b"identifier,name\n,,,,,x\n"), ["wrong_columns"]);
    let row = rows(b"identifier,name\nx,y,13800000000\n").remove(0);
    assert_eq!(row.key, "", "it may stand under the wrong heading");
}

#[test]
fn delimiters_and_headings_are_recognised() {
    for delimiter in [",", ";", "\t"] {
        let file = format!(" 标识编码 {delimiter}\u{feff}NAME\n88.118.8/A{delimiter}x\n");
        assert_eq!(steps(file.as_bytes()), ["ok"], "{delimiter:?}");
    }
    let told = open("identifier,颜色,name,name\n".as_bytes()).unwrap();
    let ignored = |heading: &str| Notice::Ignored(heading.to_owned());
    assert_eq!(told.notices(), [ignored("颜色"), ignored("name")]);
    assert_eq!(told.kind(), FileKind::Products);
    let firms = open(FIRMS).unwrap();
    let skipped = |heading: &str| Notice::Skipped(heading.to_owned());
    assert_eq!(firms.notices(), [skipped("contact"), skipped("phone")]);
    assert_eq!(firms.kind(), FileKind::Enterprises);
}

#[test]
fn files_that_are_neither_kind_say_what_is_missing() {
    assert_eq!(open(b"").unwrap_err(), ImportError::Empty);
    assert_eq!(open(b"\n\n").unwrap_err(), ImportError::Empty);
    let error = open("企业前缀,企业名称,统一社会信用代码\n".as_bytes()).unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("enterprises") && told.contains("托管状态") && !told.contains("前缀 /"),
        "{told}"
    );
    let columns = "a,".repeat(2_000);
    let error = open(format!("identifier,{columns}\n").as_bytes()).unwrap_err();
    assert_eq!(error, ImportError::TooManyColumns);
}

#[test]
fn an_open_quotation_mark_swallows_no_file() {
    let rest = "x,y\n".repeat(RECORD_BYTES_MAX / 2);
    let file = format!("identifier,name\n88.118.8/A,x\n88.118.8/B,\"open\n{rest}");
    let mut rows = open(file.as_bytes()).unwrap();
    assert!(
        rows.next_row().unwrap().is_some(),
        "what is before it is read"
    );
    assert_eq!(rows.next_row().unwrap_err(), ImportError::EndlessRecord(3));
}

#[test]
fn a_record_may_be_as_long_as_the_limit() {
    let of = |bytes: usize| {
        let frame = "88.118.8/A,".len();
        let file = format!(
            "identifier,name\n88.118.8/A,{}\n",
            "x".repeat(bytes - frame)
        );
        open(file.as_bytes())
            .unwrap()
            .next_row()
            .map(|row| row.is_some())
    };
    assert_eq!(of(RECORD_BYTES_MAX), Ok(true));
    assert_eq!(of(RECORD_BYTES_MAX + 1), Err(ImportError::EndlessRecord(2)));
    assert_eq!(of(8 * RECORD_BYTES_MAX), Err(ImportError::EndlessRecord(2)));
}

#[test]
fn profiles_are_checked() {
    let wrong = |from: &str, to: &str| Profile::parse(&PRODUCTS.replacen(from, to, 1)).is_err();
    assert!(!wrong("", ""));
    assert!(wrong("version = 1", "version = 2"));
    assert!(wrong("headings", "heading"));
    assert!(wrong("index = 2001", "index = 2000"));
    assert!(wrong("index = 2001", "index = 0"));
    assert!(wrong("type = \"MODEL\"", ""));
    assert!(wrong("\"规格型号\"", "\"品牌\""));
    assert!(wrong("field = \"model\"", "field = \"name\""));
    assert!(wrong("kind = \"identifier\"", "kind = \"text\""));
    assert!(wrong("kind = \"text\"", "kind = \"texts\""));
    assert!(wrong(
        "kind = \"text\"",
        "kind = \"text\"\ncharacters_max = 256"
    ));
}

proptest! {
    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let file = [b"identifier,name,produced,gtin,url\n", &bytes[..]].concat();
        if let Ok(encoding) = detect(&file[..]) {
            let mut rows = Rows::open(|| Ok(&file[..]), encoding, &profiles()).unwrap();
            while let Ok(Some(_)) = rows.next_row() {}
        }
    }
}
