//! Planning events: what happened to the node, or to an enterprise's.

use super::{
    Refusal, Verdict,
    admission::Admissions,
    writer::{Full, push},
};
use crate::{
    change::{Change, Draft, EventChange, FaultClass, NOTE_BYTES_MAX, NumberedEvent, Position},
    identifier::Prefix,
    state::{EventLog, Events, OPEN_MAX},
};

/// By how much a time may be ahead of the entry's: who says it read the clock a moment before.
const AHEAD_MS_MAX: u64 = 1_000;

//----------- Happened ---------------------------------------------------------

/// Something that happened; times are milliseconds since the epoch, 0 of a fault or a recovery: now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// The node is ready; what is said of the process before is as in [`EventChange::Started`].
    Started {
        /// When.
        at_ms: u64,
        /// When the process before was last alive, where it was not stopped; else 0.
        alive_until_ms: u64,
    },
    /// The node was told to stop.
    Stopped {
        /// When.
        at_ms: u64,
    },
    /// A fault began.
    Fault(Fault),
    /// A fault that began, and is over.
    Over {
        /// The fault.
        fault: Fault,
        /// When it was over.
        until_ms: u64,
    },
    /// A fault that is in the ledger is over.
    Recovered {
        /// Whose node; none: this one.
        prefix: Option<Prefix>,
        /// The number of the fault.
        of: u32,
        /// When.
        at_ms: u64,
        /// How it was mended.
        note: String,
    },
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose node; none: this one.
    pub prefix: Option<Prefix>,
    /// What kind.
    pub class: FaultClass,
    /// When it began.
    pub at_ms: u64,
    /// The cause, as far as it is known.
    pub note: String,
}

impl Happened {
    /// The same, at that time where none is said.
    fn or_at(mut self, now_ms: u64) -> Self {
        if let Self::Fault(Fault { at_ms, .. }) | Self::Recovered { at_ms, .. } = &mut self
            && *at_ms == 0
        {
            *at_ms = now_ms;
        }
        self
    }
}

/// What the entry being built adds to the events; of each pair this node's is first.
#[derive(Debug, Default)]
pub(super) struct EventsOverlay {
    /// The last numbers.
    last: [Option<u32>; 2],
    /// Faults that are over by it.
    over: Vec<(bool, u32)>,
    /// Faults that it begins.
    begun: usize,
}

impl Admissions {
    pub(super) fn plan_event(
        &mut self,
        happened: &Happened,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        let now_ms = draft.place().time_ms;
        let happened = happened.clone().or_at(now_ms);
        if let Err(verdict) = self.check_event(&happened, now_ms.saturating_add(AHEAD_MS_MAX)) {
            return Ok(verdict);
        }
        let position = match happened {
            Happened::Started {
                at_ms,
                alive_until_ms,
            } => {
                let started = EventChange::Started {
                    at_ms,
                    alive_until_ms,
                };
                write(draft, started)?
            }
            Happened::Stopped { at_ms } => write(draft, EventChange::Stopped { at_ms })?,
            Happened::Fault(fault) => self.begin_fault(fault, draft)?.0,
            Happened::Over { fault, until_ms } => {
                // Both stand in one entry.
                if !draft.has_room(2, 2 * EVENT_BYTES_MAX) {
                    return Err(Full);
                }
                let prefix = fault.prefix.clone();
                let (_, of) = self.begin_fault(fault, draft)?;
                self.end_fault((prefix, of), until_ms, "", draft)?
            }
            Happened::Recovered {
                prefix,
                of,
                at_ms,
                note,
            } => self.end_fault((prefix, of), at_ms, &note, draft)?,
        };
        Ok(Verdict::Created(position))
    }

    fn begin_fault(&mut self, fault: Fault, draft: &mut Draft) -> Result<(Position, u32), Full> {
        let class = fault.class;
        let event = self.numbered(fault.prefix, fault.at_ms, &fault.note);
        let number = event.number;
        let position = write(draft, EventChange::Fault { event, class })?;
        self.overlay.events.begun += 1;
        Ok((position, number))
    }

    fn end_fault(
        &mut self,
        (prefix, of): (Option<Prefix>, u32),
        at_ms: u64,
        note: &str,
        draft: &mut Draft,
    ) -> Result<Position, Full> {
        let is_firm = prefix.is_some();
        let event = self.numbered(prefix, at_ms, note);
        let position = write(draft, EventChange::Recovered { event, of })?;
        self.overlay.events.over.push((is_firm, of));
        Ok(position)
    }

    /// An event with the next number. Where the entry is full the number is given again: what was
    /// planned for it is forgotten.
    fn numbered(&mut self, prefix: Option<Prefix>, at_ms: u64, note: &str) -> NumberedEvent {
        let is_firm = prefix.is_some();
        let known = log(&self.state.events(), is_firm).last();
        let last = &mut self.overlay.events.last[usize::from(is_firm)];
        let number = last.unwrap_or(known).saturating_add(1);
        *last = Some(number);
        NumberedEvent {
            number,
            prefix,
            at_ms,
            note: note.into(),
        }
    }

    fn check_event(&self, happened: &Happened, latest_ms: u64) -> Result<(), Verdict> {
        let refuse = |code, field: &str, detail: &str| {
            Err(Verdict::Refused(Refusal::new(code, field, detail)))
        };
        let (prefix, at_ms, note) = match happened {
            Happened::Started { .. } | Happened::Stopped { .. } => return Ok(()),
            Happened::Fault(fault) => (&fault.prefix, fault.at_ms, &fault.note),
            Happened::Over { fault, until_ms } => (&fault.prefix, *until_ms, &fault.note),
            Happened::Recovered {
                prefix,
                at_ms,
                note,
                ..
            } => (prefix, *at_ms, note),
        };
        if at_ms > latest_ms {
            return refuse("bad_time", "at", "what is to come has not happened");
        }
        if note.len() > NOTE_BYTES_MAX {
            let detail = format!("a note has at most {NOTE_BYTES_MAX} bytes");
            return refuse("value_too_long", "note", &detail);
        }
        if note.chars().any(char::is_control) {
            let detail = "control characters are not allowed here";
            return refuse("control_character", "note", detail);
        }
        if let Some(prefix) = prefix
            && self.assigned(&self.state.directory(), prefix).is_none()
        {
            return Err(Verdict::NotFound);
        }
        match happened {
            Happened::Recovered { prefix, of, .. } => self.check_recovery(prefix, *of, at_ms),
            _ => self.check_room(prefix.is_some()),
        }
    }

    /// Whether the fault is there, not over, and began before.
    fn check_recovery(&self, prefix: &Option<Prefix>, of: u32, at_ms: u64) -> Result<(), Verdict> {
        let events = self.state.events();
        let log = log(&events, prefix.is_some());
        let is_over = self.overlay.events.over.contains(&(prefix.is_some(), of));
        let fault = log.get(of).and_then(EventChange::numbered);
        let fault = fault.filter(|fault| fault.prefix == *prefix && log.is_open(of));
        let Some(fault) = fault.filter(|_| !is_over) else {
            let what = format!("{of} is no fault that is not over; see biaoshi topnode events");
            return Err(Verdict::Conflict(what));
        };
        if at_ms < fault.at_ms {
            let detail = "it was over before it began";
            let refusal = Refusal::new("bad_time", "at", detail);
            return Err(Verdict::Refused(refusal));
        }
        Ok(())
    }

    fn check_room(&self, is_firm: bool) -> Result<(), Verdict> {
        let open = log(&self.state.events(), is_firm).open().len();
        if open + self.overlay.events.begun < OPEN_MAX {
            return Ok(());
        }
        let what = format!("{OPEN_MAX} faults are not over: say of some that they are");
        Err(Verdict::Conflict(what))
    }
}

//----------- Helper functions -------------------------------------------------

/// The largest event: a note, a prefix, and what frames them.
const EVENT_BYTES_MAX: usize = NOTE_BYTES_MAX + 512;

fn write(draft: &mut Draft, event: EventChange) -> Result<Position, Full> {
    push(draft, &Change::Event(Box::new(event)))
}

fn log(events: &Events, is_firm: bool) -> &EventLog {
    if is_firm {
        events.enterprises()
    } else {
        events.node()
    }
}
