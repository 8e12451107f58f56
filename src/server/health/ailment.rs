//! What may be wrong with the node.

use crate::change::FaultClass;

/// Something that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ailment {
    /// Too little space is left to register.
    NoSpace,
    /// The clock cannot be right.
    Clock,
    /// The ledger is damaged or not believed.
    Ledger,
    /// The state does not follow the ledger.
    State,
    /// Its own listener does not answer.
    Silent,
}

impl Ailment {
    pub(super) const ALL: [Self; 5] = [
        Self::NoSpace,
        Self::Clock,
        Self::Ledger,
        Self::State,
        Self::Silent,
    ];

    /// 异常原因, as the national node is told. A fault in the ledger is known by it at the next start.
    pub(super) fn cause(self) -> &'static str {
        match self {
            Self::NoSpace => "磁盘空间不足，暂停标识注册",
            Self::Clock => "系统时钟异常，暂停标识注册",
            Self::Ledger => "存储故障，暂停标识注册",
            Self::State => "数据不一致，暂停标识注册",
            Self::Silent => "HTTP 服务无响应",
        }
    }

    /// The one of that cause.
    pub(super) fn by_cause(cause: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.cause() == cause)
    }

    /// Its name in the file by which the next start knows.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NoSpace => "no_space",
            Self::Clock => "clock",
            Self::Ledger => "ledger",
            Self::State => "state",
            Self::Silent => "silent",
        }
    }

    /// 异常类型: what the node can find out by itself is of its own system.
    pub(super) fn class(self) -> FaultClass {
        FaultClass::System
    }
}
