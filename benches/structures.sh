#!/bin/sh
# The index beside dashmap and papaya: the table of docs/adr/0001-index.md, line by line.
#
#   benches/structures.sh [identifiers …]      1000000 and 10000000 unless said otherwise
#
# Each structure in a process of its own, one after the other, twice over: what a busy machine does
# to one round it does not do to both.
set -eu
cd "$(dirname "$0")/.."
cargo bench --locked --bench structures --no-run
for round in 1 2; do
    for count in ${*:-1000000 10000000}; do
        for structure in own papaya dashmap; do
            echo "# round $round"
            cargo bench --locked --quiet --bench structures -- --structure "$structure" --count "$count"
        done
    done
done
