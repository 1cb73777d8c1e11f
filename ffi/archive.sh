#!/bin/sh
# Makes a static archive that links beside another Rust archive:
#
#   ffi/archive.sh target/release/libxrmesh_ffi.a libxrmesh.a
#
# Cargo's archive holds the standard library under its own names, as every other Rust archive does; two of
# other compilers clash in rust_eh_personality. Here all objects become one, that symbol and the reference to
# it get a name of their own, and only xrmesh_* stays global. LD, OBJCOPY and AR name the tools.
set -eu
[ $# = 2 ] || { echo "usage: ffi/archive.sh FROM.a TO.a" >&2; exit 2; }
: "${LD:=ld}" "${OBJCOPY:=objcopy}" "${AR:=ar}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$LD" -r --whole-archive "$1" -o "$work/xrmesh.o"
# Bitcode of the standard library is of no use to a linker, and older tools stumble over it.
"$OBJCOPY" --remove-section .llvmbc --remove-section .llvmcmd --strip-debug \
    --redefine-sym rust_eh_personality=xrmesh_rust_eh_personality \
    --redefine-sym DW.ref.rust_eh_personality=DW.ref.xrmesh_rust_eh_personality \
    "$work/xrmesh.o"
"$OBJCOPY" --wildcard --keep-global-symbol='xrmesh_*' "$work/xrmesh.o"
rm -f "$2"
"$AR" rcs "$2" "$work/xrmesh.o"
