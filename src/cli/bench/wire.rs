//! Where a question's number stands, and what an answer says: as little of each protocol as tells
//! answers apart, since a loader must not be slower than what it loads.

use crate::cli::arguments::BenchVia;
use crate::protocol::handle::DATAGRAM_BYTES_MAX;

/// Bytes of the header of DNS (RFC 1035 §4.1.1).
const DNS_HEADER_BYTES: usize = 12;

/// Bytes of the envelope of the Handle protocol, and of it with the response code behind it.
const ENVELOPE_BYTES: usize = 20;
const CODED_BYTES: usize = ENVELOPE_BYTES + 8;

/// Lines of the head of an answer over HTTP that are read.
const HEADERS_MAX: usize = 64;

/// The longest answer over HTTP that is waited for.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

//----------- Said ---------------------------------------------------------------

/// What an answer says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// Data, or who has them.
    Found,
    /// There is nothing of that name.
    NotFound,
    /// It is cut, and to be asked for over TCP.
    Truncated,
    /// Anything else.
    Other,
}

impl Said {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Found, Self::NotFound, Self::Truncated, Self::Other];

    /// Its name in results and in files of identifiers.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotFound => "not_found",
            Self::Truncated => "truncated",
            Self::Other => "other",
        }
    }
}

/// A part of an answer, or all of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Part {
    /// The number of its question.
    pub(super) number: u16,
    /// What it says; `None` where another part does.
    pub(super) said: Option<Said>,
    /// How many parts the answer has.
    pub(super) parts: u16,
}

impl Part {
    fn whole(number: u16, said: Said) -> Self {
        Self {
            number,
            said: Some(said),
            parts: 1,
        }
    }
}

//----------- Numbers ------------------------------------------------------------

/// Where a question's number stands, in two bytes; none in HTTP, which answers in order.
pub(super) fn number_at(via: BenchVia) -> Option<usize> {
    match via {
        BenchVia::Dns | BenchVia::Echo => Some(0),
        // The lower half of the request's.
        BenchVia::Handle | BenchVia::HandleTcp => Some(10),
        BenchVia::Http => None,
    }
}

//----------- Datagrams ----------------------------------------------------------

/// Reads a datagram; nothing where it is no answer.
pub(super) fn read_datagram(via: BenchVia, datagram: &[u8]) -> Option<Part> {
    match via {
        BenchVia::Dns => read_dns(datagram),
        BenchVia::Handle => read_handle(datagram),
        BenchVia::Echo => Some(Part::whole(u16_at(datagram, 0)?, Said::Found)),
        BenchVia::HandleTcp | BenchVia::Http => None,
    }
}

fn read_dns(message: &[u8]) -> Option<Part> {
    let header = message.get(..DNS_HEADER_BYTES)?;
    let is_answer = header[2] & 0x80 != 0;
    let is_cut = header[2] & 0x02 != 0;
    let (answers, authorities) = (u16_at(header, 6)?, u16_at(header, 8)?);
    let is_authoritative = header[2] & 0x04 != 0;
    let said = match header[3] & 0x0f {
        _ if is_cut => Said::Truncated,
        0 if answers > 0 => Said::Found,
        // A delegation: no answer, not the server's own word, and whom to ask.
        0 if authorities > 0 && !is_authoritative => Said::Found,
        3 => Said::NotFound,
        _ => Said::Other,
    };
    is_answer.then_some(Part::whole(u16_at(header, 0)?, said))
}

fn read_handle(datagram: &[u8]) -> Option<Part> {
    let number = u16_at(datagram, 10)?;
    let (sequence, length) = (u32_at(datagram, 12)?, u32_at(datagram, 16)?);
    let room = u32::try_from(DATAGRAM_BYTES_MAX - ENVELOPE_BYTES).ok()?;
    let said = match sequence {
        0 => Some(said_by_code(u32_at(datagram, CODED_BYTES - 4)?)),
        _ => None,
    };
    Some(Part {
        number,
        said,
        parts: u16::try_from(length.div_ceil(room)).ok()?.max(1),
    })
}

/// Response codes of the Handle protocol.
fn said_by_code(code: u32) -> Said {
    match code {
        1 | 302 | 303 => Said::Found,
        100 => Said::NotFound,
        _ => Said::Other,
    }
}

//----------- Streams ------------------------------------------------------------

/// What stands at the beginning of a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Frame {
    /// Not enough yet.
    Waiting,
    /// An answer of so many bytes; without a number where answers come in order.
    Answer {
        /// The number of its question.
        number: Option<u16>,
        /// What it says.
        said: Said,
        /// Its length.
        bytes: usize,
    },
    /// Nothing that can be read.
    Broken,
}

/// Reads the beginning of a stream.
pub(super) fn read_stream(via: BenchVia, bytes: &[u8]) -> Frame {
    match via {
        BenchVia::HandleTcp => read_handle_message(bytes).unwrap_or(Frame::Waiting),
        BenchVia::Http => read_http(bytes),
        BenchVia::Dns | BenchVia::Handle | BenchVia::Echo => Frame::Broken,
    }
}

fn read_handle_message(bytes: &[u8]) -> Option<Frame> {
    let (number, length) = (u16_at(bytes, 10)?, u32_at(bytes, 16)?);
    let length = ENVELOPE_BYTES.saturating_add(usize::try_from(length).ok()?);
    if !(CODED_BYTES..=ANSWER_BYTES_MAX).contains(&length) {
        return Some(Frame::Broken);
    }
    let code = u32_at(bytes, CODED_BYTES - 4)?;
    (bytes.len() >= length).then(|| Frame::Answer {
        number: Some(number),
        said: said_by_code(code),
        bytes: length,
    })
}

/// An answer with a length (RFC 9112 §6.2): servers that are asked for one resource know it.
fn read_http(bytes: &[u8]) -> Frame {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let head_bytes = match head.parse(bytes) {
        Ok(httparse::Status::Complete(head_bytes)) => head_bytes,
        Ok(httparse::Status::Partial) => return Frame::Waiting,
        Err(_) => return Frame::Broken,
    };
    let length =
        |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case("content-length");
    let length = head.headers.iter().find(length);
    let length =
        length.and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
    let Some(total) = length.map(|length: usize| head_bytes.saturating_add(length)) else {
        return Frame::Broken;
    };
    if total > ANSWER_BYTES_MAX {
        return Frame::Broken;
    }
    if bytes.len() < total {
        return Frame::Waiting;
    }
    Frame::Answer {
        number: None,
        said: match head.code {
            Some(200..=399) => Said::Found,
            Some(404 | 410) => Said::NotFound,
            _ => Said::Other,
        },
        bytes: total,
    }
}

//----------- Helper functions -----------------------------------------------------

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(flags: [u8; 2], answers: u8, authorities: u8) -> Vec<u8> {
        vec![
            0x12,
            0x34,
            flags[0],
            flags[1],
            0,
            1,
            0,
            answers,
            0,
            authorities,
            0,
            0,
        ]
    }

    fn handle(sequence: u32, length: u32, code: u32) -> Vec<u8> {
        let mut bytes = vec![2, 11, 2, 11, 0, 0, 0, 0, 0, 0, 0x12, 0x34];
        for number in [sequence, length, 1, code] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn answers_of_dns_are_told_apart() {
        for (message, said) in [
            (dns([0x84, 0], 1, 0), Said::Found),
            (dns([0x80, 0], 0, 2), Said::Found),
            (dns([0x84, 0], 0, 1), Said::Other),
            (dns([0x84, 3], 0, 1), Said::NotFound),
            (dns([0x86, 0], 0, 0), Said::Truncated),
            (dns([0x84, 5], 0, 0), Said::Other),
        ] {
            let part = read_datagram(BenchVia::Dns, &message);
            assert_eq!(part, Some(Part::whole(0x1234, said)), "{message:?}");
        }
        assert_eq!(read_datagram(BenchVia::Dns, &dns([0, 0], 0, 0)), None);
        assert_eq!(read_datagram(BenchVia::Dns, &[0; 11]), None);
    }

    #[test]
    fn an_answer_in_parts_has_as_many_as_its_length_says() {
        let read = |bytes: &[u8]| read_datagram(BenchVia::Handle, bytes).unwrap();
        assert_eq!(read(&handle(0, 492, 1)), Part::whole(0x1234, Said::Found));
        let first = read(&handle(0, 493, 100));
        assert_eq!((first.said, first.parts), (Some(Said::NotFound), 2));
        assert_eq!(read(&handle(1, 493, 1)).said, None);
        assert_eq!(
            read_datagram(BenchVia::Handle, &handle(0, 10, 1)[..27]),
            None
        );
    }

    #[test]
    fn a_message_on_a_stream_waits_until_it_is_whole() {
        let whole = handle(0, 8, 303);
        let answer = Frame::Answer {
            number: Some(0x1234),
            said: Said::Found,
            bytes: 28,
        };
        assert_eq!(read_stream(BenchVia::HandleTcp, &whole), answer);
        for end in 0..whole.len() {
            assert_eq!(
                read_stream(BenchVia::HandleTcp, &whole[..end]),
                Frame::Waiting
            );
        }
        assert_eq!(
            read_stream(BenchVia::HandleTcp, &handle(0, 7, 1)),
            Frame::Broken
        );
    }

    #[test]
    fn answers_over_http_end_where_their_length_says() {
        let read = |text: &str| read_stream(BenchVia::Http, text.as_bytes());
        let two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404";
        let answer = |said, bytes| Frame::Answer {
            number: None,
            said,
            bytes,
        };
        assert_eq!(read(two), answer(Said::Found, 40));
        assert_eq!(read(&two[..39]), Frame::Waiting);
        assert_eq!(
            read("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n"),
            answer(Said::NotFound, 40)
        );
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n"), Frame::Broken);
        assert_eq!(read("SSH-2.0-OpenSSH_9.2\r\n"), Frame::Broken);
    }
}
