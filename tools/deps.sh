#!/bin/sh
# Installs what building needs and this machine lacks, and what testing, or testing for long, needs,
# if asked to: `deps.sh [test|long]`. Touches nothing that is there.
set -eu
cd "$(dirname "$0")/.."

for_tests=
[ "${1:-}" != test ] || for_tests=1

missing=
needs() { # needs PACKAGE TEST…
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

needs gcc command -v cc
needs libc6-dev test -e /usr/include/stdio.h
needs curl command -v curl
needs ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
if [ "$for_tests" ]; then
    needs python3 command -v python3
    needs python3-venv python3 -c 'import ensurepip, venv'
    # Sets the clock of a node under test.
    needs faketime command -v faketime
    # kdig: a DNS client that others wrote.
    needs knot-dnsutils command -v kdig
    # promtool: checks metrics and alerts.
    needs prometheus command -v promtool
fi
# Counts instructions.
[ "${1:-}" != long ] || needs valgrind command -v valgrind

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "error: missing:$missing" >&2
        echo "hint: install them with the package manager of this system" >&2
        exit 1
    fi
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    echo "installing:$missing"
    # RUNLEVEL=1: an installation here starts no service.
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get update -q
    # shellcheck disable=SC2086 # a list of packages
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -qy --no-install-recommends $missing
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "error: there is no cargo" >&2
    echo "hint: install Rust 1.95 or later from https://rustup.rs" >&2
    exit 1
fi
cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
cargo clippy --version >/dev/null 2>&1 || rustup component add clippy

# Clients in Python, in a place of their own.
python=${CARGO_TARGET_DIR:-target}/python
wanted=tests/real-clients/requirements.txt
if [ "$for_tests" ] && ! cmp -s "$wanted" "$python/installed.txt"; then
    echo "installing clients in Python"
    rm -rf "$python"
    python3 -m venv "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$wanted"
    cp "$wanted" "$python/installed.txt"
fi
