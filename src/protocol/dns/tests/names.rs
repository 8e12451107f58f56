//! Names that exist though nothing stands at them, and names that only look like others.

use super::*;

fn code_of(name: &str, kind: RecordType) -> ResponseCode {
    let (message, outcome) = ask(name, kind).answer();
    assert_eq!(outcome, Outcome::Auxiliary, "{name}");
    assert!(has_soa(&message) && message.answers.is_empty(), "{name}");
    message.metadata.response_code
}
