//! Blanking: what is not code becomes spaces, lines stay where they are.

//----------- strip --------------------------------------------------------------

/// Blanks comments, character literals and the insides of strings.
///
/// The quotes of a string stay, so that an empty message can be told from a written one.
pub(crate) fn strip(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let after_word = at > 0 && is_word(bytes[at - 1]);
        let Some((length, quotes)) = literal(&bytes[at..], after_word) else {
            out.push(bytes[at]);
            at += 1;
            continue;
        };
        let end = (at + length).min(bytes.len());
        for (offset, byte) in bytes[at..end].iter().enumerate() {
            let edge = quotes.is_some_and(|(first, last)| offset == first || offset == last);
            out.push(if *byte == b'\n' || edge { *byte } else { b' ' });
        }
        at = end;
    }
    String::from_utf8(out).expect("whole characters are copied or become spaces")
}

/// Length of a comment, string or character literal, with the offsets of its quotes if a string.
type Literal = (usize, Option<(usize, usize)>);

/// The literal or comment that starts here, if one does.
fn literal(rest: &[u8], after_word: bool) -> Option<Literal> {
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        return Some((length, None));
    }
    if rest.starts_with(b"/*") {
        return Some((block_comment(rest), None));
    }
    if !after_word && let Some(found) = raw_string(rest) {
        return Some(found);
    }
    match rest[0] {
        b'"' => {
            let length = string(rest);
            Some((length, Some((0, length - 1))))
        }
        b'\'' => character(rest).map(|length| (length, None)),
        _ => None,
    }
}

/// Length of a block comment; they nest.
fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// A raw string (`r"…"`, `br#"…"#`, `cr"…"`), which a raw identifier (`r#type`) is not.
fn raw_string(rest: &[u8]) -> Option<Literal> {
    let prefix = [&b"r"[..], b"br", b"cr"]
        .into_iter()
        .find(|p| rest.starts_with(p))?
        .len();
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    let first = prefix + hashes;
    if rest.get(first) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let inside = &rest[first + 1..];
    let last = inside.windows(close.len()).position(|w| w == close)?;
    Some((
        first + 1 + last + close.len(),
        Some((first, first + 1 + last)),
    ))
}

/// Length of a string, quotes included.
fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of a character literal; none for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.get(1) == Some(&b'\\') {
        let end = rest.iter().skip(3).position(|b| *b == b'\'')?;
        return Some(end + 4);
    }
    let text = std::str::from_utf8(&rest[1..rest.len().min(6)]);
    let text = match &text {
        Ok(text) => text,
        Err(cut) => std::str::from_utf8(&rest[1..1 + cut.valid_up_to()]).ok()?,
    };
    let first = text.chars().next()?.len_utf8();
    (rest.get(1 + first) == Some(&b'\'')).then_some(first + 2)
}

//----------- blank_tests --------------------------------------------------------

/// Blanks the items under `#[cfg(test)]` and `#[test]` in stripped code.
pub(crate) fn blank_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    for attribute in ["#[cfg(test)]", "#[test]"] {
        let mut from = 0;
        while let Some(found) = find(&bytes, attribute.as_bytes(), from) {
            let end = item_end(&bytes, found + attribute.len());
            for byte in &mut bytes[found..end] {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
            from = end;
        }
    }
    String::from_utf8(bytes).expect("whole items become spaces")
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes[from..]
        .windows(what.len())
        .position(|w| w == what)
        .map(|at| from + at)
}

/// End of the item that starts here: its closing brace, or its semicolon.
pub(crate) fn item_end(bytes: &[u8], from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// May this byte stand in an identifier?
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

//----------- Tests --------------------------------------------------------------

#[test]
fn what_is_not_code_is_blanked() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"a\\\"b\")", "f(\"    \")"),
        ("r#\"a\"b\"# c", "  \"   \"  c"),
        ("r#type", "r#type"),
        ("bar\"x\"", "bar\" \""),
        ("'a' 'é' '\\'' '\\u{1F600}'", "                         "),
        ("&'a str, '_'", "&'a str,    "),
        ("\"https://x\" y", "\"         \" y"),
    ];
    for (text, expected) in cases {
        assert_eq!(strip(text).trim_end(), expected.trim_end(), "{text}");
        assert_eq!(strip(text).len(), text.len(), "{text}");
    }
}

#[test]
fn test_items_are_blanked_and_nothing_else() {
    let code = "fn a() { b(); }\n#[cfg(test)]\nmod tests {\n fn c() {}\n}\nfn d() {}\n";
    let blanked = blank_tests(code);
    assert!(blanked.contains("fn a()") && blanked.contains("fn d()") && !blanked.contains("fn c"));
    let code = "#[cfg(test)]\nuse x::{y, z};\nuse w;";
    assert!(blank_tests(code).contains("use w;"));
}
