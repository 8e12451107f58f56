//! The tables of the docking guide: annex 1 (T1–T11, 数据同步) and annex 2 (运行监测: M1 and M2 by
//! the day, E1 and E2 when something happens), and what is
//! asked for a filing (备案), F1 and F2, which the guide does not have.

mod entity;
mod events;
mod field;
mod filing;
mod master;
mod rows;
mod synchronised;
#[cfg(test)]
mod tests;

pub use events::{event_log, event_name, event_row};
pub use field::Field;
pub use filing::{filing_row, is_filing};
pub use master::{Master, Operation, master_row};
pub use rows::{Material, Only, Page, is_told, rows};

//----------- Table ------------------------------------------------------------

/// A table that the national node is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// 二级节点系统运行单位主体数据.
    T1,
    /// 二级节点系统解析配置数据.
    T2,
    /// 二级节点系统统计数据: counts prefixes.
    T3,
    /// 二级节点系统元数据.
    T4,
    /// 二级节点系统标识业务数据.
    T5,
    /// 下属企业节点主体数据.
    T6,
    /// 下属企业节点解析路由配置数据.
    T7,
    /// 下属企业节点统计数据: counts identifiers.
    T8,
    /// 下属企业节点主数据.
    T9,
    /// 下属企业节点标识业务数据.
    T10,
    /// 下属企业节点元数据.
    T11,
    /// 二级节点系统监测数据.
    M1,
    /// 下属企业节点运行监测数据.
    M2,
    /// 二级节点系统监测事件: faults and recoveries of this node.
    E1,
    /// 下属企业节点监测事件.
    E2,
    /// 企业前缀备案申请: not in the guide, whose interface for it is not public.
    F1,
    /// 企业前缀备案结果查询.
    F2,
}

/// How often a table is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// 实时.
    RealTime,
    /// 每小时.
    Hourly,
    /// 每日: of statistics days.
    Daily,
    /// 每月.
    Monthly,
}

impl Table {
    /// All of them, in the guide's order.
    pub const ALL: [Self; 17] = [
        Self::T1,
        Self::T2,
        Self::T3,
        Self::T4,
        Self::T5,
        Self::T6,
        Self::T7,
        Self::T8,
        Self::T9,
        Self::T10,
        Self::T11,
        Self::M1,
        Self::M2,
        Self::E1,
        Self::E2,
        Self::F1,
        Self::F2,
    ];

    /// The table of that name, whatever its case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let is_it = |table: &Self| table.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it)
    }

    /// What it is called here.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::T3 => "T3",
            Self::T4 => "T4",
            Self::T5 => "T5",
            Self::T6 => "T6",
            Self::T7 => "T7",
            Self::T8 => "T8",
            Self::T9 => "T9",
            Self::T10 => "T10",
            Self::T11 => "T11",
            Self::M1 => "M1",
            Self::M2 => "M2",
            Self::E1 => "E1",
            Self::E2 => "E2",
            Self::F1 => "F1",
            Self::F2 => "F2",
        }
    }

    /// Its number in the ledger.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::T1 => 1,
            Self::T2 => 2,
            Self::T3 => 3,
            Self::T4 => 4,
            Self::T5 => 5,
            Self::T6 => 6,
            Self::T7 => 7,
            Self::T8 => 8,
            Self::T9 => 9,
            Self::T10 => 10,
            Self::T11 => 11,
            Self::M1 => 12,
            Self::M2 => 13,
            Self::E1 => 14,
            Self::E2 => 15,
            Self::F1 => 16,
            Self::F2 => 17,
        }
    }

    /// Whether it is told: of the others nothing is registered here yet, and filing has its own way
    /// (`crate::topnode::filing`).
    #[must_use]
    pub fn is_told(self) -> bool {
        let is_empty = matches!(self, Self::T4 | Self::T5 | Self::T10 | Self::T11);
        !is_empty && !self.is_of_filing()
    }

    /// Whether it is about the filing of prefixes.
    #[must_use]
    pub fn is_of_filing(self) -> bool {
        matches!(self, Self::F1 | Self::F2)
    }

    /// What the guide calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::T1 => "二级节点系统运行单位主体数据",
            Self::T2 => "二级节点系统解析配置数据",
            Self::T3 => "二级节点系统统计数据",
            Self::T4 => "二级节点系统元数据",
            Self::T5 => "二级节点系统标识业务数据",
            Self::T6 => "下属企业节点主体数据",
            Self::T7 => "下属企业节点解析路由配置数据",
            Self::T8 => "下属企业节点统计数据",
            Self::T9 => "下属企业节点主数据",
            Self::T10 => "下属企业节点标识业务数据",
            Self::T11 => "下属企业节点元数据",
            Self::M1 => "二级节点系统监测数据",
            Self::M2 => "下属企业节点运行监测数据",
            Self::E1 => "二级节点系统监测事件",
            Self::E2 => "下属企业节点监测事件",
            Self::F1 => "企业前缀备案申请",
            Self::F2 => "企业前缀备案结果查询",
        }
    }

    /// How often it is sent.
    #[must_use]
    pub fn interval(self) -> Interval {
        match self {
            Self::T1 | Self::T2 | Self::T11 | Self::E1 | Self::E2 | Self::F1 | Self::F2 => {
                Interval::RealTime
            }
            Self::T6 | Self::T7 => Interval::Hourly,
            Self::T3 | Self::T4 | Self::T8 | Self::T9 | Self::M1 | Self::M2 => Interval::Daily,
            Self::T5 | Self::T10 => Interval::Monthly,
        }
    }

    /// Its fields, in the guide's order.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::T1 => &entity::T1,
            Self::T2 => &synchronised::T2,
            Self::T3 => &synchronised::T3,
            Self::T4 | Self::T11 => &synchronised::METADATA,
            Self::T5 | Self::T10 => &synchronised::APPLICATION,
            Self::T6 => &entity::T6,
            Self::T7 => &synchronised::T7,
            Self::T8 => &synchronised::T8,
            Self::T9 => &synchronised::T9,
            Self::M1 | Self::M2 => &synchronised::MONITORING,
            Self::E1 | Self::E2 => &synchronised::EVENT,
            Self::F1 => &filing::F1,
            Self::F2 => &filing::F2,
        }
    }
}

impl Interval {
    /// In Chinese, as the guide has it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::RealTime => "实时",
            Self::Hourly => "每小时",
            Self::Daily => "每日",
            Self::Monthly => "每月",
        }
    }

    /// For programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RealTime => "real_time",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Monthly => "monthly",
        }
    }
}
