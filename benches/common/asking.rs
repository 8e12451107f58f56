//! Questions as bytes, and the node that answers them without sockets.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, Waker},
};

use axum::{Router, body::Body, extract::Request};
use biaoshi::{
    access::{Gate, TOKEN_BYTES, Token},
    accounting::Outcome,
    identifier::{Identifier, dns::to_dns_name},
    ledger::{Ledger, MemoryLedger},
    protocol::{
        dns::{self, Transport, Zone, question},
        handle::{self, resolution_request},
        http::{Accounting, Api, NoTables, Node, router},
    },
    registry::{ReadClock, Registry, WriterOptions},
    resolver::Resolver,
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::common;

/// A kind of question: its name begins with its protocol.
pub(crate) type Kind = (&'static str, fn(&Identifier) -> Vec<u8>);

/// All kinds that are measured.
pub(crate) const KINDS: [Kind; 9] = [
    ("dns_naptr", |asked| dns_question(asked, 35)),
    ("dns_txt", |asked| dns_question(asked, 16)),
    ("dns_absent", |asked| dns_question(&absent(asked), 35)),
    ("handle_url", |asked| {
        resolution_request(1, &asked.to_string(), &["URL"])
    }),
    ("handle_all", |asked| {
        resolution_request(1, &asked.to_string(), &[])
    }),
    ("handle_absent", |asked| {
        resolution_request(1, &absent(asked).to_string(), &[])
    }),
    ("http_api", |asked| {
        format!("/api/v1/identifiers/{asked}").into_bytes()
    }),
    ("http_handles", |asked| {
        format!("/api/handles/{asked}").into_bytes()
    }),
    ("http_absent", |asked| {
        format!("/api/v1/identifiers/{}", absent(asked)).into_bytes()
    }),
];

fn dns_question(asked: &Identifier, kind: u16) -> Vec<u8> {
    let name = to_dns_name(asked, ZONE).expect("it has a name");
    question(1, &name, kind).expect("it is a name")
}

/// One of the same length that nobody registered.
fn absent(asked: &Identifier) -> Identifier {
    let text = asked.to_string().replace("/P", "/Q");
    Identifier::parse_registration(&text).expect("it is one")
}

const ZONE: &str = "id.example";

const SUCCESS: Option<Outcome> = Some(Outcome::Success);

//----------- Asking -----------------------------------------------------------

/// A node, as the listeners of each protocol see it.
pub(crate) struct Asking {
    resolver: Resolver,
    zone: Zone,
    router: Router,
}

impl Asking {
    /// A node of `count` products.
    pub(crate) fn new(count: usize) -> Self {
        let state = Arc::new(common::state(count));
        let api = Arc::new(Api::new(
            Gate::new(Token::new([0xab; TOKEN_BYTES])),
            65_536,
            ZONE.to_owned(),
        ));
        // Nothing is registered: it needs no entries.
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new());
        let options = WriterOptions {
            accept_clock: false,
            zone: ZONE.to_owned(),
        };
        let clock = || -> Box<dyn ReadClock> { Box::new(common::Stopped) };
        let (registry, _) = Registry::open(&ledger, &state, clock, &options);
        api.open(Node {
            resolver: Resolver::new(Arc::clone(&state)),
            registry,
            state: Arc::clone(&state),
            accounting: Accounting::default(),
            tables: Arc::new(NoTables),
        });
        Self {
            resolver: Resolver::new(state),
            zone: Zone::new(ZONE, &[], "IDIS+URL", 60).expect("it is a zone"),
            router: router(api),
        }
    }

    /// Answers a question of that kind; whether something was found.
    pub(crate) fn answer(&self, kind: &str, question: &[u8], out: &mut Vec<u8>) -> bool {
        match kind.split('_').next() {
            Some("dns") => {
                let context = dns::Context {
                    resolver: Some(&self.resolver),
                    zone: &self.zone,
                    transport: Transport::Udp,
                };
                dns::respond(&context, question, out).outcome() == SUCCESS
            }
            Some("handle") => {
                let context = handle::Context {
                    resolver: Some(&self.resolver),
                    site: b"site",
                    site_serial: 1,
                    challenge: &|| None,
                };
                handle::respond(&context, question, out).is_ok_and(|one| one.outcome() == SUCCESS)
            }
            _ => self.answer_http(question, out),
        }
    }

    /// The routes and the body, without the connection.
    fn answer_http(&self, path: &[u8], out: &mut Vec<u8>) -> bool {
        let request = Request::builder().uri(path).body(Body::empty());
        let request = request.expect("a path is a request");
        let reply = now(self.router.clone().oneshot(request)).expect("it has a reply for all");
        let is_found = reply.status().is_success();
        let body = now(reply.into_body().collect()).expect("it is in memory");
        out.extend(body.to_bytes());
        is_found
    }
}

/// What a future comes to that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = TaskContext::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("reading waits for nothing"),
    }
}
