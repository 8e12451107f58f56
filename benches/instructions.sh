#!/bin/sh
# The instructions of one operation each, counted by callgrind: `benches/instructions.sh [PATTERN]`.
# A line: the name, the instructions, and for inputs of many sizes their bytes and the instructions
# of a byte.
set -eu
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || {
    echo "error: there is no valgrind" >&2
    echo "hint: apt-get install valgrind" >&2
    exit 1
}
binary=$(cargo bench --locked --no-run --bench instructions 2>&1 |
    sed -n 's/.*Executable.*(\(.*\))/\1/p')

# instructions NAME COUNT: of the whole run.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$binary" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : //p'
}

"$binary" list | grep -e "${1:-.}" | while read -r name bytes; do
    few=$(instructions "$name" 10)
    many=$(instructions "$name" 110)
    each=$(((many - few) / 100))
    if [ -n "$bytes" ]; then
        echo "$name $each bytes=$bytes each=$((each / bytes))"
    else
        echo "$name $each"
    fi
done
