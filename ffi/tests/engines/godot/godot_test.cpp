// The Godot extension against a small engine of the test's own: it registers its class, a node is made, run for 120
// frames by its _process, called typed and through variants, and taken down.
#include "gdextension_interface.h"
#include "xrmesh.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

extern "C" GDExtensionBool xrmesh_godot_entry(GDExtensionInterfaceGetProcAddress, GDExtensionClassLibraryPtr,
                                              GDExtensionInitialization *);

#define CHECK(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                            \
            std::exit(1);                                                                                              \
        }                                                                                                              \
    } while (0)

namespace {

// Strings and byte arrays are pointers to their content, names pointers into a table; each is counted.
using Bytes = std::vector<std::uint8_t>;
int strings = 0, arrays = 0, errors = 0;
std::set<std::string> table;

struct Variant {
    GDExtensionVariantType type = GDEXTENSION_VARIANT_TYPE_NIL;
    alignas(8) unsigned char place[16] = {};
};

const std::string *&name_at(void *place) { return *static_cast<const std::string **>(place); }
const std::string &text_of(const void *name) { return **static_cast<const std::string *const *>(name); }
Bytes *&bytes_at(void *place) { return *static_cast<Bytes **>(place); }

void name_new(void *place, const char *text, GDExtensionBool) { name_at(place) = &*table.insert(text).first; }
void string_new(void *place, const char *text)
{
    *static_cast<std::string **>(place) = new std::string(text);
    ++strings;
}
GDExtensionInt string_to_utf8(const void *place, char *to, GDExtensionInt most)
{
    const std::string &text = **static_cast<std::string *const *>(place);
    if (to != nullptr)
        std::memcpy(to, text.data(), std::min(text.size(), std::size_t(most)));
    return GDExtensionInt(text.size());
}
void drop_string(void *place)
{
    delete *static_cast<std::string **>(place);
    --strings;
}
void drop_name(void *) {}
void drop_bytes(void *place)
{
    delete bytes_at(place);
    --arrays;
}
GDExtensionPtrDestructor destructor_of(GDExtensionVariantType type)
{
    return type == GDEXTENSION_VARIANT_TYPE_STRING        ? drop_string
           : type == GDEXTENSION_VARIANT_TYPE_STRING_NAME ? drop_name
                                                          : drop_bytes;
}
void new_bytes(void *place, const GDExtensionConstTypePtr *)
{
    bytes_at(place) = new Bytes;
    ++arrays;
}
GDExtensionPtrConstructor constructor_of(GDExtensionVariantType, int32_t) { return new_bytes; }
void bytes_size(void *place, const GDExtensionConstTypePtr *, void *result, int)
{
    *static_cast<std::int64_t *>(result) = std::int64_t(bytes_at(place)->size());
}
void bytes_resize(void *place, const GDExtensionConstTypePtr *arguments, void *result, int)
{
    bytes_at(place)->resize(std::size_t(*static_cast<const std::int64_t *>(arguments[0])));
    *static_cast<std::int64_t *>(result) = 0;
}
GDExtensionPtrBuiltInMethod method_of(GDExtensionVariantType, const void *name, GDExtensionInt)
{
    return text_of(name) == "size" ? bytes_size : bytes_resize;
}
std::uint8_t *bytes_index(void *place, GDExtensionInt index) { return &bytes_at(place)->at(std::size_t(index)); }
const std::uint8_t *const_bytes_index(const void *place, GDExtensionInt index)
{
    return &bytes_at(const_cast<void *>(place))->at(std::size_t(index));
}

GDExtensionVariantType type_of(const void *variant) { return static_cast<const Variant *>(variant)->type; }
std::size_t size_of(GDExtensionVariantType type)
{
    return type == GDEXTENSION_VARIANT_TYPE_VECTOR3 ? 12 : type == GDEXTENSION_VARIANT_TYPE_QUATERNION ? 16 : 8;
}
void copy(GDExtensionVariantType type, void *to, const void *from)
{
    if (type == GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY) {
        bytes_at(to) = new Bytes(*bytes_at(const_cast<void *>(from)));
        ++arrays;
    } else if (type == GDEXTENSION_VARIANT_TYPE_STRING) {
        string_new(to, (*static_cast<std::string *const *>(from))->c_str());
    } else if (type == GDEXTENSION_VARIANT_TYPE_BOOL) {
        std::memcpy(to, from, 1);
    } else {
        std::memcpy(to, from, size_of(type));
    }
}
template <GDExtensionVariantType T>
void from_type(void *variant, void *value)
{
    auto *made = new (variant) Variant;
    made->type = T;
    copy(T, made->place, value);
}
template <GDExtensionVariantType T>
void to_type(void *value, void *variant)
{
    const Variant &given = *static_cast<Variant *>(variant);
    if (T == GDEXTENSION_VARIANT_TYPE_FLOAT && given.type == GDEXTENSION_VARIANT_TYPE_INT) {
        std::int64_t whole;
        std::memcpy(&whole, given.place, sizeof whole);
        *static_cast<double *>(value) = double(whole);
        return;
    }
    CHECK(given.type == T);
    copy(T, value, given.place);
}
#define EACH_TYPE(Use)                                                                                                 \
    Use(BOOL) Use(INT) Use(FLOAT) Use(STRING) Use(VECTOR3) Use(QUATERNION) Use(PACKED_BYTE_ARRAY)
GDExtensionVariantFromTypeConstructorFunc variant_from(GDExtensionVariantType type)
{
#define FROM(name)                                                                                                     \
    if (type == GDEXTENSION_VARIANT_TYPE_##name)                                                                       \
        return from_type<GDEXTENSION_VARIANT_TYPE_##name>;
    EACH_TYPE(FROM)
    return nullptr;
}
GDExtensionTypeFromVariantConstructorFunc variant_to(GDExtensionVariantType type)
{
#define TO(name)                                                                                                       \
    if (type == GDEXTENSION_VARIANT_TYPE_##name)                                                                       \
        return to_type<GDEXTENSION_VARIANT_TYPE_##name>;
    EACH_TYPE(TO)
    return nullptr;
}

// The classes and what they can
std::map<std::string, GDExtensionClassCreationInfo2> classes;
std::map<std::string, GDExtensionClassMethodInfo> methods;
void *instance = nullptr;

void register_class(void *, const void *name, const void *parent, const GDExtensionClassCreationInfo2 *entry)
{
    CHECK(text_of(parent) == "Node");
    classes[text_of(name)] = *entry;
}
void register_method(void *, const void *, const GDExtensionClassMethodInfo *entry)
{
    for (std::uint32_t i = 0; i < entry->argument_count; ++i)
        CHECK(!text_of(entry->arguments_info[i].name).empty());
    methods[text_of(entry->name)] = *entry;
}
void unregister_class(void *, const void *name) { classes.erase(text_of(name)); }
void *construct(const void *name)
{
    CHECK(text_of(name) == "Node");
    static int object;
    return &object;
}
void set_instance(void *, const void *name, void *given)
{
    CHECK(text_of(name) == "XrmeshNode");
    instance = given;
}
void print_error(const char *, const char *, const char *, const char *, int32_t, GDExtensionBool) { ++errors; }

bool without_one = false;

GDExtensionInterfaceFunctionPtr find(const char *name)
{
    static const std::map<std::string, GDExtensionInterfaceFunctionPtr> functions = {
#define HAS(name, function) {name, reinterpret_cast<GDExtensionInterfaceFunctionPtr>(function)}
        HAS("string_name_new_with_latin1_chars", name_new),
        HAS("string_new_with_utf8_chars", string_new),
        HAS("string_to_utf8_chars", string_to_utf8),
        HAS("variant_get_ptr_destructor", destructor_of),
        HAS("variant_get_ptr_constructor", constructor_of),
        HAS("variant_get_ptr_builtin_method", method_of),
        HAS("variant_get_type", type_of),
        HAS("get_variant_from_type_constructor", variant_from),
        HAS("get_variant_to_type_constructor", variant_to),
        HAS("packed_byte_array_operator_index", bytes_index),
        HAS("packed_byte_array_operator_index_const", const_bytes_index),
        HAS("classdb_register_extension_class2", register_class),
        HAS("classdb_register_extension_class_method", register_method),
        HAS("classdb_unregister_extension_class", unregister_class),
        HAS("classdb_construct_object", construct),
        HAS("object_set_instance", set_instance),
        HAS("print_error_with_message", print_error),
    };
    if (without_one && std::strcmp(name, "object_set_instance") == 0)
        return nullptr;
    const auto found = functions.find(name);
    return found == functions.end() ? nullptr : found->second;
}

// Calls as a script makes them

void typed(const char *name, std::vector<const void *> arguments, void *result)
{
    const GDExtensionClassMethodInfo &method = methods.at(name);
    CHECK(arguments.size() == method.argument_count);
    method.ptrcall_func(method.method_userdata, instance, arguments.data(), result);
}

GDExtensionCallError untyped(const char *name, std::vector<const void *> arguments, Variant *result)
{
    const GDExtensionClassMethodInfo &method = methods.at(name);
    GDExtensionCallError error{GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT, -1, -1};
    method.call_func(method.method_userdata, instance, arguments.data(), GDExtensionInt(arguments.size()), result, &error);
    return error;
}

template <GDExtensionVariantType T, class V>
Variant variant(V value)
{
    Variant made;
    from_type<T>(&made, &value);
    return made;
}

void frames()
{
    using I = std::int64_t;
    const float rotation[4] = {0, 0, 0, 1};
    I agents[20], topic = 0;
    void *all[1];
    string_new(all, "all");
    for (int i = 0; i < 20; ++i) {
        const float position[3] = {float(i), 0, -1};
        typed("spawn", {position, rotation}, &agents[i]);
        CHECK(agents[i] != 0);
        typed("subscribe", {&agents[i], all}, &topic);
    }
    drop_string(all);
    void *payload[2] = {};
    new_bytes(payload, nullptr);
    *bytes_at(payload) = {1, 2, 3};
    const I host = 0, kind = XRMESH_KIND_USER;
    GDExtensionClassCallVirtual process;
    {
        void *name[1], *other[1];
        name_new(name, "_process", 0);
        name_new(other, "_ready", 0);
        process = classes.at("XrmeshNode").get_virtual_func(nullptr, name);
        CHECK(process != nullptr && classes.at("XrmeshNode").get_virtual_func(nullptr, other) == nullptr);
    }
    int received = 0, near = 0;
    for (int frame = 0; frame < 120; ++frame) {
        const float at[3] = {float(frame % 20), 0, -1};
        const double radius = 0.5, delta = 1.0 / 90.0;
        typed("send_topic", {&host, &topic, &kind, payload}, nullptr);
        typed("send_near", {&agents[0], at, &radius, &kind, payload}, nullptr);
        const void *arguments[] = {&delta};
        process(instance, arguments, nullptr);
        for (;;) {
            GDExtensionBool any = 0;
            I to = 0, from = 0, what = 0;
            typed("next_message", {}, &any);
            if (!any)
                break;
            typed("message_to", {}, &to);
            typed("message_from", {}, &from);
            typed("message_kind", {}, &what);
            void *bytes[2];
            new_bytes(bytes, nullptr);
            typed("message_payload", {}, bytes);
            CHECK(what == kind && *bytes_at(bytes) == Bytes({1, 2, 3}) && (from == 0 || from == agents[0]) && to != 0);
            drop_bytes(bytes);
            if (from == 0)
                ++received;
            else
                ++near;
        }
    }
    CHECK(received == 120 * 20 && near == 120 - 6); // six times the sender is the only one near
    // Through variants: a whole number for a float is taken, other types and counts are not.
    const float at[3] = {3, 0, -1};
    Variant from = variant<GDEXTENSION_VARIANT_TYPE_INT>(host), point, one = variant<GDEXTENSION_VARIANT_TYPE_INT>(I(1)), bytes, result;
    from_type<GDEXTENSION_VARIANT_TYPE_VECTOR3>(&point, const_cast<float *>(at));
    from_type<GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY>(&bytes, payload);
    Variant what = variant<GDEXTENSION_VARIANT_TYPE_INT>(kind);
    CHECK(untyped("send_near", {&from, &point, &one, &what, &bytes}, &result).error == GDEXTENSION_CALL_OK);
    CHECK(untyped("send_near", {&from, &point, &one, &what}, &result).error == GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS);
    CHECK(untyped("next_message", {&from}, &result).error == GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS);
    const GDExtensionCallError wrong = untyped("despawn", {&point}, &result);
    CHECK(wrong.error == GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT && wrong.argument == 0);
    Variant agent = variant<GDEXTENSION_VARIANT_TYPE_INT>(agents[3]), where;
    CHECK(untyped("position_of", {&agent}, &where).error == GDEXTENSION_CALL_OK);
    CHECK(where.type == GDEXTENSION_VARIANT_TYPE_VECTOR3 && std::memcmp(where.place, at, sizeof at) == 0);
    Variant none;
    CHECK(untyped("message_payload", {}, &none).error == GDEXTENSION_CALL_OK && bytes_at(none.place)->empty());
    drop_bytes(none.place);
    CHECK(errors == 0);
    const I nobody = -1;
    typed("despawn", {&nobody}, nullptr);
    CHECK(errors == 1);
    drop_bytes(bytes.place);
    drop_bytes(payload);
}

} // namespace

int main()
{
    GDExtensionInitialization entry = {};
    int library = 0;
    without_one = true;
    CHECK(xrmesh_godot_entry(find, &library, &entry) == 0);
    without_one = false;
    CHECK(xrmesh_godot_entry(find, &library, &entry) == 1);
    CHECK(entry.minimum_initialization_level == GDEXTENSION_INITIALIZATION_SCENE);
    for (int level = 0; level < 4; ++level)
        entry.initialize(entry.userdata, GDExtensionInitializationLevel(level));
    const GDExtensionClassCreationInfo2 &made = classes.at("XrmeshNode");
    CHECK(made.create_instance_func(made.class_userdata) != nullptr && instance != nullptr);
    frames();
    made.free_instance_func(made.class_userdata, instance);
    for (int level = 3; level >= 0; --level)
        entry.deinitialize(entry.userdata, GDExtensionInitializationLevel(level));
    CHECK(classes.empty() && strings == 0 && arrays == 0);
    return 0;
}
