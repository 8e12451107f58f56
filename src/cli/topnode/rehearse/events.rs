//! Events in a rehearsal, and the monthly report.

use serde_json::{Value, json};

use super::play::Play;
use crate::cli::Failure;
use crate::cli::topnode::{get, text};
use crate::topnode::tables::Table;

/// How long a fault lasts: enough to be seen in a share that is rounded down.
const FAULT_MS: u64 = 60_000;

impl Play<'_> {
    /// A fault that a person sees, and that it is over; then the report of the month so far.
    pub(super) fn events(&mut self) -> Result<(), Failure> {
        self.tell("异常与恢复事件、月报", "events, and the monthly report");
        let path = "/api/v1/topnode/events";
        let fault = json!({ "event": "fault", "class": "network", "note": "演练断网" });
        self.post(path, &fault)?;
        self.rehearsal.put_ahead(FAULT_MS);
        let over = json!({ "event": "recovered", "of": 1, "note": "已恢复" });
        self.post(path, &over)?;
        let told = self.wait(|play| Ok(play.event(2).is_some()));
        let (fault, over) = (self.event(1), self.event(2));
        let named = |row: &Option<Vec<Value>>, place: usize| {
            row.as_ref().and_then(|row| row.get(place).cloned())
        };
        let shown = |row| named(row, 2).map_or_else(String::new, |name| text(&name));
        let seen = format!("{}, {}", shown(&fault), shown(&over));
        let is_linked = named(&fault, 2).is_some() && named(&over, 3) == named(&fault, 2);
        self.checklist.check(
            "异常与恢复事件实时报送，编号对应",
            "a fault and its recovery are told when they happen, and linked",
            if told.is_ok() && is_linked {
                Ok(seen)
            } else {
                Err(seen)
            },
        );
        let said = get(&self.client, "/api/v1/topnode/monthly")?;
        let months = said["months"].as_array().cloned().unwrap_or_default();
        let this = months.last().cloned().unwrap_or_default();
        let hours = this["operating_hours"].as_f64().unwrap_or_default();
        let service = this["service_percent"].as_f64().unwrap_or_default();
        let emergencies = said["emergencies"].as_array().map_or(0, Vec::len);
        let seen = format!("{hours} h, {service} %, {emergencies} fault");
        let is_so = hours > 0.0 && service > 0.0 && service < 100.0 && emergencies == 1;
        self.checklist.check(
            "月度运行报告含运营时长、SLA 与异常",
            "the monthly report has the hours, the SLA and the fault",
            if is_so { Ok(seen) } else { Err(seen) },
        );
        Ok(())
    }

    /// The row of an event, as the stand-in has it.
    fn event(&self, number: u32) -> Option<Vec<Value>> {
        let standin = self.rehearsal.standin();
        let received = standin.books.report(Table::E1, number)?;
        received.rows.first().cloned()
    }
}
