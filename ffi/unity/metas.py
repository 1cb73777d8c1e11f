"""Writes the .meta file that Unity wants beside each file and folder of the package.

    python3 ffi/unity/metas.py            writes those that are missing
    python3 ffi/unity/metas.py --check    exits with 1 if one is missing, left over, or has another's guid

A guid follows from the path within the package: scenes that refer to a script find it in every copy.
"""

import hashlib
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
SCRIPT = """MonoImporter:
  externalObjects: {}
  serializedVersion: 2
  defaultReferences: []
  executionOrder: 0
  icon: {instanceID: 0}
"""
IMPORTERS = {
    ".cs": SCRIPT,
    ".asmdef": "AssemblyDefinitionImporter:\n  externalObjects: {}\n",
    ".json": "PackageManifestImporter:\n  externalObjects: {}\n",
}
FOLDER = "folderAsset: yes\n"
OTHER = "DefaultImporter:\n  externalObjects: {}\n"
END = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n"


def wanted():
    """Paths within the package that need a meta: not this script, and no folder that Unity does not import."""
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        if path.suffix in (".meta", ".py", ".pyc") or inside.parts[-1].endswith("~") or "__pycache__" in inside.parts:
            continue
        yield path


def meta(path):
    name = f"org.xrmesh.unity/{path.relative_to(PACKAGE).as_posix()}"
    guid = hashlib.md5(name.encode()).hexdigest()
    body = FOLDER + OTHER if path.is_dir() else IMPORTERS.get(path.suffix, OTHER)
    return f"fileFormatVersion: 2\nguid: {guid}\n{body}{END}"


def main(arguments):
    metas = {path.with_name(path.name + ".meta"): path for path in wanted()}
    if arguments == ["--check"]:
        there = set(PACKAGE.rglob("*.meta"))
        wrong = [f"missing: {one}" for one in metas.keys() - there]
        wrong += [f"left over: {one}" for one in there - metas.keys()]
        guids = [re.search(r"^guid: ([0-9a-f]{32})$", one.read_text(), re.M) for one in sorted(there)]
        if None in guids or len({guid[1] for guid in guids}) != len(guids):
            wrong.append("a guid is missing or not the only one")
        if wrong:
            sys.exit("\n".join(wrong))
        return
    for at, path in metas.items():
        if not at.exists():
            at.write_text(meta(path), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
