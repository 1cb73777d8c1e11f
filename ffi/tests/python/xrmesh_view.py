"""The library through ctypes, by include/xrmesh.h: every constant, struct and function of the header, by its name.

    xr = xrmesh_view.load("/usr/local/lib")
    mesh = xr.xrmesh_mesh()
    xr.check(xr.xrmesh_mesh_create(ctypes.byref(options), ctypes.byref(mesh)))
"""

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "csharp"))

from header import Unknown, read  # noqa: E402

PLAIN = {
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "uint16_t": ctypes.c_uint16,
    "uint8_t": ctypes.c_uint8,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
}
LIMITS = {"UINT32_MAX": 2**32 - 1, "UINT64_MAX": 2**64 - 1}


class Error(Exception):
    """A call that failed: its status and the library's text."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def _view(header):
    structs = {struct.name: type(struct.name, (ctypes.Structure,), {}) for struct in header.structs}

    def kind(c_type):
        c_type = c_type.removeprefix("const ")
        base, stars = c_type.rstrip("*"), c_type.count("*")
        base = header.aliases.get(base, base)
        if base == "void":
            return ctypes.c_void_p if stars == 1 else None
        if base == "char":
            return ctypes.c_char_p
        found = structs.get(base) or PLAIN.get(base)
        if found is None or stars > 1:
            raise Unknown(c_type)
        return ctypes.POINTER(found) if stars else found

    def function(one):
        return ctypes.CFUNCTYPE(kind(one.result), *(kind(parameter) for parameter, _ in one.parameters))

    def field(one):
        if one.function:
            return one.name, function(one.function)
        return one.name, kind(one.type) * one.length if one.length else kind(one.type)

    for struct in header.structs:
        structs[struct.name]._fields_ = [field(one) for one in struct.fields]
    constants = {one.name: LIMITS.get(one.value) or int(one.value) for one in header.constants}
    return structs, constants, kind


def layout():
    """Each struct's size and each field's offset, as ctypes places them."""
    structs, _, _ = _view(read())
    for name in sorted(structs):
        yield f"{name} {ctypes.sizeof(structs[name])}"
        for field in structs[name]._fields_:
            yield f"{name}.{field[0]} {getattr(structs[name], field[0]).offset}"


def load(folder):
    """Everything of the header, on the library in that folder."""
    header = read()
    structs, constants, kind = _view(header)
    library = ctypes.CDLL(str(Path(folder) / "libxrmesh.so"))
    xr = SimpleNamespace(**structs, **constants)
    for one in header.functions:
        function = getattr(library, one.name)
        function.restype = kind(one.result)
        function.argtypes = [kind(parameter) for parameter, _ in one.parameters]
        setattr(xr, one.name, function)

    def check(status):
        """Gives a status of 0 and above back, raises the others."""
        if status >= 0:
            return status
        text, length = ctypes.create_string_buffer(1024), ctypes.c_uint32()
        xr.xrmesh_last_error(text, 1024, ctypes.byref(length))
        raise Error(status, text.raw[: length.value].decode())

    def filled(name):
        """A struct that its _default function has filled."""
        struct = getattr(xr, name)()
        getattr(xr, name + "_default")(ctypes.byref(struct))
        return struct

    xr.check, xr.filled = check, filled
    return xr
