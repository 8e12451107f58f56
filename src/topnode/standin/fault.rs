//! What may go wrong between two nodes.

/// How long a slow reply takes: longer than anybody likes, shorter than anybody waits.
pub(super) const SLOW_MS: u64 = 300;

//----------- Fault ------------------------------------------------------------

/// A fault of the national node, or of the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Replies take a while.
    Slow,
    /// It has no time: 503.
    ServerError,
    /// The connection is cut before a message is taken.
    CutBefore,
    /// The connection is cut when a message is taken.
    CutAfter,
    /// A proxy gives up when a message is taken: 504.
    LostAck,
    /// The acknowledgement of the message before comes once more.
    DoubledAck,
    /// Acknowledgements come in another order.
    ReorderedAck,
    /// Replies are signed by somebody else.
    WrongSignature,
    /// Its clock is wrong.
    SkewedClock,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Slow,
        Self::ServerError,
        Self::CutBefore,
        Self::CutAfter,
        Self::LostAck,
        Self::DoubledAck,
        Self::ReorderedAck,
        Self::WrongSignature,
        Self::SkewedClock,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::ServerError => "server-error",
            Self::CutBefore => "cut-before",
            Self::CutAfter => "cut-after",
            Self::LostAck => "lost-ack",
            Self::DoubledAck => "doubled-ack",
            Self::ReorderedAck => "reordered-ack",
            Self::WrongSignature => "wrong-signature",
            Self::SkewedClock => "skewed-clock",
        }
    }

    /// What it is, in Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Slow => "响应缓慢",
            Self::ServerError => "服务端 503",
            Self::CutBefore => "接收前断开连接",
            Self::CutAfter => "接收后断开连接",
            Self::LostAck => "回执丢失",
            Self::DoubledAck => "回执重复",
            Self::ReorderedAck => "回执乱序",
            Self::WrongSignature => "回执签名错误",
            Self::SkewedClock => "时钟偏差",
        }
    }
}
