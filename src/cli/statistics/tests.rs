//! What is shown of a reply.

use serde_json::json;

use super::*;
use crate::cli::table::width;

#[test]
fn figures_are_shown_in_both_languages() {
    let said = json!({
        "definitions": 2, "today": "2026-11-25", "scope": { "prefix": null },
        "figures": {
            "enterprise_nodes": 60,
            "cumulative": { "registrations": { "new": 30_000 } },
            "daily_average_this_year": { "average": 1.66 },
        },
        "timings_today": {
            "resolution": { "latency_ms_average": 0.171, "per_second_max": 100_000 },
            "registration": null,
        },
    });
    let english = show(&said, StatisticsOf::Now, Language::En);
    assert!(english.starts_with("definitions 2 · measured here · prefix - · day 2026-11-25\n"));
    for (heading, figure) in [
        ("enterprise nodes", "60"),
        ("registrations, cumulative", "30000"),
        ("daily average this year", "1.66"),
        ("industries", "-"),
        ("resolution latency today, mean", "0.171"),
        ("resolution latency today, longest", "-"),
        ("requests in a second today", "100000"),
        ("registration latency today", "-"),
    ] {
        let line = english.lines().find(|line| line.starts_with(heading));
        assert!(line.is_some_and(|line| line.ends_with(figure)), "{english}");
    }
    let chinese = show(&said, StatisticsOf::Now, Language::Zh);
    assert!(chinese.contains("接入企业节点数"), "{chinese}");
    // Columns are as wide as a terminal shows them.
    let ends = chinese.lines().skip(1).map(width);
    let widths: std::collections::BTreeSet<usize> = ends.collect();
    assert_eq!(widths.len(), 1, "{chinese}");
}

#[test]
fn rows_stand_under_their_headings() {
    let row = |day: &str, new: u64| {
        json!({
            "day": day,
            "registrations": { "registered": new + 1, "new": new, "removed": 0 },
            "resolutions": { "requests": 12, "successes": 10 },
            "route_resolutions": { "requests": 1, "successes": 1 },
        })
    };
    let said = json!({
        "definitions": 2, "today": "2026-11-25", "scope": { "prefix": "88.118" },
        "days": [row("2026-11-24", 5), row("2026-11-25", 123_456)],
    });
    let shown = show(&said, StatisticsOf::Days, Language::En);
    let lines: Vec<&str> = shown.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "day         registered     new  removed  requests  successes  routes",
            "2026-11-24           6       5        0        12         10       1",
            "2026-11-25      123457  123456        0        12         10       1",
        ]
    );
}

#[test]
fn timings_stand_day_by_day() {
    let said = json!({
        "definitions": 2, "today": "2026-11-25", "scope": { "prefix": "88.118" },
        "days": [{
            "day": "2026-11-25",
            "timings": {
                "resolution": {
                    "latency_ms_average": 0.17, "latency_ms_min": 0.005, "latency_ms_max": 8.1,
                    "latency_ms_min_at": "2026-11-25T01:49:46+08:00",
                    "latency_ms_max_at": "2026-11-25T02:00:00+08:00",
                    "per_second_max": 25_500, "per_second_max_at": "2026-11-25T01:49:46+08:00",
                },
                "registration": null,
            },
        }],
    });
    let shown = show(&said, StatisticsOf::Timings, Language::En);
    let last = shown.lines().last().unwrap();
    let words: Vec<&str> = last.split_whitespace().collect();
    let expected = [
        "2026-11-25",
        "0.17",
        "0.005",
        "2026-11-25T01:49:46+08:00",
        "8.1",
        "2026-11-25T02:00:00+08:00",
        "25500",
        "2026-11-25T01:49:46+08:00",
        "-",
        "-",
        "-",
    ];
    assert_eq!(words, expected);
}
