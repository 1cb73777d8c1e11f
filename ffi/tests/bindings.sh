#!/usr/bin/env bash
# Runs the bindings and the engines' packages against a built library: C#, Python, LuaJIT, Unity, Unreal, Godot,
# Panda3D.
#
#   ffi/tests/bindings.sh [FOLDER]
#
# FOLDER holds the library as cargo builds it (libxrmesh_ffi.so) or as ffi/install.sh installs it (libxrmesh.so);
# without it: target/release. Each lane prints `ok: …`, `FAILED: …` or `SKIPPED: why`; the script ends with 1 if one
# failed. Optional lanes and what they need:
#
#   XRMESH_PANDA3D        a python with Panda3D (python3 -m venv DIR && DIR/bin/pip install panda3d); else target/panda3d
#   XRMESH_GODOT_CHROOT   a Debian chroot with godot 4 (debootstrap --variant=minbase sid DIR, apt-get install godot);
#                         else a godot on the PATH
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
from=$(cd "${1:-$root/target/release}" && pwd) || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# lane NAME LIMIT-SECONDS FUNCTION: runs it in a shell of its own, which stops at its first error.
lane() {
    local name=$1 limit=$2 begun=$SECONDS log=$work/log
    shift 2
    export -f "$1"
    if timeout --kill-after=10 "$limit" bash -euo pipefail -c "$*" >"$log" 2>&1; then
        echo "ok: $name ($((SECONDS - begun)) s)"
    else
        echo "FAILED: $name (status $?, limit $limit s)"
        tail -n 40 "$log"
        failed=1
    fi
}
skipped() { echo "SKIPPED: $1"; }
have() { command -v "$1" >/dev/null 2>&1; }

# The library under its own name, with the headers of this tree.
mkdir -p "$work/prefix/lib" "$work/prefix/include"
for name in libxrmesh.so libxrmesh_ffi.so; do
    [ -e "$from/$name" ] && library=$from/$name && break
done
[ -n "${library:-}" ] || { echo "FAILED: no libxrmesh.so in $from"; exit 1; }
cp -L "$library" "$work/prefix/lib/libxrmesh.so.0"
ln -s libxrmesh.so.0 "$work/prefix/lib/libxrmesh.so"
cp "$root"/include/xrmesh.h "$root"/include/xrmesh.hpp "$work/prefix/include/"
export root work prefix=$work/prefix LIB=$work/prefix/lib PYTHONDONTWRITEBYTECODE=1
export LD_LIBRARY_PATH=$LIB${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export WARNINGS="-Wall -Wextra -Werror"

if ! have python3; then
    skipped "everything: python3 is not installed"
    exit "$failed"
fi

generated() {
    python3 "$root/ffi/csharp/generate.py" --check
    python3 "$root/ffi/unity/metas.py" --check
}
lane "C# view and Unity's metas as generated" 60 generated

layout_c() {
    python3 "$root/ffi/csharp/header.py" >"$work/layout.c"
    cc -I"$prefix/include" "$work/layout.c" -o "$work/layout"
    "$work/layout" >"$work/layout.txt"
}
if have cc; then
    lane "layout as the C compiler has it" 60 layout_c
else
    skipped "layouts are not compared: there is no C compiler"
    : >"$work/layout.txt"
fi
same_layout() { [ ! -s "$work/layout.txt" ] || diff "$work/layout.txt" "$1"; }
export -f same_layout

python_frame() {
    python3 "$root/ffi/tests/python/frame.py" --layout >"$work/python.txt"
    same_layout "$work/python.txt"
    python3 "$root/ffi/tests/python/frame.py" "$LIB"
}
lane "Python ctypes: layout, a frame, callbacks" 60 python_frame

lua_frame() {
    LC_ALL=C luajit "$root/ffi/tests/lua/frame.lua" --layout >"$work/lua.txt"
    same_layout "$work/lua.txt"
    luajit "$root/ffi/tests/lua/frame.lua" "$LIB"
}
if have luajit; then
    lane "LuaJIT FFI: layout, frames" 60 lua_frame
else
    skipped "LuaJIT: luajit is not installed"
fi

csharp_build() {
    python3 "$root/ffi/csharp/generate.py" --layout >"$work/Layout.cs"
    mcs -unsafe -warnaserror+ -out:"$work/tests.exe" "$root"/ffi/csharp/tests/*.cs "$work/Layout.cs" \
        "$root"/ffi/unity/Runtime/*.cs
    # What only phones compile.
    mcs -unsafe -warnaserror+ -target:library -define:UNITY_IOS -out:"$work/ios.dll" "$root"/ffi/unity/Runtime/*.cs
}
csharp_layout() {
    mono "$work/tests.exe" layout >"$work/csharp.txt"
    same_layout "$work/csharp.txt"
    mono "$work/tests.exe" exports | sort >"$work/csharp-names.txt"
    grep -o '\bxrmesh_[a-z0-9_]*(' <(sed 's:/\*.*\*/::' "$root/include/xrmesh.h" | grep -v '^ \*') | tr -d '(' | sort -u \
        >"$work/c-names.txt"
    diff "$work/c-names.txt" "$work/csharp-names.txt"
}
csharp_frame() { mono "$work/tests.exe" frame; }
csharp_callbacks() { mono "$work/tests.exe" callbacks; }
csharp_parts() { mono "$work/tests.exe" parts; }
csharp_recordings() { (cd "$work" && mono tests.exe recordings); }
csharp_memory() { mono "$work/tests.exe" memory; }
csharp_reloads() { mono "$work/tests.exe" reloads; }
unity() {
    "$root/ffi/stage.sh" unity "$prefix" "$work/unity"
    test -e "$work/unity/Plugins/x86_64/libxrmesh.so"
    python3 -m json.tool "$work/unity/package.json" >"$work/json"
    python3 -m json.tool "$work/unity/Runtime/Xrmesh.asmdef" >"$work/json"
    mcs -unsafe -warnaserror+ -nowarn:0649 -define:UNITY_5_3_OR_NEWER -out:"$work/unity.exe" \
        "$root"/ffi/tests/engines/unity/*.cs "$root/ffi/csharp/tests/Check.cs" "$work"/unity/Runtime/*.cs \
        "$work"/unity/Runtime/Unity/*.cs "$work"/unity/Samples~/Room/*.cs
    mono "$work/unity.exe"
}
unreal_rules() {
    mcs -warnaserror+ -nowarn:0649 -out:"$work/rules.exe" "$root/ffi/tests/engines/unreal/UnrealBuildTool.cs" \
        "$work/unreal/Source/Xrmesh/Xrmesh.Build.cs" "$work/unreal/Source/ThirdParty/XrmeshLibrary/XrmeshLibrary.Build.cs"
    mono "$work/rules.exe" "$work/unreal/Source/ThirdParty/XrmeshLibrary"
}
"$root/ffi/stage.sh" unreal "$prefix" "$work/unreal" || failed=1
if have mcs && have mono; then
    lane "C#: compiles with an old compiler, also for iOS" 120 csharp_build
    lane "C#: layout and every export" 60 csharp_layout
    lane "C#: a frame of 1,000 messages allocates nothing" 120 csharp_frame
    lane "C#: callbacks, exceptions, forced collections" 120 csharp_callbacks
    lane "C#: leased frames, histograms, processors" 60 csharp_parts
    lane "C#: recordings to streams, replays" 60 csharp_recordings
    lane "C#: the memory, a frame of 1,000 moves and its queries allocates nothing" 120 csharp_memory
    lane "C#: ten reloads of the domain" 180 csharp_reloads
    lane "Unity package against stand-ins: converters, components, sample" 120 unity
    lane "Unreal build rules against stand-ins" 60 unreal_rules
else
    skipped "C#, Unity, Unreal's build rules: mono-mcs and mono-runtime are not installed"
fi

unreal() {
    python3 -m json.tool "$work/unreal/Xrmesh.uplugin" >"$work/json"
    # shellcheck disable=SC2086
    c++ -std=c++17 -O1 $WARNINGS -Wno-unused-parameter -fno-exceptions -fno-rtti -isystem "$root/ffi/tests/engines/unreal" \
        -isystem "$work/unreal/Source/ThirdParty/XrmeshLibrary/include" -I"$work/unreal/Source/Xrmesh/Public" \
        -I"$work/unreal/Source/Xrmesh/Private" "$work"/unreal/Source/Xrmesh/Private/*.cpp \
        "$root/ffi/tests/engines/unreal/unreal_test.cpp" -o "$work/unreal_test" -L"$LIB" -lxrmesh
    "$work/unreal_test"
}
godot_standin() {
    # shellcheck disable=SC2086
    c++ -std=c++17 -O1 $WARNINGS -I"$root/ffi/tests/engines/godot" -I"$prefix/include" "$root"/ffi/godot/src/*.cpp \
        "$root/ffi/tests/engines/godot/godot_test.cpp" -o "$work/godot_test" -L"$LIB" -lxrmesh
    "$work/godot_test"
}
if have c++; then
    lane "Unreal plugin against stand-ins: converters, subsystem, component" 300 unreal
    lane "Godot extension against a stand-in engine, 120 frames" 300 godot_standin
else
    skipped "Unreal and Godot: there is no C++ compiler"
fi

panda() { "$python" "$root/ffi/tests/python/panda3d_session.py" "$LIB"; }
export python=${XRMESH_PANDA3D:-$root/target/panda3d/bin/python}
if [ -x "$python" ] && "$python" -c 'import panda3d' 2>/dev/null; then
    lane "Panda3D without a window: the session, 240 frames" 180 panda
else
    skipped "Panda3D: none at $python"
fi

# A real Godot builds the extension with the header that it writes itself, and runs the demo.
godot_run() {
    if [ -n "${XRMESH_GODOT_CHROOT:-}" ]; then
        chroot "$XRMESH_GODOT_CHROOT" env HOME="${place#"$XRMESH_GODOT_CHROOT"}" sh -c 'cd && exec godot --headless "$@"' godot "$@"
    else
        (cd "$place" && HOME=$work godot --headless "$@")
    fi
}
export -f godot_run
godot_real() {
    export place=${XRMESH_GODOT_CHROOT:-$work}/xrmesh
    rm -rf "$place"
    mkdir -p "$place"
    trap 'rm -rf "$place"' EXIT
    godot_run --version
    godot_run --dump-gdextension-interface || test -s "$place/gdextension_interface.h"
    for header in "$place" "$root/ffi/tests/engines/godot"; do
        c++ -I"$header" "$root/ffi/tests/engines/godot/layout.cpp" -o "$work/godot_layout"
        "$work/godot_layout" >"$work/godot-$(basename "$header").txt"
    done
    diff "$work/godot-xrmesh.txt" "$work/godot-godot.txt"
    cp -R "$root/ffi/godot/demo" "$place/demo"
    "$root/ffi/stage.sh" godot "$prefix" "$place/demo/addons/xrmesh"
    # shellcheck disable=SC2086
    c++ -std=c++17 -O1 $WARNINGS -shared -fPIC -fvisibility=hidden -I"$place" -I"$prefix/include" \
        "$root"/ffi/godot/src/*.cpp -o "$place/demo/addons/xrmesh/libxrmesh_godot.so" -L"$LIB" -lxrmesh \
        -Wl,-rpath,'$ORIGIN'
    # What the editor writes when it imports the project.
    mkdir -p "$place/demo/.godot"
    echo "res://addons/xrmesh/xrmesh.gdextension" >"$place/demo/.godot/extension_list.cfg"
    godot_run --path demo
}
if [ -n "${XRMESH_GODOT_CHROOT:-}" ] || have godot; then
    lane "Godot headless: layouts, the demo room, 120 frames" 300 godot_real
else
    skipped "a real Godot: none on the PATH, and XRMESH_GODOT_CHROOT is not set"
fi

exit "$failed"
