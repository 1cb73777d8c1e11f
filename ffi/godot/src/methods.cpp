// What Godot sees: the class XrmeshNode, its methods, and the entry point.
#include "mesh_node.hpp"

#include <exception>
#include <new>
#include <optional>

namespace {

using engine::godot;
using engine::Name;
using engine::Quaternion;
using engine::Text;
using engine::Vector3;

constexpr GDExtensionVariantType NIL = GDEXTENSION_VARIANT_TYPE_NIL;
constexpr GDExtensionVariantType BOOL = GDEXTENSION_VARIANT_TYPE_BOOL;
constexpr GDExtensionVariantType INT = GDEXTENSION_VARIANT_TYPE_INT;
constexpr GDExtensionVariantType FLOAT = GDEXTENSION_VARIANT_TYPE_FLOAT;
constexpr GDExtensionVariantType STRING = GDEXTENSION_VARIANT_TYPE_STRING;
constexpr GDExtensionVariantType VECTOR3 = GDEXTENSION_VARIANT_TYPE_VECTOR3;
constexpr GDExtensionVariantType QUATERNION = GDEXTENSION_VARIANT_TYPE_QUATERNION;
constexpr GDExtensionVariantType BYTES = GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY;

constexpr int MOST_ARGUMENTS = 5;
constexpr std::uint32_t PROPERTY_USAGE_DEFAULT = 6;

// Arguments and a result as Godot's typed calls pass them: pointers to values.
using Arguments = const GDExtensionConstTypePtr *;

template <class T>
const T &at(Arguments arguments, int index)
{
    return *static_cast<const T *>(arguments[index]);
}

xrmesh::Bytes bytes_at(Arguments arguments, int index)
{
    std::int64_t size = 0;
    godot.bytes_size(const_cast<void *>(arguments[index]), nullptr, &size, 0);
    return {size == 0 ? nullptr : godot.const_bytes_at(arguments[index], 0), static_cast<std::size_t>(size)};
}

void set_bytes(GDExtensionTypePtr result, xrmesh::Bytes bytes)
{
    std::int64_t size = static_cast<std::int64_t>(bytes.size()), ignored = 0;
    const GDExtensionConstTypePtr argument = &size;
    godot.bytes_resize(result, &argument, &ignored, 1);
    if (size > 0)
        std::memcpy(godot.bytes_at(result, 0), bytes.data(), bytes.size());
}

struct Method {
    const char *name;
    GDExtensionVariantType result;
    int count;
    GDExtensionVariantType types[MOST_ARGUMENTS];
    const char *arguments[MOST_ARGUMENTS];
    void (*call)(MeshNode &node, Arguments arguments, GDExtensionTypePtr result);
};

using I = std::int64_t;

const Method METHODS[] = {
    {"spawn", INT, 2, {VECTOR3, QUATERNION}, {"position", "rotation"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr r) {
         *static_cast<I *>(r) = node.spawn(at<Vector3>(a, 0), at<Quaternion>(a, 1));
     }},
    {"despawn", NIL, 1, {INT}, {"agent"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr) { node.despawn(at<I>(a, 0)); }},
    {"move", NIL, 3, {INT, VECTOR3, QUATERNION}, {"agent", "position", "rotation"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr) {
         node.move(at<I>(a, 0), at<Vector3>(a, 1), at<Quaternion>(a, 2));
     }},
    {"position_of", VECTOR3, 1, {INT}, {"agent"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr r) {
         *static_cast<Vector3 *>(r) = node.position_of(at<I>(a, 0));
     }},
    {"subscribe", INT, 2, {INT, STRING}, {"agent", "topic"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr r) {
         *static_cast<I *>(r) = node.subscribe(at<I>(a, 0), engine::utf8_of(a[1]));
     }},
    {"send_to", NIL, 4, {INT, INT, INT, BYTES}, {"from", "agent", "kind", "payload"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr) {
         node.send_to(at<I>(a, 0), at<I>(a, 1), at<I>(a, 2), bytes_at(a, 3));
     }},
    {"send_topic", NIL, 4, {INT, INT, INT, BYTES}, {"from", "topic", "kind", "payload"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr) {
         node.send_topic(at<I>(a, 0), at<I>(a, 1), at<I>(a, 2), bytes_at(a, 3));
     }},
    {"send_near", NIL, 5, {INT, VECTOR3, FLOAT, INT, BYTES}, {"from", "point", "radius", "kind", "payload"},
     [](MeshNode &node, Arguments a, GDExtensionTypePtr) {
         node.send_near(at<I>(a, 0), at<Vector3>(a, 1), at<double>(a, 2), at<I>(a, 3), bytes_at(a, 4));
     }},
    {"next_message", BOOL, 0, {}, {},
     [](MeshNode &node, Arguments, GDExtensionTypePtr r) {
         *static_cast<GDExtensionBool *>(r) = node.next_message() ? 1 : 0;
     }},
    {"message_to", INT, 0, {}, {},
     [](MeshNode &node, Arguments, GDExtensionTypePtr r) {
         const auto *message = node.message().message;
         *static_cast<I *>(r) = message == nullptr ? 0 : static_cast<I>(message->to);
     }},
    {"message_from", INT, 0, {}, {},
     [](MeshNode &node, Arguments, GDExtensionTypePtr r) {
         const auto *message = node.message().message;
         *static_cast<I *>(r) = message == nullptr ? 0 : static_cast<I>(message->from);
     }},
    {"message_kind", INT, 0, {}, {},
     [](MeshNode &node, Arguments, GDExtensionTypePtr r) {
         const auto *message = node.message().message;
         *static_cast<I *>(r) = message == nullptr ? 0 : message->kind;
     }},
    {"message_payload", BYTES, 0, {}, {},
     [](MeshNode &node, Arguments, GDExtensionTypePtr r) { set_bytes(r, node.message().payload); }},
};

// What a handler throws (there is no memory) must not cross Godot's frames.
void guarded(const Method &method, void *node, Arguments arguments, GDExtensionTypePtr result) noexcept
{
    try {
        method.call(*static_cast<MeshNode *>(node), arguments, result);
    } catch (const std::exception &thrown) {
        godot.print_error(method.name, thrown.what(), "XrmeshNode", __FILE__, __LINE__, 0);
    }
}

void typed_call(void *method, void *node, Arguments arguments, GDExtensionTypePtr result)
{
    guarded(*static_cast<const Method *>(method), node, arguments, result);
}

// A value of any of the types above, while an untyped call is made typed.
struct Value {
    GDExtensionVariantType type = NIL;
    alignas(8) unsigned char place[sizeof(double) * 4] = {};

    ~Value()
    {
        if (type == STRING)
            godot.drop_string(place);
        else if (type == BYTES)
            godot.drop_bytes(place);
    }
};

// Whether a variant of one type becomes the other without a loss: a script may write 1 for 1.0.
bool fits(GDExtensionVariantType given, GDExtensionVariantType wanted)
{
    return given == wanted || (given == INT && wanted == FLOAT);
}

void untyped_call(void *data, void *node, const GDExtensionConstVariantPtr *given, GDExtensionInt count,
                  GDExtensionVariantPtr result, GDExtensionCallError *error)
{
    const Method &method = *static_cast<const Method *>(data);
    error->error = GDEXTENSION_CALL_OK;
    if (count != method.count) {
        error->error =
            count < method.count ? GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS : GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS;
        error->expected = method.count;
        return;
    }
    Value values[MOST_ARGUMENTS];
    GDExtensionConstTypePtr arguments[MOST_ARGUMENTS];
    for (int i = 0; i < method.count; ++i) {
        if (!fits(godot.type_of(given[i]), method.types[i])) {
            error->error = GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT;
            error->argument = i;
            error->expected = method.types[i];
            return;
        }
        godot.variant_to(method.types[i])(values[i].place, const_cast<void *>(given[i]));
        values[i].type = method.types[i];
        arguments[i] = values[i].place;
    }
    Value back;
    if (method.result == BYTES) {
        godot.new_bytes(back.place, nullptr);
        back.type = BYTES;
    }
    guarded(method, node, arguments, back.place);
    if (method.result != NIL)
        godot.variant_from(method.result)(result, back.place);
}

// The class

std::optional<Name> class_name, process_name;

void process(GDExtensionClassInstancePtr node, Arguments arguments, GDExtensionTypePtr)
{
    static const Method PROCESS = {
        "_process", NIL, 1, {FLOAT}, {"delta"},
        [](MeshNode &mesh, Arguments a, GDExtensionTypePtr) { mesh.process(at<double>(a, 0)); }};
    guarded(PROCESS, node, arguments, nullptr);
}

GDExtensionClassCallVirtual virtual_of(void *, GDExtensionConstStringNamePtr name)
{
    return process_name->is(name) ? process : nullptr;
}

GDExtensionObjectPtr create(void *)
{
    MeshNode *node = nullptr;
    try {
        node = new MeshNode;
    } catch (const std::exception &) {
        return nullptr;
    }
    Name parent("Node");
    GDExtensionObjectPtr object = godot.construct(parent.get());
    godot.set_instance(object, class_name->get(), node);
    return object;
}

void destroy(void *, GDExtensionClassInstancePtr node) { delete static_cast<MeshNode *>(node); }

void register_method(GDExtensionClassLibraryPtr library, const Method &method)
{
    Name name(method.name), none("");
    Text hint("");
    std::optional<Name> names[MOST_ARGUMENTS];
    GDExtensionPropertyInfo arguments[MOST_ARGUMENTS];
    GDExtensionClassMethodArgumentMetadata metadata[MOST_ARGUMENTS] = {};
    for (int i = 0; i < method.count; ++i) {
        names[i].emplace(method.arguments[i]);
        arguments[i] = {method.types[i], names[i]->get(), none.get(), 0, hint.get(), PROPERTY_USAGE_DEFAULT};
    }
    GDExtensionPropertyInfo result = {method.result, none.get(), none.get(), 0, hint.get(), PROPERTY_USAGE_DEFAULT};
    GDExtensionClassMethodInfo entry = {};
    entry.name = name.get();
    entry.method_userdata = const_cast<Method *>(&method);
    entry.call_func = untyped_call;
    entry.ptrcall_func = typed_call;
    entry.method_flags = GDEXTENSION_METHOD_FLAGS_DEFAULT;
    entry.has_return_value = method.result == NIL ? 0 : 1;
    entry.return_value_info = &result;
    entry.argument_count = static_cast<std::uint32_t>(method.count);
    entry.arguments_info = arguments;
    entry.arguments_metadata = metadata;
    godot.register_method(library, class_name->get(), &entry);
}

void initialize(void *library, GDExtensionInitializationLevel level)
{
    if (level != GDEXTENSION_INITIALIZATION_SCENE)
        return;
    class_name.emplace("XrmeshNode");
    process_name.emplace("_process");
    GDExtensionClassCreationInfo2 entry = {};
    entry.is_exposed = 1;
    entry.create_instance_func = create;
    entry.free_instance_func = destroy;
    entry.get_virtual_func = virtual_of;
    Name parent("Node");
    godot.register_class(library, class_name->get(), parent.get(), &entry);
    for (const Method &method : METHODS)
        register_method(library, method);
}

void deinitialize(void *library, GDExtensionInitializationLevel level)
{
    if (level != GDEXTENSION_INITIALIZATION_SCENE)
        return;
    godot.unregister_class(library, class_name->get());
    // Whatever an editor left open goes before the code does.
    xrmesh_shutdown_all(nullptr);
    class_name.reset();
    process_name.reset();
}

} // namespace

#if defined(_WIN32)
#define XRMESH_GODOT_EXPORT __declspec(dllexport)
#else
#define XRMESH_GODOT_EXPORT __attribute__((visibility("default")))
#endif

// The entry that xrmesh.gdextension names.
extern "C" XRMESH_GODOT_EXPORT GDExtensionBool xrmesh_godot_entry(GDExtensionInterfaceGetProcAddress find,
                                                                  GDExtensionClassLibraryPtr library,
                                                                  GDExtensionInitialization *entry)
{
    if (xrmesh_abi_version() != XRMESH_ABI_VERSION || !engine::find(find))
        return 0;
    entry->minimum_initialization_level = GDEXTENSION_INITIALIZATION_SCENE;
    entry->userdata = library;
    entry->initialize = initialize;
    entry->deinitialize = deinitialize;
    return 1;
}
