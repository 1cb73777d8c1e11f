#!/usr/bin/env bash
# Calls every function of the header with whatever may come: handles that live, lived, are foreign or garbage, NULL,
# unknown enums, structs of other sizes, buffers of real sizes, in any order, also from callbacks and by two threads.
# Nothing may crash, panic, hang or stay behind.
#
#   ffi/tests/fuzz.sh [FOLDER WITH THE BUILT LIBRARY] [SECONDS] [SEED [ROUND]]
#
# The default is a minute of seed 1. With a ROUND that a failure has named, that one alone.
. "$(dirname "$0")/lane.sh"
needs cc python3
library "${1:-$root/target/release}"
seconds=${2:-60} seed=${3:-1}

python3 "$tests/fuzz/generate.py" "$root/include/xrmesh.h" >"$work/fuzz.c" 2>"$work/notes"
sed 's/^/  /' "$work/notes"
program fuzz -I"$tests/fuzz" -Wno-unused-function "$work/fuzz.c"
mkdir "$work/files"
if (cd "$work/files" && timeout --kill-after=10 $((seconds + 120)) ../fuzz "$seed" "$seconds" ${4:+"$4"}) \
    >"$work/said" 2>&1; then
    sed '$d; s/^/  /' "$work/said"
    ok "fuzzing: $(tail -1 "$work/said")"
else
    status=$?
    tail -40 "$work/said"
    failed "fuzzing with seed $seed: status $status"
fi
