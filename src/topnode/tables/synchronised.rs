//! The other tables of annex 1, and those of annex 2.

use super::field::{Field, known, unknown};

/// 表 2: a row for each secondary prefix and address.
pub(super) const T2: [Field; 5] = [
    known("标识编码类型", "system", "what this node speaks", "Handle"),
    known(
        "标识前缀或范围",
        "prefix",
        "secondary prefixes of the ledger",
        "88.118",
    ),
    known("IP 类型", "IPv4 or IPv6", "[topnode] resolution", "IPv4"),
    known(
        "IP 地址",
        "address of the resolution service",
        "[topnode] resolution",
        "203.0.113.8",
    ),
    known(
        "协议类型与端口",
        "TCP, UDP, HTTP and their ports",
        "[topnode] resolution",
        "TCP:2641;UDP:2641",
    ),
];

/// 表 3: a row for each secondary prefix and day. It counts prefixes.
pub(super) const T3: [Field; 6] = [
    known(
        "标识前缀",
        "secondary prefix",
        "secondary prefixes of the ledger",
        "88.118",
    ),
    known(
        "单日标识注册量",
        "enterprise prefixes added that day",
        "enterprise prefixes in use by the date of their filing",
        "2",
    ),
    known(
        "标识注册总量",
        "enterprise prefixes held",
        "enterprise prefixes in use whose filing has passed, filed up to that day",
        "10",
    ),
    known(
        "单日解析请求量",
        "queries received",
        "route_resolutions.requests of the day",
        "312",
    ),
    known(
        "单日解析成功响应量",
        "queries from outside, found and answered",
        "route_resolutions.successes of the day",
        "310",
    ),
    unknown(
        "解析来源 IP 列表及解析量",
        "source addresses, with the total of each",
    ),
];

/// 表 4, 表 11: no templates yet, so there is no row.
pub(super) const METADATA: [Field; 5] = [
    unknown("元数据标识编码", "identifier of the template"),
    unknown("服务行业", "industry: 门类, 大类, 中类, 小类 of GB/T 4754"),
    unknown("元数据版本", "version"),
    unknown("元数据对象类型", "whether of an active carrier"),
    unknown("元数据列表", "names, aliases, types and lengths"),
];

/// 表 5, 表 10: no applications are registered yet, so there is no row.
pub(super) const APPLICATION: [Field; 6] = [
    unknown("应用名称", "name of the application"),
    unknown("应用类型", "1 APP, 2 小程序, 3 网页, 4 PC 客户端, 5 其他"),
    unknown("应用简介", "about it"),
    unknown("应用用户量", "its users"),
    unknown("使用递归", "the recursive node that it uses"),
    unknown("应用研发单位", "who made it"),
];

/// 表 7: a row for each enterprise prefix and address.
pub(super) const T7: [Field; 5] = [
    known("标识编码类型", "system", "what this node speaks", "Handle"),
    known(
        "标识前缀或范围",
        "prefix",
        "enterprise prefixes of the ledger",
        "88.101.1",
    ),
    known(
        "IP 类型",
        "IPv4 or IPv6",
        "self-built: the address of a site of the route; hosted: [topnode] resolution",
        "IPv4",
    ),
    known(
        "IP 地址",
        "address of the resolution service",
        "self-built: the address of a site of the route; hosted: [topnode] resolution",
        "203.0.113.8",
    ),
    known(
        "协议类型与端口",
        "TCP, UDP, HTTP and their ports",
        "self-built: the sites of that address; hosted: [topnode] resolution",
        "TCP:2641;UDP:2641",
    ),
];

/// 表 8: a row for each enterprise prefix and day. It counts identifiers.
pub(super) const T8: [Field; 6] = [
    known(
        "标识前缀",
        "enterprise prefix",
        "enterprise prefixes of the ledger",
        "88.118.0002",
    ),
    known(
        "标识日注册量",
        "identifiers registered that day",
        "registrations.registered of the day: new ones, and those registered again",
        "43",
    ),
    known(
        "标识注册总量",
        "identifiers in total",
        "live and hosted here at the end of the day; of today, now",
        "500",
    ),
    known(
        "单日解析请求量",
        "queries received",
        "resolutions.requests of the day",
        "38250",
    ),
    known(
        "单日解析成功响应量",
        "queries from outside, found and answered",
        "resolutions.successes of the day",
        "38114",
    ),
    unknown(
        "解析来源 IP 列表及解析量",
        "source addresses, with the total of each",
    ),
];

/// 表 9: a row for each change of an identifier that day, in the order of the ledger.
pub(super) const T9: [Field; 17] = [
    known(
        "标识编码",
        "identifier",
        "the change in the ledger",
        "88.118.0002/P03202605270000001",
    ),
    known(
        "标识创建的时间",
        "created on, yyyy-MM-dd",
        "statistics day of its first change; empty where that is over 32 changes back",
        "2026-11-25",
    ),
    unknown("标识引用元数据", "identifier of its template"),
    known(
        "操作类型",
        "1 新增, 2 删除, 3 修改",
        "registered, also again; removed; replaced",
        "1",
    ),
    unknown("产品类型", "kind of product"),
    known(
        "产品品牌",
        "brand",
        "value of type BRAND, if public",
        "江汉",
    ),
    known(
        "产品定义的名称",
        "name",
        "value of type NAME, if public",
        "液压泵",
    ),
    known(
        "产品生产的厂商全称",
        "maker",
        "value of type MAKER, if public",
        "十堰江汉装备制造有限公司",
    ),
    known(
        "产品生产的日期时间",
        "made at",
        "value of type PRODUCED, if public",
        "2026-05-27",
    ),
    unknown("产品的有效期时间", "valid until"),
    unknown("终端类型", "of an active carrier: terminal"),
    unknown("标识所属主体", "… owner"),
    unknown("用途", "… use"),
    unknown("串号或 IMEI", "… serial number or IMEI"),
    unknown("进网许可证编号", "… licence number"),
    unknown("进网许可标志识别码", "… mark's code"),
    unknown("进网许可标志序号", "… mark's number"),
];

/// Annex 2, 表 1 and 表 2: the daily fields 1–12, of the node and of each enterprise prefix.
pub(super) const MONITORING: [Field; 13] = [
    known(
        "标识前缀",
        "whose: empty for the node; not in the guide",
        "enterprise prefixes of the ledger",
        "88.118.0002",
    ),
    known(
        "解析平均响应时延",
        "mean resolution latency, ms",
        "timings.resolution of the day",
        "0.171",
    ),
    known(
        "最大解析响应时延发生时间",
        "when the longest ended",
        "timings.resolution of the day",
        "2026-11-25T14:02:11+08:00",
    ),
    known(
        "最大解析响应时延值",
        "the longest, ms",
        "timings.resolution of the day",
        "8.062",
    ),
    known(
        "最小解析响应时延发生时间",
        "when the shortest ended",
        "timings.resolution of the day",
        "2026-11-25T09:49:46+08:00",
    ),
    known(
        "最小解析响应时延值",
        "the shortest, ms",
        "timings.resolution of the day",
        "0.005",
    ),
    known(
        "最大每秒解析量",
        "the most requests of a second",
        "timings.resolution of the day",
        "1900",
    ),
    known(
        "最大每秒解析量发生时间",
        "which second",
        "timings.resolution of the day",
        "2026-11-25T14:02:10+08:00",
    ),
    known(
        "注册平均响应时延",
        "mean registration latency, ms",
        "timings.registration of the day",
        "4.709",
    ),
    known(
        "最大注册响应时延发生时间",
        "when the longest ended",
        "timings.registration of the day",
        "2026-11-25T10:00:01+08:00",
    ),
    known(
        "最大注册响应时延值",
        "the longest, ms",
        "timings.registration of the day",
        "4.724",
    ),
    known(
        "最小注册响应时延发生时间",
        "when the shortest ended",
        "timings.registration of the day",
        "2026-11-25T10:00:01+08:00",
    ),
    known(
        "最小注册响应时延值",
        "the shortest, ms",
        "timings.registration of the day",
        "4.663",
    ),
];

/// Annex 2, 表 1 and 表 2: the fields 13–18 of an event.
pub(super) const EVENT: [Field; 7] = [
    known(
        "标识前缀",
        "whose: empty for the node; not in the guide",
        "events of the ledger",
        "88.118.0002",
    ),
    known(
        "上报状态类型",
        "异常 or 恢复正常",
        "events of the ledger",
        "恢复正常",
    ),
    known(
        "上报事件编号",
        "its number, unique",
        "the ledger's id, the table, and the event's number",
        "0123abcd-E1-4",
    ),
    known(
        "对应异常时间编号",
        "of a recovery, the number of its fault",
        "events of the ledger",
        "0123abcd-E1-3",
    ),
    known(
        "发生时间",
        "when it changed, to the second",
        "events of the ledger",
        "2026-11-25T14:02:11+08:00",
    ),
    known(
        "异常原因",
        "why, where it is known",
        "the node's own health, or what an operator said",
        "磁盘空间不足，暂停标识注册",
    ),
    known(
        "异常类型",
        "of a fault: 1 网络故障, 2 系统异常, 3 安全攻击, 4 其他",
        "the node's own health, or what an operator said",
        "2",
    ),
];
