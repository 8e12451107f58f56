//! What repeats within a prefix, for readers.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::append::Append;

//----------- Word -------------------------------------------------------------

/// A text that repeats: a whole value, or what stands around digits.
#[derive(Debug)]
pub(super) struct Word {
    text: Box<str>,
    /// Where the digits stand in it; its end where there are none.
    split: u16,
    /// At least so many digits.
    width: u8,
}

impl Word {
    /// What stands before the digits, and behind them.
    pub(super) fn around(&self) -> (&str, &str) {
        self.text
            .split_at_checked(usize::from(self.split))
            .unwrap_or((&self.text, ""))
    }

    /// At least so many digits stand between.
    pub(super) fn width(&self) -> u8 {
        self.width
    }
}

//----------- Dictionary -------------------------------------------------------

/// What repeats within a prefix, for readers: words and shapes. It grows and never changes, so
/// that what was packed stays readable.
#[derive(Debug)]
pub struct Dictionary {
    pub(super) words: Append<Word>,
    /// Bytes of texts, which are not in the vectors.
    text_bytes: AtomicUsize,
}

impl Dictionary {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self {
            words: Append::new(),
            text_bytes: AtomicUsize::new(0),
        }
    }

    /// Bytes that it has taken from the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.words.heap_bytes() + self.text_bytes.load(Ordering::Relaxed)
    }
}

impl Default for Dictionary {
    fn default() -> Self {
        Self::new()
    }
}
