//! Which layouts and shapes a dictionary has, and which of them a record takes.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    sync::Arc,
};

use super::{
    Limits,
    columns::Columns,
    derive::{derive, derive_all},
    shape::{Layout, LayoutBuilder, Rule, Shape, Source},
    table::Seen,
    words::Words,
};
use crate::record::RecordRef;

/// The most shapes of a layout, which are tried one after another, besides the one that always
/// holds.
const SHAPES_OF_LAYOUT_MAX: usize = 15;

/// Records of a layout that are each looked over for rules; behind them …
const LOOKS_FIRST: u32 = 256;

/// … it is one of so many: a search for the suffix in every text would cost more than packing.
const LOOKS_EVERY: u32 = 64;

/// A value that was the same word for so many records becomes part of a shape: the maker of
/// whatever an enterprise makes, the product of a file of one.
const RUN: u16 = 32;

/// So often a value that followed a rule may not follow it before it does again: of three digits
/// one in a thousand is that of the suffix by chance.
const MISSES_MAX: u8 = 8;

/// Bytes of a value from which on a rule is worth looking for.
pub(super) const DEAR_BYTES: usize = 3;

//----------- Learned ----------------------------------------------------------

/// What the writer knows of a layout.
#[derive(Debug)]
struct Learned {
    layout: Arc<Layout>,
    hash: u64,
    /// Its shapes, those first whose rules are more.
    shapes: Vec<u32>,
    /// Whether one of them always holds.
    has_free: bool,
    /// How many records it had.
    records: u32,
    memos: Box<[Memo]>,
}

/// What a value was last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memo {
    /// The word that it was.
    pub(super) whole: u32,
    /// How many times in a row.
    pub(super) run: u16,
    /// The word around its number.
    pub(super) around: u32,
    /// A rule that it followed once.
    candidate: Rule,
    /// How many times it was looked over since.
    misses: u8,
}

impl Memo {
    const EMPTY: Self = Self {
        whole: u32::MAX,
        run: 0,
        around: u32::MAX,
        candidate: Rule::Free,
        misses: 0,
    };

    /// The rule, where it comes a second time within a few looks.
    fn second(&mut self, rule: Rule) -> Rule {
        if rule.is_free() {
            self.misses = self.misses.saturating_add(1);
            return rule;
        }
        let is_second = rule == self.candidate && self.misses < MISSES_MAX;
        (self.candidate, self.misses) = (rule, 0);
        if is_second { rule } else { Rule::Free }
    }
}

//----------- Shapes -----------------------------------------------------------

/// The layouts of a dictionary and their shapes.
#[derive(Debug)]
pub(super) struct Shapes {
    layouts: Vec<Learned>,
    /// The layout of the last record.
    last: usize,
    limits: &'static Limits,
}

impl Shapes {
    pub(super) fn new(limits: &'static Limits) -> Self {
        Self {
            layouts: Vec::new(),
            last: 0,
            limits,
        }
    }

    /// Bytes that it has taken from the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        let learned = |learned: &Learned| {
            learned.shapes.capacity() * size_of::<u32>() + size_of_val(&*learned.memos)
        };
        let layouts = self.layouts.capacity() * size_of::<Learned>();
        layouts + self.layouts.iter().map(learned).sum::<usize>()
    }

    /// Reads a record, and finds its layout, which is taken in when it comes a second time. `None`
    /// where it has none.
    pub(super) fn read(
        &mut self,
        words: &Words,
        source: &Source<'_>,
        seen: &Seen,
        record: RecordRef<'_>,
        columns: &mut Columns,
    ) -> Option<usize> {
        if self.is_of(self.last, record, columns) {
            return Some(self.last);
        }
        let mut hasher = words.hasher().build_hasher();
        let is_plain = columns.read(record, |_, value| {
            hasher.write_u32(value.index);
            value.ttl.hash(&mut hasher);
            hasher.write_u8(value.permissions);
            hasher.write(value.kind);
            true
        });
        if !is_plain || columns.len() == 0 {
            return None;
        }
        let hash = hasher.finish();
        let known = (0..self.layouts.len())
            .find(|at| self.layouts[*at].hash == hash && self.is_of(*at, record, columns));
        let found =
            known.or_else(|| seen.again(hash).then(|| self.admit(source, record, hash))?)?;
        self.last = found;
        // Another layout with the same hash may have been read in between.
        self.is_of(found, record, columns).then_some(found)
    }

    fn is_of(&self, at: usize, record: RecordRef<'_>, columns: &mut Columns) -> bool {
        self.layouts.get(at).is_some_and(|learned| {
            let layout = &learned.layout;
            columns.read(record, |at, value| layout.fits(at, value))
                && columns.len() == layout.len()
        })
    }

    /// Takes a layout in, where there is room for it and a shape that always holds.
    fn admit(&mut self, source: &Source<'_>, record: RecordRef<'_>, hash: u64) -> Option<usize> {
        if self.taken(source) >= self.limits.shapes {
            return None;
        }
        let mut builder = LayoutBuilder::default();
        for value in record.values() {
            builder.push(value.frame())?;
        }
        let layout = builder.build();
        if !source
            .dictionary
            .take_room(layout.heap_bytes(), self.limits.text_bytes)
        {
            return None;
        }
        self.layouts.push(Learned {
            memos: vec![Memo::EMPTY; layout.len()].into(),
            layout: Arc::new(layout),
            hash,
            shapes: Vec::new(),
            has_free: false,
            records: 0,
        });
        Some(self.layouts.len() - 1)
    }

    /// Shapes that are there, and those that there must stay room for: of each layout the one that
    /// always holds.
    fn taken(&self, source: &Source<'_>) -> u32 {
        let kept = self.layouts.iter().filter(|learned| !learned.has_free);
        source.dictionary.shapes.len() + u32::try_from(kept.count()).unwrap_or(u32::MAX)
    }

    /// The memos of a layout.
    pub(super) fn memos(&mut self, at: usize) -> &mut [Memo] {
        self.layouts
            .get_mut(at)
            .map_or(&mut [], |learned| &mut learned.memos)
    }

    /// The shape of a record of that layout, which is made where none holds.
    pub(super) fn choose<'a>(
        &mut self,
        at: usize,
        words: &mut Words,
        source: &Source<'_>,
        data: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> Option<u32> {
        let learned = self.layouts.get_mut(at)?;
        learned.records = learned.records.saturating_add(1);
        let shape = |number: &u32| source.dictionary.shapes.get(*number);
        let holds = |rules: &[Rule]| {
            let mut all = rules.iter().zip(data.clone());
            all.all(|(rule, data)| rule.holds(source, data))
        };
        let is_it = |number: &&u32| shape(number).is_some_and(|shape| holds(&shape.rules));
        if let Some(found) = learned.shapes.iter().find(is_it) {
            return Some(*found);
        }
        // What holds of the nearest shape is kept: so shapes come to what always holds.
        let kept = |number: &u32| -> Option<Vec<Rule>> {
            let kept = |(rule, data): (&Rule, &[u8])| {
                if rule.holds(source, data) {
                    *rule
                } else {
                    Rule::Free
                }
            };
            Some(
                shape(number)?
                    .rules
                    .iter()
                    .zip(data.clone())
                    .map(kept)
                    .collect(),
            )
        };
        let nearest = learned
            .shapes
            .iter()
            .filter_map(kept)
            .max_by_key(|rules| rules_of(rules));
        let rules = nearest.unwrap_or_else(|| derive_all(words, source, data.clone()));
        let free = vec![Rule::Free; rules.len()];
        self.add(at, source, rules)
            .or_else(|| self.add(at, source, free))
    }

    /// Adds a shape to a layout, where there is room.
    fn add(&mut self, at: usize, source: &Source<'_>, rules: Vec<Rule>) -> Option<u32> {
        let (taken, shapes) = (self.taken(source), &source.dictionary.shapes);
        let learned = self.layouts.get_mut(at)?;
        let count = rules_of(&rules);
        let is_free = count == 0;
        let fits = if is_free {
            !learned.has_free
        } else {
            taken < self.limits.shapes && learned.shapes.len() < SHAPES_OF_LAYOUT_MAX
        };
        let bytes = size_of_val(&*rules);
        if !fits || !source.dictionary.take_room(bytes, self.limits.text_bytes) {
            return None;
        }
        let number = shapes.push(Shape {
            layout: learned.layout.clone(),
            rules: rules.into(),
        });
        learned.has_free |= is_free;
        let has_fewer = |number: &u32| {
            let shape = shapes.get(*number);
            shape.is_none_or(|shape| rules_of(&shape.rules) <= count)
        };
        let place = learned.shapes.iter().position(has_fewer);
        learned
            .shapes
            .insert(place.unwrap_or(learned.shapes.len()), number);
        Some(number)
    }

    /// Looks whether more of the record that took `number` follows from rules than its shape knows,
    /// now and then; `dear` are its values that took many bytes. The next records find the shape.
    pub(super) fn look<'a>(
        &mut self,
        (at, number): (usize, u32),
        words: &mut Words,
        source: &Source<'_>,
        data: impl Iterator<Item = &'a [u8]>,
        dear: &[usize],
    ) {
        let shape = source.dictionary.shapes.get(number);
        let (Some(learned), Some(shape)) = (self.layouts.get_mut(at), shape) else {
            return;
        };
        let is_time = learned.records < LOOKS_FIRST || learned.records.is_multiple_of(LOOKS_EVERY);
        if !is_time || learned.shapes.len() >= SHAPES_OF_LAYOUT_MAX {
            return;
        }
        let hint = shape.rules.iter().find_map(|rule| match rule {
            Rule::Serial { count, .. } => Some(*count),
            _ => None,
        });
        let mut rules = shape.rules.to_vec();
        let places = rules.iter_mut().zip(&mut learned.memos).zip(data);
        for (place, ((rule, memo), data)) in places.enumerate() {
            if rule.is_free() && memo.run >= RUN {
                *rule = Rule::Word(memo.whole);
            } else if rule.is_free() && dear.contains(&place) {
                let derived = derive(words, source, data, hint);
                *rule = memo.second(derived.unwrap_or(Rule::Free));
            }
        }
        if rules[..] != shape.rules[..] {
            self.add(at, source, rules);
        }
    }
}

/// How many rules there are that leave nothing open.
fn rules_of(rules: &[Rule]) -> usize {
    rules.iter().filter(|rule| !rule.is_free()).count()
}
