//! Single cells: each kind at its limits.

use super::*;

/// What a product row with this cell under that heading comes to, and the value that is stored.
fn cell(heading: &str, cell: &str) -> (&'static str, String) {
    let quoted = cell.replace('"', "\"\"");
    let file = format!("identifier,{heading},brand\n88.118.8/A,\"{quoted}\",b\n");
    let row = rows(file.as_bytes()).remove(0);
    match row.step {
        Step::Ready {
            request: Request::Product(product),
            note,
        } => {
            let first = product.values.into_iter().next();
            (
                note.name(),
                first.map(|value| value.data).unwrap_or_default(),
            )
        }
        Step::Refused { fault, .. } => (fault.code.name(), fault.value),
        other => panic!("{cell:?}: {other:?}"),
    }
}

fn check(heading: &str, cases: &[(&str, &str, &str)]) {
    for (text, code, stored) in cases {
        assert_eq!(
            cell(heading, text),
            (*code, (*stored).to_owned()),
            "{heading} {text:?}"
        );
    }
}

#[test]
fn dates() {
    check(
        "produced",
        &[
            ("2026-05-07", "ok", "2026-05-07"),
            ("2026/5/7", "ok_date_normalised", "2026-05-07"),
            ("2026.5.7", "ok_date_normalised", "2026-05-07"),
            ("2026年5月7日", "ok_date_normalised", "2026-05-07"),
            ("2026-5-7", "ok_date_normalised", "2026-05-07"),
            ("2026/05/07 0:00:00", "ok_date_normalised", "2026-05-07"),
            ("2024-02-29", "ok", "2024-02-29"),
            ("2026-02-29", "bad_date", "2026-02-29"),
            ("2026/13/40", "bad_date", "2026/13/40"),
            ("2026/5/7 8:30", "bad_date", "2026/5/7 8:30"),
            ("2026/5-7", "bad_date", "2026/5-7"),
            ("26/5/7", "bad_date", "26/5/7"),
            ("2026-005-07", "bad_date", "2026-005-07"),
            ("20260507", "bad_date", "20260507"),
            ("２０２６-05-07", "bad_date", "２０２６-05-07"),
            ("明天", "bad_date", "明天"),
            (" 2026/5/7 ", "ok_trimmed", "2026-05-07"),
        ],
    );
}

#[test]
fn gtins() {
    check(
        "gtin",
        &[
            ("6901234567892", "ok", "6901234567892"),
            ("6901234567893", "bad_check_digit", "6901234567893"),
            ("96385074", "ok", "96385074"),
            ("012345678905", "ok", "012345678905"),
            ("00012345678905", "ok", "00012345678905"),
            ("690123456789", "bad_check_digit", "690123456789"),
            ("69012345678", "bad_check_digit", "69012345678"),
            ("690123456789２", "bad_check_digit", "690123456789２"),
            ("6.90123E+12", "scientific_notation", "6.90123E+12"),
            ("6.9e+12", "scientific_notation", "6.9e+12"),
        ],
    );
}

#[test]
fn texts_and_addresses() {
    let at_limit = "长".repeat(255);
    let over = "长".repeat(256);
    check(
        "name",
        &[
            (&at_limit, "ok", &at_limit),
            (&over, "value_too_long", &over),
            ("a\nb\r\nc\td", "ok", "a\nb\r\nc\td"),
            ("a\u{7}", "control_character", "a\u{7}"),
            ("a\u{85}b", "control_character", "a\u{85}b"),
            ("2.02605E+12", "scientific_notation", "2.02605E+12"),
            ("E+1", "ok", "E+1"),
            ("1E5", "ok", "1E5"),
            ("2E+5", "ok", "2E+5"),
            ("=1+1", "ok", "=1+1"),
            ("\u{feff}泵\u{3000}", "ok_trimmed", "泵"),
            ("a\u{fffd}", "bad_encoding", "a\u{fffd}"),
        ],
    );
    check(
        "url",
        &[
            ("https://example.cn/p?x=1", "ok", "https://example.cn/p?x=1"),
            ("http://例子.cn/标", "ok", "http://例子.cn/标"),
            ("www.example.cn/p", "bad_url", "www.example.cn/p"),
            ("ftp://example.cn", "bad_url", "ftp://example.cn"),
            ("https:example.cn", "bad_url", "https:example.cn"),
            ("https://", "bad_url", "https://"),
            ("http:///a", "bad_url", "http:///a"),
            (
                "https://example.cn/a b",
                "bad_url",
                "https://example.cn/a b",
            ),
            ("javascript:alert(1)", "bad_url", "javascript:alert(1)"),
        ],
    );
}

#[test]
fn identifiers_have_the_codes_of_registration() {
    for (identifier, code) in [
        ("", "missing_field"),
        ("88.118.8", "no_slash"),
        ("88.118.8/", "empty_suffix"),
        ("88.１.8/x", "bad_prefix"),
        ("88.118.8/\u{202e}x", "bidi"),
        ("88.118.8/a\u{200b}x", "zero_width"),
        ("88.118.8/a\u{378}x", "unassigned_character"),
        ("88.118.8/e\u{301}", "not_nfc"),
        ("88.118.8/a\tx", "control_character"),
    ] {
        let file = format!("identifier,name\n{identifier},x\n");
        let row = rows(file.as_bytes()).remove(0);
        let Step::Refused {
            fault,
            ask_node_first: None,
        } = row.step
        else {
            panic!("{identifier:?}: {:?}", row.step);
        };
        assert_eq!(
            (fault.code.name(), fault.field.as_str()),
            (code, "identifier")
        );
    }
}

#[test]
fn firms() {
    let judge = |cells: &str| {
        let file = format!("前缀,企业名称,统一社会信用代码,托管状态,联系人,网址\n{cells}\n");
        match rows(file.as_bytes()).remove(0).step {
            Step::Ready {
                request: Request::Enterprise(firm),
                note,
            } => (note.name(), format!("{} {:?}", firm.uscc, firm.hosting)),
            Step::Refused { fault, .. } => (fault.code.name(), fault.field),
            other => panic!("{cells:?}: {other:?}"),
        }
    };
    let code = "91420300QW9L2G0403";
    let cases = [
        (
            format!("88.118.8,企业,{code},托管,张三,"),
            "ok",
            format!("{code} Hosted"),
        ),
        (
            format!("88.118.8,企业,{code},4,,"),
            "ok",
            format!("{code} Hosted"),
        ),
        (
            format!("88.118.8,企业,{code},未托管,,"),
            "ok",
            format!("{code} SelfBuilt"),
        ),
        (
            format!("88.118.8,企业,{},自建,,", code.to_lowercase()),
            "ok",
            format!("{code} SelfBuilt"),
        ),
        (
            format!("88.118.8,企业,{code},也许,,"),
            "missing_field",
            "hosting".to_owned(),
        ),
        (
            format!("88.118.8,,{code},托管,,"),
            "missing_field",
            "org_name".to_owned(),
        ),
        (
            "88.118.8,企业,9142030,托管,,".to_owned(),
            "bad_check_digit",
            "uscc".to_owned(),
        ),
        (
            format!("88.118.x,企业,{code},托管,,"),
            "bad_prefix",
            "prefix".to_owned(),
        ),
        (
            format!("88.118.8,企业,{code},托管,,example.cn"),
            "bad_url",
            "website".to_owned(),
        ),
        // Nothing of a column that is not read is looked at.
        (
            format!("88.118.8,企业,{code},托管,\u{7}\u{fffd},"),
            "ok",
            format!("{code} Hosted"),
        ),
    ];
    for (cells, code, said) in cases {
        assert_eq!(judge(&cells), (code, said), "{cells}");
    }
}

#[test]
fn what_the_node_says_of_the_identifier_outranks_a_later_column() {
    let asks = |file: &str| match rows(file.as_bytes()).remove(0).step {
        Step::Refused { ask_node_first, .. } => ask_node_first,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        asks("identifier,gtin\n88.1.8/A,1\n").as_deref(),
        Some("88.1.8")
    );
    assert_eq!(asks("gtin,identifier\n1,88.1.8/A\n"), None);
    assert_eq!(asks("identifier,gtin\n88.1.8,1\n"), None);
}
