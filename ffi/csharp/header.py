"""Reads include/xrmesh.h: its constants, type names, structs and functions, with their documentation.

The header is written by cbindgen in one fixed style, and this reads that style and nothing else. Whatever it
does not understand is an error, never left out: `read` counts what the compiler would see and compares.
"""

import re
from pathlib import Path
from typing import NamedTuple

HEADER = Path(__file__).resolve().parents[2] / "include" / "xrmesh.h"


class Constant(NamedTuple):
    name: str
    value: str
    docs: str


class Field(NamedTuple):
    """`type` as in C, without `struct`; `length` of an array, or 0; `function` for a function pointer."""

    name: str
    type: str
    length: int
    function: "Function | None"
    docs: str


class Struct(NamedTuple):
    name: str
    fields: list
    docs: str

    @property
    def is_handle(self):
        return [field.name for field in self.fields] == ["bits"]


class Function(NamedTuple):
    name: str
    result: str
    parameters: list  # of (type, name)
    docs: str


class Header(NamedTuple):
    constants: list
    aliases: dict
    structs: list
    functions: list


class Unknown(Exception):
    """Something in the header that this reader does not know."""


DOCS = r"(?:/\*\*(?P<docs>(?:[^*]|\*(?!/))*)\*/\s*)?"


def _docs(text):
    lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in (text or "").strip("\n").split("\n")]
    return "\n".join(lines).strip()


def _type(text):
    return " ".join(text.replace("struct ", "").replace("*", " * ").split()).replace(" *", "*")


def _parameter(text):
    match = re.fullmatch(r"(.*?[\s*])(\w+)", " ".join(text.split()))
    if not match:
        raise Unknown(f"parameter: {text}")
    return _type(match[1]), match[2]


def _parameters(text):
    text = " ".join(text.split())
    return [] if text in ("", "void") else [_parameter(one) for one in text.split(",")]


def _field(text, docs):
    text = " ".join(text.split())
    if match := re.fullmatch(r"(\w+) \(\*(\w+)\)\((.*)\)", text):
        function = Function(match[2], _type(match[1]), _parameters(match[3]), docs)
        return Field(match[2], "function", 0, function, docs)
    if match := re.fullmatch(r"(.*?[\s*])(\w+)(?:\[(\d+)\])?", text):
        return Field(match[2], _type(match[1]), int(match[3] or 0), None, docs)
    raise Unknown(f"field: {text}")


def read(path=HEADER):
    """The header's declarations, in its order."""
    text = Path(path).read_text(encoding="utf-8")
    constants = [
        Constant(m["name"], m["value"], _docs(m["docs"]))
        for m in re.finditer(DOCS + r"#define (?P<name>XRMESH_\w+) (?P<value>\S+)\n", text)
    ]
    aliases = {m[2]: m[1] for m in re.finditer(r"typedef (\w+) (\w+);", text)}
    structs = []
    for m in re.finditer(DOCS + r"typedef struct (?P<name>\w+) \{\n(?P<body>.*?)\n\} (?P=name);", text, re.S):
        fields = [
            _field(one["text"], _docs(one["docs"]))
            for one in re.finditer(DOCS + r"(?P<text>[^;/]+);", m["body"])
        ]
        structs.append(Struct(m["name"], fields, _docs(m["docs"])))
    # The declarations end where the extern "C" does.
    begin = text.index('extern "C" {')
    part = text[begin : text.index('}  // extern "C"', begin)]
    pattern = DOCS + r"(?P<result>(?:const )?\w+ \*?)(?P<name>xrmesh_\w+)\((?P<parameters>[^;]*)\);"
    functions = [
        Function(m["name"], _type(m["result"]), _parameters(m["parameters"]), _docs(m["docs"]))
        for m in re.finditer(pattern, part)
    ]

    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    expected = {
        "constants": len(re.findall(r"^#define XRMESH_\w+ \S", bare, re.M)),
        "structs": len(re.findall(r"^typedef struct", bare, re.M)),
        "aliases": len(re.findall(r"^typedef (?!struct)", bare, re.M)),
        "functions": len(re.findall(r"\bxrmesh_\w+\s*\((?=[^()]*\);)", bare[bare.index('extern "C"') :])),
    }
    found = {
        "constants": len(constants),
        "structs": len(structs),
        "aliases": len(aliases),
        "functions": len(functions),
    }
    if found != expected:
        raise Unknown(f"read {found}, but the header has {expected}")
    for struct in structs:
        body = re.search(rf"typedef struct {struct.name} \{{(.*?)\n\}}", bare, re.S)[1]
        if len(struct.fields) != body.count(";"):
            raise Unknown(f"{struct.name}: read {len(struct.fields)} fields of {body.count(';')}")
    return Header(constants, aliases, structs, functions)


def layout_program(header):
    """A C program that prints each struct's size and each field's offset, as the compiler sees them."""
    lines = ['#include "xrmesh.h"', "#include <stddef.h>", "#include <stdio.h>", "int main(void)", "{"]
    for struct in sorted(header.structs):
        lines.append(f'    printf("{struct.name} %zu\\n", sizeof({struct.name}));')
        for field in struct.fields:
            place = f"offsetof({struct.name}, {field.name})"
            lines.append(f'    printf("{struct.name}.{field.name} %zu\\n", {place});')
    return "\n".join([*lines, "    return 0;", "}", ""])


if __name__ == "__main__":
    print(layout_program(read()), end="")
