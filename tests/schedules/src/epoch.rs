//! What `crossbeam-epoch` promises, in the simplest way that keeps the promise.
//!
//! A section is a number in a set. What is deferred waits for the sections that were there then, and
//! is done by the last of them. The set is behind a lock: who enters a section after another was
//! left sees what that one did, as with the fences of the real one.

use std::{
    cell::RefCell,
    mem::ManuallyDrop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use loom::sync::{
    Mutex,
    atomic::{AtomicPtr, Ordering},
};

loom::lazy_static! {
    static ref SECTIONS: Mutex<Sections> = Mutex::new(Sections::default());
}

type Deferred = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Sections {
    next: u64,
    open: Vec<u64>,
    /// What is to be done, and the sections it waits for.
    deferred: Vec<(Vec<u64>, Deferred)>,
}

//----------- Guard ------------------------------------------------------------

/// A read-side section.
#[derive(Debug)]
pub struct Guard {
    number: u64,
    /// Whether what it has seen was dropped.
    seen: RefCell<Vec<Arc<AtomicBool>>>,
}

/// Enters a section.
pub fn pin() -> Guard {
    let mut sections = SECTIONS.lock().expect("no schedule goes on after a panic");
    sections.next += 1;
    let number = sections.next;
    sections.open.push(number);
    Guard {
        number,
        seen: RefCell::default(),
    }
}

impl Guard {
    /// Does something when the sections that are open now are over.
    pub fn defer<R>(&self, f: impl FnOnce() -> R + Send + 'static) {
        let mut sections = SECTIONS.lock().expect("no schedule goes on after a panic");
        let open = sections.open.clone();
        let done = move || drop(f());
        sections.deferred.push((open, Box::new(done)));
    }

    /// Drops something then.
    ///
    /// # Safety
    /// As of `crossbeam_epoch`.
    pub unsafe fn defer_destroy<T: Send + 'static>(&self, shared: Shared<'_, T>) {
        let owned = Owned(shared.at);
        self.defer(move || drop(owned));
    }

    /// There is nothing to hand over.
    pub fn flush(&self) {}
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let is_kept = |is_dropped: &Arc<AtomicBool>| !is_dropped.load(Relaxed);
        assert!(
            self.seen.borrow().iter().all(is_kept),
            "dropped under a reader"
        );
        let mut due = Vec::new();
        {
            let mut sections = SECTIONS.lock().expect("no schedule goes on after a panic");
            sections.open.retain(|number| *number != self.number);
            for (waits, _) in &mut sections.deferred {
                waits.retain(|number| *number != self.number);
            }
            let all = std::mem::take(&mut sections.deferred);
            for (waits, f) in all {
                if waits.is_empty() {
                    due.push(f);
                } else {
                    sections.deferred.push((waits, f));
                }
            }
        }
        due.into_iter().for_each(|f| f());
    }
}

//----------- Atomic -----------------------------------------------------------

/// A value, and whether it was dropped. Its memory is not given back: a reader that is too late is to
/// be told so, and not to fall.
#[derive(Debug)]
struct Node<T> {
    value: T,
    is_dropped: Arc<AtomicBool>,
}

/// A pointer that sections may load.
#[derive(Debug)]
pub struct Atomic<T>(AtomicPtr<Node<T>>);

/// What it points to, owned.
#[derive(Debug)]
pub struct Owned<T>(*mut Node<T>);

/// What it points to, in a section.
#[derive(Debug)]
pub struct Shared<'g, T> {
    at: *mut Node<T>,
    guard: &'g Guard,
}

// SAFETY: it is a box.
unsafe impl<T: Send> Send for Owned<T> {}

impl<T> Owned<T> {
    pub fn new(value: T) -> Self {
        Self(Box::into_raw(Box::new(Node {
            value,
            is_dropped: Arc::default(),
        })))
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: `new` made it of a box, which is not given back.
        let is_dropped = unsafe { &(*self.0).is_dropped };
        assert!(!is_dropped.swap(true, Relaxed), "dropped twice");
    }
}

impl<T> Atomic<T> {
    pub fn new(value: T) -> Self {
        Self(AtomicPtr::new(ManuallyDrop::new(Owned::new(value)).0))
    }

    pub fn load<'g>(&self, ordering: Ordering, guard: &'g Guard) -> Shared<'g, T> {
        let at = self.0.load(ordering);
        Shared { at, guard }
    }

    pub fn swap<'g>(&self, new: Owned<T>, ordering: Ordering, guard: &'g Guard) -> Shared<'g, T> {
        let at = self.0.swap(ManuallyDrop::new(new).0, ordering);
        Shared { at, guard }
    }

    /// # Safety
    /// As of `crossbeam_epoch`.
    pub unsafe fn into_owned(self) -> Owned<T> {
        Owned(self.0.load(Ordering::Relaxed))
    }
}

impl<T> Default for Atomic<T> {
    fn default() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }
}

impl<'g, T> Shared<'g, T> {
    /// # Safety
    /// As of `crossbeam_epoch`.
    pub unsafe fn deref(&self) -> &'g T {
        // SAFETY: nodes stay.
        let node = unsafe { &*self.at };
        let mut seen = self.guard.seen.borrow_mut();
        seen.push(Arc::clone(&node.is_dropped));
        &node.value
    }
}
