//! What is under way on one socket: a slot for each question, found again by its number.

use std::collections::VecDeque;

use super::wire::Said;

/// Slots of a socket, at most.
pub(super) const SLOTS_MAX: u16 = 1_024;

/// A number fits the smallest there is: a message of DNS has two octets for it.
const NUMBERS: u32 = 1 << 16;

//----------- Slots --------------------------------------------------------------

/// The questions under way on a socket.
///
/// A number says which slot, and which use of it: an answer that comes too late is not taken for
/// the answer to what came after. The slots take turns, so that a number comes again as late as it
/// can: a server takes a question of the same number for one that was sent once more.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: VecDeque<u16>,
}

/// A question under way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slot {
    /// Which of the prepared questions it is.
    pub(super) question: usize,
    /// What its latency counts from.
    pub(super) since_ns: u64,
    /// Parts of its answer that came; an answer of one part is whole with it.
    pub(super) parts: u16,
    /// What it says, once the part that says it came.
    pub(super) said: Option<Said>,
    generation: u16,
    is_taken: bool,
}

impl Slots {
    /// With room for so many.
    pub(super) fn new(window: u16) -> Self {
        let window = window.clamp(1, SLOTS_MAX);
        Self {
            slots: vec![Slot::default(); usize::from(window)],
            free: (0..window).collect(),
        }
    }

    /// How many are under way.
    pub(super) fn under_way(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn window(&self) -> u16 {
        u16::try_from(self.slots.len()).unwrap_or(SLOTS_MAX)
    }

    /// How often each slot is used before a number comes again; one too few for the last of all
    /// numbers, so that it is a number.
    fn generations(&self) -> u16 {
        u16::try_from((NUMBERS - 1) / u32::from(self.window())).unwrap_or(u16::MAX)
    }

    /// Is there no room?
    pub(super) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Takes a slot and returns the question's number; none where there is no room.
    pub(super) fn take(&mut self, question: usize, since_ns: u64) -> Option<u16> {
        let at = self.free.pop_front()?;
        let (window, generations) = (self.window(), self.generations());
        let slot = &mut self.slots[usize::from(at)];
        let generation = (slot.generation + 1) % generations;
        *slot = Slot {
            question,
            since_ns,
            parts: 0,
            said: None,
            generation,
            is_taken: true,
        };
        // Below all numbers: both are below what they are multiplied to.
        Some(generation * window + at)
    }

    /// The question of that number, if it is under way.
    pub(super) fn find(&mut self, number: u16) -> Option<&mut Slot> {
        let (at, generation) = (number % self.window(), number / self.window());
        let slot = self.slots.get_mut(usize::from(at))?;
        (slot.is_taken && slot.generation == generation).then_some(slot)
    }

    /// Gives a slot back, and returns what was in it.
    pub(super) fn settle(&mut self, number: u16) -> Option<Slot> {
        let slot = self.find(number)?;
        slot.is_taken = false;
        let settled = *slot;
        self.free.push_back(number % self.window());
        Some(settled)
    }

    /// Has any been under way since `before_ns` or longer?
    pub(super) fn has_expired(&self, before_ns: u64) -> bool {
        let is_late = |slot: &Slot| slot.is_taken && slot.since_ns <= before_ns;
        self.slots.iter().any(is_late)
    }

    /// Gives back what has been under way since `before_ns` or longer.
    pub(super) fn expire(&mut self, before_ns: u64, mut lost: impl FnMut(Slot)) {
        for (at, slot) in (0..).zip(&mut self.slots) {
            if slot.is_taken && slot.since_ns <= before_ns {
                slot.is_taken = false;
                self.free.push_back(at);
                lost(*slot);
            }
        }
    }
}

//----------- Tests --------------------------------------------------------------

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_finds_its_question_until_it_is_settled() {
        let mut slots = Slots::new(2);
        let first = slots.take(7, 100).unwrap();
        let second = slots.take(8, 200).unwrap();
        assert!(slots.is_full() && slots.take(9, 300).is_none());
        assert_eq!(slots.settle(second).map(|slot| slot.question), Some(8));
        assert_eq!(slots.settle(second), None, "an answer that comes twice");
        assert_eq!(slots.under_way(), 1);
        let third = slots.take(9, 300).unwrap();
        assert_ne!(third, second, "the slot is the same, its use is another");
        assert_eq!(slots.settle(second), None, "an answer that comes too late");
        assert_eq!(slots.settle(first).map(|slot| slot.since_ns), Some(100));
        assert_eq!(slots.settle(third).map(|slot| slot.question), Some(9));
        assert_eq!(slots.settle(u16::MAX), None);
    }

    #[test]
    fn what_waits_for_too_long_is_lost_and_its_room_is_free() {
        let mut slots = Slots::new(3);
        for since in [10, 20, 30] {
            slots.take(0, since).unwrap();
        }
        let mut lost = Vec::new();
        slots.expire(20, |slot| lost.push(slot.since_ns));
        lost.sort_unstable();
        assert_eq!(lost, [10, 20]);
        assert_eq!(slots.under_way(), 1);
        slots.expire(20, |_| panic!("they are lost once"));
    }

    #[test]
    fn every_slot_has_a_number_of_its_own() {
        let mut slots = Slots::new(u16::MAX);
        let numbers: std::collections::BTreeSet<u16> = (0..SLOTS_MAX)
            .map(|n| slots.take(n.into(), 0).unwrap())
            .collect();
        assert_eq!(numbers.len(), usize::from(SLOTS_MAX));
        assert!(slots.is_full());
    }
}
