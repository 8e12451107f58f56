//! Looking at a node that was started again: is everything there, and nothing else?

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

use serde_json::Value;

use crate::{
    asked::{Asked, At, Name, What, admitted_prefix},
    clients::{Door, locked},
    common::Client,
    oracle::{Done, Oracle, Registered},
};

/// Connections over which is looked.
const LOOKERS: usize = 2;

/// How many differences are told.
const TOLD_MAX: usize = 10;

//----------- Found ------------------------------------------------------------

/// What a node answers for an identifier.
#[derive(Debug, Clone, PartialEq)]
enum Found {
    Nothing,
    Removed,
    Record { at: Option<At>, values: Value },
    Other(u16, Value),
}

impl Found {
    fn look(client: &mut Client, path: &str) -> Self {
        let (status, body) = client.request("GET", path, &[], b"");
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        match (status, body["code"].as_str()) {
            (404, Some("not_registered" | "unassigned_prefix")) => Self::Nothing,
            (410, Some("removed")) => Self::Removed,
            (200, _) => {
                let at = At::of(&body);
                let mut values = body["values"].take();
                // The time of a value is the node's to choose; all else is as it was sent.
                for value in values.as_array_mut().into_iter().flatten() {
                    value
                        .as_object_mut()
                        .and_then(|value| value.remove("timestamp"));
                }
                Self::Record { at, values }
            }
            _ => Self::Other(status, body),
        }
    }

    /// Whether this is what was acknowledged.
    fn is(&self, name: Name, expected: Option<Registered>) -> bool {
        match (self, expected) {
            (Self::Nothing, None) => true,
            (Self::Removed, Some(Registered { at: None, .. })) => true,
            (
                Self::Record { at: found, values },
                Some(Registered {
                    version,
                    at: Some(at),
                }),
            ) => *found == Some(at) && *values == name.values(version),
            _ => false,
        }
    }

    /// Whether this is what a request makes of an identifier, and where it stands then.
    fn after(&self, name: Name, what: &What) -> Done {
        let version = match what {
            What::Put(_, version) => *version,
            What::Batch(_) => 0,
            What::Remove(_) | What::Admit(_) => {
                return if *self == Self::Removed {
                    Done::Yes
                } else {
                    Done::No
                };
            }
        };
        match self {
            Self::Record {
                at: Some(at),
                values,
            } if *values == name.values(version) => Done::At(*at),
            _ => Done::No,
        }
    }
}

/// Asks for identifiers over several connections.
#[expect(
    clippy::needless_collect,
    reason = "all ask at once: each is started before one is joined"
)]
fn look_at(door: &Door, names: &[Name]) -> HashMap<Name, Found> {
    let part = names.len().div_ceil(LOOKERS).max(1);
    std::thread::scope(|scope| {
        let look = |part: &[Name]| {
            let mut client = Client::connect(&door.address);
            let look = |name: &Name| (*name, Found::look(&mut client, &name.path()));
            part.iter().map(look).collect::<Vec<_>>()
        };
        let lookers = names
            .chunks(part)
            .map(|part| scope.spawn(move || look(part)));
        let lookers: Vec<_> = lookers.collect();
        let found = lookers
            .into_iter()
            .map(|looker| looker.join().expect("it can ask"));
        found.flatten().collect()
    })
}

//----------- Checks -----------------------------------------------------------

/// Checks that identifiers are exactly what was acknowledged; those in flight are `unless` it.
fn compare(oracle: &Oracle, found: &HashMap<Name, Found>, unless: impl Fn(Name) -> bool) {
    let differs =
        |(name, found): &(&Name, &Found)| !found.is(**name, oracle.get(**name)) && !unless(**name);
    let wrong: Vec<_> = found.iter().filter(differs).collect();
    if wrong.is_empty() {
        return;
    }
    for (name, found) in wrong.iter().take(TOLD_MAX) {
        let text = name.text();
        eprintln!(
            "{text}: acknowledged {:?}, found {found:?}",
            oracle.get(**name)
        );
    }
    let (wrong, all) = (wrong.len(), found.len());
    panic!("{wrong} of {all} identifiers are not as they were acknowledged");
}

/// Checks identifiers of which nothing is in flight.
pub(crate) fn check(door: &Door, oracle: &Mutex<Oracle>, names: &[Name]) {
    let found = look_at(door, names);
    compare(&locked(oracle), &found, |_| false);
}

/// Checks that every enterprise is there that was admitted.
pub(crate) fn check_admitted(door: &Door, oracle: &Mutex<Oracle>) {
    let mut client = Client::connect(&door.address);
    for number in locked(oracle).admitted() {
        assert!(
            is_admitted(&mut client, number),
            "{} is lost",
            admitted_prefix(number)
        );
    }
}

fn is_admitted(client: &mut Client, number: u32) -> bool {
    let prefix = admitted_prefix(number);
    let path = format!("/api/v1/identifiers/0.NA/{prefix}");
    let (status, body) = client.request("GET", &path, &[], b"");
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match status {
        200 => {
            assert_eq!(body["prefix"], prefix, "{body}");
            assert_eq!(
                body["enterprise"]["org_name"],
                format!("企业{number}"),
                "{body}"
            );
            true
        }
        404 => false,
        _ => panic!("{status} for {prefix}: {body}"),
    }
}

/// What had become of requests whose answer nobody got.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    pub(crate) done: u32,
    /// The first entries of a batch were there, and others were not.
    pub(crate) partly: u32,
    pub(crate) lost: u32,
}

/// Checks all that changed since the last time, then asks again for what was in flight.
pub(crate) fn check_and_settle(
    door: &Door,
    oracle: &Mutex<Oracle>,
    in_flight: &[Asked],
    fates: &mut Fates,
) {
    let mut names: BTreeSet<Name> = locked(oracle).take_touched();
    names.extend(in_flight.iter().flat_map(|asked| asked.what.names()));
    let names: Vec<_> = names.into_iter().collect();
    let found = look_at(door, &names);
    let may_be_done = |name: Name| {
        let mut of_name = in_flight
            .iter()
            .filter(|asked| asked.what.names().contains(&name));
        of_name.any(|asked| found[&name].after(name, &asked.what) != Done::No)
    };
    compare(&locked(oracle), &found, may_be_done);
    let mut client = Client::connect(&door.address);
    for asked in in_flight {
        let done: Vec<Done> = match asked.what {
            What::Admit(number) if is_admitted(&mut client, number) => vec![Done::Yes],
            What::Admit(_) => vec![Done::No],
            _ => {
                let names = asked.what.names();
                names
                    .iter()
                    .map(|name| found[name].after(*name, &asked.what))
                    .collect()
            }
        };
        fates.count(&done);
        settle(&mut client, door, oracle, asked, &done);
    }
}

impl Fates {
    fn count(&mut self, done: &[Done]) {
        let there = done.iter().filter(|done| **done != Done::No).count();
        let fate = match there {
            0 => &mut self.lost,
            _ if there == done.len() => &mut self.done,
            _ => &mut self.partly,
        };
        *fate += 1;
    }
}

/// Asks again for what was in flight.
fn settle(client: &mut Client, door: &Door, oracle: &Mutex<Oracle>, asked: &Asked, done: &[Done]) {
    check_entries(asked, done);
    let answer = asked.send(client, &door.token).expect("the node answers");
    let mut oracle = locked(oracle);
    oracle.acknowledge(asked, &answer, done);
    let Some(Done::At(last)) = done.iter().rfind(|done| **done != Done::No) else {
        return;
    };
    let rest = asked.what.names().into_iter().zip(done);
    for (name, _) in rest.filter(|(_, done)| **done == Done::No) {
        let at = oracle.get(name).and_then(|found| found.at);
        let is_later = at.is_some_and(|at| at.seq > last.seq);
        assert!(
            is_later,
            "{name:?} was put into an entry that stood: {at:?}, {last:?}"
        );
    }
}

/// Checks that whole entries are there: items from the first on, one behind the other.
fn check_entries(asked: &Asked, done: &[Done]) {
    let there = done.iter().take_while(|done| **done != Done::No).count();
    let all = done.iter().filter(|done| **done != Done::No).count();
    assert_eq!(there, all, "{asked:?} is there with holes: {done:?}");
    for pair in done[..there].windows(2) {
        let [Done::At(one), Done::At(next)] = pair else {
            panic!("{pair:?} of a batch");
        };
        let is_behind = match next.seq == one.seq {
            true => next.item == one.item + 1,
            false => next.seq > one.seq && next.item == 0,
        };
        assert!(is_behind, "{next:?} follows {one:?} in {asked:?}");
    }
}

/// Asks again for some of what was acknowledged in any round: it gets the same answer.
pub(crate) fn ask_again(door: &Door, oracle: &Mutex<Oracle>, count: usize) {
    let mut client = Client::connect(&door.address);
    let mut oracle = locked(oracle);
    for place in oracle.some_remembered(count) {
        let asked = &oracle.remembered(place).asked;
        let answer = asked
            .send(&mut client, &door.token)
            .expect("the node answers");
        oracle.check_again(place, &answer);
    }
}
