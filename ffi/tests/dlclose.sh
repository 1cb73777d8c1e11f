#!/usr/bin/env bash
# What stays behind: after dlclose nothing is mapped, 100 times; after destroy no thread runs.
#
#   ffi/tests/dlclose.sh [FOLDER WITH THE BUILT LIBRARY]
. "$(dirname "$0")/lane.sh"
needs cc
library "${1:-$root/target/release}"

# Not linked to the library: it loads it itself.
cc -std=gnu99 -g -O1 -Wall -Wextra -Werror -I"$root/include" "$tests/loading/unload.c" -o "$work/unload" \
    -lpthread -ldl
# Under its own name, and not where the compiler's files lie: what is mapped is found by the name.
cp -L "$work/lib/libxrmesh.so.0" "$work/libxrmesh.so.0"
for what in "cycles 100" threads; do
    # shellcheck disable=SC2086
    if bounded 120 ./unload "$work/libxrmesh.so.0" $what; then
        while read -r line; do ok "$line"; done <"$work/said"
    else
        cat "$work/said"
        failed "unload $what"
    fi
done
