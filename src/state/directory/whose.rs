//! Whose a question is: the prefix that it is counted under, as a number.

//----------- Whose ------------------------------------------------------------

/// The prefix that a question is counted under, good for the life of a process: prefixes are
/// numbered as the ledger has them, and [`super::Directory::prefix_of`] says which it is.
///
/// Only prefixes of ours have one: strangers ask for names without end, and these are counted
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Whose(u32);

/// Where the prefix stands in the directory.
pub(super) enum Place {
    Secondary(usize),
    Enterprise(usize),
}

impl Whose {
    /// None of our prefixes'.
    pub const NOBODY: Self = Self(0);

    /// A secondary prefix's itself: what is below it and assigned to no enterprise.
    pub(super) fn secondary(place: usize) -> Self {
        // At most as many as the configuration allows; more would be counted as nobody's.
        u32::try_from(place)
            .ok()
            .and_then(|place| place.checked_mul(2)?.checked_add(1))
            .map_or(Self::NOBODY, Self)
    }

    /// An enterprise prefix's.
    pub(super) fn enterprise(ordinal: u32) -> Self {
        let number = ordinal.checked_add(1).and_then(|nth| nth.checked_mul(2));
        number.map_or(Self::NOBODY, Self)
    }

    pub(super) fn place(self) -> Option<Place> {
        let half = usize::try_from(self.0 / 2).ok()?;
        match self.0 {
            0 => None,
            odd if odd % 2 == 1 => Some(Place::Secondary(half)),
            _ => Some(Place::Enterprise(half - 1)),
        }
    }

    /// What has that number.
    pub(in crate::state) fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number, not 0 but for nobody.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}
