//! The oracle: what was acknowledged, and therefore has to be there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    asked::{Answer, Asked, At, Name, What},
    random::Random,
};

/// Requests with a key that are kept, to be asked again in any later round.
const REMEMBERED_MAX: usize = 64;

//----------- Registered -------------------------------------------------------

/// What was acknowledged last of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Registered {
    /// Counts its contents; one that was removed keeps the number of its last.
    pub(crate) version: u32,
    /// Where its record stands; none once it is removed.
    pub(crate) at: Option<At>,
}

/// Whether a request was done before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    No,
    /// It was; where, is not to be seen.
    Yes,
    /// It was, and stands there.
    At(At),
}

/// A request that was acknowledged, and its answer, which it gets whenever it comes again.
#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) asked: Asked,
    told: Told,
}

/// What an answer to a single request says.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    status: u16,
    outcome: Value,
    at: Option<At>,
}

//----------- Oracle -----------------------------------------------------------

#[derive(Debug)]
pub(crate) struct Oracle {
    registered: HashMap<Name, Registered>,
    /// Every identifier once, in the order of its registration.
    names: Vec<Name>,
    /// Changed since they were looked at last.
    touched: BTreeSet<Name>,
    admitted: BTreeMap<u32, At>,
    remembered: Vec<Remembered>,
    acknowledged: u64,
    random: Random,
}

impl Oracle {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            registered: HashMap::new(),
            names: Vec::new(),
            touched: BTreeSet::new(),
            admitted: BTreeMap::new(),
            remembered: Vec::new(),
            acknowledged: 0,
            random,
        }
    }

    pub(crate) fn get(&self, name: Name) -> Option<Registered> {
        self.registered.get(&name).copied()
    }

    pub(crate) fn names(&self) -> &[Name] {
        &self.names
    }

    pub(crate) fn admitted(&self) -> impl Iterator<Item = u32> {
        self.admitted.keys().copied()
    }

    /// Changes that were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub(crate) fn take_touched(&mut self) -> BTreeSet<Name> {
        std::mem::take(&mut self.touched)
    }

    /// How many live, were ever registered, and are removed.
    pub(crate) fn totals(&self) -> [usize; 3] {
        let is_live = |found: &&Registered| found.at.is_some();
        let live = self.registered.values().filter(is_live).count();
        let registrations = self.registered.len();
        [live, registrations, registrations - live]
    }

    //--- Answers

    /// Takes an answer to what was done already, item by item, or was not.
    ///
    /// # Panics
    /// Where it is not the answer that this request has to get.
    pub(crate) fn acknowledge(&mut self, asked: &Asked, answer: &Answer, done: &[Done]) {
        let was_done = done.iter().any(|done| *done != Done::No);
        assert_eq!(
            answer.is_replayed,
            was_done && asked.key.is_some(),
            "{asked:?} with {done:?}: {answer:?}"
        );
        match &asked.what {
            What::Batch(names) => self.acknowledge_batch(names, answer, done),
            _ => self.acknowledge_single(asked, answer, done[0]),
        }
        if asked.key.is_some() {
            let told = Told::of(answer);
            let remembered = Remembered {
                asked: asked.clone(),
                told,
            };
            if self.remembered.len() == REMEMBERED_MAX {
                let place = self.random.between(0, REMEMBERED_MAX);
                self.remembered.swap_remove(place);
            }
            self.remembered.push(remembered);
        }
    }

    fn acknowledge_batch(&mut self, names: &[Name], answer: &Answer, done: &[Done]) {
        assert_eq!(answer.status, 200, "{answer:?}");
        let results = results(answer, names);
        for ((name, result), done) in names.iter().zip(results).zip(done) {
            assert_eq!(result["outcome"], "created", "{name:?}, {done:?}: {result}");
            self.record(*name, 0, place(result, *done));
        }
    }

    fn acknowledge_single(&mut self, asked: &Asked, answer: &Answer, done: Done) {
        let told = Told::of(answer);
        let is_known = done != Done::No && asked.key.is_none();
        let expected = match asked.what {
            What::Remove(_) if is_known => (410, "removed"),
            _ if is_known => (200, "unchanged"),
            What::Remove(_) => (200, "removed"),
            What::Put(name, _) if self.get(name).is_some_and(|found| found.at.is_some()) => {
                (200, "replaced")
            }
            _ => (201, "created"),
        };
        let found = (told.status, told.outcome.as_str().unwrap_or_default());
        assert_eq!(found, expected, "{asked:?} with {done:?}: {answer:?}");
        match asked.what {
            What::Remove(name) => self.remove(name),
            What::Put(name, version) => self.record(name, version, place(&answer.body, done)),
            What::Admit(number) => {
                self.acknowledged += 1;
                self.admitted.insert(number, place(&answer.body, done));
            }
            What::Batch(_) => unreachable!("it is no single request"),
        }
    }

    fn record(&mut self, name: Name, version: u32, at: At) {
        let at = Some(at);
        let before = self.registered.insert(name, Registered { version, at });
        if before.is_none() {
            self.names.push(name);
        }
        self.touch(name);
    }

    fn remove(&mut self, name: Name) {
        let found = self.registered.get_mut(&name).expect("it was registered");
        found.at = None;
        self.touch(name);
    }

    fn touch(&mut self, name: Name) {
        self.acknowledged += 1;
        self.touched.insert(name);
    }

    //--- Asking again

    /// The request that was acknowledged last, and some others.
    pub(crate) fn some_remembered(&mut self, count: usize) -> Vec<usize> {
        let all = self.remembered.len();
        let mut some: Vec<_> = self.remembered.iter().map(|_| 0).take(count).collect();
        for (nth, place) in some.iter_mut().enumerate() {
            *place = match nth {
                0 => all - 1,
                _ => self.random.between(0, all),
            };
        }
        some
    }

    pub(crate) fn remembered(&self, place: usize) -> &Remembered {
        &self.remembered[place]
    }

    /// Checks an answer to a request that was acknowledged before.
    ///
    /// # Panics
    /// Where it is not the first answer, as far as that still holds.
    pub(crate) fn check_again(&self, place: usize, answer: &Answer) {
        let Remembered { asked, told } = &self.remembered[place];
        assert!(answer.is_replayed, "{asked:?}: {answer:?}");
        let What::Batch(names) = &asked.what else {
            assert_eq!(&Told::of(answer), told, "{asked:?}: {answer:?}");
            return;
        };
        for (name, result) in names.iter().zip(results(answer, names)) {
            let found = self.get(*name).expect("it was acknowledged");
            let expected = match found {
                Registered {
                    version: 0,
                    at: Some(at),
                } => ("created", Some(at)),
                // Somebody replaced or removed it since.
                _ => ("conflict", None),
            };
            let outcome = result["outcome"].as_str().unwrap_or_default();
            assert_eq!((outcome, At::of(result)), expected, "{name:?}: {result}");
        }
    }
}

impl Told {
    fn of(answer: &Answer) -> Self {
        let Answer { status, body, .. } = answer;
        let outcome = match body.get("outcome") {
            Some(outcome) => outcome.clone(),
            None => body["code"].clone(),
        };
        Self {
            status: *status,
            outcome,
            at: At::of(body),
        }
    }
}

fn results<'a>(answer: &'a Answer, names: &[Name]) -> &'a [Value] {
    let results = answer.body["results"].as_array();
    let results = results.unwrap_or_else(|| panic!("no results in {answer:?}"));
    assert_eq!(results.len(), names.len(), "{answer:?}");
    results
}

/// Where a change stands, which is where it stood when it was seen before.
fn place(told: &Value, done: Done) -> At {
    let at = At::of(told).unwrap_or_else(|| panic!("no position in {told}"));
    if let Done::At(before) = done {
        assert_eq!(at, before, "{told}");
    }
    at
}
