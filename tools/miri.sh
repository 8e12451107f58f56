#!/bin/sh
# Runs the tests of the index under Miri, which sees each access to memory: what `unsafe` there
# promises is held. Installs a nightly toolchain where there is none.
#
# Tree Borrows, since `crossbeam-epoch` itself breaks the older Stacked Borrows; leaks are passed
# over, since what it keeps for readers is not freed at the end of a process.
set -eu
cd "$(dirname "$0")/.."
rustup toolchain install nightly --profile minimal --component miri,rust-src >/dev/null
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri"
export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-tree-borrows -Zmiri-permissive-provenance"
cargo +nightly miri test --locked --lib state::index
# Threads once more, in other orders and with other values that weak memory may show.
for seed in 1 2 3; do
    MIRIFLAGS="$MIRIFLAGS -Zmiri-seed=$seed" \
        cargo +nightly miri test --locked --lib state::index::tests::threads
done
