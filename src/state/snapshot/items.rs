//! Items of sections: identifiers, requests, and what the directory is made of.

use super::SnapshotError;
use crate::{
    change::{
        Change, Class, Cursor, DecodeError, Hash, Position, RequestOutcome, RollUp,
        decode_identifier, put_bytes16, put_bytes32,
    },
    identifier::{Key, System},
    record::RecordRef,
    state::{
        DayRegistrations, Registrations, Remembered, RememberedRequest,
        directory::{Directory, Whose},
        index::{Slot, SlotState},
    },
};

//----------- Identifiers ------------------------------------------------------

/// Adds an identifier.
pub(super) fn put_slot(slot: &Slot, out: &mut Vec<u8>) {
    out.push(System::Handle as u8);
    put_bytes16(out, slot.spelling.as_bytes());
    out.push(slot.class as u8);
    out.extend_from_slice(&slot.ordinal.to_be_bytes());
    slot.position.encode(out);
    match &slot.state {
        SlotState::Live(record) => {
            out.push(1);
            put_bytes32(out, record);
        }
        SlotState::Removed { at_ms } => {
            out.push(0);
            out.extend_from_slice(&at_ms.to_be_bytes());
        }
    }
}

/// Takes an identifier.
pub(super) fn take_slot(cursor: &mut Cursor<'_>) -> Result<(Key, Slot), SnapshotError> {
    let identifier = decode_identifier(cursor)?;
    let class = Class::from_byte(cursor.u8()?)?;
    let ordinal = cursor.u32()?;
    let position = Position::decode(cursor)?;
    let state = if cursor.flag()? {
        let record = cursor.bytes32()?;
        RecordRef::parse(record).map_err(|error| SnapshotError::damaged(error.to_string()))?;
        SlotState::Live(record.into())
    } else {
        SlotState::Removed {
            at_ms: cursor.u64()?,
        }
    };
    let slot = Slot {
        spelling: identifier.text().into(),
        class,
        position,
        ordinal,
        state,
    };
    Ok((identifier.key(), slot))
}

//----------- Requests ---------------------------------------------------------

/// Adds a remembered request.
pub(super) fn put_request(remembered: &Remembered, out: &mut Vec<u8>) {
    let request = &remembered.request;
    out.extend_from_slice(&remembered.since_ms.to_be_bytes());
    out.extend_from_slice(&remembered.key.0);
    out.extend_from_slice(&request.body_hash.0);
    out.push(request.outcome as u8);
    let parts = u32::try_from(request.parts.len()).expect("a request has fewer parts than bytes");
    out.extend_from_slice(&parts.to_be_bytes());
    request.parts.iter().for_each(|part| part.encode(out));
}

/// Takes a remembered request.
pub(super) fn take_request(cursor: &mut Cursor<'_>) -> Result<Remembered, SnapshotError> {
    let since_ms = cursor.u64()?;
    let (key, body_hash) = (Hash(cursor.array()?), Hash(cursor.array()?));
    let outcome = RequestOutcome::from_byte(cursor.u8()?)?;
    let parts = cursor.u32()?;
    let parts: Result<Vec<_>, DecodeError> = (0..parts).map(|_| Position::decode(cursor)).collect();
    Ok(Remembered {
        since_ms,
        key,
        request: RememberedRequest {
            body_hash,
            outcome,
            parts: parts?,
        },
    })
}

//----------- Registrations ----------------------------------------------------

/// Adds what happened to a prefix on a day.
pub(super) fn put_registrations(
    day: u32,
    whose: Whose,
    counted: DayRegistrations,
    out: &mut Vec<u8>,
) {
    let DayRegistrations {
        new,
        restored,
        adopted,
        removed,
    } = counted;
    for number in [day, whose.number(), new, restored, adopted, removed] {
        out.extend_from_slice(&number.to_be_bytes());
    }
}

/// Takes what happened to a prefix on a day.
pub(super) fn take_registrations(
    cursor: &mut Cursor<'_>,
    all: &mut Registrations,
) -> Result<(), SnapshotError> {
    let (day, whose) = (cursor.u32()?, Whose::from_number(cursor.u32()?));
    let counted = DayRegistrations {
        new: cursor.u32()?,
        restored: cursor.u32()?,
        adopted: cursor.u32()?,
        removed: cursor.u32()?,
    };
    all.add(day, whose, counted);
    Ok(())
}

//----------- Roll-ups ---------------------------------------------------------

/// Adds a part of a day.
pub(super) fn put_roll_up(rolled_up: RollUp, out: &mut Vec<u8>) {
    put_bytes32(out, &Change::RollUp(Box::new(rolled_up)).encode());
}

/// Takes a part of a day.
pub(super) fn take_roll_up(cursor: &mut Cursor<'_>) -> Result<RollUp, SnapshotError> {
    match Change::decode(cursor.bytes32()?)? {
        Change::RollUp(rolled_up) => Ok(*rolled_up),
        _ => Err(SnapshotError::damaged("its roll-ups hold something else")),
    }
}

/// A secondary prefix has no history, so its position is not kept.
const NOWHERE: Position = Position {
    partition: 0,
    seq: 0,
    item: 0,
};

//----------- The directory ----------------------------------------------------

/// What a directory is made of, in an order in which it can be made again: a change, its position, and
/// of a prefix the position of its filing.
pub(super) fn directory_changes(
    directory: &Directory,
) -> impl Iterator<Item = (Change, Position, Position)> + '_ {
    let secondary = directory.secondary().iter();
    let secondary = secondary.map(|prefix| {
        let change = Change::SecondaryPrefix(prefix.clone());
        (change, NOWHERE, NOWHERE)
    });
    let enterprises = directory.enterprises().map(|enterprise| {
        let change = Change::Enterprise(Box::new(enterprise.facts.clone()));
        (change, enterprise.position, NOWHERE)
    });
    let prefixes = directory.prefixes().map(|prefix| {
        let change = Change::Prefix(Box::new(prefix.facts.clone()));
        (change, prefix.position, prefix.filed_at)
    });
    secondary.chain(enterprises).chain(prefixes)
}

/// Adds a part of the directory.
pub(super) fn put_directory_change(
    (change, position, filed_at): &(Change, Position, Position),
    out: &mut Vec<u8>,
) {
    put_bytes32(out, &change.encode());
    position.encode(out);
    filed_at.encode(out);
}

/// Takes a part of the directory into it.
pub(super) fn take_directory_change(
    cursor: &mut Cursor<'_>,
    directory: &mut Directory,
) -> Result<(), SnapshotError> {
    let change = Change::decode(cursor.bytes32()?)?;
    let (position, filed_at) = (Position::decode(cursor)?, Position::decode(cursor)?);
    match change {
        Change::SecondaryPrefix(prefix) => {
            directory.add_secondary(prefix);
        }
        Change::Enterprise(facts) => {
            directory.put_enterprise(*facts, position);
        }
        Change::Prefix(facts) => directory.restore_prefix(*facts, position, filed_at),
        _ => return Err(SnapshotError::damaged("its directory holds something else")),
    }
    Ok(())
}
