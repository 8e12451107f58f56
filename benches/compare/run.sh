#!/bin/sh
# biaoshi beside the servers that its users would otherwise take: `benches/compare/run.sh [options]`.
# README.md beside this says what is compared, --help lists the options.
set -eu
command -v python3 >/dev/null 2>&1 || {
    echo "error: there is no python3" >&2
    echo "hint: apt-get install python3" >&2
    exit 1
}
exec python3 -B "$(dirname "$0")/compare.py" "$@"
