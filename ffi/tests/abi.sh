#!/usr/bin/env bash
# The binary interface against the committed baseline in ffi/abi: what is there stays as it is; more may come.
#
#   ffi/tests/abi.sh [--update] [FOLDER WITH THE BUILT LIBRARY]
#
# symbols.txt    the exported functions
# constants.txt  the header's numbers
# xrmesh.abi     parameters, structs and their layout (abidw), from a stub that is compiled from the header: it
#                needs no debug information of the library's own
# --update adds what is new; what is gone or changed it takes in as well, which breaks every host.
. "$(dirname "$0")/lane.sh"
update=
[ "${1:-}" != --update ] || { update=1; shift; }
needs cc nm readelf python3
library "${1:-$root/target/release}"
header=$root/include/xrmesh.h
baseline=$root/ffi/abi
shared=$work/lib/libxrmesh.so.0
mkdir -p "$baseline"

nm -D --defined-only "$shared" | awk '{ print $NF }' | sort >"$work/symbols.txt"
if grep -v '^xrmesh_' "$work/symbols.txt"; then failed "the names above are exported"; fi
python3 "$tests/fuzz/header.py" "$header" functions | sort >"$work/declared.txt"
if diff "$work/declared.txt" "$work/symbols.txt" >"$work/said"; then
    ok "what is exported is what the header declares: $(wc -l <"$work/symbols.txt") functions"
else
    cat "$work/said"
    failed "declared (<) and exported (>) differ"
fi
python3 "$tests/fuzz/header.py" "$header" constants | sort >"$work/constants.txt"

for list in symbols.txt constants.txt; do
    [ -z "$update" ] || cp "$work/$list" "$baseline/$list"
    if comm -23 "$baseline/$list" "$work/$list" | grep . >"$work/gone"; then
        cat "$work/gone"
        failed "$list: the lines above are gone or have changed"
    else
        ok "$list: all $(wc -l <"$baseline/$list") are there, $(comm -13 "$baseline/$list" "$work/$list" | wc -l) more"
    fi
done

# Systems with pages of 16 KB can map it.
aligns=$(readelf -lW "$shared" | awk '$1 == "LOAD" { print $NF }' | sort -u)
if [ -n "$aligns" ] && [ "$(for align in $aligns; do [ $((align)) -ge 16384 ] || echo less; done)" = "" ]; then
    ok "LOAD segments are aligned to ${aligns//$'\n'/, }"
else
    failed "LOAD segments are aligned to ${aligns//$'\n'/, }, expected 0x4000"
fi

needs abidiff abidw
python3 "$tests/fuzz/header.py" "$header" stub >"$work/stub.c"
cp "$header" "$work/xrmesh.h"
(cd "$work" && cc -std=c11 -w -g -O0 -shared -fPIC -ffile-prefix-map="$work=." -I. stub.c -o libxrmesh-stub.so)
if [ -n "$update" ]; then
    (cd "$work" && abidw --no-corpus-path --no-comp-dir-path --no-show-locs libxrmesh-stub.so) >"$baseline/xrmesh.abi"
fi
status=0
bounded 120 abidiff --no-added-syms "$baseline/xrmesh.abi" libxrmesh-stub.so || status=$?
if [ "$status" = 0 ]; then
    ok "abidiff: nothing that was there has changed"
else
    cat "$work/said"
    failed "abidiff (status $status): the changes above break hosts"
fi
