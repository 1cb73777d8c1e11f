#!/usr/bin/env python3
"""What xrmesh.h declares.

    header.py HEADER functions|constants|stub

As a module: `Header(path)` has the functions, the structs with their fields, and the constants. The header is
generated and regular; whatever does not look as expected ends the program.
"""

import re
import sys
from dataclasses import dataclass, field


@dataclass
class Variable:
    """A parameter or a field. `kind` is without `const` and `struct`, with its stars."""

    name: str
    kind: str
    is_const: bool = False
    length: int = 1
    is_function: bool = False

    @property
    def is_pointer(self):
        return self.kind.endswith("*")

    @property
    def pointed(self):
        return self.kind[:-1]


@dataclass
class Function:
    name: str
    result: str
    parameters: list = field(default_factory=list)
    declaration: str = ""


def variable(text):
    text = text.strip()
    if "(*" in text:
        return Variable(re.search(r"\(\*(\w+)\)", text).group(1), "function", is_function=True)
    found = re.fullmatch(r"(.*?[\s*])(\w+)(?:\[(\d+)\])?", text, re.S)
    if not found:
        raise SystemExit(f"not understood: {text}")
    kind = re.sub(r"\b(struct)\b", "", found.group(1))
    is_const = "const" in kind
    kind = kind.replace("const", "").replace(" ", "")
    return Variable(found.group(2), kind, is_const, int(found.group(3) or 1))


class Header:
    def __init__(self, path):
        text = open(path, encoding="utf-8").read()
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        text = re.sub(r"//.*", "", text)
        self.constants = dict(re.findall(r"^#define (XRMESH_\w+) (\S.*?)\s*$", text, re.M))
        text = re.sub(r"^#.*$", "", text, flags=re.M)
        before, after = text.split('extern "C" {')
        self.structs = {}
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\n\} (\w+);", before, re.S):
            fields = [variable(" ".join(part.split())) for part in body.split(";") if part.strip()]
            self.structs[name] = fields
        self.numbers = dict(
            (name, kind) for kind, name in re.findall(r"typedef (u?int\d+_t) (\w+);", before)
        )
        self.functions = []
        for part in after.split(";"):
            declaration = " ".join(part.replace("}", "").split())
            if not declaration:
                continue
            found = re.fullmatch(r"(.*?[\s*])(\w+)\((.*)\)", declaration)
            if not found:
                raise SystemExit(f"not understood: {declaration}")
            function = Function(found.group(2), found.group(1).strip(), declaration=declaration)
            if found.group(3) != "void":
                function.parameters = [variable(one) for one in found.group(3).split(",")]
            self.functions.append(function)
        if len(self.functions) < 100 or len(self.structs) < 30:
            raise SystemExit("the header is not as expected")
        # One field `bits`: a handle.
        self.handles = [
            name
            for name, fields in self.structs.items()
            if len(fields) == 1 and fields[0].name == "bits"
        ]


def stub(header):
    """A C file that defines every function, for the description of the interface."""
    print('#include "xrmesh.h"')
    for function in header.functions:
        print(f"{function.declaration} {{ {'return 0;' if function.result != 'void' else ''} }}")


def main():
    header, what = Header(sys.argv[1]), sys.argv[2]
    if what == "functions":
        print("\n".join(function.name for function in header.functions))
    elif what == "constants":
        print("\n".join(f"{name} {value}" for name, value in header.constants.items()))
    elif what == "stub":
        stub(header)
    else:
        raise SystemExit(f"unknown: {what}")


if __name__ == "__main__":
    main()
