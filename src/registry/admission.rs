//! Planning admissions: an enterprise and the prefix it gets.

use std::{collections::HashMap, sync::Arc};

use super::{
    Refusal, Verdict,
    events::{EventsOverlay, Happened},
    filing::FilingDecision,
    writer::{Full, Plan, push},
};
use crate::{
    access::{Action, Caller},
    change::{
        Certificate, Change, Draft, EnterpriseChange, Filing, Hosting, NOTE_BYTES_MAX, Position,
        PrefixChange, PrefixStatus, ReportChange, RequestOutcome, RollUp, SiteProtocol,
    },
    identifier::Prefix,
    state::{State, directory::Directory},
};

/// The most characters of a text field (SNMS `orgName` and its like).
pub const FIELD_CHARACTERS_MAX: usize = 255;

/// The most characters of a certificate's number (SNMS `orgCrtCode`).
const CERTIFICATE_CHARACTERS_MAX: usize = 32;

/// The most bytes of a region or industry code: GB/T 2260 has 6 digits, GB/T 4754 has 5 characters;
/// sub-classes of either stay far below.
const CODE_BYTES_MAX: usize = 64;

/// What a node says that serves no prefix yet.
pub(super) const NO_SECONDARY_PREFIX: &str = "this node has no secondary prefix yet: set [node] \
    secondary_prefixes, for example [\"88.118\"], or BIAOSHI_NODE_SECONDARY_PREFIXES";

//----------- Admission --------------------------------------------------------

/// An enterprise to admit and the prefix to assign, as asked: nothing of it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The prefix, one segment below a secondary prefix of this node.
    pub prefix: String,
    /// Whose it is.
    pub certificate: Certificate,
    /// What is known of the enterprise.
    pub facts: EnterpriseFacts,
    /// Where its identifiers live.
    pub hosting: Hosting,
    /// Its filing with the national node.
    pub filing: Filing,
}

/// What is known of an enterprise besides its certificate; empty where not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterpriseFacts {
    /// 企业名称, at most [`FIELD_CHARACTERS_MAX`] characters.
    pub org_name: String,
    /// GB/T 2260 code.
    pub province: String,
    /// GB/T 2260 code.
    pub city: String,
    /// GB/T 4754 code.
    pub industry: String,
    /// Web site.
    pub website: String,
}

impl EnterpriseFacts {
    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("org_name", &self.org_name),
            ("province", &self.province),
            ("city", &self.city),
            ("industry", &self.industry),
            ("website", &self.website),
        ]
    }
}

/// What the writer of `control` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ControlJob {
    /// Admits an enterprise.
    Admit(Box<Admission>),
    /// Takes a secondary prefix into the directory.
    Secondary(Prefix),
    /// Notes that an operator accepted the clock.
    AcceptClock,
    /// Says what a part of a day has come to.
    RollUp(Box<RollUp>),
    /// Says what became of a filing.
    File(Box<FilingDecision>),
    /// Says what became of a report to the national node.
    Report(Box<ReportChange>),
    /// Says what happened to the node.
    Event(Box<Happened>),
}

//----------- Admissions -------------------------------------------------------

/// Plans admissions against the directory and what the entry being built already holds.
#[derive(Debug)]
pub(super) struct Admissions {
    pub(super) state: Arc<State>,
    zone: String,
    pub(super) overlay: Overlay,
}

/// What the entry being built adds to the directory.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    enterprises: HashMap<Certificate, EnterpriseChange>,
    prefixes: HashMap<Prefix, (PrefixChange, Position)>,
    secondary: Vec<Prefix>,
    next_enterprise: Option<u64>,
    pub(super) events: EventsOverlay,
}

impl Admissions {
    pub(super) fn new(state: Arc<State>, zone: String) -> Self {
        Self {
            state,
            zone,
            overlay: Overlay::default(),
        }
    }

    fn plan_checked(
        &mut self,
        admission: &Admission,
        prefix: &Prefix,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        let state = Arc::clone(&self.state);
        let directory = state.directory();
        let known = self.enterprise(&directory, &admission.certificate);
        if let Some(differs) = known
            .as_ref()
            .and_then(|known| differs(known, &admission.facts))
        {
            let number = &admission.certificate.number;
            let what = format!("the enterprise {number} is known with another {differs}");
            return Ok(Verdict::Conflict(what));
        }
        if let Some((assigned, position)) = self.assigned(&directory, prefix) {
            let is_same = known.as_ref().map(|known| known.enterprise) == Some(assigned.enterprise)
                && assigned.hosting == admission.hosting
                // A filing's day is that of its first report: importing again does not move it.
                && assigned.filing.state == admission.filing.state;
            return Ok(if is_same {
                Verdict::Unchanged(position)
            } else {
                let what = "is assigned to another enterprise, or hosted or filed otherwise";
                Verdict::Conflict(format!("{prefix} {what}"))
            });
        }
        // Both changes stand in one entry: a prefix never names an enterprise that is not there.
        let enterprise = match known {
            Some(known) => known.enterprise,
            None => {
                if !draft.has_room(3, ADMISSION_BYTES_MAX) {
                    return Err(Full);
                }
                self.add_enterprise(&directory, admission, draft)?
            }
        };
        let change = PrefixChange {
            prefix: prefix.clone(),
            prev: None,
            enterprise,
            status: PrefixStatus::Active,
            hosting: admission.hosting.clone(),
            filing: admission.filing.clone(),
            waiver: "".into(),
        };
        let position = push(draft, &Change::Prefix(Box::new(change.clone())))?;
        self.overlay
            .prefixes
            .insert(prefix.clone(), (change, position));
        Ok(Verdict::Created(position))
    }

    fn add_enterprise(
        &mut self,
        directory: &Directory,
        admission: &Admission,
        draft: &mut Draft,
    ) -> Result<u64, Full> {
        let next = &mut self.overlay.next_enterprise;
        let enterprise = next.unwrap_or_else(|| directory.next_enterprise());
        let facts = &admission.facts;
        let change = EnterpriseChange {
            enterprise,
            prev: None,
            certificate: admission.certificate.clone(),
            org_name: facts.org_name.as_str().into(),
            province: facts.province.as_str().into(),
            city: facts.city.as_str().into(),
            industry: facts.industry.as_str().into(),
            website: facts.website.as_str().into(),
            sealed: Vec::new(),
        };
        push(draft, &Change::Enterprise(Box::new(change.clone())))?;
        *next = Some(enterprise + 1);
        self.overlay
            .enterprises
            .insert(change.certificate.clone(), change);
        Ok(enterprise)
    }

    fn plan_secondary(&mut self, prefix: &Prefix, draft: &mut Draft) -> Result<Verdict, Full> {
        let is_known = self.state.directory().secondary().contains(prefix);
        if is_known || self.overlay.secondary.contains(prefix) {
            // Nothing says where it was added; it stands in the directory and that is enough.
            let position = Position {
                partition: 0,
                seq: 0,
                item: 0,
            };
            return Ok(Verdict::Unchanged(position));
        }
        let position = push(draft, &Change::SecondaryPrefix(prefix.clone()))?;
        self.overlay.secondary.push(prefix.clone());
        Ok(Verdict::Created(position))
    }

    /// Notes a prefix as the entry being built has it.
    pub(super) fn note_prefix(&mut self, prefix: &Prefix, change: PrefixChange, at: Position) {
        self.overlay.prefixes.insert(prefix.clone(), (change, at));
    }

    fn enterprise(
        &self,
        directory: &Directory,
        certificate: &Certificate,
    ) -> Option<EnterpriseChange> {
        let in_this_entry = self.overlay.enterprises.get(certificate);
        let known = || {
            directory
                .enterprise_of(certificate)
                .map(|known| &known.facts)
        };
        in_this_entry.or_else(known).cloned()
    }

    pub(super) fn assigned(
        &self,
        directory: &Directory,
        prefix: &Prefix,
    ) -> Option<(PrefixChange, Position)> {
        let in_this_entry = self.overlay.prefixes.get(prefix).cloned();
        let assigned = || {
            let entry = directory.prefix(prefix.as_str())?;
            Some((entry.facts.clone(), entry.position))
        };
        in_this_entry.or_else(assigned)
    }
}

/// The largest enterprise and prefix changes together: five fields of 255 characters of at most
/// four bytes, a route of 16 sites, and what frames them.
const ADMISSION_BYTES_MAX: usize = 12 * 1024;

//--- Plan

impl Plan for Admissions {
    type Job = ControlJob;

    fn plan(
        &mut self,
        job: &ControlJob,
        caller: Caller,
        draft: &mut Draft,
    ) -> Result<Verdict, Full> {
        if !caller.may(Action::Admit) {
            let detail = "admitting enterprises needs the token of an administrator of this node";
            return Ok(Verdict::Refused(Refusal::new(
                "denied",
                "authorization",
                detail,
            )));
        }
        match job {
            ControlJob::Admit(admission) => {
                let checked = check(&self.state.directory(), admission);
                let routed = checked.and_then(|prefix| {
                    check_route(&self.zone, &prefix, &admission.hosting)?;
                    Ok(prefix)
                });
                match routed {
                    Ok(prefix) => self.plan_checked(admission, &prefix, draft),
                    Err(refusal) => Ok(Verdict::Refused(refusal)),
                }
            }
            ControlJob::File(decision) => self.plan_filing(decision, draft),
            ControlJob::Secondary(prefix) => self.plan_secondary(prefix, draft),
            ControlJob::AcceptClock => {
                let time_ms = draft.place().time_ms;
                push(draft, &Change::ClockAccepted { time_ms }).map(Verdict::Created)
            }
            ControlJob::RollUp(rolled_up) => {
                push(draft, &Change::RollUp(rolled_up.clone())).map(Verdict::Created)
            }
            ControlJob::Event(happened) => self.plan_event(happened, draft),
            ControlJob::Report(report) if report.note.len() > NOTE_BYTES_MAX => {
                let detail = format!("a note has at most {NOTE_BYTES_MAX} bytes");
                let refusal = Refusal::new("value_too_long", "note", detail);
                Ok(Verdict::Refused(refusal))
            }
            ControlJob::Report(report) => {
                push(draft, &Change::Report(report.clone())).map(Verdict::Created)
            }
        }
    }

    fn forget(&mut self) {
        self.overlay = Overlay::default();
    }

    fn outcome(&self, _job: &ControlJob, _verdict: &Verdict) -> RequestOutcome {
        // Admitting what is admitted changes nothing: each item is judged anew.
        RequestOutcome::Items
    }
}

//----------- Checks -----------------------------------------------------------

/// Checks the fields of an admission in the order they are asked for.
fn check(directory: &Directory, admission: &Admission) -> Result<Prefix, Refusal> {
    let text = admission.prefix.as_str();
    let prefix = Prefix::parse(text)
        .map_err(|error| Refusal::new("bad_prefix", "prefix", error.to_string()))?;
    let parent = directory
        .secondary()
        .iter()
        .find(|own| prefix.is_below(own));
    match parent {
        None if directory.secondary().is_empty() => {
            let detail = NO_SECONDARY_PREFIX;
            return Err(Refusal::new("foreign_prefix", "prefix", detail));
        }
        None => {
            let own: Vec<_> = directory.secondary().iter().map(Prefix::as_str).collect();
            let detail = format!("{text} is not below {}", own.join(", "));
            return Err(Refusal::new("foreign_prefix", "prefix", detail));
        }
        Some(parent) if !prefix.is_child_of(parent) => {
            let detail = format!("an enterprise prefix is {parent} and one more number");
            return Err(Refusal::new("bad_prefix", "prefix", detail));
        }
        Some(_) => {}
    }
    for (field, value) in admission.facts.fields() {
        let is_code = matches!(field, "province" | "city" | "industry");
        check_text(field, value)?;
        if is_code && value.len() > CODE_BYTES_MAX {
            let detail = format!("a {field} code has at most {CODE_BYTES_MAX} bytes");
            return Err(Refusal::new("value_too_long", field, detail));
        }
    }
    if admission.facts.org_name.is_empty() {
        let detail = "an enterprise needs its name";
        return Err(Refusal::new("missing_field", "org_name", detail));
    }
    check_certificate(&admission.certificate)?;
    check_text("filing", &admission.filing.reason)?;
    Ok(prefix)
}

/// Checks that the name servers of a route can be found: the addresses of one whose name is below
/// the prefix would be known to itself alone (RFC 9471 §2.1), and a route has a name or an address.
fn check_route(zone: &str, prefix: &Prefix, hosting: &Hosting) -> Result<(), Refusal> {
    let Hosting::SelfBuilt(Some(route)) = hosting else {
        return Ok(());
    };
    let parts: Vec<&str> = prefix.as_str().rsplit('.').collect();
    let cut = format!("{}.{zone}", parts.join("."));
    let is_lost = |name: &str| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let above = name.strip_suffix(cut.as_str());
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    let mut sites = route.sites.iter();
    match sites.find(|site| site.protocol == SiteProtocol::Dns && is_lost(&site.address)) {
        None => Ok(()),
        Some(site) => {
            let name = &site.address;
            let detail = format!(
                "the name server {name} is below {cut}, for which it answers itself: give its \
                 address instead"
            );
            Err(Refusal::new("bad_route", "route", detail))
        }
    }
}

fn check_certificate(certificate: &Certificate) -> Result<(), Refusal> {
    let number = &certificate.number;
    if number.is_empty() {
        let detail = "an enterprise needs its certificate's number";
        return Err(Refusal::new("missing_field", "certificate", detail));
    }
    if number.chars().count() > CERTIFICATE_CHARACTERS_MAX {
        let detail =
            format!("a certificate's number has at most {CERTIFICATE_CHARACTERS_MAX} characters");
        return Err(Refusal::new("value_too_long", "certificate", detail));
    }
    check_text("certificate", number)
}

pub(super) fn check_text(field: &'static str, value: &str) -> Result<(), Refusal> {
    if value.chars().any(char::is_control) {
        let detail = "control characters are not allowed here";
        return Err(Refusal::new("control_character", field, detail));
    }
    // The ledger keeps some of these behind an 8-bit length, in bytes.
    let bytes_max = match field {
        "filing" | "certificate" => 255,
        _ => FIELD_CHARACTERS_MAX * 4,
    };
    if value.chars().count() > FIELD_CHARACTERS_MAX || value.len() > bytes_max {
        let detail = format!("at most {FIELD_CHARACTERS_MAX} characters");
        return Err(Refusal::new("value_too_long", field, detail));
    }
    Ok(())
}

/// The first field in which an enterprise differs from what is known of it.
fn differs(known: &EnterpriseChange, facts: &EnterpriseFacts) -> Option<&'static str> {
    let known: [&str; 5] = [
        &known.org_name,
        &known.province,
        &known.city,
        &known.industry,
        &known.website,
    ];
    let fields = facts.fields().into_iter().zip(known);
    fields
        .into_iter()
        .find(|((_, new), old)| new != old)
        .map(|((field, _), _)| field)
}
