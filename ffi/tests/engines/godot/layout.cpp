// Prints where the fields lie that ffi/godot fills: built with the stand-ins and with Godot's own header it must say
// the same.
#include "gdextension_interface.h"

#include <cstddef>
#include <cstdio>

#define SIZE(type) std::printf(#type " %zu\n", sizeof(type))
#define AT(type, field) std::printf(#type "." #field " %zu\n", offsetof(type, field))
#define VALUE(name) std::printf(#name " %d\n", int(name))

int main()
{
    SIZE(GDExtensionCallError);
    AT(GDExtensionCallError, argument);
    AT(GDExtensionCallError, expected);
    SIZE(GDExtensionPropertyInfo);
    AT(GDExtensionPropertyInfo, name);
    AT(GDExtensionPropertyInfo, class_name);
    AT(GDExtensionPropertyInfo, hint);
    AT(GDExtensionPropertyInfo, hint_string);
    AT(GDExtensionPropertyInfo, usage);
    SIZE(GDExtensionClassCreationInfo2);
    AT(GDExtensionClassCreationInfo2, is_exposed);
    AT(GDExtensionClassCreationInfo2, set_func);
    AT(GDExtensionClassCreationInfo2, create_instance_func);
    AT(GDExtensionClassCreationInfo2, free_instance_func);
    AT(GDExtensionClassCreationInfo2, get_virtual_func);
    AT(GDExtensionClassCreationInfo2, class_userdata);
    SIZE(GDExtensionClassMethodInfo);
    AT(GDExtensionClassMethodInfo, method_userdata);
    AT(GDExtensionClassMethodInfo, call_func);
    AT(GDExtensionClassMethodInfo, ptrcall_func);
    AT(GDExtensionClassMethodInfo, method_flags);
    AT(GDExtensionClassMethodInfo, has_return_value);
    AT(GDExtensionClassMethodInfo, return_value_info);
    AT(GDExtensionClassMethodInfo, return_value_metadata);
    AT(GDExtensionClassMethodInfo, argument_count);
    AT(GDExtensionClassMethodInfo, arguments_info);
    AT(GDExtensionClassMethodInfo, arguments_metadata);
    AT(GDExtensionClassMethodInfo, default_argument_count);
    SIZE(GDExtensionInitialization);
    AT(GDExtensionInitialization, userdata);
    AT(GDExtensionInitialization, initialize);
    AT(GDExtensionInitialization, deinitialize);
    VALUE(GDEXTENSION_VARIANT_TYPE_BOOL);
    VALUE(GDEXTENSION_VARIANT_TYPE_INT);
    VALUE(GDEXTENSION_VARIANT_TYPE_FLOAT);
    VALUE(GDEXTENSION_VARIANT_TYPE_STRING);
    VALUE(GDEXTENSION_VARIANT_TYPE_VECTOR3);
    VALUE(GDEXTENSION_VARIANT_TYPE_QUATERNION);
    VALUE(GDEXTENSION_VARIANT_TYPE_STRING_NAME);
    VALUE(GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY);
    VALUE(GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT);
    VALUE(GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS);
    VALUE(GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS);
    VALUE(GDEXTENSION_METHOD_FLAGS_DEFAULT);
    VALUE(GDEXTENSION_INITIALIZATION_SCENE);
    return 0;
}
