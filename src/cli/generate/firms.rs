//! Firms: who they are, and what they make.

use super::mix::{Draw, below, mix};
use crate::registry::import::{EnterpriseRow, HostingWord, USCC_ALPHABET};

/// The most firms: a table of their sizes has some MiB then, and no node has as many.
pub(super) const FIRMS_MAX: u32 = 1_000_000;

/// The secondary prefixes that all firms are below, those of the sample. Its firms have them in
/// another order, so that no generated prefix is one of the sample's: both can be in one node.
pub(super) const SECONDARY_PREFIXES: [&str; 6] =
    ["88.118", "88.300", "88.488", "88.709", "88.800", "88.101"];

/// Sectors whose firms are hosted: all but the last.
pub(super) const HOSTED_SECTORS: u32 = 5;

/// Code of the industry (GB/T 4754), and its word in the name of a firm.
const INDUSTRIES: [(&str, &str); 6] = [
    ("C35", "装备制造"),
    ("C39", "光电子"),
    ("C27", "医药健康"),
    ("C15", "食品饮料"),
    ("C26", "化工新材料"),
    ("C36", "汽车零部件"),
];

/// Sectors of companies limited by shares, which are named after their province.
const BY_SHARES: [usize; 2] = [2, 5];

/// What the firms of hosted sectors make.
const PRODUCTS: [[&str; 4]; HOSTED_SECTORS as usize] = [
    ["减速机", "伺服电机", "数控刀塔", "液压泵"],
    ["光模块", "激光器", "光纤跳线", "波分复用器"],
    ["注射器", "血糖试纸", "输液泵", "口罩"],
    ["绿茶", "藕粉", "白酒", "小龙虾"],
    ["环氧树脂", "阻燃剂", "涂料", "密封胶"],
];

const BRANDS: [&str; 12] = [
    "楚工", "江汉", "荆楚", "光谷", "晴川", "东湖", "云梦", "长江", "武当", "恒信", "神农", "三峡",
];

const PROVINCE: (&str, &str) = ("420000", "湖北");

const CITIES: [(&str, &str); 10] = [
    ("420100", "武汉"),
    ("420200", "黄石"),
    ("420300", "十堰"),
    ("420500", "宜昌"),
    ("420600", "襄阳"),
    ("420700", "鄂州"),
    ("420800", "荆门"),
    ("420900", "孝感"),
    ("421000", "荆州"),
    ("421100", "黄冈"),
];

/// From this firm on, names have a number: there are fewer brands than firms.
const NUMBERED_FROM: u32 = 12;

/// What the long numbers of firms begin at: 11 digits, as some registries assign them.
const LONG_NUMBERS: u64 = 15_907_541_000;

/// Codes of organisations: 9 characters of 31.
const CODES: u64 = 31_u64.pow(9);

/// From the code of one firm to that of the next: no multiple of 31, so none comes twice, and near
/// the golden section, so that they look like nothing.
const CODE_STRIDE: u64 = 16_340_585_099_273;

//----------- Enterprise ---------------------------------------------------------

/// A firm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::cli) struct Enterprise {
    /// Its prefix, below one of the six.
    pub(in crate::cli) prefix: String,
    /// Its name.
    pub(in crate::cli) org_name: String,
    /// Its credit code, which no other firm has.
    pub(in crate::cli) uscc: String,
    /// Its province.
    pub(in crate::cli) province: &'static str,
    /// Its city.
    pub(in crate::cli) city: &'static str,
    /// Its industry.
    pub(in crate::cli) industry: &'static str,
    /// Are its identifiers here? Those of a self-built one are not.
    pub(in crate::cli) is_hosted: bool,
    /// Its web site.
    pub(in crate::cli) website: String,
    /// Whom to call, as nobody is called.
    pub(in crate::cli) contact: String,
    /// Where.
    pub(in crate::cli) phone: String,
}

impl Enterprise {
    /// Whether a firm's identifiers are here, as the import says it.
    pub(super) fn hosting(&self) -> HostingWord {
        match self.is_hosted {
            true => HostingWord::Hosted,
            false => HostingWord::SelfBuilt,
        }
    }

    /// The firm as a row of an import.
    pub(super) fn into_row(self) -> EnterpriseRow {
        EnterpriseRow {
            hosting: self.hosting(),
            prefix: self.prefix,
            org_name: self.org_name,
            uscc: self.uscc,
            province: self.province.to_owned(),
            city: self.city.to_owned(),
            industry: self.industry.to_owned(),
            website: self.website,
        }
    }
}

/// A firm. Its prefix and industry are the same for all seeds, the rest is the seed's.
pub(super) fn enterprise(seed: u64, firm: u32) -> Enterprise {
    let city = city(seed, firm).0;
    Enterprise {
        prefix: prefix(firm),
        org_name: org_name(seed, firm),
        uscc: uscc(seed, firm, city),
        province: PROVINCE.0,
        city,
        industry: INDUSTRIES[sector(firm)].0,
        is_hosted: is_hosted(firm),
        website: website(firm),
        contact: format!("联系人{firm:02}"),
        phone: format!("138{firm:08}"),
    }
}

//----------- Parts --------------------------------------------------------------

/// The place of a firm's sector in the tables.
fn sector(firm: u32) -> usize {
    firm as usize % SECONDARY_PREFIXES.len()
}

fn is_hosted(firm: u32) -> bool {
    sector(firm) < HOSTED_SECTORS as usize
}

/// How many of so many firms are hosted.
pub(super) fn hosted_of(firms: u32) -> u32 {
    firms - firms / 6
}

/// The hosted firm with so many hosted ones before it.
pub(super) fn hosted(rank: u32) -> u32 {
    rank / HOSTED_SECTORS * 6 + rank % HOSTED_SECTORS
}

/// The prefix of a firm: a padded number in half of all cases, else a short or a long one.
pub(super) fn prefix(firm: u32) -> String {
    let secondary = SECONDARY_PREFIXES[sector(firm)];
    let (firm, number) = (u64::from(firm), u64::from(firm) + 1);
    match below(4, 0, firm, Draw::Numbering) {
        0 | 1 => format!("{secondary}.{number:04}"),
        2 => format!("{secondary}.{number}"),
        // From zero, as in the sample.
        _ => format!("{secondary}.{}", LONG_NUMBERS + firm),
    }
}

fn city(seed: u64, firm: u32) -> (&'static str, &'static str) {
    pick(&CITIES, seed, firm, Draw::City)
}

/// The brand of a firm.
pub(super) fn brand(seed: u64, firm: u32) -> &'static str {
    pick(&BRANDS, seed, firm, Draw::Brand)
}

fn pick<T: Copy>(of: &[T], seed: u64, firm: u32, draw: Draw) -> T {
    let at = below(of.len() as u64, seed, u64::from(firm), draw);
    of[usize::try_from(at).expect("it is below a length")]
}

/// The name of a firm.
pub(super) fn org_name(seed: u64, firm: u32) -> String {
    let sector = sector(firm);
    let (place, form) = match BY_SHARES.contains(&sector) {
        true => (PROVINCE.1, "股份有限公司"),
        false => (city(seed, firm).1, "有限公司"),
    };
    let (brand, trade) = (brand(seed, firm), INDUSTRIES[sector].1);
    let mut name = [place, brand, trade, form].concat();
    if firm >= NUMBERED_FROM {
        name.push_str(&format!("（{firm}厂）"));
    }
    name
}

/// The web site of a firm.
pub(super) fn website(firm: u32) -> String {
    format!("https://e{firm:03}.example.cn")
}

/// What a hosted firm makes, one of four.
pub(super) fn product_name(firm: u32, kind: u32) -> &'static str {
    PRODUCTS[sector(firm)][kind as usize % 4]
}

/// The credit code of a firm (GB 32100-2015): class, city, code of the organisation, check
/// character.
fn uscc(seed: u64, firm: u32, city: &str) -> String {
    let alphabet = USCC_ALPHABET.as_bytes();
    let start = mix(seed, 0, Draw::Code) % CODES;
    let code = (u128::from(start) + u128::from(firm) * u128::from(CODE_STRIDE)) % u128::from(CODES);
    let mut text = format!("91{city}");
    for place in (0..9).rev() {
        let digit = code / 31_u128.pow(place) % 31;
        let digit = usize::try_from(digit).expect("it is below 31");
        text.push(char::from(alphabet[digit]));
    }
    // Weights are the powers of 3 modulo 31 (§4.4).
    let (mut sum, mut weight) = (0, 1);
    for character in text.chars() {
        let value = USCC_ALPHABET.find(character);
        sum += value.expect("all of it is of the alphabet") * weight;
        weight = weight * 3 % 31;
    }
    text.push(char::from(alphabet[(31 - sum % 31) % 31]));
    text
}
