//! Products: what a firm makes eight kinds of.

use super::firms;
use super::mix::{Draw, below};

/// Kinds of product that each firm makes: three each with two of the forms, two with the third.
pub(super) const KINDS: u32 = 8;

/// Days on which products are made: ten months of 28, as in the sample, where nothing was made
/// after the day it was exported.
pub(super) const DAYS: u64 = 280;

const DAYS_OF_MONTH: u64 = 28;

/// The model of each kind.
const MODELS: [&str; KINDS as usize] = [
    "A100", "B107", "C114", "D121", "E128", "F135", "G142", "H149",
];

/// Where the values of a product stand, as the profile of the importer says it
/// (`config/import/products.toml`; a test compares them).
pub(super) const FIELDS: [(&str, u32, &str); 9] = [
    ("name", 2000, "NAME"),
    ("model", 2001, "MODEL"),
    ("batch", 2002, "BATCH"),
    ("serial", 2003, "SERIAL"),
    ("produced", 2004, "PRODUCED"),
    ("gtin", 2005, "GTIN"),
    ("brand", 2006, "BRAND"),
    ("url", 2007, "URL"),
    ("maker", 2008, "MAKER"),
];

//----------- Kind ---------------------------------------------------------------

/// One of the kinds of product that a firm makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Kind {
    /// Its number, from 0.
    pub(super) number: u32,
}

/// How the identifiers of a kind are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    /// `P03202605270000001`
    Dated,
    /// `JX/4/00000002`
    Nested,
    /// `数控刀塔-000003`
    Named,
}

impl Kind {
    /// The kind of that number; beyond the last they begin again.
    pub(super) fn new(number: u32) -> Self {
        Self {
            number: number % KINDS,
        }
    }

    /// Its form: of neighbouring kinds another.
    pub(super) fn form(self) -> Form {
        match self.number % 3 {
            0 => Form::Dated,
            1 => Form::Nested,
            _ => Form::Named,
        }
    }

    /// What it is called by a hosted firm.
    pub(super) fn name(self, firm: u32) -> &'static str {
        firms::product_name(firm, self.number)
    }

    /// Its model.
    pub(super) fn model(self) -> &'static str {
        MODELS[self.number as usize]
    }

    /// Its GTIN-13 at a firm: a number of GS1 China, and the check digit (GS1 General
    /// Specifications §7.9).
    pub(super) fn gtin(self, seed: u64, firm: u32) -> String {
        let number = u64::from(firm) * u64::from(KINDS) + u64::from(self.number);
        let mut text = format!("69{:010}", below(10_000_000_000, seed, number, Draw::Gtin));
        let digits = text.bytes().rev().map(|byte| u32::from(byte - b'0'));
        let sum: u32 = digits
            .zip([3, 1].into_iter().cycle())
            .map(|(d, w)| d * w)
            .sum();
        text.push_str(&((10 - sum % 10) % 10).to_string());
        text
    }
}

/// Month and day of one of the days.
pub(super) fn day(number: u64) -> (u64, u64) {
    (number / DAYS_OF_MONTH + 1, number % DAYS_OF_MONTH + 1)
}

//----------- Product ------------------------------------------------------------

/// A product.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cli) struct Product {
    /// Its identifier.
    pub(in crate::cli) identifier: String,
    /// What it is.
    pub(in crate::cli) name: &'static str,
    /// Its model.
    pub(in crate::cli) model: &'static str,
    /// Its batch.
    pub(in crate::cli) batch: String,
    /// Its serial number.
    pub(in crate::cli) serial: String,
    /// The day it was made, as `YYYY-MM-DD`.
    pub(in crate::cli) produced: String,
    /// Its trade item number.
    pub(in crate::cli) gtin: String,
    /// Its brand.
    pub(in crate::cli) brand: &'static str,
    /// Its page.
    pub(in crate::cli) url: String,
    /// The name of its firm.
    pub(in crate::cli) maker: String,
}

impl Product {
    /// Its fields, in the order of [`FIELDS`].
    pub(super) fn cells(&self) -> [&str; 9] {
        [
            self.name,
            self.model,
            &self.batch,
            &self.serial,
            &self.produced,
            &self.gtin,
            self.brand,
            &self.url,
            &self.maker,
        ]
    }

    /// Its values: index, type, data.
    pub(in crate::cli) fn values(&self) -> [(u32, &'static str, &str); 9] {
        let cells = self.cells();
        std::array::from_fn(|at| (FIELDS[at].1, FIELDS[at].2, cells[at]))
    }
}
