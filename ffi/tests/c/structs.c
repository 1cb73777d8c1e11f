/* Structs that may grow: short, long and zero sizes, versions. */
#include "check.h"

/* One call for a struct of each size that it must not have. */
#define SIZES(type, fill, call)                                                                              \
    do {                                                                                                     \
        type value_;                                                                                         \
        static const int32_t changes_[] = {-8, -4, -1, 1, 4, 8, 1000};                                       \
        size_t at_;                                                                                          \
        type *const given = &value_;                                                                         \
        fill(given);                                                                                         \
        CHECK(value_.struct_size == sizeof(type));                                                           \
        for (at_ = 0; at_ < sizeof changes_ / sizeof changes_[0]; at_++) {                                   \
            value_.struct_size = (uint32_t)((int32_t)sizeof(type) + changes_[at_]);                          \
            GIVES(XRMESH_ERROR_STRUCT_SIZE, call);                                                           \
        }                                                                                                    \
        value_.struct_size = 0;                                                                              \
        GIVES(XRMESH_ERROR_STRUCT_SIZE, call);                                                               \
        CHECK(said(#type) && said("expected"));                                                              \
    } while (0)

void test_structs(void)
{
    xrmesh_mesh mesh = new_mesh(), made;
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_mesh_options options;
    xrmesh_replay replay;
    xrmesh_processor processor;
    SIZES(xrmesh_mesh_options, xrmesh_mesh_options_default, xrmesh_mesh_create(given, &made));
    SIZES(xrmesh_spawn_options, xrmesh_spawn_options_default, xrmesh_mesh_spawn(mesh, given, &agent));
    SIZES(xrmesh_tick_report, xrmesh_tick_report_default, xrmesh_mesh_tick(mesh, 0, 0, given));
    SIZES(xrmesh_counters, xrmesh_counters_default, xrmesh_mesh_counters(mesh, given));
    SIZES(xrmesh_region, xrmesh_region_default, xrmesh_mesh_subscribe(mesh, agent, "t", 1, given, NULL));
    SIZES(xrmesh_driver_options, xrmesh_driver_options_default, xrmesh_mesh_drive(mesh, given));
    SIZES(xrmesh_callbacks, xrmesh_callbacks_default, xrmesh_mesh_spawn_callbacks(mesh, given, NULL, &agent));
    SIZES(xrmesh_agent_type, xrmesh_agent_type_default, xrmesh_mesh_register(mesh, "t", 1, given));
    SIZES(xrmesh_replay_options, xrmesh_replay_options_default, xrmesh_replay_open("x", 1, given, &replay));
    SIZES(xrmesh_processor_options, xrmesh_processor_options_default,
          xrmesh_processor_create(given, NULL, 0, NULL, 0, &processor));

    xrmesh_mesh_options_default(&options);
    options.abi_version = XRMESH_ABI_VERSION + 1;
    GIVES(XRMESH_ERROR_ABI_VERSION, xrmesh_mesh_create(&options, &made));
    CHECK(said("version 2"));
    options.abi_version = 0;
    GIVES(XRMESH_ERROR_ABI_VERSION, xrmesh_mesh_create(&options, &made));
    CHECK(xrmesh_abi_version() == XRMESH_ABI_VERSION);
    xrmesh_mesh_options_default(&options);
    options.flags = 2;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_mesh_create(&options, &made));
    xrmesh_mesh_options_default(&options);
    options.reserved = 1;
    GIVES(XRMESH_ERROR_RESERVED, xrmesh_mesh_create(&options, &made));
    xrmesh_mesh_options_default(&options);
    options.frame_messages = 0;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_create(&options, &made));
    xrmesh_mesh_options_default(&options);
    options.config = "{\"limits\":{\"max_lane\":3}}";
    options.config_len = (uint32_t)strlen(options.config);
    GIVES(XRMESH_ERROR_CONFIG, xrmesh_mesh_create(&options, &made));
    CHECK(said("limits.max_lane"));
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 65;
    GIVES(XRMESH_ERROR_CONFIG, xrmesh_mesh_create(&options, &made));
    OK(xrmesh_mesh_destroy(mesh));
}
