//! The directory: secondary prefixes, enterprises and their prefixes.
//!
//! It is small (a hundred thousand firms at most) and read on every query, so each `control` entry
//! publishes a new one whole and readers take it without a lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

mod whose;

use whose::Place;
pub use whose::Whose;

use crate::{
    change::{Certificate, EnterpriseChange, FilingState, Position, PrefixChange, PrefixStatus},
    identifier::Prefix,
};

//----------- Directory --------------------------------------------------------

/// Who has which prefix.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    secondary: Vec<Prefix>,
    enterprises: BTreeMap<u64, Arc<Enterprise>>,
    by_certificate: HashMap<Certificate, u64>,
    prefixes: HashMap<Box<str>, Arc<PrefixEntry>>,
    /// Prefixes in the order they were assigned, for listings.
    assigned: Vec<Prefix>,
}

/// An enterprise as of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// What is known of it.
    pub facts: EnterpriseChange,
    /// Its last change.
    pub position: Position,
}

/// A prefix as of its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixEntry {
    /// What is known of it.
    pub facts: PrefixChange,
    /// Its last change.
    pub position: Position,
    /// Its place in the order in which prefixes were assigned, from 0.
    pub ordinal: u32,
    /// The change by which its filing became what it is.
    pub filed_at: Position,
}

impl PrefixEntry {
    /// Whose its identifiers are, for whoever counts.
    #[must_use]
    pub fn whose(&self) -> Whose {
        Whose::enterprise(self.ordinal)
    }

    /// Whether new identifiers may be registered below it: its filing has passed, or an operator lets it.
    #[must_use]
    pub fn takes_registrations(&self) -> bool {
        self.facts.filing.state == FilingState::Passed || self.facts.is_waived()
    }

    /// Whether its identifiers may be written.
    #[must_use]
    pub fn takes_writes(&self) -> bool {
        self.facts.status == PrefixStatus::Active
    }

    /// Whether it resolves: suspending stops writes, withdrawing stops both.
    #[must_use]
    pub fn resolves(&self) -> bool {
        matches!(
            self.facts.status,
            PrefixStatus::Active | PrefixStatus::Suspended
        )
    }

    /// Whether it is in force, as the count of enterprise nodes means it.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.facts.status == PrefixStatus::Active
    }
}

//----------- Belongs ----------------------------------------------------------

/// How an authority relates to this node.
#[derive(Debug, Clone, Copy)]
pub enum Belongs<'a> {
    /// An assigned enterprise prefix.
    Assigned(&'a PrefixEntry),
    /// One of ours, or below one of ours, and assigned to nobody; whose it is then.
    Unassigned(Whose),
    /// Another node's.
    Elsewhere,
}

impl Directory {
    /// How `authority`, all before the first slash, relates to this node.
    #[must_use]
    pub fn belongs(&self, authority: &str) -> Belongs<'_> {
        if let Some(prefix) = self.prefix(authority) {
            return Belongs::Assigned(prefix);
        }
        let is_ours = |own: &Prefix| {
            authority
                .strip_prefix(own.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self.secondary.iter().position(is_ours) {
            Some(place) => Belongs::Unassigned(Whose::secondary(place)),
            None => Belongs::Elsewhere,
        }
    }

    /// What a prefix of ours is counted under.
    #[must_use]
    pub fn whose(&self, prefix: &str) -> Option<Whose> {
        let secondary = || {
            let place = self.secondary.iter().position(|own| own.as_str() == prefix);
            place.map(Whose::secondary)
        };
        self.prefix(prefix)
            .map(PrefixEntry::whose)
            .or_else(secondary)
    }

    /// The prefix that something is counted under; none for what is nobody's.
    #[must_use]
    pub fn prefix_of(&self, whose: Whose) -> Option<&Prefix> {
        match whose.place()? {
            Place::Secondary(place) => self.secondary.get(place),
            Place::Enterprise(place) => self.assigned.get(place),
        }
    }

    /// The secondary prefixes that something stands below, or that it is; none for what is nobody's.
    pub fn secondaries_of(&self, whose: Whose) -> impl Iterator<Item = Whose> {
        let below = self.prefix_of(whose);
        let all = self.secondary.iter().enumerate();
        all.filter(move |(_, own)| below.is_some_and(|below| below.is_at_or_below(own)))
            .map(|(place, _)| Whose::secondary(place))
    }

    /// Whether that is an enterprise prefix's.
    #[must_use]
    pub fn is_enterprise(&self, whose: Whose) -> bool {
        matches!(whose.place(), Some(Place::Enterprise(place)) if place < self.assigned.len())
    }

    /// The secondary prefixes of this node, in the order they were added.
    #[must_use]
    pub fn secondary(&self) -> &[Prefix] {
        &self.secondary
    }

    /// An assigned prefix.
    #[must_use]
    pub fn prefix(&self, prefix: &str) -> Option<&PrefixEntry> {
        self.prefixes.get(prefix).map(Arc::as_ref)
    }

    /// The assigned prefixes, in the order they were assigned.
    pub fn prefixes(&self) -> impl ExactSizeIterator<Item = &PrefixEntry> {
        self.assigned.iter().map(|prefix| {
            let entry = self.prefixes.get(prefix.as_str());
            entry
                .map(Arc::as_ref)
                .expect("every assigned prefix has an entry: put_prefix adds both")
        })
    }

    /// The enterprise of that number.
    #[must_use]
    pub fn enterprise(&self, number: u64) -> Option<&Enterprise> {
        self.enterprises.get(&number).map(Arc::as_ref)
    }

    /// The enterprises, by number.
    pub fn enterprises(&self) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.values().map(Arc::as_ref)
    }

    /// The enterprise of that certificate.
    #[must_use]
    pub fn enterprise_of(&self, certificate: &Certificate) -> Option<&Enterprise> {
        self.by_certificate
            .get(certificate)
            .and_then(|number| self.enterprise(*number))
    }

    /// The number that the next enterprise gets.
    #[must_use]
    pub fn next_enterprise(&self) -> u64 {
        self.enterprises
            .last_key_value()
            .map_or(1, |(number, _)| number + 1)
    }

    //--- What `apply` does

    /// Adds a secondary prefix and returns it, unless it was there.
    pub(super) fn add_secondary(&mut self, prefix: Prefix) -> Option<&Prefix> {
        if self.secondary.contains(&prefix) {
            return None;
        }
        self.secondary.push(prefix);
        self.secondary.last()
    }

    /// Sets an enterprise and returns what it was.
    pub(super) fn put_enterprise(
        &mut self,
        facts: EnterpriseChange,
        position: Position,
    ) -> Option<Arc<Enterprise>> {
        let number = facts.enterprise;
        let certificate = facts.certificate.clone();
        let old = self
            .enterprises
            .insert(number, Arc::new(Enterprise { facts, position }));
        if let Some(old) = &old {
            self.by_certificate.remove(&old.facts.certificate);
        }
        self.by_certificate.insert(certificate, number);
        old
    }

    /// Sets a prefix as a snapshot has it.
    pub(super) fn restore_prefix(
        &mut self,
        facts: PrefixChange,
        position: Position,
        filed_at: Position,
    ) {
        let prefix = facts.prefix.clone();
        self.put_prefix(facts, position);
        if let Some(entry) = self.prefixes.get_mut(prefix.as_str()) {
            Arc::make_mut(entry).filed_at = filed_at;
        }
    }

    /// Sets a prefix.
    pub(super) fn put_prefix(&mut self, facts: PrefixChange, position: Position) {
        let prefix = facts.prefix.clone();
        let known = self.prefixes.get(prefix.as_str());
        // A hundred thousand firms are far from the most that it holds.
        let next = u32::try_from(self.assigned.len()).unwrap_or(u32::MAX);
        let same = known.filter(|known| known.facts.filing == facts.filing);
        let entry = PrefixEntry {
            position,
            ordinal: known.map_or(next, |known| known.ordinal),
            filed_at: same.map_or(position, |same| same.filed_at),
            facts,
        };
        if known.is_none() {
            self.assigned.push(prefix.clone());
        }
        self.prefixes
            .insert(prefix.as_str().into(), Arc::new(entry));
    }
}
