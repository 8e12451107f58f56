//! The body of a resolution request (RFC 3652 §3.2.1).

use super::HandleError;
use crate::change::Cursor;

/// The most indexes and types of a query, together: a record has 256 values.
const CONDITIONS_MAX: usize = 256;

//----------- Query ------------------------------------------------------------

/// What a client wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query<'a> {
    /// The identifier, as the client writes it; not always UTF-8.
    pub handle: &'a [u8],
    /// Indexes of values.
    pub indexes: Vec<u32>,
    /// Types of values; a trailing dot includes sub-types.
    pub types: Vec<&'a [u8]>,
}

impl<'a> Query<'a> {
    /// Reads the body. What follows it is passed over: some clients allocate too much.
    ///
    /// # Errors
    /// Where it is cut off, or has more conditions than a record has values.
    pub fn decode(body: &'a [u8]) -> Result<Self, HandleError> {
        let mut cursor = Cursor::new(body);
        let handle = cursor.bytes32()?;
        let count = conditions(cursor.u32()?, 0)?;
        let mut indexes = Vec::with_capacity(count);
        for _ in 0..count {
            indexes.push(cursor.u32()?);
        }
        let count = conditions(cursor.u32()?, count)?;
        let mut types = Vec::with_capacity(count);
        for _ in 0..count {
            types.push(cursor.bytes32()?);
        }
        Ok(Self {
            handle,
            indexes,
            types,
        })
    }

    /// Whether a value is wanted: by its index or its type, and without conditions each.
    #[must_use]
    pub fn wants(&self, index: u32, kind: &str) -> bool {
        (self.indexes.is_empty() && self.types.is_empty())
            || self.indexes.contains(&index)
            || self.types.iter().any(|wanted| is_type(wanted, kind))
    }
}

fn conditions(count: u32, before: usize) -> Result<usize, HandleError> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count.saturating_add(before) > CONDITIONS_MAX {
        return Err(HandleError::TooManyConditions);
    }
    Ok(count)
}

/// Types are compared without ASCII case; `URL.` is `URL` and all that begins with `URL.`.
pub(in crate::protocol) fn is_type(wanted: &[u8], kind: &str) -> bool {
    let kind = kind.as_bytes();
    match wanted.strip_suffix(b".") {
        None => kind.eq_ignore_ascii_case(wanted),
        Some(bare) => {
            let head = kind.get(..wanted.len());
            kind.eq_ignore_ascii_case(bare)
                || head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(handle: &[u8], indexes: &[u32], types: &[&[u8]]) -> Vec<u8> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
        let mut out = length(handle).to_vec();
        out.extend(handle);
        out.extend(u32::try_from(indexes.len()).unwrap().to_be_bytes());
        indexes
            .iter()
            .for_each(|index| out.extend(index.to_be_bytes()));
        out.extend(u32::try_from(types.len()).unwrap().to_be_bytes());
        for kind in types {
            out.extend(length(kind));
            out.extend(*kind);
        }
        out
    }

    #[test]
    fn a_body_is_read_whole_or_not_at_all() {
        let written = body(b"88.1/\xff", &[1, 100], &[b"URL"]);
        let query = Query::decode(&written).unwrap();
        assert_eq!(query.handle, b"88.1/\xff");
        assert_eq!(
            (query.indexes.as_slice(), query.types.len()),
            (&[1, 100][..], 1)
        );
        for len in 0..written.len() {
            assert_eq!(
                Query::decode(&written[..len]),
                Err(HandleError::CutOff),
                "{len}"
            );
        }
        let trailing = [written.as_slice(), &[0, 0]].concat();
        assert_eq!(Query::decode(&trailing).unwrap(), query);
    }

    #[test]
    fn more_conditions_than_values_are_refused_before_they_are_read() {
        let indexes = vec![1; CONDITIONS_MAX + 1];
        let written = body(b"88.1/a", &indexes, &[]);
        assert_eq!(Query::decode(&written), Err(HandleError::TooManyConditions));
        let written = body(b"88.1/a", &indexes[..CONDITIONS_MAX], &[]);
        assert!(Query::decode(&written).is_ok());
        let written = body(b"88.1/a", &indexes[..CONDITIONS_MAX], &[b"URL"]);
        assert_eq!(Query::decode(&written), Err(HandleError::TooManyConditions));
        let announced = [b"\0\0\0\x01a".as_slice(), &[0xff; 4]].concat();
        assert_eq!(
            Query::decode(&announced),
            Err(HandleError::TooManyConditions)
        );
    }

    #[test]
    fn index_or_type_and_sub_types() {
        let written = body(b"88.1/a", &[7], &[b"url.", b"EMAIL"]);
        let query = Query::decode(&written).unwrap();
        for (index, kind, wanted) in [
            (7, "NAME", true),
            (8, "NAME", false),
            (8, "URL", true),
            (8, "Url.Mobile", true),
            (8, "URLS", false),
            (8, "email", true),
            (8, "EMAIL.X", false),
        ] {
            assert_eq!(query.wants(index, kind), wanted, "{index} {kind}");
        }
        let all = body(b"88.1/a", &[], &[]);
        assert!(Query::decode(&all).unwrap().wants(1, "ANY"));
    }
}
