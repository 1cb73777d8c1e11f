// What this extension uses of Godot's C interface, found by name when it is loaded; no godot-cpp.
#pragma once

#include "gdextension_interface.h"

#include <cstdint>
#include <cstring>
#include <string>

namespace engine {

// A vector's number, as Godot was built: float unless with precision=double.
#ifdef XRMESH_GODOT_DOUBLE
using real = double;
#else
using real = float;
#endif

struct Vector3 {
    real x, y, z;
};
struct Quaternion {
    real x, y, z, w;
};

// What is found at load time. All are there from Godot 4.2 on.
struct Interface {
    GDExtensionInterfaceStringNameNewWithLatin1Chars string_name_new;
    GDExtensionInterfaceStringNewWithUtf8Chars string_new;
    GDExtensionInterfaceStringToUtf8Chars string_to_utf8;
    GDExtensionInterfaceVariantGetPtrDestructor destructor_of;
    GDExtensionInterfaceVariantGetPtrConstructor constructor_of;
    GDExtensionInterfaceVariantGetPtrBuiltinMethod method_of;
    GDExtensionInterfaceVariantGetType type_of;
    GDExtensionInterfaceGetVariantFromTypeConstructor variant_from;
    GDExtensionInterfaceGetVariantToTypeConstructor variant_to;
    GDExtensionInterfacePackedByteArrayOperatorIndex bytes_at;
    GDExtensionInterfacePackedByteArrayOperatorIndexConst const_bytes_at;
    GDExtensionInterfaceClassdbRegisterExtensionClass2 register_class;
    GDExtensionInterfaceClassdbRegisterExtensionClassMethod register_method;
    GDExtensionInterfaceClassdbUnregisterExtensionClass unregister_class;
    GDExtensionInterfaceClassdbConstructObject construct;
    GDExtensionInterfaceObjectSetInstance set_instance;
    GDExtensionInterfacePrintErrorWithMessage print_error;

    GDExtensionPtrDestructor drop_string, drop_name, drop_bytes;
    GDExtensionPtrConstructor new_bytes;
    GDExtensionPtrBuiltInMethod bytes_size, bytes_resize;
};

extern Interface godot;

// Finds all of it; false if something is missing.
bool find(GDExtensionInterfaceGetProcAddress find);

// The names of things, interned by Godot.
class Name {
public:
    explicit Name(const char *text) { godot.string_name_new(place_, text, 0); }
    Name(const Name &) = delete;
    Name &operator=(const Name &) = delete;
    ~Name() { godot.drop_name(place_); }
    void *get() { return place_; }
    // Equal names are the same entry of Godot's table.
    bool is(GDExtensionConstStringNamePtr other) const { return std::memcmp(place_, other, sizeof place_) == 0; }

private:
    alignas(8) unsigned char place_[sizeof(void *)];
};

class Text {
public:
    explicit Text(const char *text) { godot.string_new(place_, text); }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;
    ~Text() { godot.drop_string(place_); }
    void *get() { return place_; }

private:
    alignas(8) unsigned char place_[sizeof(void *)];
};

std::string utf8_of(GDExtensionConstStringPtr text);

} // namespace engine
