#!/usr/bin/env bash
# The C suite, and a minute of fuzzing, with AddressSanitizer in the library and in the suite.
#
#   ffi/tests/asan.sh [--fuzz SECONDS] [--race]
#
# The library is built by nightly, in target-asan. --race also runs the suite and the frame loop under
# ThreadSanitizer, which needs the standard library's sources, because that must be instrumented, too.
. "$(dirname "$0")/lane.sh"
seconds=60 race=
while [ $# -gt 0 ]; do
    case $1 in
    --fuzz) seconds=$2; shift 2 ;;
    --race) race=1; shift ;;
    *) echo "unknown: $1" >&2; exit 2 ;;
    esac
done
needs cc rustup python3
cargo +nightly --version >/dev/null 2>&1 || skipped "Rust's nightly is not installed"
system=$(rustc +nightly -vV | sed -n 's/^host: //p')
runtimes=$(rustc +nightly --print sysroot)/lib/rustlib/$system/lib

# Builds the library with a sanitizer; leaves it under its names.
instrumented() { # SANITIZER OPTION-OF-CARGO...
    local sanitizer=$1
    shift
    export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_INCREMENTAL=0 CARGO_TARGET_DIR=$root/target-${sanitizer:0:1}san
    (cd "$root" && RUSTFLAGS="-Zsanitizer=$sanitizer" timeout 1500 \
        cargo +nightly build --quiet -p xrmesh-ffi --target "$system" "$@") || {
        failed "nightly builds the library with the $sanitizer sanitizer"
        exit 1
    }
    library "$CARGO_TARGET_DIR/$system/debug"
}

# The suite is instrumented by the compiler that is there, but the runtime is nightly's, one for both: the
# instrumented code's own version check, a symbol, says at link time whether they agree.
sanitized() { # PROGRAM RUNTIME OPTIONS...
    local to=$1 runtime=$2 flags how
    shift 2
    for how in gcc clang plain; do
        flags=(-Wl,--whole-archive "$runtime" -Wl,--no-whole-archive -Wl,--export-dynamic -lm -lrt -lstdc++)
        case $how in
        plain) ;;
        *) command -v "$how" >/dev/null || continue ;;
        esac
        if build_with "$how" "$to" "${flags[@]}" "$@" >"$work/link.log" 2>&1 &&
            bounded 60 "./$to" none_such || [ $? = 2 ]; then
            suite_by=$how
            return
        fi
    done
    cat "$work/link.log" "$work/said"
    failed "$to links with nightly's runtime"
    exit 1
}

# Compiles and links apart, so that the compiler's own runtime stays out.
build_with() { # HOW PROGRAM FLAGS-AND-FILES...
    local how=$1 to=$2 files=() flags=() word instrument=()
    shift 2
    for word in "$@"; do
        case $word in *.c) files+=("$word") ;; *) flags+=("$word") ;; esac
    done
    [ "$how" = plain ] || instrument=("-fsanitize=$sanitizer")
    local objects=() file compiler=cc
    [ "$how" = plain ] || compiler=$how
    for file in "${files[@]}"; do
        objects+=("$work/$how-$(basename "$file" .c).o")
        "$compiler" -std=gnu11 -g -O1 -I"$root/include" -I"$tests/c" -I"$tests/fuzz" "${instrument[@]}" -c "$file" \
            -o "${objects[-1]}" || return
    done
    "$compiler" "${objects[@]}" -o "$work/$to" -L"$work/lib" -lxrmesh -Wl,-rpath,"$work/lib" "${flags[@]}" \
        -lpthread -ldl
}

sanitizer=address
instrumented address
count=$(nm -D --undefined-only "$work/lib/libxrmesh.so.0" | grep -c ' __asan_' || true)
if [ "$count" -gt 0 ]; then
    ok "the library refers to $count symbols __asan_*"
else
    failed "the library is not instrumented"
fi
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:abort_on_error=0:exitcode=9
runtime=$runtimes/librustc-nightly_rt.asan.a
[ -e "$runtime" ] || skipped "nightly has no $runtime"

sanitized suite "$runtime" "$tests"/c/*.c
if bounded 400 ./suite && [ "$(grep -c ': ok$' "$work/said")" = "$(grep -c '{"' "$tests/c/main.c")" ]; then
    ok "AddressSanitizer: the whole suite ($suite_by)"
else
    head -80 "$work/said"
    failed "AddressSanitizer: the suite"
fi

# A program that reads one byte behind what it gave: the lane can fail.
cat >"$work/short.c" <<'C'
#include "check.h"
int main(int count, char **names)
{
    char *text = (char *)malloc(3);
    xrmesh_topic_id topic;
    (void)names;
    memcpy(text, "abc", 3);
    if (count == 1)
        OK(xrmesh_topic(text, 4, &topic)); /* one more than there is */
    free(text);
    return 0;
}
C
sanitized short "$runtime" "$work/short.c"
if ! bounded 60 ./short && grep -q heap-buffer-overflow "$work/said"; then
    ok "AddressSanitizer sees the library read a byte too far"
else
    cat "$work/said"
    failed "AddressSanitizer does not see the library read a byte too far"
fi

if [ "$seconds" -gt 0 ]; then
    python3 "$tests/fuzz/generate.py" "$root/include/xrmesh.h" >"$work/fuzz.c"
    sanitized fuzz "$runtime" "$work/fuzz.c"
    if bounded "$((seconds + 120))" ./fuzz 7 "$seconds"; then
        ok "AddressSanitizer: $(tail -1 "$work/said")"
    else
        head -80 "$work/said"
        failed "AddressSanitizer: fuzzing"
    fi
fi

if [ -n "$race" ]; then
    [ -d "$(rustc +nightly --print sysroot)/lib/rustlib/src/rust/library" ] ||
        skipped "ThreadSanitizer: nightly's rust-src is not installed, and the standard library must be built with it"
    sanitizer=thread
    rm -rf "$work/lib"
    instrumented thread -Zbuild-std
    sanitized race "$runtimes/librustc-nightly_rt.tsan.a" "$tests"/c/*.c
    count=$(nm -D --undefined-only "$work/lib/libxrmesh.so.0" | grep -c ' __tsan_' || true)
    if [ "$count" -gt 0 ]; then
        ok "the library and its standard library refer to $count symbols __tsan_*"
    else
        failed "the library is not instrumented for threads"
    fi
    if bounded 900 ./race && [ "$(grep -c ': ok$' "$work/said")" = "$(grep -c '{"' "$tests/c/main.c")" ]; then
        ok "ThreadSanitizer: the whole suite ($suite_by)"
    else
        head -80 "$work/said"
        failed "ThreadSanitizer: the suite"
    fi
    sanitized loop "$runtimes/librustc-nightly_rt.tsan.a" "$root/examples/c/frame_loop.c"
    if bounded 60 ./loop --seconds 3 && bounded 60 ./loop --seconds 2 --rate 500 --fps 40; then
        ok "ThreadSanitizer: a renderer's thread beside a simulation's"
    else
        head -80 "$work/said"
        failed "ThreadSanitizer: the frame loop"
    fi

    # Two threads have the library write to one place: the lane can fail.
    cat >"$work/both.c" <<'C'
#include "check.h"
#include <pthread.h>
static xrmesh_poll_result shared;
static void *polls(void *alone)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_message message;
    int i;
    for (i = 0; i < 1000; i++)
        OK(xrmesh_mesh_poll(mesh, &message, 1, NULL, 0, &shared));
    return alone;
}
int main(int count, char **names)
{
    pthread_t other;
    (void)names;
    if (count > 1)
        return 2;
    CHECK(pthread_create(&other, NULL, polls, NULL) == 0);
    polls(NULL);
    return pthread_join(other, NULL);
}
C
    sanitized both "$runtimes/librustc-nightly_rt.tsan.a" "$work/both.c"
    if ! bounded 60 ./both && grep -q 'WARNING: ThreadSanitizer: data race' "$work/said"; then
        ok "ThreadSanitizer sees the library write where another thread does"
    else
        head -40 "$work/said"
        failed "ThreadSanitizer does not see the library write where another thread does"
    fi
fi
