// Stand-ins for what ffi/godot uses of Godot's C interface, written for the tests: the same names and layouts as Godot
// 4.2 and later have (the lane with a real Godot compares them), nothing of Godot's text. Real builds take
// Godot's own header: godot --dump-gdextension-interface.
#pragma once

#include <stdint.h>

typedef enum {
    GDEXTENSION_VARIANT_TYPE_NIL = 0,
    GDEXTENSION_VARIANT_TYPE_BOOL = 1,
    GDEXTENSION_VARIANT_TYPE_INT = 2,
    GDEXTENSION_VARIANT_TYPE_FLOAT = 3,
    GDEXTENSION_VARIANT_TYPE_STRING = 4,
    GDEXTENSION_VARIANT_TYPE_VECTOR3 = 9,
    GDEXTENSION_VARIANT_TYPE_QUATERNION = 15,
    GDEXTENSION_VARIANT_TYPE_STRING_NAME = 21,
    GDEXTENSION_VARIANT_TYPE_PACKED_BYTE_ARRAY = 29
} GDExtensionVariantType;

typedef enum {
    GDEXTENSION_CALL_OK = 0,
    GDEXTENSION_CALL_ERROR_INVALID_ARGUMENT = 2,
    GDEXTENSION_CALL_ERROR_TOO_MANY_ARGUMENTS = 3,
    GDEXTENSION_CALL_ERROR_TOO_FEW_ARGUMENTS = 4
} GDExtensionCallErrorType;

typedef enum { GDEXTENSION_METHOD_FLAGS_DEFAULT = 1 } GDExtensionClassMethodFlags;
typedef enum { GDEXTENSION_METHOD_ARGUMENT_METADATA_NONE = 0 } GDExtensionClassMethodArgumentMetadata;
typedef enum { GDEXTENSION_INITIALIZATION_SCENE = 2 } GDExtensionInitializationLevel;

typedef int64_t GDExtensionInt;
typedef uint8_t GDExtensionBool;
typedef void *GDExtensionVariantPtr, *GDExtensionStringNamePtr, *GDExtensionStringPtr, *GDExtensionObjectPtr,
    *GDExtensionTypePtr, *GDExtensionClassInstancePtr, *GDExtensionClassLibraryPtr, *GDExtensionUninitializedVariantPtr,
    *GDExtensionUninitializedStringNamePtr, *GDExtensionUninitializedStringPtr, *GDExtensionUninitializedTypePtr;
typedef const void *GDExtensionConstVariantPtr, *GDExtensionConstStringNamePtr, *GDExtensionConstStringPtr,
    *GDExtensionConstTypePtr;

typedef struct {
    GDExtensionCallErrorType error;
    int32_t argument, expected;
} GDExtensionCallError;

typedef struct {
    GDExtensionVariantType type;
    GDExtensionStringNamePtr name, class_name;
    uint32_t hint;
    GDExtensionStringPtr hint_string;
    uint32_t usage;
} GDExtensionPropertyInfo;

typedef void (*GDExtensionClassCallVirtual)(GDExtensionClassInstancePtr, const GDExtensionConstTypePtr *, GDExtensionTypePtr);
typedef void (*GDExtensionClassMethodCall)(void *, GDExtensionClassInstancePtr, const GDExtensionConstVariantPtr *,
                                           GDExtensionInt, GDExtensionVariantPtr, GDExtensionCallError *);
typedef void (*GDExtensionClassMethodPtrCall)(void *, GDExtensionClassInstancePtr, const GDExtensionConstTypePtr *,
                                              GDExtensionTypePtr);

// Functions that this extension leaves empty have the type of a function without arguments.
typedef void (*Unused)(void);

typedef struct {
    GDExtensionBool is_virtual, is_abstract, is_exposed;
    Unused set_func, get_func, get_property_list_func, free_property_list_func, property_can_revert_func,
        property_get_revert_func, validate_property_func, notification_func, to_string_func, reference_func,
        unreference_func;
    GDExtensionObjectPtr (*create_instance_func)(void *);
    void (*free_instance_func)(void *, GDExtensionClassInstancePtr);
    Unused recreate_instance_func;
    GDExtensionClassCallVirtual (*get_virtual_func)(void *, GDExtensionConstStringNamePtr);
    Unused get_virtual_call_data_func, call_virtual_with_data_func, get_rid_func;
    void *class_userdata;
} GDExtensionClassCreationInfo2;

typedef struct {
    GDExtensionStringNamePtr name;
    void *method_userdata;
    GDExtensionClassMethodCall call_func;
    GDExtensionClassMethodPtrCall ptrcall_func;
    uint32_t method_flags;
    GDExtensionBool has_return_value;
    GDExtensionPropertyInfo *return_value_info;
    GDExtensionClassMethodArgumentMetadata return_value_metadata;
    uint32_t argument_count;
    GDExtensionPropertyInfo *arguments_info;
    GDExtensionClassMethodArgumentMetadata *arguments_metadata;
    uint32_t default_argument_count;
    GDExtensionVariantPtr *default_arguments;
} GDExtensionClassMethodInfo;

typedef struct {
    GDExtensionInitializationLevel minimum_initialization_level;
    void *userdata;
    void (*initialize)(void *, GDExtensionInitializationLevel);
    void (*deinitialize)(void *, GDExtensionInitializationLevel);
} GDExtensionInitialization;

typedef void (*GDExtensionInterfaceFunctionPtr)(void);
typedef GDExtensionInterfaceFunctionPtr (*GDExtensionInterfaceGetProcAddress)(const char *);
typedef void (*GDExtensionPtrDestructor)(GDExtensionTypePtr);
typedef void (*GDExtensionPtrConstructor)(GDExtensionUninitializedTypePtr, const GDExtensionConstTypePtr *);
typedef void (*GDExtensionPtrBuiltInMethod)(GDExtensionTypePtr, const GDExtensionConstTypePtr *, GDExtensionTypePtr, int);
typedef void (*GDExtensionVariantFromTypeConstructorFunc)(GDExtensionUninitializedVariantPtr, GDExtensionTypePtr);
typedef void (*GDExtensionTypeFromVariantConstructorFunc)(GDExtensionUninitializedTypePtr, GDExtensionVariantPtr);

typedef void (*GDExtensionInterfaceStringNameNewWithLatin1Chars)(GDExtensionUninitializedStringNamePtr, const char *,
                                                                 GDExtensionBool);
typedef void (*GDExtensionInterfaceStringNewWithUtf8Chars)(GDExtensionUninitializedStringPtr, const char *);
typedef GDExtensionInt (*GDExtensionInterfaceStringToUtf8Chars)(GDExtensionConstStringPtr, char *, GDExtensionInt);
typedef GDExtensionPtrDestructor (*GDExtensionInterfaceVariantGetPtrDestructor)(GDExtensionVariantType);
typedef GDExtensionPtrConstructor (*GDExtensionInterfaceVariantGetPtrConstructor)(GDExtensionVariantType, int32_t);
typedef GDExtensionPtrBuiltInMethod (*GDExtensionInterfaceVariantGetPtrBuiltinMethod)(GDExtensionVariantType,
                                                                                      GDExtensionConstStringNamePtr,
                                                                                      GDExtensionInt);
typedef GDExtensionVariantType (*GDExtensionInterfaceVariantGetType)(GDExtensionConstVariantPtr);
typedef GDExtensionVariantFromTypeConstructorFunc (*GDExtensionInterfaceGetVariantFromTypeConstructor)(GDExtensionVariantType);
typedef GDExtensionTypeFromVariantConstructorFunc (*GDExtensionInterfaceGetVariantToTypeConstructor)(GDExtensionVariantType);
typedef uint8_t *(*GDExtensionInterfacePackedByteArrayOperatorIndex)(GDExtensionTypePtr, GDExtensionInt);
typedef const uint8_t *(*GDExtensionInterfacePackedByteArrayOperatorIndexConst)(GDExtensionConstTypePtr, GDExtensionInt);
typedef void (*GDExtensionInterfaceClassdbRegisterExtensionClass2)(GDExtensionClassLibraryPtr, GDExtensionConstStringNamePtr,
                                                                   GDExtensionConstStringNamePtr,
                                                                   const GDExtensionClassCreationInfo2 *);
typedef void (*GDExtensionInterfaceClassdbRegisterExtensionClassMethod)(GDExtensionClassLibraryPtr,
                                                                        GDExtensionConstStringNamePtr,
                                                                        const GDExtensionClassMethodInfo *);
typedef void (*GDExtensionInterfaceClassdbUnregisterExtensionClass)(GDExtensionClassLibraryPtr,
                                                                    GDExtensionConstStringNamePtr);
typedef GDExtensionObjectPtr (*GDExtensionInterfaceClassdbConstructObject)(GDExtensionConstStringNamePtr);
typedef void (*GDExtensionInterfaceObjectSetInstance)(GDExtensionObjectPtr, GDExtensionConstStringNamePtr,
                                                      GDExtensionClassInstancePtr);
typedef void (*GDExtensionInterfacePrintErrorWithMessage)(const char *, const char *, const char *, const char *, int32_t,
                                                          GDExtensionBool);
