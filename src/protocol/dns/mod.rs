//! DNS (RFC 1034, 1035): the node as the authoritative server of its zone, without sockets.
//!
//! | name, below the zone | NAPTR (RFC 3403) | URI (RFC 7553) | TXT |
//! |---|---|---|---|
//! | an identifier, `abc-1.8.118.88` or `<b32>._x.8.118.88` | its values of type `URL`, `100 10 "u" "IDIS+URL" "!^.*$!<url>!" .` | the same, `10 1 "<url>"` | each public value, `"<index> <type>=<data>"` |
//! | at or below an enterprise with name servers of its own | delegated: NS and addresses | | |
//! | below one with another route | its web sites, followed by the identifier | the same | each site, `"referral <protocol>://<address>:<port>"` |
//!
//! | question | answer |
//! |---|---|
//! | the zone itself | SOA, NS |
//! | a name server that has its addresses here | A, AAAA |
//! | a name above identifiers, prefixes or name servers; another type at a name that exists | no error, no data, SOA |
//! | any other name in the zone | NXDOMAIN, SOA |
//! | outside the zone, another class, a transfer | REFUSED |
//! | type ANY at a name that exists | HINFO "RFC8482" (RFC 8482 §4.2) |
//!
//! | message | answer |
//! |---|---|
//! | no header, or itself an answer | none |
//! | another operation than QUERY | NOTIMP |
//! | not one question, unreadable, two OPT, longer than 4,096 octets | FORMERR |
//! | EDNS of a later version | BADVERS (RFC 6891 §6.1.3) |
//! | an answer over 512 octets, or what EDNS allows up to 1,232, over UDP | without records, TC (RFC 2181 §9) |

mod client;
mod master;
mod names;
mod records;
mod referral;
mod respond;
#[cfg(test)]
mod tests;
mod zone;

pub use client::{DnsError, SaidAnswer, SaidRecord, question};
pub use master::{ValueRecord, own_lines, value_data};
pub use respond::{
    Context, NO_REACHABLE_AUTHORITY, NOT_AUTHORITATIVE, TCP_BYTES_MAX, Transport, UDP_BYTES_MAX,
    cut_short, identity, respond,
};
pub use zone::{NameServer, Zone, ZoneError};
