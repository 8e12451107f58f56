//! What is generated: any record by its number, without those before it.

use super::firms::{self, Enterprise, FIRMS_MAX};
use super::mix::{Draw, below, mix};
use super::product::{DAYS, Form, KINDS, Kind, Product, day};

/// The most identifiers: ten times what a large province's node holds.
pub(super) const IDENTIFIERS_MAX: u64 = 1_000_000_000;

/// The size of the largest firm before rounding; the k-th has a k-th of it. As many bits as leave
/// room for the sum of all.
const LARGEST: u64 = 1 << 40;

//----------- Shape --------------------------------------------------------------

/// Identifiers, products and firms that a seed gives.
///
/// Firm k has a k-th of what the first has, as in the sample: of 60, where 50 are hosted, the
/// first has 22 % of all products. A product's serial number is its own number and one, so no two
/// have one identifier, and more of them begin with the same.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Shape {
    seed: u64,
    identifiers: u64,
    firms: u32,
    /// The sizes of the hosted firms, each with those before it: whole numbers, since the last bit
    /// of a logarithm is another on another machine.
    sizes: Box<[u64]>,
}

impl Shape {
    /// What `seed` gives: so many identifiers, of that many firms, self-built ones included.
    pub(in crate::cli) fn new(seed: u64, identifiers: u64, firms: u32) -> Self {
        let firms = firms.clamp(1, FIRMS_MAX);
        let mut sum = 0;
        let sizes = (1..=u64::from(firms::hosted_of(firms))).map(|rank| {
            sum += LARGEST / rank;
            sum
        });
        Self {
            seed,
            identifiers,
            firms,
            sizes: sizes.collect(),
        }
    }

    /// How many identifiers there are.
    pub(in crate::cli) fn identifiers(&self) -> u64 {
        self.identifiers
    }

    /// How many firms there are.
    pub(in crate::cli) fn firms(&self) -> u32 {
        self.firms
    }

    /// The identifier of product `n`.
    pub(in crate::cli) fn identifier(&self, n: u64) -> String {
        let drawn = self.drawn(n);
        identifier(&drawn, drawn.kind.name(drawn.firm), drawn.kind.number)
    }

    /// An identifier that looks like that of product `n` and is not registered, whatever the seed
    /// and however many are: the number or name in it is that of a kind of another form.
    pub(in crate::cli) fn absent(&self, n: u64) -> String {
        let drawn = self.drawn(n);
        let name = Kind::new(drawn.kind.number + 2).name(drawn.firm);
        identifier(&drawn, name, drawn.kind.number + 1)
    }

    /// Product `n`.
    pub(in crate::cli) fn product(&self, n: u64) -> Product {
        let drawn = self.drawn(n);
        let (kind, firm) = (drawn.kind, drawn.firm);
        let (month, day) = drawn.day;
        let name = kind.name(firm);
        let website = firms::website(firm);
        Product {
            identifier: identifier(&drawn, name, kind.number),
            name,
            model: kind.model(),
            batch: format!("L26{month:02}{}", kind.number),
            serial: format!("{:07}", drawn.serial),
            produced: format!("2026-{month:02}-{day:02}"),
            gtin: kind.gtin(self.seed, firm),
            brand: firms::brand(self.seed, firm),
            url: format!("{website}/p/{}", drawn.serial),
            maker: firms::org_name(self.seed, firm),
        }
    }

    /// Firm `firm`, from 0.
    pub(in crate::cli) fn enterprise(&self, firm: u32) -> Enterprise {
        firms::enterprise(self.seed, firm)
    }

    fn drawn(&self, n: u64) -> Drawn {
        let kind = below(u64::from(KINDS), self.seed, n, Draw::Kind);
        Drawn {
            firm: self.firm(n),
            kind: Kind::new(u32::try_from(kind).expect("it is below eight")),
            day: day(below(DAYS, self.seed, n, Draw::Day)),
            serial: n.saturating_add(1),
        }
    }

    /// The firm of product `n`, by size.
    fn firm(&self, n: u64) -> u32 {
        let all = self.sizes.last().copied().unwrap_or(1);
        let drawn = u128::from(mix(self.seed, n, Draw::Firm)) * u128::from(all);
        let rank = self
            .sizes
            .partition_point(|upto| u128::from(*upto) <= drawn >> 64);
        firms::hosted(u32::try_from(rank).expect("there are fewer firms than that"))
    }
}

/// What the numbers of a product come to.
struct Drawn {
    firm: u32,
    kind: Kind,
    /// Month and day of 2026.
    day: (u64, u64),
    serial: u64,
}

/// Serial numbers that have outgrown their zeros are longer.
fn identifier(drawn: &Drawn, name: &str, number: u32) -> String {
    let (prefix, serial) = (firms::prefix(drawn.firm), drawn.serial);
    let (month, day) = drawn.day;
    match drawn.kind.form() {
        Form::Dated => format!("{prefix}/P{number:02}2026{month:02}{day:02}{serial:07}"),
        Form::Nested => format!("{prefix}/JX/{number}/{serial:08}"),
        Form::Named => format!("{prefix}/{name}-{serial:06}"),
    }
}
