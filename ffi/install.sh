#!/bin/sh
# Builds libxrmesh and installs it: shared and static library, headers, pkg-config file, CMake package.
#
#   ffi/install.sh [--prefix /usr/local] [--destdir DIR] [--profile release] [--from target/release]
#
# The crate's library is called xrmesh_ffi, because the Rust library is called xrmesh and both leave their
# files in one folder. Here they get their names: libxrmesh.so.0.1.0 (its SONAME, libxrmesh.so.0, is set when
# it is linked) and libxrmesh.a. --from takes files that are built already.
set -eu

prefix=/usr/local destdir= profile=release from=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=$2 ;;
    --destdir) destdir=$2 ;;
    --profile) profile=$2 ;;
    --from) from=$2 ;;
    *) echo "unknown: $1" >&2; exit 2 ;;
    esac
    shift 2
done

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
major=${version%%.*}

if [ -z "$from" ]; then
    (cd "$root" && cargo build -p xrmesh-ffi --profile "$profile")
    folder=$profile
    [ "$profile" = dev ] && folder=debug
    from=${CARGO_TARGET_DIR:-$root/target}/$folder
fi

lib=$destdir$prefix/lib
include=$destdir$prefix/include
mkdir -p "$lib/pkgconfig" "$lib/cmake/xrmesh" "$include"
cp "$root/include/xrmesh.h" "$root/include/xrmesh.hpp" "$include/"
"$here/archive.sh" "$from/libxrmesh_ffi.a" "$lib/libxrmesh.a"
cp "$from/libxrmesh_ffi.so" "$lib/libxrmesh.so.$version"
ln -sf "libxrmesh.so.$version" "$lib/libxrmesh.so.$major"
ln -sf "libxrmesh.so.$major" "$lib/libxrmesh.so"
for template in "$here"/package/*.in; do
    [ -e "$template" ] || continue
    name=$(basename "$template" .in)
    case $name in
    *.pc) to=$lib/pkgconfig/$name ;;
    *) to=$lib/cmake/xrmesh/$name ;;
    esac
    sed -e "s|@prefix@|$prefix|g" -e "s|@version@|$version|g" -e "s|@major@|$major|g" "$template" >"$to"
done
echo "installed libxrmesh $version under $destdir$prefix"
