#!/bin/sh
# Runs the lock-free parts of the index in every order in which their threads can run: the models of
# `tests/schedules`, a crate of its own with a checker that nothing else needs.
set -eu
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/schedules"
cd tests/schedules
exec cargo run --quiet --locked
