//! A field of a table.

/// A field, as the guide names it, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// 数据名称.
    pub zh: &'static str,
    /// What it is.
    pub en: &'static str,
    /// What it is made of here; none: not known here, and left empty.
    pub source: Option<&'static str>,
    /// As it would stand in a row; empty where it is not known here.
    pub example: &'static str,
}

/// A field that this node knows.
pub(super) const fn known(
    zh: &'static str,
    en: &'static str,
    source: &'static str,
    example: &'static str,
) -> Field {
    Field {
        zh,
        en,
        source: Some(source),
        example,
    }
}

/// A field of T1, that an operator tells this node.
pub(super) const fn told(zh: &'static str, en: &'static str, example: &'static str) -> Field {
    known(zh, en, "[topnode] operator", example)
}

/// A field that this node does not know.
pub(super) const fn unknown(zh: &'static str, en: &'static str) -> Field {
    Field {
        zh,
        en,
        source: None,
        example: "",
    }
}
