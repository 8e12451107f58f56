//! What each metric is: the one list, from which the help texts and `docs/metrics.md` come.

//----------- Described --------------------------------------------------------

/// A metric, as it is described to whoever reads it.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test makes the page of them"))]
pub(super) struct Described {
    /// Its name.
    pub(super) name: &'static str,
    /// Its labels, as they stand behind the name; empty for none.
    pub(super) labels: &'static str,
    /// `gauge`, `counter` or `histogram`.
    pub(super) kind: &'static str,
    /// What it is: the help text, too.
    pub(super) help: &'static str,
    /// The same in Chinese.
    pub(super) zh: &'static str,
}

const fn described(
    name: &'static str,
    labels: &'static str,
    kind: &'static str,
    help: &'static str,
    zh: &'static str,
) -> Described {
    Described {
        name,
        labels,
        kind,
        help,
        zh,
    }
}

/// The help text of a metric.
pub(super) fn help(name: &str) -> &'static str {
    let found = METRICS.iter().find(|metric| metric.name == name);
    found
        .expect("every name that is used stands in the list, which a test holds")
        .help
}

/// All of them, in the order of the page.
pub(super) const METRICS: [Described; 38] = [
    described(
        "biaoshi_build_info",
        "{version}",
        "gauge",
        "1; the release is the label",
        "恒为 1，版本号在标签中",
    ),
    described(
        "biaoshi_ready",
        "",
        "gauge",
        "1 once the ledger is replayed and everything is served",
        "台账回放完毕并开始服务后为 1",
    ),
    described(
        "biaoshi_read_only",
        "{cause}",
        "gauge",
        "1 while writes are refused for this cause: `no_space`, `clock` (both end by themselves), `ledger`, `state` (until a restart)",
        "因该原因拒绝写入时为 1：`no_space`、`clock` 可自行恢复，`ledger`、`state` 须重启",
    ),
    described(
        "biaoshi_start_seconds",
        "",
        "gauge",
        "how long the last start took, until everything is served",
        "最近一次启动到可服务的用时",
    ),
    described(
        "biaoshi_replay_entries",
        "{of}",
        "gauge",
        "entries of the replay at the start: `done`, `total`",
        "启动回放的条目数：已完成、总数",
    ),
    described(
        "biaoshi_ledger_append_seconds",
        "{partition}",
        "histogram",
        "from handing an entry to the ledger until it is durable or refused",
        "一条台账记录从提交到落盘（或被拒）的用时",
    ),
    described(
        "biaoshi_ledger_head_seq",
        "{partition}",
        "gauge",
        "the last entry of a partition",
        "分区最后一条记录的序号",
    ),
    described(
        "biaoshi_ledger_segments",
        "{partition}",
        "gauge",
        "files of a partition, closed and open",
        "分区的段文件数",
    ),
    described(
        "biaoshi_ledger_free_bytes",
        "",
        "gauge",
        "free space of the ledger's disk; NaN where the system does not say",
        "台账所在磁盘的可用空间，系统未告知时为 NaN",
    ),
    described(
        "biaoshi_snapshot_seconds",
        "",
        "gauge",
        "how long the last snapshot took",
        "最近一次快照的用时",
    ),
    described(
        "biaoshi_snapshot_bytes",
        "",
        "gauge",
        "the size of the last snapshot",
        "最近一次快照的大小",
    ),
    described(
        "biaoshi_snapshot_timestamp_seconds",
        "",
        "gauge",
        "when this process wrote its last snapshot; 0 for never",
        "本进程最近一次写快照的时间，0 为尚无",
    ),
    described(
        "biaoshi_snapshots_failed_total",
        "",
        "counter",
        "snapshots that could not be written; the last one stays",
        "未能写成的快照数，此前的快照保留",
    ),
    described(
        "biaoshi_snapshots_set_aside_total",
        "",
        "counter",
        "snapshots that were of no use at the start; the ledger was read instead",
        "启动时被搁置的快照数，改由台账恢复",
    ),
    described(
        "biaoshi_resolutions_total",
        "{protocol,outcome,origin}",
        "counter",
        "answers in the life of the node, by `protocol` (`dns`, `handle`, `http`), `outcome` (`success`, `not_found`, `gone`, `not_responsible`, `denied`, `error`, `truncated` over UDP so that the client comes over TCP, `limited` by the rate of its source, `auxiliary`, `retransmitted`, `preview`) and `origin` (`external`, `internal`, `probe`, `self`, `test`); what each means: [counting.md](counting.md). A restart or a `kill -9` loses none and doubles none",
        "节点累计应答数，按协议、结果和来源分列，含义见 [counting.md](counting.md)；重启或异常终止不丢失、不重复",
    ),
    described(
        "biaoshi_resolutions_untold_total",
        "",
        "counter",
        "answers of a prefix that were counted as nobody's, since the disk had no room for another counter; since the process began",
        "因磁盘空间不足、未能计入所属前缀（仅计入节点总数）的应答数，自本进程启动起",
    ),
    described(
        "biaoshi_counters_kept",
        "",
        "gauge",
        "1 while what is counted is in a file that outlives the process; 0: a process that is killed loses its last minute",
        "计数存于可在进程终止后保留的文件时为 1；为 0 时异常终止会丢失最近一分钟",
    ),
    described(
        "biaoshi_latency_today_seconds",
        "{activity,of}",
        "gauge",
        "how long it took this statistics day: `resolution`, `registration`; `mean`, `min`, `max`; not there before anything was timed",
        "本统计日的时延：解析、注册；平均、最小、最大；尚无测量时不出现",
    ),
    described(
        "biaoshi_per_second_max_today",
        "{activity}",
        "gauge",
        "the most requests (or registrations) of one second of this statistics day",
        "本统计日单秒最大请求数（或注册数），即最大 QPS",
    ),
    described(
        "biaoshi_report_watermark",
        "{table}",
        "gauge",
        "the last period of the table that the national node has, as a number: a day as YYYYMMDD, an hour as YYYYMMDDHH, else a count; 0: none",
        "该表已报送至的期次：日为 YYYYMMDD，小时为 YYYYMMDDHH，实时表为序号；0 为尚无",
    ),
    described(
        "biaoshi_report_due",
        "{table}",
        "gauge",
        "days that are over, or events (E1, E2), and not told yet; 0 for tables of other intervals",
        "已结束而尚未报送的统计日数，或事件数（E1、E2）；其他周期的表恒为 0",
    ),
    described(
        "biaoshi_report_lag_seconds",
        "{table}",
        "gauge",
        "for how long the oldest day that is due, or the report under way, waits",
        "最早待报统计日或在途报文已等待的秒数",
    ),
    described(
        "biaoshi_report_refused",
        "{table}",
        "gauge",
        "periods that the national node refused and that wait for a person",
        "被拒绝、待人工处理的期次数",
    ),
    described(
        "biaoshi_report_failures",
        "{table}",
        "gauge",
        "failures in a row of the message under way",
        "在途报文连续失败次数",
    ),
    described(
        "biaoshi_malformed_total",
        "{protocol}",
        "counter",
        "messages that could not be read, since the process began; they are counted and not logged",
        "本进程启动以来无法解读的报文数，只计数、不记日志",
    ),
    described(
        "biaoshi_identifiers",
        "",
        "gauge",
        "identifiers that are live",
        "当前有效标识数",
    ),
    described(
        "biaoshi_registrations_total",
        "",
        "counter",
        "cumulative registrations, each identifier once in its life, as the ledger folds to (累计注册量); a restart keeps it",
        "台账折算出的累计注册量，重启不归零",
    ),
    described(
        "biaoshi_enterprise_nodes",
        "",
        "gauge",
        "enterprise prefixes in force whose filing (备案) has passed",
        "接入企业节点数：在用且备案通过的企业前缀",
    ),
    described(
        "biaoshi_connected_firms",
        "",
        "gauge",
        "distinct firms (certificate type and number) behind them",
        "接入企业数：其背后按证件去重的企业",
    ),
    described(
        "biaoshi_enterprises",
        "{state,hosting}",
        "gauge",
        "enterprise prefixes, whatever their filing, by `state` (`suspended`, `active`, `withdrawn`, `rejected`, `submitted`, `in_review`) and `hosting` (`hosted`, `self_built`)",
        "企业前缀数（不论备案），按状态和托管方式分列",
    ),
    described(
        "biaoshi_index_bytes",
        "{part}",
        "gauge",
        "memory of the index, by `part`: `slots` (where each identifier is), `keys` and `records` (live identifiers, packed), `tombstones` (removed ones), `garbage` (superseded, to be given back), `free` (not yet used), `dictionaries` (what repeats within a prefix), `listing`, `ancestors` (names above identifiers in DNS); what the process has beyond it is code, connections and the allocator's",
        "索引内存按用途分列：槽位、键、记录、墓碑、待回收、空闲、词典、列表、DNS 上级名称；进程其余内存属于代码、连接和分配器",
    ),
    described(
        "process_cpu_seconds_total",
        "",
        "counter",
        "processor time of the process",
        "进程的 CPU 时间",
    ),
    described(
        "process_resident_memory_bytes",
        "",
        "gauge",
        "its memory",
        "进程常驻内存",
    ),
    described(
        "process_virtual_memory_bytes",
        "",
        "gauge",
        "its address space",
        "进程地址空间",
    ),
    described(
        "process_open_fds",
        "",
        "gauge",
        "its open files and connections",
        "进程打开的文件与连接数",
    ),
    described(
        "process_max_fds",
        "",
        "gauge",
        "how many it may have",
        "其上限",
    ),
    described("process_threads", "", "gauge", "its threads", "进程线程数"),
    described(
        "process_start_time_seconds",
        "",
        "gauge",
        "when it began",
        "进程启动时间",
    ),
];
