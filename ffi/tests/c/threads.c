/* Other threads: their ways in, and the races that must not matter. */
#include "check.h"

#include <pthread.h>

static xrmesh_mesh shared;
static xrmesh_agent_id receiver;
static xrmesh_sender sender;

static void *sends(void *lane)
{
    uint32_t sent = 0;
    while (sent < 5000) {
        xrmesh_send send = to_agent(0, receiver);
        const xrmesh_status status = lane ? xrmesh_lane_submit(*(xrmesh_lane *)lane, &send, 1, NULL, 0, NULL)
                                          : xrmesh_sender_submit(sender, &send, 1, NULL, 0, NULL);
        CHECK(status == XRMESH_OK || status == XRMESH_ERROR_FULL);
        sent += status == XRMESH_OK;
    }
    return NULL;
}

static void ways_in(void)
{
    pthread_t threads[4];
    xrmesh_lane lanes[2];
    xrmesh_message messages[256];
    xrmesh_poll_result got;
    uint32_t heard = 0, i;
    int64_t now = 0;
    /* Room for all of them at once: none may be dropped where this thread is slow. */
    static const char CONFIG[] = "{\"limits\":{\"mailbox_capacity\":65536}}";
    xrmesh_mesh_options options;
    xrmesh_mesh_options_default(&options);
    options.config = CONFIG;
    options.config_len = sizeof CONFIG - 1;
    OK(xrmesh_mesh_create(&options, &shared));
    receiver = new_agent(shared);
    OK(xrmesh_mesh_sender(shared, &sender));
    for (i = 0; i < 4; i++) {
        if (i < 2)
            OK(xrmesh_mesh_lane(shared, &lanes[i]));
        CHECK(pthread_create(&threads[i], NULL, sends, i < 2 ? &lanes[i] : NULL) == 0);
    }
    while (heard < 20000) {
        tick_ms(shared, now++);
        do {
            CHECK(xrmesh_mesh_poll(shared, messages, 256, NULL, 0, &got) >= 0);
            CHECK(got.lost == 0);
            heard += got.message_count;
        } while (got.waiting > 0);
    }
    CHECK(heard == 20000);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    OK(xrmesh_lane_destroy(lanes[0]));
    OK(xrmesh_lane_destroy(lanes[1]));
    OK(xrmesh_sender_destroy(sender));
    OK(xrmesh_mesh_destroy(shared));
}

/* Whatever these threads do, each call is done, refused as busy, or finds the mesh gone. */
static void *races(void *what)
{
    xrmesh_message messages[16];
    uint64_t payload[64];
    xrmesh_poll_result got;
    for (;;) {
        xrmesh_send send = to_agent(0, receiver);
        xrmesh_status status;
        switch (*(const int *)what) {
        case 0: status = xrmesh_mesh_poll(shared, messages, 16, (uint8_t *)payload, sizeof payload, &got); break;
        case 1: status = xrmesh_mesh_submit(shared, &send, 1, NULL, 0, NULL, NULL); break;
        case 2: status = xrmesh_mesh_tick(shared, 0, XRMESH_UNLIMITED, NULL); break;
        default: {
            xrmesh_frame frame;
            xrmesh_frame_view view;
            uint32_t i;
            uint64_t sum = 0;
            status = xrmesh_mesh_lease(shared, &frame, &view);
            if (status == XRMESH_OK) {
                for (i = 0; i < view.message_count; i++)
                    sum += view.messages[i].to;
                CHECK(sum == view.message_count * receiver);
                OK(xrmesh_frame_release(frame));
            }
        }
        }
        if (status == XRMESH_ERROR_INVALID_HANDLE)
            return NULL;
        CHECK(status >= 0 || status == XRMESH_ERROR_BUSY || status == XRMESH_ERROR_FULL);
    }
}

static void destroy_races_with_all(void)
{
    static const int what[4] = {0, 1, 2, 3};
    int round, i;
    for (round = 0; round < 20; round++) {
        pthread_t threads[4];
        shared = new_mesh();
        receiver = new_agent(shared);
        for (i = 0; i < 4; i++)
            CHECK(pthread_create(&threads[i], NULL, races, (void *)(uintptr_t)&what[i]) == 0);
        for (i = 0; i < round * 50; i++) {
            xrmesh_histogram other; /* slots come and go beside it */
            OK(xrmesh_histogram_create(&other));
            OK(xrmesh_histogram_destroy(other));
        }
        OK(xrmesh_mesh_destroy(shared));
        for (i = 0; i < 4; i++)
            CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void a_driver(void)
{
    xrmesh_driver_options options;
    xrmesh_driver_report report;
    xrmesh_message message;
    xrmesh_poll_result got;
    xrmesh_send send;
    uint32_t heard = 0;
    shared = new_mesh();
    receiver = new_agent(shared);
    send = to_agent(0, receiver);
    OK(xrmesh_mesh_sender(shared, &sender));
    xrmesh_driver_options_default(&options);
    xrmesh_driver_report_default(&report);
    options.budget_ns = 1;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_drive(shared, &options));
    options.budget_ns = 0;
    GIVES(XRMESH_ERROR_NOT_DRIVEN, xrmesh_mesh_halt(shared));
    OK(xrmesh_mesh_drive(shared, &options));
    GIVES(XRMESH_ERROR_DRIVEN, xrmesh_mesh_tick(shared, 0, 0, NULL));
    GIVES(XRMESH_ERROR_DRIVEN, xrmesh_mesh_drive(shared, &options));
    OK(xrmesh_sender_submit(sender, &send, 1, NULL, 0, NULL));
    while (heard == 0) {
        CHECK(xrmesh_mesh_poll(shared, &message, 1, NULL, 0, &got) >= 0);
        heard += got.message_count;
    }
    OK(xrmesh_mesh_driver_report(shared, &report));
    CHECK(report.ticks >= 1 && report.now_ns > 0);
    OK(xrmesh_sender_submit(sender, &send, 1, NULL, 0, NULL));
    OK(xrmesh_mesh_halt(shared));
    tick_ms(shared, (int64_t)1 << 40);
    CHECK(xrmesh_mesh_poll(shared, &message, 1, NULL, 0, &got) >= 0 && got.message_count == 1);
    OK(xrmesh_mesh_drive(shared, &options));
    OK(xrmesh_mesh_destroy(shared)); /* joins its thread */
    OK(xrmesh_sender_destroy(sender));
}

void test_threads(void)
{
    ways_in();
    destroy_races_with_all();
    a_driver();
}
