#include "engine.hpp"

namespace engine {

Interface godot{};

namespace {

// From extension_api.json: a built-in method is asked for with the hash of its signature.
constexpr GDExtensionInt SIZE_HASH = 3173160232;
constexpr GDExtensionInt RESIZE_HASH = 848867239;

template <class F>
bool found(GDExtensionInterfaceGetProcAddress find, const char *name, F &function)
{
    function = reinterpret_cast<F>(find(name));
    return function != nullptr;
}

} // namespace

bool find(GDExtensionInterfaceGetProcAddress find)
{
    const bool all = found(find, "string_name_new_with_latin1_chars", godot.string_name_new) &&
                     found(find, "string_new_with_utf8_chars", godot.string_new) &&
                     found(find, "string_to_utf8_chars", godot.string_to_utf8) &&
                     found(find, "variant_get_ptr_destructor", godot.destructor_of) &&
                     found(find, "variant_get_ptr_constructor", godot.constructor_of) &&
                     found(find, "variant_get_ptr_builtin_method", godot.method_of) &&
                     found(find, "variant_get_type", godot.type_of) &&
                     found(find, "get_variant_from_type_constructor", godot.variant_from) &&
                     found(find, "get_variant_to_type_constructor", godot.variant_to) &&
                     found(find, "packed_byte_array_operator_index", godot.bytes_at) &&
                     found(find, "packed_byte_array_operator_index_const", godot.const_bytes_at) &&
                     found(find, "classdb_register_extension_class2", godot.register_class) &&
                     found(find, "classdb_register_extension_class_method", godot.register_method) &&
                     found(find, "classdb_unregister_extension_class", godot.unregister_class) &&
                     found(find, "classdb_construct_object", godot.construct) &&
                     found(find, "object_set_instance", godot.set_instance) &&
                     found(find, "print_error_with_message", godot.print_error);
    if (!all)
        return false;
    godot.drop_name = godot.destructor_of(GDEXTENSION_VARIANT_TYPE_STRING_NAME);
    godot.drop_string = godot.destructor_of(GDEXTENSION_VARIANT_TYPE_STRING);
    godot.drop_bytes = godot.destructor_of(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY);
    godot.new_bytes = godot.constructor_of(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY, 0);
    Name size("size"), resize("resize");
    godot.bytes_size = godot.method_of(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY, size.get(), SIZE_HASH);
    godot.bytes_resize = godot.method_of(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY, resize.get(), RESIZE_HASH);
    return godot.drop_name && godot.drop_string && godot.drop_bytes && godot.new_bytes && godot.bytes_size &&
           godot.bytes_resize;
}

std::string utf8_of(GDExtensionConstStringPtr text)
{
    std::string bytes(static_cast<std::size_t>(godot.string_to_utf8(text, nullptr, 0)), '\0');
    godot.string_to_utf8(text, bytes.data(), static_cast<GDExtensionInt>(bytes.size()));
    return bytes;
}

} // namespace engine
