/* The text of the last error, and the log. */
#include "check.h"

#include <pthread.h>

static void *in_another_thread(void *unused)
{
    xrmesh_mesh null = {0};
    (void)unused;
    CHECK(xrmesh_last_status() == XRMESH_OK); /* its own, and empty before the first */
    CHECK(!said("waves"));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(null, 0, 0, NULL));
    CHECK(said("null"));
    return NULL;
}

void test_errors(void)
{
    xrmesh_mesh mesh = new_mesh();
    pthread_t thread;
    char text[64];
    uint32_t length = 0;
    xrmesh_log_record record;
    xrmesh_sender sender;
    xrmesh_tick_report report;
    xrmesh_agent_id agent = 0;

    /* A type that nobody registered. */
    GIVES(XRMESH_ERROR_UNKNOWN_TYPE, xrmesh_mesh_spawn_as(mesh, "waves", 5, NULL, 0, NULL, &agent));
    CHECK(xrmesh_last_status() == XRMESH_ERROR_UNKNOWN_TYPE && said("waves"));
    tick_ms(mesh, 0);
    CHECK(said("waves")); /* success never clears it */
    CHECK(pthread_create(&thread, NULL, in_another_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(said("waves"));
    OK(xrmesh_last_error(NULL, 0, &length));
    CHECK(length > 10);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_last_error(text, 4, &length));
    CHECK(said("waves")); /* asking for it does not change it */
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_last_error(text, 4, NULL));
    CHECK(said("waves"));
    CHECK(strcmp(xrmesh_status_name(XRMESH_ERROR_BUSY), "XRMESH_ERROR_BUSY") == 0);
    CHECK(strcmp(xrmesh_status_name(-1), "XRMESH_?") == 0);
    CHECK(strlen(xrmesh_version()) >= 5);

    /* What another thread's command came to is in the log. */
    while (xrmesh_log_take(&record, text, 0) != XRMESH_NONE) {
        char whole[512];
        OK(xrmesh_log_take(&record, whole, sizeof whole));
    }
    OK(xrmesh_mesh_sender(mesh, &sender));
    OK(xrmesh_sender_despawn(sender, (uint64_t)1 << 32 | 77));
    xrmesh_tick_report_default(&report);
    OK(xrmesh_mesh_tick(mesh, 1, XRMESH_UNLIMITED, &report));
    CHECK(report.refused == 1);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_log_take(&record, NULL, 0));
    CHECK(record.level == XRMESH_LOG_WARN && record.text_len > 10);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_log_take(&record, text, 1));
    {
        char whole[512];
        OK(xrmesh_log_take(&record, whole, sizeof whole));
        GIVES(XRMESH_NONE, xrmesh_log_take(&record, whole, sizeof whole));
    }
    OK(xrmesh_log_set_level(0));
    OK(xrmesh_sender_despawn(sender, (uint64_t)1 << 32 | 77));
    tick_ms(mesh, 2);
    GIVES(XRMESH_NONE, xrmesh_log_take(&record, text, sizeof text));
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_log_set_level(4));
    OK(xrmesh_log_set_level(XRMESH_LOG_INFO));
    OK(xrmesh_sender_destroy(sender));
    OK(xrmesh_mesh_destroy(mesh));
}
