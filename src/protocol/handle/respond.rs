//! One whole message in, one whole message out.

use super::{
    HandleError, Query, digest,
    message::{
        ENVELOPE_BYTES, Envelope, HEADER_BYTES, Header, OpCode, ResponseCode, VERSION, Version,
    },
    value, view,
};
use crate::{
    access::Caller,
    accounting::{Act, Outcome, Subject},
    change::{Route, put_bytes32},
    identifier::Identifier,
    protocol::{Handled, act_of},
    resolver::{Found, PrefixView, Resolution, Resolver},
};

/// The flags of a request that come back with the answer.
///
/// Those that promise a signature or encryption are not among them: answers have neither yet.
const ECHOED_FLAGS: u32 =
    Header::CACHE_CERTIFY | Header::PUBLIC_ONLY | Header::DO_NOT_REFER | Header::REQUEST_DIGEST;

/// The flags of every answer: a primary's, which would ask others if it had to.
const OWN_FLAGS: u32 = Header::AUTHORITATIVE | Header::RECURSIVE;

/// Of an answer to what could not be read: no operation, no flags to echo.
const UNREAD_FLAGS: u32 = Header::RECURSIVE | Header::CACHE_CERTIFY | Header::PUBLIC_ONLY;

/// The version in which Handle.Net tells that it could not read.
const UNREAD_VERSION: Version = Version { major: 2, minor: 3 };

/// Prefix referrals came with this version; before it the number meant something else.
const REFERRAL_VERSION: Version = Version { major: 2, minor: 5 };

/// The site serial of whoever knows none.
const NO_SERIAL: u16 = 0xffff;

//----------- Context ----------------------------------------------------------

/// Makes a challenge: its number, and sixteen bytes that nobody can foretell; none where there is
/// no entropy.
pub type MakeChallenge<'a> = dyn Fn() -> Option<(u32, [u8; 16])> + 'a;

/// What an answer depends on besides the message.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who answers from the state; none while the node starts.
    pub resolver: Option<&'a Resolver>,
    /// The site that this node is, encoded; its serial stands in every answer.
    pub site: &'a [u8],
    /// The site's serial.
    pub site_serial: u16,
    /// Asked only where a client has to say who it is: entropy is dear.
    pub challenge: &'a MakeChallenge<'a>,
}

//----------- respond ----------------------------------------------------------

/// Answers a whole message: appends the answer to `out`, and says what it was.
///
/// `message` is one message, envelope included; of fragments it is all of them together.
///
/// # Errors
/// Where it cannot be read, so that nobody knows where it ends. `out` then has what its sender is
/// told, which is nothing where it may be an answer itself: two nodes that are set on each other
/// once would go on for ever.
pub fn respond(
    context: &Context<'_>,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<Handled, HandleError> {
    let request = match Request::read(message) {
        Ok(request) => request,
        Err(error) => {
            let may_be_asked = message.len() >= ENVELOPE_BYTES && error != HandleError::IsAnswer;
            if may_be_asked {
                put_unread(out, &error);
            }
            return Err(error);
        }
    };
    let mut answer = Answer::begin(&request, context, out);
    let handled = match request.header.op_code {
        OpCode::RESOLUTION => answer.resolve(),
        OpCode::GET_SITE_INFO => {
            answer.site();
            Handled::Answered(Act::auxiliary())
        }
        // Until administration exists, whoever answers a challenge is told that it does not.
        _ => {
            answer.refuse(
                ResponseCode::OperationNotSupported,
                "this server resolves; it takes no changes",
            );
            Handled::Answered(Act::auxiliary())
        }
    };
    answer.finish();
    Ok(handled)
}

//----------- Request ----------------------------------------------------------

/// A message, taken apart.
struct Request<'a> {
    envelope: Envelope,
    header: Header,
    /// Header and body: what a digest is over.
    signed: &'a [u8],
    body: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(message: &'a [u8]) -> Result<Self, HandleError> {
        let envelope = Envelope::decode(message)?;
        if envelope.flags & Envelope::ENCRYPTED != 0 {
            return Err(HandleError::Encrypted);
        }
        let payload = message
            .get(ENVELOPE_BYTES..ENVELOPE_BYTES + envelope.length())
            .ok_or(HandleError::CutOff)?;
        let header = Header::decode(payload)?;
        if header.response_code != 0 {
            return Err(HandleError::IsAnswer);
        }
        let length = usize::try_from(header.body_length).unwrap_or(usize::MAX);
        let end = HEADER_BYTES.saturating_add(length);
        // A credential may follow, or be missing altogether: nothing asks for one here.
        let signed = payload.get(..end).ok_or(HandleError::CutOff)?;
        Ok(Self {
            envelope,
            header,
            signed,
            body: &signed[HEADER_BYTES..],
        })
    }

    /// The version that both speak.
    fn version(&self) -> Version {
        self.envelope.suggested.min(VERSION)
    }
}

//----------- Answer -----------------------------------------------------------

/// An answer that is being written.
struct Answer<'a, 'm> {
    request: &'a Request<'m>,
    context: &'a Context<'a>,
    envelope: Envelope,
    header: Header,
    /// Where in `out` it begins.
    start: usize,
    out: &'a mut Vec<u8>,
}

impl<'a, 'm> Answer<'a, 'm> {
    fn begin(request: &'a Request<'m>, context: &'a Context<'a>, out: &'a mut Vec<u8>) -> Self {
        let asked = &request.header;
        let envelope = Envelope {
            version: request.version(),
            suggested: VERSION,
            // Nobody compresses, and the bit comes back.
            flags: request.envelope.flags & Envelope::COMPRESSED,
            sequence: 0,
            ..request.envelope
        };
        let header = Header {
            op_flags: OWN_FLAGS | (asked.op_flags & ECHOED_FLAGS),
            site_serial: context.site_serial,
            ..*asked
        };
        let start = out.len();
        // Room for envelope and header, which are known last.
        out.resize(start + ENVELOPE_BYTES + HEADER_BYTES, 0);
        let mut answer = Self {
            request,
            context,
            envelope,
            header,
            start,
            out,
        };
        if asked.has(Header::REQUEST_DIGEST) {
            answer.put_digest();
        }
        answer
    }

    /// Writes what was left open.
    fn finish(self) {
        let Self {
            mut envelope,
            mut header,
            start,
            out,
            ..
        } = self;
        let body = out.len() - start - ENVELOPE_BYTES - HEADER_BYTES;
        // No credential follows: answers are not signed yet.
        out.extend([0; 4]);
        let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        header.body_length = length(body);
        envelope.message_length = length(HEADER_BYTES + body + 4);
        let mut front = Vec::with_capacity(ENVELOPE_BYTES + HEADER_BYTES);
        envelope.encode(&mut front);
        header.encode(&mut front);
        out[start..start + front.len()].copy_from_slice(&front);
    }

    fn code(&mut self, code: ResponseCode) {
        self.header.response_code = code as u32;
    }

    /// Forgets what was written of the body, but for the digest.
    fn refuse(&mut self, code: ResponseCode, message: &str) -> Outcome {
        self.code(code);
        put_bytes32(self.out, message.as_bytes());
        Outcome::Error
    }

    fn put_digest(&mut self) {
        digest::put_digest(self.out, self.envelope.version, self.request.signed);
    }

    //--- Operations

    fn site(&mut self) {
        self.code(ResponseCode::Success);
        self.out.extend(self.context.site);
    }

    fn resolve(&mut self) -> Handled {
        let query = match Query::decode(self.request.body) {
            Ok(query) => query,
            Err(error) => {
                self.refuse(ResponseCode::ProtocolError, &error.to_string());
                return Handled::Malformed;
            }
        };
        let identifier = std::str::from_utf8(query.handle)
            .ok()
            .and_then(|text| Identifier::parse_query(text).ok());
        let nobodys = Act {
            subject: Subject::Identifier,
            ..Act::auxiliary()
        };
        let Some(identifier) = identifier else {
            // What is no name is nobody's: Handle.Net says so too.
            let outcome = self.nothing(ResponseCode::HandleNotFound, Outcome::NotFound);
            return Handled::Answered(nobodys.with(outcome));
        };
        let Some(resolver) = self.context.resolver else {
            let outcome = self.refuse(ResponseCode::ServerTooBusy, "the node is starting");
            return Handled::Answered(nobodys.with(outcome));
        };
        resolver.look_up(&identifier, Caller::Anonymous, |resolution, whose| {
            // What is sent of it decides, not what it is.
            let act = act_of(&resolution, whose).with(self.answer(&query, &resolution));
            Handled::Answered(act)
        })
    }

    fn answer(&mut self, query: &Query<'_>, resolution: &Resolution<'_>) -> Outcome {
        match resolution {
            Resolution::Found(found) => self.found(query, found),
            Resolution::View(view) => self.view(query, view),
            Resolution::Referral(Some(route)) => self.referral(route),
            Resolution::Referral(None) => self.refuse(
                ResponseCode::ServerTooBusy,
                "the enterprise's own node has no route yet",
            ),
            Resolution::NotFound(_) => {
                self.nothing(ResponseCode::HandleNotFound, Outcome::NotFound)
            }
            Resolution::Gone { .. } => self.nothing(ResponseCode::HandleNotFound, Outcome::Gone),
            Resolution::NotResponsible => self.not_responsible(),
            Resolution::Denied => self.denied(),
        }
    }

    /// A private value denies only where it is asked for, whatever else the record has.
    fn found(&mut self, query: &Query<'_>, found: &Found<'_>) -> Outcome {
        // Most have nothing to hide and are asked for what is public: that costs no look at all.
        let wants_hidden = || found.hides(|index, kind| query.wants(index, kind));
        if !self.request.header.has(Header::PUBLIC_ONLY) && wants_hidden() {
            return self.denied();
        }
        let wanted = found.values_of(|index, kind| query.wants(index, kind));
        match self.values(query, wanted, |out, one| value::put_value(out, one)) {
            Outcome::NotFound if wants_hidden() => Outcome::Denied,
            outcome => outcome,
        }
    }

    /// A prefix, from the directory.
    fn view(&mut self, query: &Query<'_>, prefix: &PrefixView<'_>) -> Outcome {
        let wanted = view::values_of(prefix)
            .into_iter()
            .filter(|one| query.wants(one.index, one.kind));
        self.values(query, wanted, |out, one| {
            value::put_made_up(out, one.index, one.kind, &one.data);
        })
    }

    fn values<T>(
        &mut self,
        query: &Query<'_>,
        wanted: impl Iterator<Item = T>,
        put: impl Fn(&mut Vec<u8>, &T),
    ) -> Outcome {
        let before = self.out.len();
        put_bytes32(self.out, query.handle);
        let count_at = self.out.len();
        self.out.extend([0; 4]);
        let mut count = 0_u32;
        for one in wanted {
            put(self.out, &one);
            count += 1;
        }
        if count == 0 {
            self.out.truncate(before);
            // No data was returned: it does not count as a success.
            return self.nothing(ResponseCode::ValuesNotFound, Outcome::NotFound);
        }
        self.out[count_at..count_at + 4].copy_from_slice(&count.to_be_bytes());
        self.code(ResponseCode::Success);
        Outcome::Success
    }

    /// Sends the client to the enterprise's own node (reference §1.9).
    fn referral(&mut self, route: &Route) -> Outcome {
        if self.request.header.has(Header::DO_NOT_REFER) {
            return self.not_responsible();
        }
        let sites = value::referral_sites(route);
        if sites.is_empty() {
            let text = value::unsaid_sites(route);
            return self.refuse(ResponseCode::ServerTooBusy, &text);
        }
        let (code, kind) = if self.request.version() >= REFERRAL_VERSION {
            (ResponseCode::PrefixReferral, "HS_SITE.PREFIX")
        } else {
            (ResponseCode::ServiceReferral, "HS_SITE")
        };
        self.code(code);
        // Without a service handle: the sites follow.
        put_bytes32(self.out, b"");
        let count = u32::try_from(sites.len()).unwrap_or(u32::MAX);
        self.out.extend(count.to_be_bytes());
        for (index, site) in (1..).zip(&sites) {
            value::put_made_up(self.out, index, kind, site);
        }
        Outcome::Success
    }

    fn not_responsible(&mut self) -> Outcome {
        self.refuse(
            ResponseCode::ServerNotResponsible,
            "That prefix doesn't live here",
        );
        Outcome::NotResponsible
    }

    fn nothing(&mut self, code: ResponseCode, outcome: Outcome) -> Outcome {
        self.code(code);
        put_bytes32(self.out, b"");
        outcome
    }

    /// Asks who it is.
    fn denied(&mut self) -> Outcome {
        let Some((challenge_id, nonce)) = (self.context.challenge)() else {
            return self.refuse(
                ResponseCode::ServerTooBusy,
                "nobody can be asked who it is now",
            );
        };
        self.code(ResponseCode::AuthenticationNeeded);
        // A challenge carries the digest whether it was asked for or not.
        if !self.request.header.has(Header::REQUEST_DIGEST) {
            self.header.op_flags |= Header::REQUEST_DIGEST;
            self.put_digest();
        }
        self.envelope.session_id = challenge_id;
        put_bytes32(self.out, &nonce);
        Outcome::Denied
    }
}

//----------- Identity ---------------------------------------------------------

/// What tells a question from the others of its client: its number, and what is asked, the handle
/// first. None of what is not one whole message.
#[must_use]
pub fn identity(message: &[u8]) -> Option<(u32, &[u8])> {
    let request = Request::read(message).ok()?;
    Some((request.envelope.request_id, request.body))
}

//----------- Too busy ---------------------------------------------------------

/// Tells a client to ask later, or over TCP, in the fewest bytes: appends the answer to `out`, or
/// nothing where the message cannot be read or is an answer itself.
pub fn too_busy(message: &[u8], out: &mut Vec<u8>) {
    let Ok(request) = Request::read(message) else {
        return;
    };
    let envelope = Envelope {
        version: request.version(),
        suggested: VERSION,
        flags: 0,
        sequence: 0,
        message_length: u32::try_from(HEADER_BYTES).unwrap_or_default(),
        ..request.envelope
    };
    envelope.encode(out);
    let header = Header {
        response_code: ResponseCode::ServerTooBusy as u32,
        op_flags: OWN_FLAGS,
        site_serial: NO_SERIAL,
        body_length: 0,
        ..request.header
    };
    header.encode(out);
}

//----------- Unread -----------------------------------------------------------

/// Tells that a message could not be read, as far as anybody can: whose it was is not known.
fn put_unread(out: &mut Vec<u8>, error: &HandleError) {
    let text = error.to_string();
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let body_length = length(4 + text.len());
    let envelope = Envelope {
        version: UNREAD_VERSION,
        suggested: VERSION,
        flags: 0,
        session_id: 0,
        request_id: u32::MAX,
        sequence: 0,
        message_length: length(HEADER_BYTES) + body_length + 4,
    };
    envelope.encode(out);
    let header = Header {
        op_code: 0,
        response_code: ResponseCode::ProtocolError as u32,
        op_flags: UNREAD_FLAGS,
        site_serial: NO_SERIAL,
        recursion_count: 0,
        expiration: 0,
        body_length,
    };
    header.encode(out);
    put_bytes32(out, text.as_bytes());
    out.extend([0; 4]);
}
