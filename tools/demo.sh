#!/bin/sh
# The demonstration: a node with six secondary prefixes, sixty firms and two hundred products.
# Ctrl-C stops it; the next start finds everything there.
set -eu
cd "$(dirname "$0")/.."

binary=${CARGO_TARGET_DIR:-target}/release/biaoshi
config=config/demo.toml
listen=${BIAOSHI_HTTP_LISTEN:-127.0.0.1:8000}
url=http://${listen%%,*}
dns_listen=${BIAOSHI_DNS_LISTEN:-127.0.0.1:8053}
dns_listen=${dns_listen%%,*}
metrics_listen=${BIAOSHI_METRICS_LISTEN:-127.0.0.1:9641}
metrics_listen=${metrics_listen%%,*}
ready_seconds_max=60

# Whatever answers there would be taken for the node, and be imported into.
if curl -fs -o /dev/null --max-time 2 "$url/healthz"; then
    echo "error: something answers on $url already" >&2
    echo "hint: stop it, or set BIAOSHI_HTTP_LISTEN to another address" >&2
    exit 1
fi

"$binary" --config "$config" serve &
node=$!
stop() { kill -TERM "$node" 2>/dev/null || true; }
trap stop INT TERM HUP
running() { kill -0 "$node" 2>/dev/null; }

# The exit code of the node, however often a signal interrupts the wait.
finish() {
    code=0
    wait "$node" || code=$?
    while running; do
        code=0
        wait "$node" || code=$?
    done
    exit "$code"
}

waited=0
until curl -fs -o /dev/null --max-time 2 "$url/readyz"; do
    running || finish
    waited=$((waited + 1))
    if [ "$waited" -gt $((ready_seconds_max * 5)) ]; then
        echo "error: the node was not ready after $ready_seconds_max seconds" >&2
        stop
        wait "$node" || true
        exit 1
    fi
    sleep 0.2
done

# A second run finds them registered: nothing is done twice.
for file in demo/enterprises.csv demo/products.csv; do
    if ! "$binary" --config "$config" import "$file"; then
        stop
        wait "$node" || true
        exit 1
    fi
done

cat <<TOUR

The node is running. Try, in another terminal:

  curl $url/api/v1/identifiers/88.118.0002/P03202605270000001
  curl $url/api/handles/88.118.0002/P03202605270000001
  curl $url/api/handles/0.NA/88.118.0002
  curl $url/88.118.0002/P03202605270000001
  $binary --config $config resolve 88.118.0002/P03202605270000001
  $binary --config $config resolve --via handle 88.118.0002/P03202605270000001
  $binary --config $config resolve --via dns 88.118.0002/P03202605270000001
  dig @${dns_listen%:*} -p ${dns_listen##*:} p03202605270000001.0002.118.88.id.example NAPTR
  $binary --config $config backup create biaoshi-data/backups
  curl http://$metrics_listen/metrics

The data is in biaoshi-data/demo. Ctrl-C stops the node.
TOUR

finish
