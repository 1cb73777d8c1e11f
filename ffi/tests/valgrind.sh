#!/usr/bin/env bash
# The C suite under valgrind: wrong accesses, values that nobody set, and definite leaks fail.
#
#   ffi/tests/valgrind.sh [FOLDER WITH THE BUILT LIBRARY] [TEST...]
#
# Without names: all, about a minute. Valgrind has no AVX-512: the library sees that by CPUID and takes AVX2.
. "$(dirname "$0")/lane.sh"
needs valgrind cc
library "${1:-$root/target/release}"
shift || true
names=("$@")
if [ ${#names[@]} = 0 ]; then
    mapfile -t names < <(sed -n 's/^ *{"\(.*\)", test_.*/\1/p' "$tests/c/main.c")
    [ ${#names[@]} -ge 12 ] || failed "main.c names ${#names[@]} tests, expected 12 or more"
fi

program suite "$tests"/c/*.c
for name in "${names[@]}"; do
    begun=$SECONDS
    if bounded 240 valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
        --errors-for-leak-kinds=definite --fair-sched=yes ./suite "$name" &&
        grep -q "^$name: ok" "$work/said"; then
        ok "valgrind $name, $((SECONDS - begun)) s"
    else
        head -60 "$work/said"
        failed "valgrind $name, $((SECONDS - begun)) s"
    fi
done
