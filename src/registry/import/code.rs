//! The closed list of codes: what became of a row.

//----------- Code -------------------------------------------------------------

/// What became of a row; `docs/import.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Registered.
    Ok,
    /// Registered; blanks around a value were removed.
    OkTrimmed,
    /// Registered; a date was written anew.
    OkDateNormalised,
    /// There with the same content.
    Unchanged,
    /// There with other content.
    Conflict,
    /// A row of totals.
    SkippedTotal,
    /// A row without anything.
    SkippedEmpty,
    /// No slash in the identifier.
    NoSlash,
    /// Nothing behind the slash.
    EmptySuffix,
    /// Not numbers and dots before the slash.
    BadPrefix,
    /// Another node's prefix.
    ForeignPrefix,
    /// A prefix that nobody has.
    UnassignedPrefix,
    /// The enterprise has its own node.
    SelfBuilt,
    /// Its filing has not passed.
    NotFiled,
    /// Over 255 characters.
    IdentifierTooLong,
    /// Over the field's characters.
    ValueTooLong,
    /// No such day.
    BadDate,
    /// A number whose check digit is wrong.
    BadCheckDigit,
    /// A control character.
    ControlCharacter,
    /// Not an absolute http or https address.
    BadUrl,
    /// A spreadsheet made a number of it.
    ScientificNotation,
    /// A character that cannot be seen.
    ZeroWidth,
    /// A mark that turns the writing direction.
    Bidi,
    /// A code point that means nothing.
    UnassignedCharacter,
    /// Letters with marks are decomposed.
    NotNfc,
    /// A required field is empty, or says nothing that is known.
    MissingField,
    /// More or fewer cells than headings.
    WrongColumns,
    /// Bytes that are no text.
    BadEncoding,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Registered, or was before.
    Fine,
    /// Not meant to be registered.
    Skipped,
    /// Somebody has to look at it.
    Refused,
}

/// Code, name, what to do in English and in Chinese.
type Line = (Code, &'static str, &'static str, &'static str);

const LINES: [Line; 28] = [
    (Code::Ok, "ok", "", ""),
    (
        Code::OkTrimmed,
        "ok_trimmed",
        "blanks around a value were removed",
        "已去掉首尾空白，无需处理",
    ),
    (
        Code::OkDateNormalised,
        "ok_date_normalised",
        "the date was written as YYYY-MM-DD",
        "日期已统一为 YYYY-MM-DD，无需处理",
    ),
    (
        Code::Unchanged,
        "unchanged",
        "it was registered before, nothing to do",
        "此前已注册且内容相同，无需处理",
    ),
    (
        Code::Conflict,
        "conflict",
        "it is registered with other content, or was removed: correct the row, or change the record on purpose",
        "该编码已注册但内容不同（或已注销）：请核对本行，确需修改请单独更新",
    ),
    (
        Code::SkippedTotal,
        "skipped_total",
        "a row of totals, not registered",
        "合计行，未注册",
    ),
    (
        Code::SkippedEmpty,
        "skipped_empty",
        "an empty row, not registered",
        "空行，未注册",
    ),
    (
        Code::NoSlash,
        "no_slash",
        "write the identifier as prefix/suffix, such as 88.118.8/A001",
        "标识编码应为“前缀/后缀”，如 88.118.8/A001，请补上斜杠",
    ),
    (
        Code::EmptySuffix,
        "empty_suffix",
        "write something behind the slash",
        "斜杠后面没有内容，请补全后缀",
    ),
    (
        Code::BadPrefix,
        "bad_prefix",
        "the prefix is half-width digits and dots, such as 88.118.8",
        "前缀只能是半角数字和点，如 88.118.8，请检查全角字符",
    ),
    (
        Code::ForeignPrefix,
        "foreign_prefix",
        "the prefix is another node's: register it there, or correct it",
        "前缀不属于本节点：请核对前缀，或到所属节点注册",
    ),
    (
        Code::UnassignedPrefix,
        "unassigned_prefix",
        "no enterprise has this prefix: import the enterprise first, or correct it",
        "该企业前缀尚未分配：请先导入企业，或核对前缀",
    ),
    (
        Code::SelfBuilt,
        "self_built",
        "the enterprise has its own node: register it there",
        "该企业为自建节点，请在其自建节点上注册",
    ),
    (
        Code::NotFiled,
        "not_filed",
        "the enterprise's filing has not passed yet: ask the operator of the node, and import the row again",
        "该企业备案尚未通过，暂不能注册：请联系节点运营单位，通过后重新导入本行",
    ),
    (
        Code::IdentifierTooLong,
        "identifier_too_long",
        "shorten the identifier to 255 characters",
        "标识编码超过 255 个字符，请缩短",
    ),
    (
        Code::ValueTooLong,
        "value_too_long",
        "shorten the value to 255 characters",
        "内容超过 255 个字符，请缩短",
    ),
    (
        Code::BadDate,
        "bad_date",
        "write the day as 2026-05-07",
        "日期不存在或格式不对，请写成 2026-05-07",
    ),
    (
        Code::BadCheckDigit,
        "bad_check_digit",
        "compare the number with the package or the certificate, digit by digit",
        "编码或校验位不对，请与包装或证件逐位核对",
    ),
    (
        Code::ControlCharacter,
        "control_character",
        "remove the character that cannot be seen, or type the cell anew",
        "含有不可见的控制字符，请删除或重新输入该单元格",
    ),
    (
        Code::BadUrl,
        "bad_url",
        "write the whole address with http:// or https://",
        "网址不完整，请以 http:// 或 https:// 开头",
    ),
    (
        Code::ScientificNotation,
        "scientific_notation",
        "the spreadsheet shortened the number: format the column as text and enter it again",
        "表格软件把编码变成了科学计数法：请把该列设为“文本”后重新输入",
    ),
    (
        Code::ZeroWidth,
        "zero_width",
        "remove the character that cannot be seen, or type the identifier anew",
        "含有看不见的零宽字符，请重新输入标识编码",
    ),
    (
        Code::Bidi,
        "bidi",
        "remove the mark that turns the writing direction, or type the identifier anew",
        "含有改变书写方向的字符，请重新输入标识编码",
    ),
    (
        Code::UnassignedCharacter,
        "unassigned_character",
        "replace the character that no font knows",
        "含有未定义的字符，请更换",
    ),
    (
        Code::NotNfc,
        "not_nfc",
        "type the letters with marks anew",
        "含有拆分形式的字母（非 NFC），请重新输入该字母",
    ),
    (
        Code::MissingField,
        "missing_field",
        "fill in the cell; hosting is hosted or self-built",
        "必填项为空或不是允许的内容，请填写（托管状态：托管 / 自建）",
    ),
    (
        Code::WrongColumns,
        "wrong_columns",
        "the row has more or fewer cells than there are headings: look for a comma or a quotation mark too many",
        "本行列数与表头不一致：请检查多余的逗号或引号",
    ),
    (
        Code::BadEncoding,
        "bad_encoding",
        "the cell has bytes that are no text: save the file as UTF-8 or GB18030 again",
        "含有无法识别的字节：请把文件另存为 UTF-8 或 GB18030",
    ),
];

impl Code {
    /// Its name, as in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.line().1
    }

    /// The code of that name; none where it is not in the list.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        LINES.iter().find(|line| line.1 == name).map(|line| line.0)
    }

    /// What to do about it, in English; empty where there is nothing to say.
    #[must_use]
    pub fn advice_en(self) -> &'static str {
        self.line().2
    }

    /// What to do about it, in Chinese; empty where there is nothing to say.
    #[must_use]
    pub fn advice_zh(self) -> &'static str {
        self.line().3
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Ok | Self::OkTrimmed | Self::OkDateNormalised | Self::Unchanged => Severity::Fine,
            Self::SkippedTotal | Self::SkippedEmpty => Severity::Skipped,
            _ => Severity::Refused,
        }
    }

    fn line(self) -> &'static Line {
        let line = LINES.iter().find(|line| line.0 == self);
        line.expect("a test holds that each code has its line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_line_and_name() {
        let names: std::collections::BTreeSet<_> = LINES.iter().map(|line| line.1).collect();
        assert_eq!(names.len(), LINES.len());
        for (place, line) in LINES.iter().enumerate() {
            assert_eq!(line.0 as usize, place, "{}", line.1);
            assert_eq!(Code::from_name(line.1), Some(line.0));
        }
        assert_eq!(Code::BadEncoding as usize, LINES.len() - 1);
        assert_eq!(Code::from_name("no_such_code"), None);
    }

    #[test]
    fn each_code_is_documented_in_both_languages_and_no_other_is() {
        let english = include_str!("../../../docs/import.md");
        let chinese = include_str!("../../../docs/import.zh-CN.md");
        for page in [english, chinese] {
            let listed = page.lines().filter_map(|line| line.strip_prefix("| `"));
            let listed: Vec<_> = listed.filter_map(|line| line.split('`').next()).collect();
            assert_eq!(listed, LINES.map(|line| line.1));
        }
    }
}
