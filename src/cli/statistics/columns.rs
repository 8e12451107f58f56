//! What is shown of a reply, in both languages.

//----------- Columns ------------------------------------------------------------

/// A figure: where it stands in a reply, and its headings.
pub(super) struct Column {
    pub(super) pointer: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
}

pub(super) const fn column(pointer: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column { pointer, zh, en }
}

pub(super) const NOW: [Column; 19] = [
    column(
        "/figures/enterprise_nodes",
        "接入企业节点数",
        "enterprise nodes",
    ),
    column("/figures/connected_firms", "接入企业数", "connected firms"),
    column(
        "/figures/new_enterprise_nodes_this_year",
        "年度新增企业节点",
        "nodes new this year",
    ),
    column(
        "/figures/active_enterprise_nodes",
        "活跃企业节点（30 日）",
        "active nodes (30 days)",
    ),
    column("/figures/industries", "覆盖行业数", "industries"),
    column(
        "/figures/identifiers",
        "标识注册总量",
        "identifiers, current",
    ),
    column(
        "/figures/cumulative/registrations/new",
        "累计注册量",
        "registrations, cumulative",
    ),
    column(
        "/figures/this_year/registrations/new",
        "本年新增注册",
        "registrations new this year",
    ),
    column(
        "/figures/today/registrations/registered",
        "单日注册量（今日）",
        "registered today",
    ),
    column(
        "/figures/cumulative/registrations/removed",
        "累计注销量",
        "removals, cumulative",
    ),
    column(
        "/figures/cumulative/resolutions/successes",
        "累计解析成功量（标识）",
        "resolutions, cumulative (identifiers)",
    ),
    column(
        "/figures/cumulative/route_resolutions/successes",
        "累计解析成功量（路由）",
        "resolutions, cumulative (routes)",
    ),
    column(
        "/figures/today/resolutions/requests",
        "今日解析请求量",
        "resolution requests today",
    ),
    column(
        "/figures/today/resolutions/successes",
        "今日解析成功响应量",
        "resolution successes today",
    ),
    column(
        "/figures/daily_average_this_year/average",
        "本年日均解析量",
        "daily average this year",
    ),
    column(
        "/timings_today/resolution/latency_ms_average",
        "今日平均解析时延（毫秒）",
        "resolution latency today, mean (ms)",
    ),
    column(
        "/timings_today/resolution/latency_ms_max",
        "今日最大解析时延（毫秒）",
        "resolution latency today, longest (ms)",
    ),
    column(
        "/timings_today/resolution/per_second_max",
        "今日最大 QPS",
        "requests in a second today, most",
    ),
    column(
        "/timings_today/registration/latency_ms_average",
        "今日平均注册时延（毫秒）",
        "registration latency today, mean (ms)",
    ),
];

/// Of days, months and prefixes, behind what the row is of.
pub(super) const SUMS: [Column; 6] = [
    column("/registrations/registered", "注册量", "registered"),
    column("/registrations/new", "新增", "new"),
    column("/registrations/removed", "注销", "removed"),
    column("/resolutions/requests", "解析请求", "requests"),
    column("/resolutions/successes", "解析成功", "successes"),
    column("/route_resolutions/successes", "路由解析成功", "routes"),
];

/// Latency and rate of days.
pub(super) const TIMINGS: [Column; 10] = [
    column(
        "/timings/resolution/latency_ms_average",
        "平均解析时延",
        "mean ms",
    ),
    column("/timings/resolution/latency_ms_min", "最小", "min"),
    column("/timings/resolution/latency_ms_min_at", "时间", "at"),
    column("/timings/resolution/latency_ms_max", "最大", "max"),
    column("/timings/resolution/latency_ms_max_at", "时间", "at"),
    column(
        "/timings/resolution/per_second_max",
        "最大 QPS",
        "per second",
    ),
    column("/timings/resolution/per_second_max_at", "时间", "at"),
    column(
        "/timings/registration/latency_ms_average",
        "平均注册时延",
        "registered, mean ms",
    ),
    column("/timings/registration/latency_ms_min", "最小", "min"),
    column("/timings/registration/latency_ms_max", "最大", "max"),
];
