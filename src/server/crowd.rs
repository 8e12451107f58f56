//! Connections that are open on a listener. Where there is no room for another, the one that has
//! waited for the longest gives way: whoever opens many and asks nothing shuts nobody out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

//----------- Crowd ------------------------------------------------------------

/// The open connections of a listener.
pub(super) struct Crowd {
    open_max: usize,
    inside: Mutex<Inside>,
    /// Somebody left, or began to wait.
    changed: Notify,
}

#[derive(Default)]
struct Inside {
    /// Counts what happens: older is less.
    moment: u64,
    next: u64,
    members: HashMap<u64, Member>,
}

struct Member {
    /// Since when nothing complete has come from it; none while it is answered.
    waiting_since: Option<u64>,
    /// It was told to give way; its place is free when it has gone.
    is_leaving: bool,
    give_way: Arc<Notify>,
}

impl Crowd {
    pub(super) fn new(open_max: usize) -> Arc<Self> {
        Arc::new(Self {
            open_max,
            inside: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Takes a place, once there is one: somebody who waits is sent away for it.
    pub(super) async fn enter(self: &Arc<Self>) -> Place {
        loop {
            let changed = self.changed.notified();
            if let Some(place) = self.try_enter() {
                return place;
            }
            changed.await;
        }
    }

    fn try_enter(self: &Arc<Self>) -> Option<Place> {
        let mut inside = self.inside();
        if inside.members.len() >= self.open_max {
            inside.send_one_away();
            return None;
        }
        let number = inside.next;
        inside.next += 1;
        inside.moment += 1;
        let give_way = Arc::new(Notify::new());
        let member = Member {
            waiting_since: Some(inside.moment),
            is_leaving: false,
            give_way: Arc::clone(&give_way),
        };
        inside.members.insert(number, member);
        Some(Place {
            crowd: Arc::clone(self),
            number,
            give_way,
        })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Tells the one that waits for the longest to give way, unless somebody is on the way out.
    fn send_one_away(&mut self) {
        if self.members.values().any(|one| one.is_leaving) {
            return;
        }
        let members = self.members.values_mut();
        let waiting = members.filter(|one| one.waiting_since.is_some());
        if let Some(longest) = waiting.min_by_key(|one| one.waiting_since) {
            longest.is_leaving = true;
            longest.give_way.notify_one();
        }
    }
}

//----------- Place ------------------------------------------------------------

/// A connection's place, until dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    give_way: Arc<Notify>,
}

impl Place {
    /// A request is complete and is being answered: it does not give way.
    pub(super) fn busy(&self) {
        if let Some(member) = self.crowd.inside().members.get_mut(&self.number) {
            member.waiting_since = None;
        }
    }

    /// It was answered.
    pub(super) fn waiting(&self) {
        let mut inside = self.crowd.inside();
        inside.moment += 1;
        let moment = inside.moment;
        if let Some(member) = inside.members.get_mut(&self.number) {
            member.waiting_since = Some(moment);
        }
        drop(inside);
        self.crowd.changed.notify_one();
    }

    /// Ends when it has to give way.
    pub(super) async fn give_way(&self) {
        self.give_way.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.inside().members.remove(&self.number);
        self.crowd.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now<F: Future>(future: F) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn the_one_that_waits_for_the_longest_gives_way() {
        let crowd = Crowd::new(2);
        let first = now(crowd.enter()).unwrap();
        let second = now(crowd.enter()).unwrap();
        // The first one asks something, and waits anew.
        first.busy();
        first.waiting();
        let mut third = std::pin::pin!(crowd.enter());
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert!(now(second.give_way()).is_some());
        assert!(now(first.give_way()).is_none());
        drop(second);
        assert!(third.as_mut().poll(&mut context).is_ready());
        drop(first);
        assert!(crowd.inside().members.is_empty(), "the third was not kept");
    }

    #[test]
    fn nobody_who_is_answered_gives_way() {
        let crowd = Crowd::new(1);
        let busy = now(crowd.enter()).unwrap();
        busy.busy();
        assert!(now(crowd.enter()).is_none());
        assert!(now(busy.give_way()).is_none());
        busy.waiting();
        assert!(now(crowd.enter()).is_none());
        assert!(now(busy.give_way()).is_some(), "now it can");
        drop(busy);
        assert!(now(crowd.enter()).is_some());
    }
}
