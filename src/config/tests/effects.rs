//! Each key has an effect, from the file and from the environment.

use std::path::PathBuf;
use std::time::Duration;

use crate::protocol::dns::NameServer;

use super::super::{Config, KEYS, Origin, locate, parse};
use super::{defaults, environment, read, with};
use crate::telemetry::logging::Format;
use crate::{server::options::Delivery, topnode::Service};

//----------- The table of effects -----------------------------------------------

/// A key, a value for the file, the same for the environment, and what it does.
type Effect = (&'static str, &'static str, &'static str, fn(&mut Config));

fn addresses(texts: &[&str]) -> Vec<std::net::SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn networks(texts: &[&str]) -> Vec<ipnet::IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn prefix(text: &str) -> crate::identifier::Prefix {
    crate::identifier::Prefix::parse(text).unwrap()
}

const EFFECTS: &[Effect] = &[
    ("node.data_dir", r#""/srv/id""#, "/srv/id", |c| {
        c.server.node.data_dir = "/srv/id".into()
    }),
    (
        "node.zone",
        r#""ID.Hubei.example.""#,
        "ID.Hubei.example.",
        |c| {
            c.server.node.zone = "id.hubei.example".into();
        },
    ),
    (
        "node.secondary_prefixes",
        r#"["88.118", "88.300"]"#,
        "88.118, 88.300",
        |c| {
            c.server.node.secondary_prefixes = vec![prefix("88.118"), prefix("88.300")];
        },
    ),
    (
        "http.listen",
        r#"["0.0.0.0:80", "[::]:80"]"#,
        "0.0.0.0:80,[::]:80",
        |c| {
            c.server.http.listen = addresses(&["0.0.0.0:80", "[::]:80"]);
        },
    ),
    ("http.connections_max", "7", "7", |c| {
        c.server.http.connections_max = 7
    }),
    ("http.header_timeout_seconds", "3", "3", |c| {
        c.server.http.header_timeout = Duration::from_secs(3);
    }),
    ("http.idle_timeout_seconds", "5", "5", |c| {
        c.server.http.idle_timeout = Duration::from_secs(5);
    }),
    ("http.body_bytes_max", "70_000", "70000", |c| {
        c.server.http.body_bytes_max = 70_000
    }),
    ("http.shutdown_seconds", "2", "2", |c| {
        c.server.http.shutdown_timeout = Duration::from_secs(2);
    }),
    (
        "ledger.segment_bytes_max",
        "4_294_967_296",
        "4294967296",
        |c| {
            c.server.ledger.segment_bytes_max = 1 << 32;
        },
    ),
    ("ledger.archive_dirs", r#"["/a", "/b"]"#, "/a,/b", |c| {
        c.server.ledger.archive_dirs = vec!["/a".into(), "/b".into()];
    }),
    ("ledger.free_bytes_min", "0", "0", |c| {
        c.server.ledger.free_bytes_min = 0;
    }),
    ("snapshot.interval_seconds", "9", "9", |c| {
        c.server.snapshot.interval = Duration::from_secs(9);
    }),
    ("handle.listen", r#""[::]:2641""#, "[::]:2641", |c| {
        c.server.handle.listen = addresses(&["[::]:2641"]);
    }),
    ("dns.listen", "[]", "", |c| c.server.dns.listen = Vec::new()),
    (
        "dns.name_servers",
        r#"["ns1.id.example 192.0.2.1 2001:db8::1", "NS2.b.example."]"#,
        "ns1.id.example 192.0.2.1 2001:db8::1,ns2.b.example",
        |c| {
            let server = |name: &str, addresses: &[&str]| NameServer {
                name: name.to_owned(),
                addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
            };
            c.server.dns.name_servers = vec![
                server("ns1.id.example", &["192.0.2.1", "2001:db8::1"]),
                server("ns2.b.example", &[]),
            ];
        },
    ),
    ("dns.naptr_service", r#""ORS+UINF""#, "ORS+UINF", |c| {
        c.server.dns.naptr_service = "ORS+UINF".into();
    }),
    ("dns.negative_ttl_seconds", "5", "5", |c| {
        c.server.dns.negative_ttl = Duration::from_secs(5);
    }),
    ("metrics.listen", r#""127.0.0.1:0""#, "127.0.0.1:0", |c| {
        c.server.metrics.listen = addresses(&["127.0.0.1:0"]);
    }),
    (
        "accounting.internal_networks",
        r#"["10.0.0.0/8", "192.0.2.1"]"#,
        "10.0.0.0/8,192.0.2.1/32",
        |c| c.server.origins.internal_networks = networks(&["10.0.0.0/8", "192.0.2.1/32"]),
    ),
    (
        "accounting.probe_networks",
        r#""2001:db8::/32""#,
        "2001:db8::/32",
        |c| c.server.origins.probe_networks = networks(&["2001:db8::/32"]),
    ),
    (
        "accounting.self_networks",
        r#"["88.118.8 203.0.113.0/24", "88.118.9 192.0.2.0/25"]"#,
        "88.118.8 203.0.113.0/24,88.118.9 192.0.2.0/25",
        |c| {
            let networks = networks(&["203.0.113.0/24", "192.0.2.0/25"]).into_iter();
            let prefixes = ["88.118.8", "88.118.9"].map(prefix);
            c.server.origins.self_networks = prefixes.into_iter().zip(networks).collect();
        },
    ),
    (
        "accounting.test_prefixes",
        r#"["88.118.999"]"#,
        "88.118.999",
        |c| c.server.origins.test_prefixes = vec![prefix("88.118.999")],
    ),
    (
        "accounting.docking_date",
        r#""2026-05-01""#,
        "2026-05-01",
        |c| c.server.docking_date = Some(jiff::civil::date(2026, 5, 1)),
    ),
    (
        "topnode.resolution",
        r#"["203.0.113.8 TCP:2641 UDP:2641", "2001:db8::8 http:8000"]"#,
        "203.0.113.8 TCP:2641 UDP:2641,2001:db8::8 HTTP:8000",
        |c| {
            let services = ["203.0.113.8 TCP:2641 UDP:2641", "2001:db8::8 HTTP:8000"];
            let services = services.map(|text| Service::parse(text).unwrap());
            c.server.topnode.resolution = services.to_vec();
        },
    ),
    (
        "topnode.operator",
        r#"["单位名称=湖北标识科技有限公司", "单位性质 = 民营控股"]"#,
        "单位名称 = 湖北标识科技有限公司,单位性质 = 民营控股",
        |c| {
            let said = [(0, "湖北标识科技有限公司"), (1, "民营控股")];
            c.server.topnode.operator = said.map(|(at, text)| (at, text.to_owned())).to_vec();
        },
    ),
    ("report.by", r#""folder""#, "folder", |c| {
        c.server.reporting.by = Delivery::Folder;
    }),
    (
        "report.url",
        r#""https://example.cn/intake""#,
        "https://example.cn/intake",
        |c| c.server.reporting.https.url = "https://example.cn/intake".to_owned(),
    ),
    ("report.mapping", r#""m.toml""#, "m.toml", |c| {
        c.server.reporting.https.mapping = Some("m.toml".into());
    }),
    ("report.token_file", r#""t""#, "t", |c| {
        c.server.reporting.https.token_file = Some("t".into());
    }),
    ("report.secret_file", r#""s""#, "s", |c| {
        c.server.reporting.https.secret_file = Some("s".into());
    }),
    ("report.ca_file", r#""a.pem""#, "a.pem", |c| {
        c.server.reporting.https.ca_file = Some("a.pem".into());
    }),
    ("report.certificate_file", r#""c.pem""#, "c.pem", |c| {
        c.server.reporting.https.certificate_file = Some("c.pem".into());
    }),
    ("report.key_file", r#""k.pem""#, "k.pem", |c| {
        c.server.reporting.https.key_file = Some("k.pem".into());
    }),
    ("report.folder", r#""out""#, "out", |c| {
        c.server.reporting.folder = "out".into();
    }),
    ("report.from", r#""2026-05-01""#, "2026-05-01", |c| {
        c.server.reporting.from = Some(jiff::civil::date(2026, 5, 1));
    }),
    (
        "log.level",
        r#""warn,biaoshi::ledger=debug""#,
        "warn,biaoshi::ledger=debug",
        |c| {
            let filter = "warn,biaoshi::ledger=debug";
            c.log = crate::telemetry::logging::Options::new(filter, c.log.format).unwrap();
        },
    ),
    ("log.format", r#""json""#, "json", |c| {
        c.log.format = Format::Json
    }),
];

//----------- Tests --------------------------------------------------------------

#[test]
fn each_key_has_its_effect_from_the_file_and_from_the_environment() {
    for (key, file, variable, effect) in EFFECTS {
        let (section, name) = key.split_once('.').unwrap();
        let mut expected = defaults();
        effect(&mut expected);
        assert_ne!(expected, defaults(), "{key}: the test changes nothing");
        assert_eq!(
            with(&format!("[{section}]\n{name} = {file}\n")),
            expected,
            "{key}"
        );
        let upper = format!("BIAOSHI_{section}_{name}").to_uppercase();
        let from_variable = parse(None, environment(&[(&upper, variable)]))
            .unwrap()
            .config;
        assert_eq!(from_variable, expected, "{upper}");
    }
    let tested: Vec<&str> = EFFECTS.iter().map(|effect| effect.0).collect();
    let known: Vec<String> = KEYS
        .iter()
        .map(|key| format!("{}.{}", key.section, key.name))
        .collect();
    assert_eq!(
        tested, known,
        "each key of the table is tested, in its order"
    );
}

#[test]
fn the_environment_outranks_the_file_and_the_file_the_defaults() {
    let text = "version = 1\n[http]\nlisten = \"127.0.0.1:1\"\nconnections_max = 9\n";
    let loaded = read(text, &[("BIAOSHI_HTTP_LISTEN", "127.0.0.1:2")]).unwrap();
    let http = &loaded.config.server.http;
    assert_eq!((http.listen[0].port(), http.connections_max), (2, 9));
    let origin = |name: &str| {
        let at = KEYS
            .iter()
            .position(|key| key.section == "http" && key.name == name)
            .unwrap();
        loaded.origins[at].to_string()
    };
    assert_eq!(origin("listen"), "BIAOSHI_HTTP_LISTEN");
    assert_eq!(origin("connections_max"), "test.toml:4:1");
    assert_eq!(origin("idle_timeout_seconds"), Origin::Default.to_string());
}

#[test]
fn one_address_is_a_list_of_one() {
    let one = with("[http]\nlisten = \"127.0.0.1:1\"");
    assert_eq!(one, with("[http]\nlisten = [\"127.0.0.1:1\"]"));
}

#[test]
fn the_defaults_listen_on_loopback_only() {
    let server = defaults().server;
    let all = [
        &server.http.listen,
        &server.handle.listen,
        &server.dns.listen,
        &server.metrics.listen,
    ];
    let ports: Vec<u16> = all
        .iter()
        .flat_map(|list| list.iter().map(|a| a.port()))
        .collect();
    assert!(
        all.iter()
            .all(|list| list.iter().all(|address| address.ip().is_loopback()))
    );
    assert_eq!(ports, [8000, 2641, 8053, 9641]);
    assert!(server.node.secondary_prefixes.is_empty());
}

#[test]
fn variables_of_others_are_let_be() {
    let foreign = [
        ("PATH", "/bin"),
        ("BIAOSHI_CONFIG", "x.toml"),
        ("BIAOSHI_SERVICE_HOST", "10.0.0.1"),
        ("BIAOSHI_PORT_8000_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(
        parse(None, environment(&foreign)).unwrap().config,
        defaults()
    );
}

#[test]
fn the_named_file_comes_first_then_the_variable() {
    let variables = || environment(&[("BIAOSHI_CONFIG", "b.toml")]);
    assert_eq!(
        locate(Some("a.toml".into()), variables()),
        Some(PathBuf::from("a.toml"))
    );
    assert_eq!(locate(None, variables()), Some(PathBuf::from("b.toml")));
    assert_eq!(locate(None, environment(&[("BIAOSHI_CONFIG", "")])), None);
}

#[test]
fn a_file_from_windows_is_read() {
    let text = "\u{feff}version = 1\r\n[http]\r\nconnections_max = 9\r\n";
    assert_eq!(
        read(text, &[]).unwrap().config.server.http.connections_max,
        9
    );
}
