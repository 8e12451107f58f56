//! What is generated is the same for ever, valid, and of the sample's shape.

use std::collections::{HashMap, HashSet};
use std::io::Cursor;

use super::firms::Enterprise;
use super::*;
use crate::identifier::Identifier;
use crate::registry::import::{
    Code, ENTERPRISES, Encoding, FileKind, PRODUCTS, Profile, Request, Rows, Step,
};

mod files;
mod loads;

/// A shape of the default seed and firms.
fn shape() -> Shape {
    Shape::new(1, 1_000_000, 60)
}

/// What the importer makes of a file.
fn imported(text: String) -> Vec<Request> {
    let profiles = [PRODUCTS, ENTERPRISES].map(|text| Profile::parse(text).unwrap());
    let open = || Ok(Cursor::new(text.clone().into_bytes()));
    let mut rows = Rows::open(open, Encoding::Utf8, &profiles).unwrap();
    let mut requests = Vec::new();
    while let Some(row) = rows.next_row().unwrap() {
        match row.step {
            Step::Ready { request, note } => {
                assert_eq!(note, Code::Ok, "{}", row.key);
                requests.push(request);
            }
            other => panic!("{}: {other:?}", row.key),
        }
    }
    requests
}

fn file(text: &Text, shape: &Shape, range: Range) -> String {
    let mut file = text.head().into_bytes();
    for n in range {
        text.add(shape, n, &mut file);
    }
    String::from_utf8(file).unwrap()
}

/// Prefix and suffix.
fn parts(identifier: &str) -> (&str, &str) {
    identifier.split_once('/').unwrap()
}

//----------- Golden -------------------------------------------------------------

/// These stay as they are: whoever measured on seed 1 has measured on this.
#[test]
fn seed_1_is_the_same_for_ever() {
    let shape = shape();
    let lines = |text: Text, numbers: &[u64]| {
        let lines = numbers.iter().map(|n| {
            let line = file(&text, &shape, *n..*n + 1);
            line.lines().last().unwrap().to_owned()
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(
        lines(Text::Products, &[0, 1, 2, 999_999]),
        [
            "88.300.0032/光纤跳线-000001,光纤跳线,C114,L26102,0000001,2026-10-13,6994483645091,长江,\
             https://e031.example.cn/p/1,黄石长江光电子有限公司（31厂）",
            "88.300.0002/JX/1/00000002,激光器,B107,L26031,0000002,2026-03-13,6989291212092,江汉,\
             https://e001.example.cn/p/2,黄冈江汉光电子有限公司",
            "88.488.15907541002/JX/7/00000003,口罩,H149,L26087,0000003,2026-08-28,6946736842450,长江,\
             https://e002.example.cn/p/3,湖北长江医药健康股份有限公司",
            "88.709.15907541051/藕粉-1000000,藕粉,F135,L26065,1000000,2026-06-26,6924594334119,武当,\
             https://e051.example.cn/p/1000000,十堰武当食品饮料有限公司（51厂）",
        ]
    );
    assert_eq!(
        lines(Text::Enterprises, &[0, 5, 59]),
        [
            "88.118.0001,孝感荆楚装备制造有限公司,914209000L4U7CG3WE,420000,420900,C35,hosted,\
             https://e000.example.cn,联系人00,13800000000",
            "88.101.6,湖北江汉汽车零部件股份有限公司,914207003DR422T04T,420000,420700,C36,self-built,\
             https://e005.example.cn,联系人05,13800000005",
            "88.101.0060,湖北荆楚汽车零部件股份有限公司（59厂）,91420500F121R9U8YW,420000,420500,C36,self-built,\
             https://e059.example.cn,联系人59,13800000059",
        ]
    );
    let others = [
        Shape::new(2, 10, 60).identifier(0),
        Shape::new(1, 1_000_000_000, 1_000_000).identifier(999_999_999),
        shape.absent(0),
        shape.absent(1),
    ];
    assert_eq!(
        others,
        [
            "88.300.38/P03202601240000001",
            "88.118.613153/伺服电机-1000000000",
            "88.300.0032/光模块-000001",
            "88.300.0002/JX/2/00000002",
        ]
    );
}

#[test]
fn a_record_depends_on_nothing_but_seed_firms_and_number() {
    let (small, large) = (Shape::new(7, 10, 60), Shape::new(7, 1_000_000_000, 60));
    for n in 0..1_000 {
        assert_eq!(small.product(n), large.product(n));
        assert_eq!(small.product(n).identifier, small.identifier(n));
    }
    let other = Shape::new(8, 10, 60);
    let same = (0..1_000)
        .filter(|n| other.identifier(*n) == small.identifier(*n))
        .count();
    assert!(same < 50, "{same} identifiers of two seeds are the same");
}

//----------- Identifiers --------------------------------------------------------

#[test]
fn identifiers_are_unique_and_absent_ones_are_none_of_them() {
    let shape = shape();
    // From where the counters outgrow six and seven digits on, too.
    let numbers = || {
        (0..200_000)
            .chain(900_000..1_100_000)
            .chain(9_990_000..10_010_000)
    };
    let registered: HashSet<String> = numbers().map(|n| shape.identifier(n)).collect();
    assert_eq!(registered.len(), numbers().count());
    for n in numbers() {
        let absent = shape.absent(n);
        assert!(!registered.contains(&absent), "{absent}");
        let (there, not) = (shape.identifier(n), parts(&absent));
        assert_eq!(parts(&there).0, not.0);
        let form = |suffix: &str| suffix.chars().next().filter(char::is_ascii);
        assert_eq!(form(parts(&there).1), form(not.1), "{absent}");
        Identifier::parse_registration(&absent).unwrap();
    }
    // Nor of those of another seed: the difference is not in what a seed draws.
    let other = Shape::new(2, 1_000_000, 60);
    assert!((0..200_000).all(|n| !registered.contains(&other.absent(n))));
}

#[test]
fn identifiers_can_be_registered() {
    for (seed, firms) in [(1, 60), (2, 1), (3, 5_000)] {
        let shape = Shape::new(seed, 1_000_000_000, firms);
        for n in (0..20_000).chain(999_990_000..1_000_000_000) {
            Identifier::parse_registration(&shape.identifier(n)).unwrap();
        }
    }
}

#[test]
fn forms_have_the_shares_of_the_sample() {
    let shape = shape();
    let mut forms = [0; 3];
    for n in 0..80_000 {
        let identifier = shape.identifier(n);
        forms[match parts(&identifier).1.as_bytes()[0] {
            b'P' => 0,
            b'J' => 1,
            _ => 2,
        }] += 1;
    }
    for (count, expected) in forms.into_iter().zip([30_000_i32, 30_000, 20_000]) {
        assert!((count - expected).abs() < 600, "{forms:?}");
    }
}

//----------- Firms --------------------------------------------------------------

#[test]
fn the_largest_firm_has_22_percent_and_the_others_their_part_of_it() {
    let shape = shape();
    let mut sizes: HashMap<String, u32> = HashMap::new();
    for n in 0..100_000 {
        let identifier = shape.identifier(n);
        *sizes.entry(parts(&identifier).0.to_owned()).or_default() += 1;
    }
    let firms: HashMap<String, Enterprise> = (0..60)
        .map(|firm| shape.enterprise(firm))
        .map(|firm| (firm.prefix.clone(), firm))
        .collect();
    assert_eq!(firms.len(), 60);
    assert_eq!(firms.values().filter(|firm| firm.is_hosted).count(), 50);
    assert_eq!(sizes.len(), 50, "every hosted firm has products");
    assert!(sizes.keys().all(|prefix| firms[prefix].is_hosted));
    let mut sizes: Vec<u32> = sizes.into_values().collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    for (rank, share) in [(1, 22_200), (2, 11_100), (5, 4_440), (50, 444)] {
        let size = sizes[rank - 1];
        assert!(size.abs_diff(share) < share / 5, "{rank}: {size}");
    }
}

#[test]
fn a_single_firm_is_hosted_and_has_all() {
    let shape = Shape::new(1, 100, 1);
    let firm = shape.enterprise(0);
    assert!(firm.is_hosted);
    assert!((0..100).all(|n| parts(&shape.identifier(n)).0 == firm.prefix));
    assert_eq!(Shape::new(1, 1, 0).firms(), 1);
}

#[test]
fn no_two_firms_share_a_prefix_or_a_credit_code() {
    let shape = Shape::new(1, 1, 1_000_000);
    let (mut prefixes, mut codes) = (HashSet::new(), HashSet::new());
    for firm in (0..20_000).chain(980_000..1_000_000) {
        let firm = shape.enterprise(firm);
        assert!(prefixes.insert(firm.prefix));
        assert!(codes.insert(firm.uscc));
    }
}
