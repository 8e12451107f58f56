#!/bin/sh
# The instructions of one operation each, counted by callgrind: `benches/instructions.sh [PATTERN]`.
# A line: the name, the instructions, and for inputs of many sizes their bytes and the instructions
# of a byte.
#
# `benches/instructions.sh --check` holds the hot operations against benches/instructions.txt, and
# fails where one takes over 3 % more (and over 60 in all); `--accept` writes that file anew.
set -eu
cd "$(dirname "$0")/.."

baseline=benches/instructions.txt
# Above what the layout of a build makes of one operation …
percent_max=3
# … and what the secret of the index's hash makes of one look-up.
more_max=60
# All but the inputs of many sizes, which have a slash in their names.
hot='^[^/]*$'

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

# count PATTERN: a line for each operation whose name is like that.
count() {
    "$binary" list | grep -e "$1" | while read -r name bytes; do
        few=$(instructions "$name" 10)
        many=$(instructions "$name" 110)
        each=$(((many - few) / 100))
        if [ -n "$bytes" ]; then
            echo "$name $each bytes=$bytes each=$((each / bytes))"
        else
            echo "$name $each"
        fi
    done
}

case ${1:-} in
--accept)
    {
        echo "# Instructions of one operation, by benches/instructions.sh --accept; $(rustc --version)"
        count "$hot"
    } >"$baseline.new"
    mv "$baseline.new" "$baseline"
    cat "$baseline"
    ;;
--check)
    grep -qF "$(rustc --version)" "$baseline" ||
        echo "note: the baseline was counted with another compiler: $(head -1 "$baseline")"
    count "$hot" | awk -v max="$percent_max" -v more="$more_max" -v baseline="$baseline" '
        BEGIN { while ((getline line < baseline) > 0) { split(line, word, " "); was[word[1]] = word[2] } }
        !($1 in was) { print "FAIL: " $1 " has no baseline; see --accept"; failed = 1; next }
        {
            change = 100 * ($2 - was[$1]) / was[$1]
            printf "%-22s %9d, was %9d: %+.1f %%\n", $1, $2, was[$1], change
            if (change > max && $2 - was[$1] > more) { print "FAIL: " $1 " takes over " max " % more"; failed = 1 }
            seen++
        }
        END {
            if (!seen) { print "FAIL: nothing was counted"; failed = 1 }
            exit failed
        }'
    ;;
*) count "${1:-.}" ;;
esac
