#!/bin/sh
# Drives the real binary with real clients: curl, kdig, dnspython, pyhandle, promtool, the command
# line, signals. `make test-deps` installs them; `cargo test` has built the binary. Its own data
# directory, free ports, two minutes at the most.
set -eu
cd "$(dirname "$0")/../.."

python=${CARGO_TARGET_DIR:-target}/python/bin/python
binary=${CARGO_TARGET_DIR:-target}/debug/biaoshi
[ -x "$binary" ] || cargo build --locked --quiet
data=$(mktemp -d)
node=
clean() {
    [ -z "$node" ] || kill -KILL "$node" 2>/dev/null || true
    rm -rf "$data"
}
trap clean EXIT
trap 'exit 1' INT TERM

#----------- Helpers -------------------------------------------------------------

passed=0
fail() {
    echo "FAIL: $*" >&2
    [ ! -s "$data/log" ] || tail -20 "$data/log" >&2
    exit 1
}
pass() {
    passed=$((passed + 1))
    echo "ok: $*"
}

# request NAME STATUS METHOD PATH [CURL ARGUMENT…]: body in $data/body, header in $data/header.
request() {
    name=$1 expected=$2 method=$3 path=$4
    shift 4
    # --head and not -X HEAD: curl would wait for a body.
    if [ "$method" = HEAD ]; then set -- --head "$@"; else set -- -X "$method" "$@"; fi
    status=$(curl -sS --max-time 10 --path-as-is -o "$data/body" -D "$data/header" \
        -w '%{http_code}' -H "Authorization: Bearer $(cat "$data/node/admin-token")" \
        "$@" "$url$path") || fail "$name: no answer"
    [ "$status" = "$expected" ] || fail "$name: $status, expected $expected: $(cat "$data/body")"
    pass "$name"
}

# json EXPRESSION: an expression over the body that has to hold.
json() {
    python3 - "$data/body" "$1" <<'PY' || fail "$name: not so: $1: $(cat "$data/body")"
import json, sys
body = json.load(open(sys.argv[1], encoding="utf-8"))
sys.exit(0 if eval(sys.argv[2], {"body": body}) else 1)
PY
}

# header PATTERN: a line of the header that has to be there.
header() {
    grep -qi "$1" "$data/header" || fail "$name: no header $1: $(cat "$data/header")"
}

start() {
    "$binary" serve >>"$data/log" 2>&1 &
    node=$!
    tries=0
    until curl -fs -o /dev/null --max-time 2 "$url/readyz"; do
        if ! kill -0 "$node" 2>/dev/null; then
            fail "the node ended before it was ready"
        fi
        tries=$((tries + 1))
        [ "$tries" -le 150 ] || fail "the node was not ready after 30 seconds"
        sleep 0.2
    done
}

#----------- A node of its own ---------------------------------------------------

# Ports that are free over TCP and UDP, all held until the last is found.
# shellcheck disable=SC2046 # four numbers
set -- $(python3 - <<'PY'
import socket
held, ports = [], []
while len(ports) < 4:
    tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    tcp.bind(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    try:
        udp.bind(("127.0.0.1", port))
    except OSError:
        continue
    held += [tcp, udp]
    ports.append(port)
print(*ports)
PY
)
port=$1 handle_port=$2 dns_port=$3 metrics_port=$4
url=http://127.0.0.1:$port
metrics=http://127.0.0.1:$metrics_port/metrics
BIAOSHI_CONFIG=$data/node.toml
export BIAOSHI_CONFIG
cat >"$BIAOSHI_CONFIG" <<TOML
version = 1
[node]
data_dir = "$data/node"
zone = "id.example"
secondary_prefixes = ["88.118"]
[http]
listen = "127.0.0.1:$port"
[handle]
listen = "127.0.0.1:$handle_port"
[dns]
listen = "127.0.0.1:$dns_port"
[metrics]
listen = "127.0.0.1:$metrics_port"
[accounting]
# These clients are strangers: what they find is a success from outside.
internal_networks = []
TOML
"$binary" check-config >/dev/null
: >"$data/log"
start

#----------- What a client sees --------------------------------------------------

cat >"$data/enterprises.csv" <<'CSV'
prefix,org_name,uscc,province,city,industry,hosting,website
88.118.0002,十堰江汉装备制造有限公司,91420300QW9L2G0403,420000,420300,C35,hosted,https://e001.example.cn
CSV
"$binary" import "$data/enterprises.csv" >/dev/null || fail "import of an enterprise"
pass "import of an enterprise"

item=/api/v1/identifiers/88.118.0002/A-1
body='{"values":[{"index":2000,"type":"NAME","data":"液压泵","ttl":86400},
  {"index":2007,"type":"URL","data":"https://e.example/a?x=1"}]}'
request "put creates" 201 PUT "$item" -H 'Content-Type: application/json' -d "$body"
request "put again is unchanged" 200 PUT "$item" -H 'Content-Type: application/json' -d "$body"
request "put only to create" 412 PUT "$item" -H 'Content-Type: application/json' \
    -H 'If-None-Match: *' \
    -d '{"values":[{"index":2000,"type":"NAME","data":"减速机"}]}'
request "get" 200 GET "$item"
json 'any(v["index"] == 2000 and v["data"] == "液压泵" for v in body["values"])'
request "get folds ASCII case" 200 GET /api/v1/identifiers/88.118.0002/a-1
request "get with %2F" 200 GET /api/v1/identifiers/88.118.0002%2FA-1
request "head" 200 HEAD "$item"
header '^content-length: [1-9]'
request "handle JSON" 200 GET /api/handles/88.118.0002/A-1
json 'body["responseCode"] == 1 and body["handle"] == "88.118.0002/A-1"'
request "handle JSON of a prefix" 200 GET /api/handles/0.NA/88.118.0002
json 'body["responseCode"] == 1'

request "batch" 200 POST /api/v1/identifiers/batch -H 'Content-Type: application/json' -d '[
  {"identifier":"88.118.0002/B-1","values":[{"index":1,"type":"URL","data":"https://e.example/1"}]},
  {"identifier":"88.118.0002/A-1","values":[{"index":1,"type":"URL","data":"https://e.example/2"}]},
  {"identifier":"no-slash","values":[]}]'
request "what the batch created" 200 GET /api/v1/identifiers/88.118.0002/B-1

request "a problem: not registered" 404 GET /api/v1/identifiers/88.118.0002/NONE
header '^content-type: application/problem+json'
json 'body["status"] == 404 and body["title"]'
request "a problem: another node" 421 GET /api/v1/identifiers/88.999.1/X
header '^content-type: application/problem+json'
request "a problem: no JSON" 400 PUT "$item" -H 'Content-Type: application/json' -d '{'
header '^content-type: application/problem+json'

request "a listing" 200 GET '/api/v1/identifiers?prefix=88.118.0002&limit=1'
json '[one["identifier"] for one in body["identifiers"]] == ["88.118.0002/A-1"] and body["next"] == 1'
request "a listing goes on" 200 GET '/api/v1/identifiers?prefix=88.118.0002&cursor=1'
json '[one["identifier"] for one in body["identifiers"]] == ["88.118.0002/B-1"] and body["next"] is None'
request "handles of a prefix" 200 GET '/api/handles?prefix=0.NA/88.118.0002'
json 'body["totalCount"] == "2" and body["handles"] == ["88.118.0002/A-1", "88.118.0002/B-1"]'

request "a page of handles" 200 GET '/api/handles?prefix=88.118.0002&page=1&pageSize=1'
json 'body["page"] == 1 and body["handles"] == ["88.118.0002/B-1"]'

request "delete" 200 DELETE /api/v1/identifiers/88.118.0002/B-1
request "a problem: gone" 410 GET /api/v1/identifiers/88.118.0002/B-1
request "a listing with what was removed" 200 GET \
    '/api/v1/identifiers?prefix=88.118.0002&cursor=1&removed=true'
json 'body["identifiers"][0]["removed_at"] and (body["registered"], body["live"]) == (2, 1)'
request "the count of handles alone" 200 GET '/api/handles?prefix=0.NA/88.118.0002&pageSize=0'
json 'body["totalCount"] == "1" and body["handles"] == []'
for path in /api/v1/identifiers /api/handles; do
    status=$(curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$url$path?prefix=88.118.0002")
    [ "$status" = 401 ] || fail "a listing without a token: $path: $status"
    pass "a listing without a token: $path"
done

#----------- DNS, with kdig ------------------------------------------------------

# ask NAME PATTERN ARGUMENT…: kdig's whole answer has a line like that. It neither asks twice nor
# goes to TCP by itself.
ask() {
    name=$1 pattern=$2
    shift 2
    kdig "@127.0.0.1" -p "$dns_port" +timeout=10 +retry=0 +ignore +edns "$@" >"$data/body" \
        2>&1 || fail "$name: no answer: $(cat "$data/body")"
    grep -q -- "$pattern" "$data/body" || fail "$name: no $pattern: $(cat "$data/body")"
    pass "$name"
}

long=$(printf 'x%.0s' $(seq 1500))
request "put a long value" 201 PUT /api/v1/identifiers/88.118.0002/LONG-1 \
    -H 'Content-Type: application/json' \
    -d '{"values":[{"index":2001,"type":"NOTE","data":"'"$long"'"}]}'

a1=a-1.0002.118.88.id.example
rule='"u" "IDIS+URL" "!^\.\*\$!https://e.example/a?x=1!" \.$'
ask "kdig, NAPTR" "$rule" "$a1" NAPTR
ask "kdig, NAPTR over TCP" "$rule" +tcp "$a1" NAPTR
ask "kdig, URI" 'URI.10 1 "https://e.example/a?x=1"' "$a1" URI
ask "kdig, TXT" '"2007 URL=https://e.example/a?x=1"' "$a1" TXT
ask "kdig, SOA" 'SOA.ns.id.example. hostmaster.id.example.' id.example SOA
ask "kdig, no data above identifiers" 'status: NOERROR.*' 118.88.id.example TXT
ask "kdig, a name that is not there" 'status: NXDOMAIN' none.0002.118.88.id.example NAPTR
ask "kdig, another node's prefix" 'EDE: 20' x.1.999.88.id.example NAPTR
ask "kdig, another zone" 'status: REFUSED' example.org A
ask "kdig, ANY" 'HINFO.*RFC8482' "$a1" ANY
ask "kdig, a later EDNS" 'BADVERS' +edns=1 "$a1" NAPTR
ask "kdig, too long for UDP" 'Flags: qr aa tc' long-1.0002.118.88.id.example TXT
ask "kdig, the same over TCP" "NOTE=xxxx" +tcp long-1.0002.118.88.id.example TXT

#----------- Handle, with the command line ----------------------------------------

for via in http handle dns; do
    "$binary" resolve --via "$via" --json 88.118.0002/A-1 >"$data/body" ||
        fail "resolve --via $via: $(cat "$data/body")"
    grep -q 'https://e.example/a?x=1' "$data/body" ||
        fail "resolve --via $via: $(cat "$data/body")"
    pass "resolve --via $via"
done

#----------- dnspython and pyhandle, counted ----------------------------------------

"$python" tests/real-clients/clients.py "$url" "$dns_port" "$metrics" >"$data/clients" ||
    fail "dnspython and pyhandle: $(cat "$data/clients")"
cat "$data/clients"
passed=$((passed + $(grep -c '^ok: ' "$data/clients")))

#----------- Metrics, with promtool -----------------------------------------------

curl -sS --max-time 10 -o "$data/metrics" "$metrics" || fail "metrics: no answer"
promtool check metrics <"$data/metrics" >"$data/body" 2>&1 ||
    fail "promtool check metrics: $(cat "$data/body")"
[ ! -s "$data/body" ] || fail "promtool check metrics: $(cat "$data/body")"
pass "promtool check metrics"
# The alerts that operators are given.
promtool check rules docker/monitoring/alerts.yml >"$data/body" 2>&1 ||
    fail "promtool check rules: $(cat "$data/body")"
grep -q 'SUCCESS: [1-9]' "$data/body" || fail "promtool check rules: $(cat "$data/body")"
pass "promtool check rules"
promtool check config docker/monitoring/prometheus.yml >"$data/body" 2>&1 ||
    fail "promtool check config: $(cat "$data/body")"
pass "promtool check config"
# What the dashboard asks for, as rules: promtool reads no dashboards.
"$python" - docker/monitoring/dashboard.json >"$data/dashboard.yml" <<'PY'
import json, sys
panels = json.load(open(sys.argv[1]))["panels"]
asked = [target["expr"] for panel in panels for target in panel["targets"]]
print("groups:\n- name: dashboard\n  rules:")
for number, expression in enumerate(asked):
    print(f"  - record: asked:{number}\n    expr: {json.dumps(expression)}")
PY
promtool check rules "$data/dashboard.yml" >"$data/body" 2>&1 ||
    fail "promtool check of the dashboard: $(cat "$data/body")"
grep -q 'SUCCESS: [1-9][0-9]' "$data/body" || fail "promtool: $(cat "$data/body")"
pass "promtool check of the dashboard"

#----------- The tables of the national node, with openpyxl -----------------------

"$binary" topnode export --to "$data/tables" >"$data/body" || fail "topnode export: $(cat "$data/body")"
"$python" - "$data/tables" <<'PY' || fail "the workbook is not what was exported"
import csv, pathlib, sys
import openpyxl
folder = pathlib.Path(sys.argv[1])
[path] = folder.glob("topnode-*.xlsx")
book = openpyxl.load_workbook(path)
names = [name.split(" ")[0] for name in book.sheetnames]
assert names[:3] == ["T1", "T2", "T3"] and names[-1] == "F2", names
for sheet in book:
    name = sheet.title.split(" ")[0]
    [table] = folder.glob(f"{name}-*.csv")
    with open(table, encoding="utf-8-sig", newline="") as file:
        expected = list(csv.reader(file))
    empty = lambda value: "" if value is None else str(value)
    found = [[empty(cell.value) for cell in row] for row in sheet.iter_rows()]
    assert found == expected, (name, found[:3], expected[:3])
t3 = book[[name for name in book.sheetnames if name.startswith("T3 ")][0]]
prefixes = [row[0] for row in t3.iter_rows(min_row=2, values_only=True)]
assert "88.118" in prefixes and all(isinstance(prefix, str) for prefix in prefixes), prefixes
# What is not known here is marked for a person to fill in.
assert t3.cell(2, 6).fill.fgColor.rgb == "FFFFF7D6", t3.cell(2, 6).fill
PY
pass "the tables as a workbook and as CSV say the same"

#----------- Events and the monthly report ----------------------------------------

"$binary" topnode fault attack --note 'DNS 反射攻击' >/dev/null || fail "topnode fault"
code=0
"$binary" topnode events >"$data/body" || code=$?
[ "$code" = 1 ] || fail "topnode events with a fault that is not over: exit code $code, expected 1"
grep -q 'DNS 反射攻击' "$data/body" || fail "topnode events: $(cat "$data/body")"
"$binary" topnode recovered 1 --note '已清洗' >/dev/null || fail "topnode recovered"
"$binary" topnode events >/dev/null || fail "topnode events when all is over"
pass "a fault that a person sees, and that it is over"

month=$(TZ=Asia/Shanghai date +%Y-%m)
"$binary" topnode monthly "$month" --to "$data/tables" >"$data/body" || fail "topnode monthly"
grep -q 'so far' "$data/body" || fail "a month that goes on: $(cat "$data/body")"
"$python" - "$data/tables/monthly-$month" <<'PY' || fail "the monthly report"
import html.parser, sys
import openpyxl
book = openpyxl.load_workbook(sys.argv[1] + ".xlsx")
assert book.sheetnames == ["运行指标", "维护与紧急情况"], book.sheetnames
rows = [row[:2] for row in book["运行指标"].iter_rows(values_only=True)]
months = [row for row in rows if row[0] and "年" in row[0] and row[1] is not None]
[sla, hours] = [value for name, value in rows if name == months[-1][0] and name and "年" in name][-2:]
assert isinstance(sla, (int, float)) and 0 <= sla < 100, (sla, "the fault took some of it")
assert isinstance(hours, (int, float)) and hours >= 0, hours
said = [row[1] for row in book["维护与紧急情况"].iter_rows(values_only=True)]
assert any("DNS 反射攻击" in text and "已清洗" in text for text in said), said

class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""
    def handle_starttag(self, tag, attributes):
        assert not [value for name, value in attributes if name in ("src", "href")], attributes
        if tag not in ("meta", "br"):
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        self.text += data

page = Page()
page.feed(open(sys.argv[1] + ".html", encoding="utf-8").read())
assert not page.open, page.open
assert f"SLA 指标 {sla}%" in page.text and "DNS 反射攻击" in page.text, page.text
PY
pass "the monthly report as a workbook and as a page say the same"

#----------- What survives -------------------------------------------------------

# Its own port, so that it is the directory it is refused for.
code=0
BIAOSHI_HTTP_LISTEN=127.0.0.1:0 timeout 20 "$binary" serve >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || fail "a second start on the same directory: exit code $code, expected 1"
pass "a second start is refused"
kill -KILL "$node"
wait "$node" 2>/dev/null || true
start
request "there after kill -9" 200 GET "$item"
request "gone after kill -9" 410 GET /api/v1/identifiers/88.118.0002/B-1
for _ in 1 2 3; do
    request "asked before it is counted" 200 GET "$item"
done
# Timings are some seconds behind.
sleep 4
"$binary" statistics --json >"$data/now" || fail "statistics: $(cat "$data/now")"
"$binary" statistics days --json >"$data/days" || fail "statistics days: $(cat "$data/days")"
pass "statistics"
"$binary" statistics timings --lang en >"$data/body" || fail "statistics timings"
grep -Eq '^20[0-9-]+ +[0-9.]+ +[0-9.]+ +20' "$data/body" || fail "no latency: $(cat "$data/body")"
pass "statistics timings"
kill -TERM "$node"
code=0
wait "$node" || code=$?
[ "$code" = 0 ] || fail "SIGTERM: exit code $code"
node=
pass "SIGTERM ends it with 0"
"$binary" ledger verify >/dev/null || fail "ledger verify"
pass "ledger verify"

#----------- Counted over again, in Python ----------------------------------------

"$python" tools/recount.py "$data/node/ledger" --against "$data/days" >"$data/body" ||
    fail "the recount differs from the statistics: $(cat "$data/body")"
"$python" - "$data/body" "$data/now" <<'PY' || fail "the recount differs from the figures"
import json, sys
counted, said = (json.load(open(path)) for path in sys.argv[1:])
figures = said["figures"]
registered = figures["cumulative"]["registrations"]["new"]
found = counted["live"], counted["registrations"]
asked = sum(day["resolutions"]["requests"] for day in counted["days"])
assert found == (figures["identifiers"], registered) and registered > 2, (found, figures)
assert asked == figures["cumulative"]["resolutions"]["requests"] > 20, (asked, figures)
assert figures["today"]["resolutions"]["successes"] > 10, figures
timed = counted["days"][-1]["timings"]["resolution"], said["timings_today"]["resolution"]
assert timed[0]["asked"] == timed[1]["requests"] > 2, timed
PY
pass "a recount in Python says the same"
# It would find a number that is wrong.
for wrong in 's/"new": [1-9][0-9]*/"new": 1/' 's/"latency_ms_max": [0-9.]*/"latency_ms_max": 9e9/'; do
    sed "$wrong" "$data/days" >"$data/wrong"
    if cmp -s "$data/days" "$data/wrong" ||
        "$python" tools/recount.py "$data/node/ledger" --against "$data/wrong" >/dev/null 2>&1; then
        fail "the recount finds no wrong number: $wrong"
    fi
done
pass "a recount finds a number that is wrong"

# Days later the entries of the first ones are trimmed: those are counted from their roll-ups.
library=$(find /usr/lib -name libfaketimeMT.so.1 | head -1)
[ -n "$library" ] || fail "faketime is not installed: run tools/deps.sh test"
for day in 1 2 3 4 5 6; do
    export LD_PRELOAD="$library" FAKETIME="+${day}d" FAKETIME_DONT_FAKE_MONOTONIC=1
    start
    unset LD_PRELOAD FAKETIME FAKETIME_DONT_FAKE_MONOTONIC
    request "asked on day $day" 200 GET "$item"
    [ "$day" -lt 6 ] || { sleep 1 && "$binary" statistics days --json >"$data/days"; }
    kill -TERM "$node"
    wait "$node" || fail "SIGTERM on day $day"
    node=
done
"$binary" ledger verify >"$data/body" || fail "ledger verify: $(cat "$data/body")"
grep -q 'trimmed .*rolled up in control' "$data/body" || fail "not trimmed: $(cat "$data/body")"
"$python" tools/recount.py "$data/node/ledger" --against "$data/days" >"$data/body" ||
    fail "the recount of a trimmed ledger differs: $(cat "$data/body")"
pass "a recount of trimmed counters says the same"

echo "real clients: $passed checks passed"
