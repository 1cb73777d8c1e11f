#!/bin/sh
# Puts an engine's package together, with the library in it, from what ffi/install.sh installed.
#
#   ffi/stage.sh unity  PREFIX DEST    DEST: Packages/org.xrmesh.unity of a Unity project
#   ffi/stage.sh unreal PREFIX DEST    DEST: Plugins/Xrmesh of an Unreal project
#   ffi/stage.sh godot  PREFIX DEST    DEST: addons/xrmesh of a Godot project; its extension is built by ffi/godot
#
# PREFIX is of this machine (Linux x86-64). Libraries for other systems go to the places that the README of the
# engine's folder names.
set -eu
[ $# -eq 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
engine=$1 prefix=$2 dest=$3
here=$(cd "$(dirname "$0")" && pwd)
[ -e "$prefix/lib/libxrmesh.so" ] || { echo "$prefix/lib/libxrmesh.so is missing: run ffi/install.sh" >&2; exit 1; }
mkdir -p "$dest"

case $engine in
unity)
    cp -R "$here/unity/." "$dest/"
    rm -rf "$dest/metas.py" "$dest/__pycache__"
    mkdir -p "$dest/Plugins/x86_64"
    cp -L "$prefix/lib/libxrmesh.so" "$dest/Plugins/x86_64/libxrmesh.so"
    # Without one Unity writes it, for every platform.
    cat >"$dest/Plugins/x86_64/libxrmesh.so.meta" <<META
fileFormatVersion: 2
guid: 6f2c0c5e1a604e0f9d3a5bb2c7d1e840
PluginImporter:
  serializedVersion: 2
  platformData:
  - first:
      Any:
    second:
      enabled: 0
      settings: {}
  - first:
      Editor: Editor
    second:
      enabled: 1
      settings:
        CPU: x86_64
        OS: Linux
  - first:
      Standalone: Linux64
    second:
      enabled: 1
      settings:
        CPU: x86_64
META
    ;;
unreal)
    cp -R "$here/unreal/Xrmesh.uplugin" "$here/unreal/Source" "$dest/"
    library=$dest/Source/ThirdParty/XrmeshLibrary
    mkdir -p "$library/include" "$library/lib/Linux"
    cp "$prefix/include/xrmesh.h" "$prefix/include/xrmesh.hpp" "$library/include/"
    cp -L "$prefix/lib/libxrmesh.so" "$library/lib/Linux/libxrmesh.so"
    cp -L "$prefix/lib/libxrmesh.so" "$library/lib/Linux/libxrmesh.so.0"
    ;;
godot)
    cp "$here/godot/xrmesh.gdextension" "$dest/"
    cp -L "$prefix/lib/libxrmesh.so" "$dest/libxrmesh.so.0"
    ;;
*)
    echo "unknown engine: $engine" >&2
    exit 2
    ;;
esac
