# What the lanes are written in: sourced by each, which takes the folder with the built library.
#
# A lane prints `ok: …`, `FAILED: …` or `SKIPPED: why`, and fails if anything failed.
set -euo pipefail
export LC_ALL=C
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tests/../.." && pwd)
work=$(mktemp -d)
wrong=0

end() {
    local status=$?
    # What a lane started must not outlive it.
    jobs -p | xargs -r kill 2>/dev/null || true
    rm -rf "$work"
    if [ "$status" != 0 ] && [ "$wrong" = 0 ]; then
        echo "FAILED: $(basename "$0") ended with status $status"
        exit "$status"
    fi
    exit "$wrong"
}
trap end EXIT

ok() { echo "ok: $*"; }
failed() {
    echo "FAILED: $*"
    wrong=1
}

# Ends the lane.
skipped() {
    echo "SKIPPED: $*"
    exit 0
}

# The lane can do nothing without these programs.
needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skipped "$program is not installed"
    done
}

# Gives the built library its installed names in a folder of the lane's own.
library() { # FOLDER
    local from
    from=$(cd "$1" 2>/dev/null && pwd) || {
        failed "there is no folder $1: build with cargo build -p xrmesh-ffi --release"
        exit 1
    }
    mkdir -p "$work/lib"
    [ -e "$from/libxrmesh_ffi.so" ] || {
        failed "$from holds no libxrmesh_ffi.so"
        exit 1
    }
    ln -sf "$from/libxrmesh_ffi.so" "$work/lib/libxrmesh.so.0"
    ln -sf libxrmesh.so.0 "$work/lib/libxrmesh.so"
    [ ! -e "$from/libxrmesh_ffi.a" ] || ln -sf "$from/libxrmesh_ffi.a" "$work/lib/libxrmesh.a"
}

# Builds a C program against the shared library: PROGRAM, then files and options of the compiler.
program() {
    local to=$work/$1
    shift
    "${CC:-cc}" -std=gnu99 -g -O1 -Wall -Wextra -I"$root/include" -I"$tests/c" "$@" -o "$to" \
        -L"$work/lib" -lxrmesh -Wl,-rpath,"$work/lib" -lpthread -ldl
}

# Runs a command for that many seconds at most and keeps what it says in $work/said.
bounded() { # SECONDS COMMAND...
    local limit=$1 status=0
    shift
    (cd "$work" && timeout --kill-after=10 "$limit" "$@") >"$work/said" 2>&1 || status=$?
    [ "$status" != 124 ] || echo "ran longer than $limit s" >>"$work/said"
    return "$status"
}
