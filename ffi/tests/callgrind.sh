#!/usr/bin/env bash
# What a frame costs, in instructions, against the committed budget.
#
#   ffi/tests/callgrind.sh [--update] [FOLDER WITH THE BUILT LIBRARY]
#
# A frame is one submit, tick and poll of 0, 100 or 1,000 messages of 80 bytes on a mesh without threads; its cost
# is the difference of two run lengths. More than 3 % above or below the budget fails; --update writes it anew.
# Valgrind has no AVX-512: the budget covers the path with AVX2.
. "$(dirname "$0")/lane.sh"
update=
[ "${1:-}" != --update ] || { update=1; shift; }
needs valgrind cc
library "${1:-$root/target/release}"
budget=$tests/callgrind.budget
within_percent=3

program frame -O2 "$tests/timing/frame.c"
instructions() { # MESSAGES FRAMES
    # No random addresses: where memory lies decides how it is copied.
    bounded 120 setarch -R valgrind --tool=callgrind --callgrind-out-file=/dev/null ./frame "$1" "$2" ||
        { cat "$work/said" >&2; return 1; }
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$work/said"
}

compiled=$(strings -n 8 "$work/lib/libxrmesh.so.0" | grep -om1 'rustc version [0-9.]*[-a-z]* ([0-9a-f]* [0-9-]*)' || true)
[ -n "$compiled" ] || compiled="rustc $(rustc --version | cut -d' ' -f2-)"
with="$compiled, $(valgrind --version), glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)"
measured=()
for row in "0 4000" "100 400" "1000 40"; do
    read -r messages frames <<<"$row"
    short=$(instructions "$messages" "$frames")
    long=$(instructions "$messages" "$((frames * 2))")
    measured+=("$messages $(((long - short) / frames))")
done

if [ -n "$update" ]; then
    {
        echo "# Instructions of one frame: MESSAGES INSTRUCTIONS. Written by ffi/tests/callgrind.sh --update."
        echo "# Measured with: $with; profile release."
        printf '%s\n' "${measured[@]}"
    } >"$budget"
    ok "wrote ${budget#"$root"/}"
fi
[ -e "$budget" ] || { failed "there is no $budget"; exit 1; }
grep -qF "# Measured with: $with;" "$budget" ||
    echo "note: here it is $with; the budget says: $(sed -n 's/^# Measured with: //p' "$budget")"
for row in "${measured[@]}"; do
    read -r messages found <<<"$row"
    allowed=$(awk -v messages="$messages" '$1 == messages { print $2 }' "$budget")
    [ -n "$allowed" ] || { failed "the budget has no line for $messages messages"; continue; }
    off=$(awk -v a="$found" -v b="$allowed" 'BEGIN { printf "%+.2f", (a / b - 1) * 100 }')
    what="a frame of $messages messages: $found instructions, budget $allowed ($off %)"
    if awk -v off="$off" -v most="$within_percent" 'BEGIN { exit !(off <= most && off >= -most) }'; then
        ok "$what"
    else
        failed "$what; if that is wanted: ffi/tests/callgrind.sh --update"
    fi
done
