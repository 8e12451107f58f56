//! Filings in a rehearsal: applied for, audited for an hour, passed or refused.

use serde_json::{Value, json};

use super::play::Play;
use crate::cli::Failure;
use crate::cli::topnode::get;
use crate::topnode::standin::{AUDIT_MS, Fault, INCOMPLETE};

/// More than the desk waits between two questions.
const ASKED_AGAIN_MS: u64 = 11 * 60 * 1_000;

impl Play<'_> {
    /// A firm that passes, over a fault in which acceptance is not heard; one whose papers are incomplete,
    /// and are mended.
    pub(super) fn filings(&mut self) -> Result<(), Failure> {
        self.tell("企业前缀备案", "filings of prefixes");
        self.rehearsal.standin().set_fault(Some(Fault::CutAfter));
        let first = self.apply("演练企业")?;
        let second = self.apply(&format!("演练企业{INCOMPLETE}"))?;
        let refused = self.register(&first)?;
        self.checklist.check(
            "备案未通过的前缀不接受注册",
            "a prefix that is not filed takes no registrations",
            if refused == "not_filed" {
                Ok(refused)
            } else {
                Err(refused)
            },
        );
        self.wait(|play| Ok(play.are(&[&first, &second], "in_review")))?;
        self.rehearsal.standin().set_fault(None);
        self.rehearsal.put_ahead(AUDIT_MS + ASKED_AGAIN_MS);
        let decided =
            self.wait(|play| Ok(play.are(&[&first], "passed") && play.are(&[&second], "refused")));
        let reason = self.filing_of(&second)["reason"].clone();
        self.checklist.check(
            "备案：受理、延时审核、通过与驳回均落账",
            "filings: taken, audited later, passed and refused",
            decided
                .map(|()| format!("refused: {reason}"))
                .map_err(|error| error.error),
        );
        let body = json!({ "state": "pending", "reason": "已补照片" });
        self.post(&format!("/api/v1/enterprises/{second}/filing"), &body)?;
        let again = self.wait(|play| Ok(play.are(&[&second], "in_review")));
        let registered = self.register(&first)?;
        let (applications, faults) = {
            let standin = self.rehearsal.standin();
            let filings = &standin.filings;
            (filings.applications(), filings.faults().to_vec())
        };
        let seen = format!("{applications} applications, {registered}");
        let is_so = again.is_ok() && applications == 3 && faults.is_empty();
        let is_so = is_so && registered == "created";
        self.checklist.check(
            "备案：不重复申报，驳回后可再报，通过后可注册",
            "filings: none twice, filed again after a refusal, registered once passed",
            if is_so {
                Ok(seen)
            } else {
                Err(format!("{seen} {faults:?}"))
            },
        );
        Ok(())
    }

    /// Admits a firm whose prefix is to be filed.
    fn apply(&mut self, name: &str) -> Result<String, Failure> {
        self.applications += 1;
        let number = self.applications;
        let prefix = format!("{}.8{number:03}", self.prefix);
        let body = json!({
            "prefix": prefix,
            "org_name": name,
            "certificate": { "type": "other", "number": format!("FILING{number:03}") },
            "hosting": "hosted",
        });
        self.post("/api/v1/enterprises", &body)?;
        Ok(prefix)
    }

    /// Tries to register an identifier; what became of it.
    fn register(&self, prefix: &str) -> Result<String, Failure> {
        let items = json!([{
            "identifier": format!("{prefix}/P0000"),
            "values": [{ "index": 2000, "type": "URL", "data": "https://example.cn/p" }],
        }]);
        let path = "/api/v1/identifiers/batch";
        let key = format!("rehearsal-{prefix}-{}", self.rehearsal.now_ms());
        let reply = self
            .client
            .wait(self.client.post(path, &key, items.to_string().into()))?;
        let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let verdict = &said["results"][0];
        let said = verdict["code"]
            .as_str()
            .or_else(|| verdict["outcome"].as_str());
        Ok(said.unwrap_or("nothing").to_owned())
    }

    fn are(&self, prefixes: &[&String], state: &str) -> bool {
        prefixes
            .iter()
            .all(|prefix| self.filing_of(prefix)["state"] == state)
    }

    fn filing_of(&self, prefix: &str) -> Value {
        let said = get(&self.client, "/api/v1/enterprises?limit=1000").unwrap_or_default();
        let all = said["enterprises"].as_array().into_iter().flatten();
        let mut all = all.filter(|one| one["prefix"] == prefix);
        all.next()
            .map(|one| one["filing"].clone())
            .unwrap_or_default()
    }
}
