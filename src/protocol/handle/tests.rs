//! The protocol against what Handle.Net and others were seen to say.

mod answers;
mod captured;
mod loops;

use super::*;
use crate::{
    change::{Hosting, SiteProtocol},
    protocol::{
        Handled,
        tests::{Built, route, value},
    },
    resolver::Resolver,
};

//----------- Asking -----------------------------------------------------------

const SITE: &[u8] = b"the site";

fn context(resolver: &Resolver) -> Context<'_> {
    Context {
        resolver: Some(resolver),
        site: SITE,
        site_serial: 1,
        challenge: &|| Some((77, [9; 16])),
    }
}

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    envelope: Envelope,
    header: Header,
    body: Vec<u8>,
    credential: Vec<u8>,
}

impl Said {
    fn read(message: &[u8]) -> Self {
        let envelope = Envelope::decode(message).unwrap();
        let payload = &message[ENVELOPE_BYTES..];
        assert_eq!(payload.len(), envelope.length());
        let header = Header::decode(payload).unwrap();
        let end = HEADER_BYTES + usize::try_from(header.body_length).unwrap();
        Self {
            envelope,
            header,
            body: payload[HEADER_BYTES..end].to_vec(),
            credential: payload[end..].to_vec(),
        }
    }
}
