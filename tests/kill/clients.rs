//! Clients that ask until the node is gone.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    asked::{Asked, Maker, Name, What},
    common::Client,
    oracle::{Done, Oracle, Registered},
    random::Random,
};

/// How many a batch has.
const BATCH: (usize, usize) = (50, 300);

/// Importers.
const IMPORTERS: u8 = 2;

/// Clients that change one identifier at a time: more of them than of importers, since each of
/// their requests waits for the batches before it.
const SINGLES: u32 = 4;

/// One request in so many of a client that changes one at a time admits an enterprise.
const ADMISSIONS: usize = 32;

/// So many of those that a client changed are changed again and again: removed, registered again,
/// replaced.
const FAVOURITES: usize = 12;

/// How often an identifier is drawn until one is the client's to change.
const DRAWS: u32 = 8;

/// How far back "lately registered" reaches.
const LATELY: usize = 400;

//----------- Node as seen by clients ------------------------------------------

/// Where a node is, and what opens it.
pub(crate) struct Door {
    pub(crate) address: String,
    pub(crate) token: String,
}

/// The oracle, also where another client panicked with it: its failure is told first.
pub(crate) fn locked(oracle: &Mutex<Oracle>) -> MutexGuard<'_, Oracle> {
    oracle.lock().unwrap_or_else(PoisonError::into_inner)
}

//----------- Worker -----------------------------------------------------------

/// One client, through all rounds.
#[derive(Debug)]
pub(crate) struct Worker {
    kind: Kind,
    random: Random,
    /// Identifiers, enterprises and requests that it made so far.
    made: u32,
    admitted: u32,
    requests: u32,
    favourites: Vec<Name>,
    /// What it asks next, if that follows from what it asked last.
    next: Option<What>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Registers batches of new identifiers.
    Importer(u8),
    /// Changes one at a time. Those whose number has its remainder are its alone to replace and to
    /// remove: so it always knows what an answer has to be.
    Single(u32),
}

impl Worker {
    /// All clients.
    pub(crate) fn all(random: &mut Random) -> Vec<Self> {
        let importers = (0..IMPORTERS).map(Kind::Importer);
        let kinds = importers.chain((0..SINGLES).map(Kind::Single));
        kinds
            .map(|kind| Self {
                kind,
                random: random.fork(),
                made: 0,
                admitted: 0,
                requests: 0,
                favourites: Vec::new(),
                next: None,
            })
            .collect()
    }

    pub(crate) fn is_importer(&self) -> bool {
        matches!(self.kind, Kind::Importer(_))
    }

    /// Asks until the node is gone; returns what it had asked without getting an answer.
    pub(crate) fn work(&mut self, door: &Door, oracle: &Mutex<Oracle>) -> Option<Asked> {
        // What was to follow is not sure to be possible: the node may have been killed before.
        self.next = None;
        let mut client = Client::try_connect(&door.address).ok()?;
        loop {
            let asked = self.ask(oracle);
            let answer = match asked.send(&mut client, &door.token) {
                Ok(answer) => answer,
                Err(error) => return unanswered(asked, &error),
            };
            let items = match &asked.what {
                What::Batch(names) => names.len(),
                _ => 1,
            };
            locked(oracle).acknowledge(&asked, &answer, &vec![Done::No; items]);
            if let What::Admit(number) = asked.what {
                let first = Name {
                    maker: Maker::Admitted,
                    number,
                };
                self.next = Some(What::Put(first, 0));
            }
        }
    }

    fn ask(&mut self, oracle: &Mutex<Oracle>) -> Asked {
        let what = match (self.next.take(), self.kind) {
            (Some(what), _) => what,
            (None, Kind::Importer(importer)) => self.batch(importer),
            (None, Kind::Single(own)) => self.single(own, oracle),
        };
        self.requests += 1;
        let key = format!("{:?}-{}", self.kind, self.requests);
        // Importers always have a key; of the others only some.
        let has_key = matches!(what, What::Batch(_)) || !self.random.once_in(3);
        Asked {
            what,
            key: has_key.then_some(key),
        }
    }

    fn batch(&mut self, importer: u8) -> What {
        let count = self.random.between(BATCH.0, BATCH.1);
        let names = (0..count).map(|_| self.new_name(Maker::Importer(importer)));
        What::Batch(names.collect())
    }

    fn new_name(&mut self, maker: Maker) -> Name {
        let mut number = self.made;
        if let Kind::Single(own) = self.kind {
            number = SINGLES * number + own;
        }
        self.made += 1;
        Name { maker, number }
    }

    fn single(&mut self, own: u32, oracle: &Mutex<Oracle>) -> What {
        if self.random.once_in(ADMISSIONS) {
            self.admitted += 1;
            return What::Admit(SINGLES * self.admitted + own);
        }
        let known = match self.random.once_in(3) {
            true => None,
            false => self.known(own, &locked(oracle)),
        };
        let Some((name, found)) = known else {
            return What::Put(self.new_name(Maker::Single), 0);
        };
        if found.at.is_some() && self.random.once_in(3) {
            What::Remove(name)
        } else {
            What::Put(name, found.version + 1)
        }
    }

    /// Some identifier that is this client's to change.
    fn known(&mut self, own: u32, oracle: &Oracle) -> Option<(Name, Registered)> {
        let name = match self.random.once_in(2) {
            true => self.draw(own, oracle.names())?,
            false => {
                let place = self.random.between(0, FAVOURITES);
                *self.favourites.get(place)?
            }
        };
        Some((name, oracle.get(name)?))
    }

    /// Draws one of all, most often of the last; perhaps it is a favourite from now on.
    fn draw(&mut self, own: u32, names: &[Name]) -> Option<Name> {
        let from = match self.random.once_in(3) {
            true => 0,
            false => names.len().saturating_sub(LATELY),
        };
        if names.is_empty() {
            return None;
        }
        let mut draws = (0..DRAWS).map(|_| names[self.random.between(from, names.len())]);
        let name = draws.find(|name| name.number % SINGLES == own)?;
        if self.favourites.len() < FAVOURITES {
            self.favourites.push(name);
        } else if self.random.once_in(FAVOURITES) {
            self.favourites[self.random.between(0, FAVOURITES)] = name;
        }
        Some(name)
    }
}

/// A request that was sent to a node which was killed.
fn unanswered(asked: Asked, error: &io::Error) -> Option<Asked> {
    let is_a_killed_node = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    );
    assert!(is_a_killed_node, "{error}: {asked:?}");
    Some(asked)
}
