//! Times that may overlap, of which each moment counts once.

use std::collections::BTreeMap;

/// From when to when, in milliseconds since the epoch; none touches another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spans(BTreeMap<u64, u64>);

impl Spans {
    /// Adds a span, in whatever order they come.
    pub(super) fn add(&mut self, mut from_ms: u64, mut until_ms: u64) {
        if from_ms >= until_ms {
            return;
        }
        while let Some((began_ms, ended_ms)) = self.last_until(until_ms)
            && ended_ms >= from_ms
        {
            self.0.remove(&began_ms);
            from_ms = from_ms.min(began_ms);
            until_ms = until_ms.max(ended_ms);
        }
        self.0.insert(from_ms, until_ms);
    }

    /// Takes the first away.
    pub(super) fn pop_first(&mut self) -> Option<(u64, u64)> {
        self.0.pop_first()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// In order.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.0
            .iter()
            .map(|(from_ms, until_ms)| (*from_ms, *until_ms))
    }

    /// The last that begins up to a moment.
    fn last_until(&self, ms: u64) -> Option<(u64, u64)> {
        let (from_ms, until_ms) = self.0.range(..=ms).next_back()?;
        Some((*from_ms, *until_ms))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Moment by moment, whatever the order.
        #[test]
        fn a_moment_is_in_it_if_it_is_in_one(spans in prop::collection::vec((0_u64..40, 0_u64..40), 0..12)) {
            let mut all = Spans::default();
            for (from, until) in &spans {
                all.add(*from, *until);
            }
            let is_in = |spans: &[(u64, u64)], at: u64| {
                spans.iter().filter(|(from, until)| (*from..*until).contains(&at)).count()
            };
            let found: Vec<_> = all.iter().collect();
            for at in 0..40 {
                prop_assert_eq!(is_in(&found, at), is_in(&spans, at).min(1));
            }
            prop_assert!(found.is_sorted_by(|one, next| one.1 < next.0));
            prop_assert_eq!(all.len(), found.len());
            prop_assert_eq!(all.pop_first(), found.first().copied());
        }
    }
}
