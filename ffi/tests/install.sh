#!/usr/bin/env bash
# Installs into a folder of its own and builds programs against what lies there, as a user would: by
# pkg-config (shared, static), by CMake, and beside a second Rust archive.
#
#   ffi/tests/install.sh [FOLDER WITH THE BUILT LIBRARY]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
from=${1:-$root/target/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix

skipped() { echo "SKIPPED: $1"; }

"$root/ffi/install.sh" --prefix "$prefix" --from "$from"

# The shared library has its name and exports nothing else.
objdump -p "$prefix/lib/libxrmesh.so" | grep -q 'SONAME *libxrmesh.so.0'
if nm -D --defined-only "$prefix/lib/libxrmesh.so" | awk '{print $NF}' | grep -v '^xrmesh_'; then
    echo "the names above are exported" >&2
    exit 1
fi

if command -v pkg-config >/dev/null; then
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    # shellcheck disable=SC2046
    cc "$root/examples/c/hello.c" -o "$work/shared" $(pkg-config --cflags --libs xrmesh) \
        -Wl,-rpath,"$prefix/lib"
    "$work/shared" | grep -q hello
    cc "$root/examples/c/hello.c" -o "$work/static" -I"$prefix/include" "$prefix/lib/libxrmesh.a" \
        -lpthread -ldl -lm
    "$work/static" | grep -q hello
    echo "ok: pkg-config, shared and static"
else
    skipped "pkg-config is not installed"
fi

# Another Rust archive in the same program, with panics of its own.
cat >"$work/second.rs" <<'RUST'
#[unsafe(no_mangle)]
pub extern "C" fn second_answer() -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    std::panic::catch_unwind(|| -> i32 { panic!("wanted") }).unwrap_or(42)
}
RUST
cat >"$work/both.c" <<'C'
#include "xrmesh.h"
int second_answer(void);
int main(void)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_mesh_options_default(&options);
    if (second_answer() != 42)
        return 1;
    if (xrmesh_mesh_create(&options, &mesh) < 0)
        return 2;
    return xrmesh_mesh_destroy(mesh) < 0 ? 3 : 0;
}
C
rustc --edition 2024 --crate-type staticlib "$work/second.rs" -o "$work/libsecond.a"
for order in "$prefix/lib/libxrmesh.a $work/libsecond.a" "$work/libsecond.a $prefix/lib/libxrmesh.a"; do
    # shellcheck disable=SC2086
    cc "$work/both.c" -I"$prefix/include" -o "$work/both" $order -lpthread -ldl -lm
    "$work/both"
done
echo "ok: beside a second Rust archive, in either order"

if command -v cmake >/dev/null; then
    mkdir "$work/cmake"
    cat >"$work/cmake/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.13)
project(hello C CXX)
find_package(xrmesh 0.1 REQUIRED)
add_executable(shared $root/examples/c/hello.c)
target_link_libraries(shared xrmesh::xrmesh)
add_executable(static $root/examples/c/hello.c)
target_link_libraries(static xrmesh::static)
add_executable(hellocpp $root/examples/cpp/hello.cpp)
set_target_properties(hellocpp PROPERTIES CXX_STANDARD 17)
target_link_libraries(hellocpp xrmesh::xrmesh)
CMAKE
    cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 &&
        cmake --build "$work/cmake/build" >>"$work/cmake.log" 2>&1 || { cat "$work/cmake.log"; exit 1; }
    for program in shared static hellocpp; do "$work/cmake/build/$program" | grep -q hello; done
    echo "ok: CMake, shared, static and C++"
else
    skipped "cmake is not installed"
fi
