//! What an identifier resolves to, for whom.
//!
//! ```text
//! Identifier + Caller ──▶ Resolver::resolve ──▶ Resolution ──▶ a protocol's reply
//! ```
//!
//! Synchronous: no await, no disk, no lock held across I/O. With the ledger, the engine and the
//! national node all down it goes on answering.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    access::{Action, Caller},
    change::{Hosting, Position, PrefixStatus, Route},
    identifier::Identifier,
    record::{ValueRef, packed::PackedRef},
    state::{
        State,
        directory::{Belongs, Directory, Enterprise, PrefixEntry, Whose},
        index::{SlotRef, SlotRefState, Spelling},
    },
};

//----------- Resolver ---------------------------------------------------------

/// Answers queries from the state.
#[derive(Debug, Clone)]
pub struct Resolver {
    state: Arc<State>,
}

impl Resolver {
    /// A resolver over a state.
    #[must_use]
    pub fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Resolves `query` for `caller` and hands the answer to `f`, which encodes it at once, with
    /// whose the question is.
    ///
    /// `f` may run inside a read section of the index: it must be short and ask nothing back.
    pub fn resolve<R>(
        &self,
        query: &Identifier,
        caller: Caller,
        f: impl FnOnce(Resolution<'_>, Whose) -> R,
    ) -> R {
        self.look_up(query, caller, |resolution, whose| {
            let resolution = match resolution {
                Resolution::Found(found) if found.hides_all() => Resolution::Denied,
                other => other,
            };
            f(resolution, whose)
        })
    }

    /// The same for protocols that deny by the values that are asked for: a record whose values
    /// are all private is found.
    pub fn look_up<R>(
        &self,
        query: &Identifier,
        caller: Caller,
        f: impl FnOnce(Resolution<'_>, Whose) -> R,
    ) -> R {
        let directory = self.state.directory();
        if query.is_prefix_view() {
            let (resolution, whose) = view(&directory, query.local());
            return f(resolution, whose);
        }
        let unassigned = Resolution::NotFound(NotFoundReason::UnassignedPrefix);
        let prefix = match directory.belongs(query.authority()) {
            Belongs::Assigned(prefix) => prefix,
            Belongs::Unassigned(under) => return f(unassigned, under),
            Belongs::Elsewhere => return f(Resolution::NotResponsible, Whose::NOBODY),
        };
        let whose = prefix.whose();
        if !prefix.resolves() {
            return f(unassigned, whose);
        }
        if let Hosting::SelfBuilt(route) = &prefix.facts.hosting {
            return f(Resolution::Referral(route.as_ref()), whose);
        }
        let mut buffer = crate::identifier::KeyBuffer::new();
        let key = query.fold_into(&mut buffer);
        // One of the two branches takes `f`: a closure that runs once cannot be moved into both.
        let mut f = Some(f);
        let mut answer = |resolution: Resolution<'_>| {
            let f = f.take().expect("the index runs its closure at most once");
            f(resolution, whose)
        };
        match self
            .state
            .index()
            .with(key, |slot| answer(found(slot, caller)))
        {
            Some(answered) => answered,
            None => answer(Resolution::NotFound(NotFoundReason::Unregistered)),
        }
    }
}

//----------- Names above identifiers --------------------------------------------

/// What an authority is, for protocols whose names are a tree (DNS).
#[derive(Debug)]
pub enum Node<'a> {
    /// A prefix of ours, or one above one of ours: it exists, and holds nothing itself.
    Above,
    /// The enterprise's own node answers there and below.
    Referral(Option<&'a Route>),
    /// Nobody's.
    Nothing,
}

impl Resolver {
    /// What an authority is, told to `f` with whose it is.
    pub fn node<R>(&self, authority: &str, f: impl FnOnce(Node<'_>, Whose) -> R) -> R {
        let directory = self.state.directory();
        let belongs = directory.belongs(authority);
        let whose = match belongs {
            Belongs::Assigned(prefix) => prefix.whose(),
            Belongs::Unassigned(under) => under,
            Belongs::Elsewhere => Whose::NOBODY,
        };
        let node = match belongs {
            Belongs::Assigned(prefix) if !prefix.resolves() => Node::Nothing,
            Belongs::Assigned(prefix) => match &prefix.facts.hosting {
                Hosting::Hosted => Node::Above,
                Hosting::SelfBuilt(route) => Node::Referral(route.as_ref()),
            },
            _ if is_above_own(&directory, authority) => Node::Above,
            _ => Node::Nothing,
        };
        f(node, whose)
    }

    /// Whether a live identifier is below a DNS name that is itself below a prefix's: without the
    /// zone, in lower case.
    #[must_use]
    pub fn has_below(&self, name: &str) -> bool {
        self.state.index().has_below(name)
    }

    /// The directory, for whoever counts what was answered.
    pub fn with_directory<R>(&self, f: impl FnOnce(&Directory) -> R) -> R {
        f(&self.state.directory())
    }

    /// A number that grows with every change of what is answered, and that restarts keep.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.state.applied()
    }
}

/// Whether an authority is a secondary prefix of this node, or the beginning of one.
fn is_above_own(directory: &Directory, authority: &str) -> bool {
    directory.secondary().iter().any(|own| {
        own.as_str()
            .strip_prefix(authority)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The answer for an identifier that the index holds.
fn found(slot: SlotRef<'_>, caller: Caller) -> Resolution<'_> {
    let record = match slot.state() {
        SlotRefState::Live(record) => record,
        SlotRefState::Removed { at_ms } => {
            return Resolution::Gone {
                removed_at_ms: at_ms,
            };
        }
    };
    Resolution::Found(Found {
        spelling: slot.spelling(),
        record,
        position: slot.position(),
        sees_all: caller.may(Action::ReadPrivate),
    })
}

/// The answer for `0.NA/<prefix>`, from the directory.
fn view<'a>(directory: &'a Directory, prefix: &str) -> (Resolution<'a>, Whose) {
    let unassigned = Resolution::NotFound(NotFoundReason::UnassignedPrefix);
    match directory.belongs(prefix) {
        Belongs::Assigned(entry) if entry.resolves() => {
            let enterprise = directory.enterprise(entry.facts.enterprise);
            let view = PrefixView::Enterprise { entry, enterprise };
            (Resolution::View(view), entry.whose())
        }
        Belongs::Assigned(entry) => (unassigned, entry.whose()),
        Belongs::Unassigned(under) => {
            let own = directory
                .secondary()
                .iter()
                .find(|own| own.as_str() == prefix);
            let view = own.map(|own| Resolution::View(PrefixView::Secondary(own.as_str())));
            (view.unwrap_or(unassigned), under)
        }
        Belongs::Elsewhere => (Resolution::NotResponsible, Whose::NOBODY),
    }
}

//----------- Resolution -------------------------------------------------------

/// What a query comes to; each protocol says it in its own words.
#[derive(Debug)]
pub enum Resolution<'a> {
    /// Registered, with what this caller may see.
    Found(Found<'a>),
    /// A prefix, asked as `0.NA/<prefix>`.
    View(PrefixView<'a>),
    /// The enterprise's own node answers; without a route it has not said where that is.
    Referral(Option<&'a Route>),
    /// Not registered.
    NotFound(NotFoundReason),
    /// Removed; the tombstone stays.
    Gone {
        /// When, in milliseconds since the epoch.
        removed_at_ms: u64,
    },
    /// Another node's.
    NotResponsible,
    /// Registered, and nothing of it is for this caller.
    Denied,
}

/// Why nothing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFoundReason {
    /// The prefix is assigned, the identifier is not registered.
    Unregistered,
    /// The prefix lies under one of ours and is assigned to nobody, or withdrawn.
    UnassignedPrefix,
}

//----------- Found ------------------------------------------------------------

/// A record, as one caller may see it.
#[derive(Debug, Clone)]
pub struct Found<'a> {
    /// As first registered; a reply echoes the query's spelling instead.
    pub spelling: Spelling<'a>,
    /// The whole record: not for protocols, which send [`Found::values`].
    record: PackedRef<'a>,
    /// Its last change.
    pub position: Position,
    sees_all: bool,
}

impl<'a> Found<'a> {
    /// The values this caller may read, in order of index.
    pub fn values(&self) -> impl Iterator<Item = ValueRef<'a>> + use<'a> {
        self.values_of(|_, _| true)
    }

    /// Of those, the ones with an index and a type that are `wanted`; nothing else is unpacked.
    pub fn values_of<W: FnMut(u32, &str) -> bool>(
        &self,
        mut wanted: W,
    ) -> impl Iterator<Item = ValueRef<'a>> + use<'a, W> {
        let (sees_all, mut values) = (self.sees_all, self.record.values());
        std::iter::from_fn(move || {
            values.next_of(|frame| {
                (sees_all || frame.permissions.public_read()) && wanted(frame.index, frame.kind)
            })
        })
    }

    /// Whether a value that this caller may not read has an index and a type that `wanted` is for.
    #[must_use]
    pub fn hides(&self, mut wanted: impl FnMut(u32, &str) -> bool) -> bool {
        let mut frames = self.record.values().frames();
        !self.sees_all
            && frames
                .any(|frame| !frame.permissions.public_read() && wanted(frame.index, frame.kind))
    }

    /// Whether the record has values, and none that this caller may read: without values it hides
    /// nothing.
    #[must_use]
    pub fn hides_all(&self) -> bool {
        let mut frames = self.record.values().frames().peekable();
        !self.sees_all
            && frames.peek().is_some()
            && frames.all(|frame| !frame.permissions.public_read())
    }

    /// Whether the record has values that this caller may not read.
    #[must_use]
    pub fn hides_some(&self) -> bool {
        self.hides(|_, _| true)
    }
}

//----------- PrefixView -------------------------------------------------------

/// A prefix as the directory shows it.
#[derive(Debug, Clone, Copy)]
pub enum PrefixView<'a> {
    /// A secondary prefix of this node.
    Secondary(&'a str),
    /// An enterprise prefix.
    Enterprise {
        /// The prefix.
        entry: &'a PrefixEntry,
        /// Whose it is.
        enterprise: Option<&'a Enterprise>,
    },
}

impl PrefixView<'_> {
    /// The prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self {
            Self::Secondary(prefix) => prefix,
            Self::Enterprise { entry, .. } => entry.facts.prefix.as_str(),
        }
    }

    /// Whether it is in use.
    #[must_use]
    pub fn status(&self) -> PrefixStatus {
        match self {
            Self::Secondary(_) => PrefixStatus::Active,
            Self::Enterprise { entry, .. } => entry.facts.status,
        }
    }
}
