#!/usr/bin/env bash
# Compares a poll from C# with the same from C: five runs of each in turn, the median of their medians.
#
#   ffi/csharp/tests/timing.sh FOLDER-WITH-libxrmesh.so
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)
lib=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH=$lib
python3 "$root/ffi/csharp/generate.py" --layout >"$work/Layout.cs"
mcs -unsafe -optimize+ -out:"$work/tests.exe" "$root"/ffi/csharp/tests/*.cs "$work/Layout.cs" "$root"/ffi/unity/Runtime/*.cs
cc -O2 -I"$root/include" "$root/ffi/csharp/tests/poll_timing.c" -o "$work/c" -L"$lib" -lxrmesh
for _ in 1 2 3 4 5; do
    "$work/c" >>"$work/c.txt"
    mono "$work/tests.exe" timing >>"$work/cs.txt"
done
median() { sort -n "$1" | sed -n 3p; }
c=$(median "$work/c.txt") cs=$(median "$work/cs.txt")
echo "C $c ns, C# $cs ns: $(awk "BEGIN { printf \"%.3f\", $cs / $c }")"
