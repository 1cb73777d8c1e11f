#!/usr/bin/env python3
"""Writes a C program that calls every function of the header with whatever may come: see fuzz.h for the rules.

    generate.py include/xrmesh.h >fuzz.c

A function, a struct or a kind of handle that is new in the header is called, too, without a change here, as long as
its pointers follow the habits: pointer, then its length.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from header import Header  # noqa: E402

# Pointers that share a length which does not follow them at once.
SHARED = {
    ("xrmesh_mesh_move_many", "agents"): "count",
    ("xrmesh_mesh_submit", "ids"): "count",
    ("xrmesh_context_submit", "ids"): "count",
    ("xrmesh_memory_insert", "objects"): "count",
    ("xrmesh_memory_update_poses", "ids"): "count",
    ("xrmesh_context_update_poses", "ids"): "count",
    ("xrmesh_memory_observe", "observations"): "count",
    ("xrmesh_snapshot_resolve", "ids"): "count",
    ("xrmesh_snapshot_world_poses", "ids"): "count",
    ("xrmesh_snapshot_world_boxes", "ids"): "count",
    ("xrmesh_snapshot_nearest_each", "points"): "count",
    ("xrmesh_snapshot_within_each", "points"): "count",
    ("xrmesh_snapshot_in_box_each", "boxes"): "count",
    ("xrmesh_snapshot_in_oriented_box_each", "boxes"): "count",
    ("xrmesh_snapshot_in_frustum_each", "frusta"): "count",
    ("xrmesh_snapshot_in_region_each", "regions"): "count",
    ("xrmesh_snapshot_ray_each", "rays"): "count",
    ("xrmesh_snapshot_ray_all_each", "rays"): "count",
}
# Arrays whose length is in no parameter.
FIXED = {"point": 3}
# How much a struct's pointer holds: the field with the length, and elements for each of it.
COUNTED = {
    ("xrmesh_region", "corners"): ("corner_count", 2),
    ("xrmesh_replay_options", "types"): ("type_count", 1),
    ("xrmesh_replay_options", "processors"): ("processor_count", 1),
    ("xrmesh_mesh_options", "config"): ("config_len", 1),
    ("xrmesh_named_type", "name"): ("name_len", 1),
    ("xrmesh_named_processor", "name"): ("name_len", 1),
    ("xrmesh_named_type", "agent_type"): (None, 1),
    ("xrmesh_observer", "sight"): (None, 1),
    ("xrmesh_filter", "classes"): ("class_count", 1),
    ("xrmesh_area", "name"): ("name_len", 1),
    ("xrmesh_area", "kind"): ("kind_len", 1),
    ("xrmesh_area", "properties"): ("properties_len", 1),
    ("xrmesh_area", "corners"): ("corner_count", 1),
}
# Fields that decide how long a call takes or how many threads there are: mostly small.
SMALL = {
    "worker_threads": "one_in(32) ? any_u32() : below(4)",
    "rows": "one_in(32) ? any_u32() : 1 + below(4)",
    "columns": "one_in(32) ? any_u32() : 1 + below(4)",
    "weights_offset": "one_in(8) ? any_u32() : 0",
    "payload_offset": "one_in(16) ? any_u32() : below(4)",
    "payload_len": "one_in(16) ? any_u32() : below(4)",
    "priority": "one_in(16) ? (uint8_t)chance() : (uint8_t)below(11)",
    "reserved": "one_in(64) ? 1 : 0",
    "buffer_bytes": "one_in(16) ? any_u32() : below(4096)",
    "attributes_offset": "one_in(16) ? any_u32() : below(4)",
    "attributes_len": "one_in(16) ? any_u32() : below(4)",
    "name_offset": "one_in(16) ? any_u32() : below(4)",
    "attributes": "one_in(16) ? any_u32() : below(4)",
    "class_id": "one_in(16) ? any_u32() : below(3)",
    "anchor": "one_in(16) ? any_u32() : below(3)",
    "queue": "one_in(64) ? any_u32() : below(16)",
    "hits": "one_in(64) ? any_u32() : below(64)",
    # Room on the disk.
    "reserve_bytes": "one_in(64) ? any_u64() : below(4096)",
    "mode": "one_in(16) ? any_u32() : below(3)",
    "merge_after": "one_in(4) ? any_u32() : 1 + below(3)",
}
# Called once where others are called so many times.
RARE = {
    "xrmesh_shutdown_all": 400,
    "xrmesh_mesh_destroy": 12,
    "xrmesh_mesh_stop": 20,
    "xrmesh_mesh_drive": 6,
    "xrmesh_sender_destroy": 6,
    "xrmesh_processor_destroy": 6,
    "xrmesh_histogram_destroy": 6,
    "xrmesh_replay_run": 3,
    "xrmesh_memory_destroy": 12,
    "xrmesh_memory_close": 20,
    "xrmesh_snapshot_destroy": 3,
    "xrmesh_workspace_destroy": 6,
    "xrmesh_subscription_destroy": 4,
    "xrmesh_checkpoint_destroy": 3,
    # They sync.
    "xrmesh_memory_open": 6,
    "xrmesh_memory_flush": 4,
    "xrmesh_memory_flush_behind": 4,
    "xrmesh_memory_checkpoint": 4,
    "xrmesh_store_compact": 8,
}
CALLBACKS = {"on_start", "on_message", "on_tick", "on_stop", "hash_state", "drop", "create", "write", "flush", "read"}

NUMBERS = {
    "uint8_t": "one_in(8) ? (uint8_t)chance() : (uint8_t)below(8)",
    "uint16_t": "one_in(4) ? (uint16_t)chance() : (uint16_t)below(24)",
    "uint32_t": "any_u32()",
    "uint64_t": "any_u64()",
    "int32_t": "(int32_t)any_u32()",
    "int64_t": "any_i64()",
    "float": "(float)any_double()",
    "double": "any_double()",
    "xrmesh_status": "-(xrmesh_status)below(900)",
    "xrmesh_agent_id": "any_id()",
    "xrmesh_topic_id": "any_id()",
    "xrmesh_object_id": "any_object()",
    "xrmesh_class_id": "one_in(16) ? any_u32() : below(3)",
    "xrmesh_anchor_id": "one_in(16) ? any_u32() : below(4)",
    "xrmesh_area_id": "one_in(16) ? any_u32() : below(4)",
}


class Writer:
    def __init__(self, header):
        self.header = header
        self.defaults = {
            function.name[: -len("_default")]
            for function in header.functions
            if function.name.endswith("_default")
        }

        # What goes in: by a function, within another struct, or behind its pointer.
        self.filled = {
            parameter.pointed
            for function in header.functions
            for parameter in function.parameters
            if parameter.is_pointer and (parameter.is_const or parameter.pointed in self.defaults)
        }
        while True:
            inner = {
                field.kind.rstrip("*")
                for name in self.filled & header.structs.keys()
                for field in header.structs[name]
            }
            if inner <= self.filled:
                break
            self.filled |= inner

    def value(self, kind, name):
        """An expression of a number's or a handle's kind."""
        if kind in self.header.handles:
            return f"({kind}){{any_handle(KIND_{kind})}}"
        if kind == "uint64_t" and name in ("from", "target", "to", "id", "agent"):
            return "any_id()"
        if name in SMALL:
            return SMALL[name]
        if kind not in NUMBERS:
            raise SystemExit(f"{name}: no values of {kind} are known")
        return NUMBERS[kind]

    def filler(self, name):
        """The function that fills one struct."""
        fields = self.header.structs[name]
        counted = {length for (struct, _), (length, _) in COUNTED.items() if struct == name}
        lines = [f"static void fill_{name}({name} *it)", "{"]
        # What has a default is mostly in order; what has none is all by chance.
        chance = 1
        if name in self.defaults:
            lines.append(f"    {name}_default(it);")
            chance = 6
        else:
            lines.append("    memset(it, 0, sizeof *it);")
        for field in fields:
            where = f"it->{field.name}"
            guard = f"    if (one_in({chance}))\n        " if chance > 1 else "    "
            if field.name == "target":
                # Its default is nobody.
                guard = "    "
            if field.name == "struct_size" or field.name in counted:
                continue
            if field.is_function:
                if field.name in CALLBACKS:
                    lines.append(f"    if (!one_in(6))\n        {where} = fuzz_{field.name};")
                else:
                    print(f"note: {name}.{field.name} stays NULL", file=sys.stderr)
            elif field.is_pointer:
                lines += self.pointer_field(name, field, where)
            elif field.kind in self.header.structs and field.kind not in self.header.handles:
                lines.append(f"{guard}fill_{field.kind}(&{where});")
            elif field.length > 1:
                value = self.value(field.kind, field.name)
                lines.append(f"{guard}for (int at = 0; at < {field.length}; at++)")
                lines.append(f"            {where}[at] = {value};")
            elif field.name == "abi_version":
                lines.append(f"    if (one_in(32))\n        {where} = any_u32();")
            else:
                lines.append(f"{guard}{where} = {self.value(field.kind, field.name)};")
        return "\n".join(lines + ["}", ""])

    def pointer_field(self, name, field, where):
        if field.pointed == "void":
            return [f"    {where} = (void *)&mesh_ns;"]
        if (name, field.name) not in COUNTED:
            print(f"note: {name}.{field.name} stays as its default", file=sys.stderr)
            return []
        length, each = COUNTED[name, field.name]
        lines = ["    if (one_in(3)) {"]
        if field.pointed == "char":
            lines += [
                "        uint32_t length = 0;",
                f"        {where} = any_text(&length);",
                f"        it->{length} = length;",
            ]
        else:
            count = f"any_count() * {each}" if length else "1"
            lines += [
                f"        uint32_t count = {count}, at;",
                f"        {field.pointed} *made = ({field.pointed} *)take(count * sizeof *made);",
                "        for (at = 0; made != NULL && at < count; at++)",
                f"            {self.element(field.pointed, 'made[at]', field.name)};",
                f"        {where} = made;",
            ]
            if length:
                lines.append(f"        it->{length} = made == NULL ? 0 : told(count / {each});")
        return lines + ["    }"]

    def element(self, kind, where, name):
        if kind in self.header.structs and kind not in self.header.handles:
            return f"fill_{kind}(&{where})"
        return f"{where} = {self.value(kind, name)}"

    def length_of(self, function, index):
        """The parameter that says how many elements a pointer has."""
        parameter = function.parameters[index]
        if (function.name, parameter.name) in SHARED:
            return SHARED[function.name, parameter.name]
        following = function.parameters[index + 1 : index + 2]
        if following and following[0].kind == "uint32_t":
            if re.fullmatch(r"(\w+_)?(len|count|capacity)", following[0].name):
                return following[0].name
        return None

    def call(self, function):
        names = [parameter.name for parameter in function.parameters]
        lengths = {}
        for index, parameter in enumerate(function.parameters):
            if parameter.is_pointer:
                length = self.length_of(function, index)
                if length:
                    lengths.setdefault(length, []).append(parameter.name)
        lines = [f"static xrmesh_status call_{function.name}(void)", "{"]
        texts = {
            parameter.name
            for parameter in function.parameters
            if parameter.kind == "char*" and parameter.is_const
        }
        for length, pointers in lengths.items():
            count = "0" if texts & set(pointers) else "any_count()"
            if "capacity" in length and any("payload" in one or "text" in one for one in pointers):
                count = "one_in(2) ? any_count() : 64 * any_count()"
            lines.append(f"    uint32_t n_{length} = {count};")
        keep = []
        for parameter in function.parameters:
            name, kind = parameter.name, parameter.kind
            length = next((one for one, pointers in lengths.items() if name in pointers), None)
            if not parameter.is_pointer:
                if name in lengths:
                    continue
                value = self.value(kind, name)
                if name == "now_ns":
                    value = "one_in(32) ? any_i64() : (mesh_ns += below(2000000))"
                lines.append(f"    {kind} {name} = {value};")
                continue
            lines += self.pointer(function, parameter, length)
            if not parameter.is_const:
                if parameter.pointed in self.header.handles:
                    keep.append(f"{name} != NULL) keep_handle(KIND_{parameter.pointed}, {name}->bits);")
                elif parameter.pointed == "xrmesh_object_id":
                    keep.append(f"{name} != NULL && n_{length} > 0) keep_object(*{name});")
                elif parameter.pointed in ("xrmesh_agent_id", "xrmesh_topic_id"):
                    some = f" && n_{length} > 0 && *{name} != 0xA5A5A5A5A5A5A5A5u" if length else ""
                    keep.append(f"{name} != NULL{some}) keep_id(*{name});")
        for length, pointers in lengths.items():
            # NULL may come with any length; all else with no more than there is.
            null = " && ".join(f"{one} == NULL" for one in pointers)
            lines.append(f"    uint32_t {length} = {null} ? any_u32() : told(n_{length});")
            if len(pointers) > 1:
                lines[-1] = f"    uint32_t {length} = told(n_{length});"
        call = f"{function.name}({', '.join(names)})"
        if function.result == "xrmesh_status":
            lines.append(f"    const xrmesh_status status = {call};")
            for one in keep:
                lines.append(f"    if (status >= 0 && {one}")
            lines.append("    return status;")
        elif function.result.endswith("*"):
            lines.append(f"    return {call} == NULL ? -1 : 0;")
        else:
            lines += [f"    {call};", "    return 0;"]
        return "\n".join(lines + ["}", ""])

    def pointer(self, function, parameter, length):
        name, kind = parameter.name, parameter.pointed
        count = f"n_{length}" if length else str(FIXED.get(name, 1))
        lines = [f"    {kind} *{name} = NULL;", "    if (!one_in(24)) {"]
        if kind == "char" and parameter.is_const:
            if not length:
                raise SystemExit(f"{function.name}: the text {name} has no length")
            source = next((f"any_{one}" for one in ("path", "folder") if one in name), "any_text")
            lines.append(f"        {name} = {source}(&n_{length});")
        elif kind in self.defaults and self.header.structs[kind][0].name == "struct_size" and not length:
            # One that says another size, and has it. What fills in defaults takes the whole of it.
            lines += [
                f"        uint32_t size = sizeof({kind});",
                f"        if ({int(not function.name.endswith('_default'))} && one_in(24))",
                "            size = one_in(2) ? 4 + below(size) : size + below(64);",
                f"        {kind} filled;",
                f"        fill_{kind}(&filled);",
                "        filled.struct_size = one_in(48) ? below(size + 1) : size;",
                f"        {name} = ({kind} *)take(size);",
                f"        if ({name} != NULL)",
                f"            memcpy({name}, &filled, size < sizeof filled ? size : sizeof filled);",
            ]
        else:
            lines.append(f"        {name} = ({kind} *)take({count} * sizeof *{name});")
            if parameter.is_const:
                lines += [
                    f"        for (uint32_t at = 0; {name} != NULL && at < {count}; at++)",
                    f"            {self.element(kind, f'{name}[at]', name)};",
                ]
        return lines + ["    }"]

    def write(self):
        header = self.header
        print("/* Written by ffi/tests/fuzz/generate.py. */")
        kinds = ", ".join(f"KIND_{name}" for name in header.handles)
        print(f"enum {{ {kinds}, KINDS }};\n#include \"fuzz.h\"\n")
        filled = [
            name for name in header.structs if name in self.filled and name not in header.handles
        ]
        for name in filled:
            print(f"static void fill_{name}({name} *it);")
        for name in filled:
            print(self.filler(name))
        for function in header.functions:
            print(self.call(function))
        print("static xrmesh_status call_spoil(void)\n{\n    spoil();\n    return 0;\n}\n")
        print("static const struct { const char *name; xrmesh_status (*run)(void); uint32_t one_in, for_callbacks; } CALL[] = {")
        for function in header.functions:
            rare, meant = RARE.get(function.name, 1), int(function.name.startswith("xrmesh_context_"))
            print(f'    {{"{function.name}", call_{function.name}, {rare}, {meant}}},')
        print('    {"spoil", call_spoil, 8, 0},\n};\n#include "fuzz_main.h"')


Writer(Header(sys.argv[1])).write()
