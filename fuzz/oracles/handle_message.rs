//! What must hold of any bytes as a message of the Handle protocol.

use std::sync::{Arc, LazyLock};

use biaoshi::{
    protocol::handle::{
        Context, ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, Query, SaidValues, fragments,
        respond, too_busy,
    },
    resolver::Resolver,
    state::State,
};

/// A node without a ledger: everything is another's, and every branch before that is reached.
static RESOLVER: LazyLock<Resolver> = LazyLock::new(|| Resolver::new(Arc::new(State::new())));

/// The longest answer to what is not registered here: a challenge, or a sentence.
const ANSWER_BYTES_MAX: usize = 512;

/// Checks one input.
pub(crate) fn check(data: &[u8]) {
    let context = Context {
        resolver: Some(&RESOLVER),
        site: b"site",
        site_serial: 1,
        challenge: &|| Some((7, [7; 16])),
    };
    let mut out = Vec::new();
    let handled = respond(&context, data, &mut out);
    assert!(out.len() <= ANSWER_BYTES_MAX, "{} bytes", out.len());
    if out.is_empty() {
        assert!(handled.is_err(), "a request has an answer");
    } else {
        let (envelope, _) = check_message(&out);
        let asked = Envelope::decode(data).map_or(u32::MAX, |asked| asked.request_id);
        let is_read = [asked, u32::MAX].contains(&envelope.request_id);
        assert!(is_read, "an answer to somebody else");
        check_unanswered(&context, &out);
    }
    if let Ok(asked) = Envelope::decode(data) {
        let mut bytes = Vec::new();
        asked.encode(&mut bytes);
        assert_eq!(
            Envelope::decode(&bytes).map(|again| again.request_id),
            Ok(asked.request_id)
        );
    }
    let mut short = Vec::new();
    too_busy(data, &mut short);
    assert!(short.len() <= data.len(), "never more than was asked with");
    if !short.is_empty() {
        check_message(&short);
        check_unanswered(&context, &short);
    }
    if let Ok(query) = Query::decode(data) {
        // No more was read than there was.
        assert!(query.indexes.len() * 4 + query.types.len() * 4 <= data.len());
        let wants_all = query.indexes.is_empty() && query.types.is_empty();
        assert!(query.wants(1, "URL") || !wants_all);
    }
    if let Ok(said) = SaidValues::decode(data) {
        assert!(said.values.len() * 26 <= data.len());
    }
    let mut parts = 0;
    fragments(data, |part| {
        assert!(part.len() <= 512);
        parts += 1;
    });
    assert!(parts <= data.len() / 400 + 1);
}

/// An answer has none: two nodes never go on talking.
fn check_unanswered(context: &Context<'_>, answer: &[u8]) {
    let mut out = Vec::new();
    assert!(respond(context, answer, &mut out).is_err());
    too_busy(answer, &mut out);
    assert_eq!(out, b"", "an answer is answered");
}

/// An answer is whole, and says of itself what it is.
fn check_message(message: &[u8]) -> (Envelope, Header) {
    let envelope = Envelope::decode(message).expect("an answer has an envelope");
    assert_eq!(envelope.length(), message.len() - ENVELOPE_BYTES);
    let header = Header::decode(&message[ENVELOPE_BYTES..]).expect("and a header");
    let body = usize::try_from(header.body_length).expect("and a body");
    assert!(HEADER_BYTES + body <= envelope.length());
    assert_ne!(header.response_code, 0);
    (envelope, header)
}
