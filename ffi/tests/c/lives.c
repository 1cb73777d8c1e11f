/* Handles: their lives, and what comes after. */
#include "check.h"

static void each_kind_lives_and_dies_once(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_sender sender;
    xrmesh_lane lane;
    xrmesh_frame frame;
    xrmesh_frame_view view;
    xrmesh_histogram histogram;
    OK(xrmesh_mesh_sender(mesh, &sender));
    OK(xrmesh_mesh_lane(mesh, &lane));
    OK(xrmesh_mesh_lease(mesh, &frame, &view));
    OK(xrmesh_histogram_create(&histogram));

    OK(xrmesh_sender_destroy(sender));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_sender_destroy(sender));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_sender_spawn(sender, NULL));
    OK(xrmesh_lane_destroy(lane));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_lane_destroy(lane));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_lane_submit(lane, NULL, 0, NULL, 0, NULL));
    OK(xrmesh_frame_release(frame));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_frame_release(frame));
    OK(xrmesh_histogram_record(histogram, 1, 1));
    OK(xrmesh_histogram_destroy(histogram));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_histogram_record(histogram, 1, 1));
    OK(xrmesh_mesh_destroy(mesh));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_destroy(mesh));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(mesh, 0, 0, NULL));
    CHECK(said("destroyed"));
}

static void a_slot_is_used_again_but_no_handle(void)
{
    enum { ROUNDS = 1000 };
    static uint64_t seen[ROUNDS];
    int i, j;
    for (i = 0; i < ROUNDS; i++) {
        xrmesh_histogram histogram;
        OK(xrmesh_histogram_create(&histogram));
        seen[i] = histogram.bits;
        for (j = 0; j < i; j++)
            CHECK(seen[j] != histogram.bits);
        OK(xrmesh_histogram_destroy(histogram));
    }
    CHECK((uint32_t)seen[0] == (uint32_t)seen[ROUNDS - 1]); /* the slot is the same */
    for (i = 0; i < ROUNDS; i++) {
        xrmesh_histogram stale;
        stale.bits = seen[i];
        GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_histogram_clear(stale));
    }
}

static void what_is_no_handle_is_refused(void)
{
    xrmesh_mesh mesh = new_mesh(), wrong;
    xrmesh_sender other;
    uint64_t bits = 1;
    int i;
    wrong.bits = 0;
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(wrong, 0, 0, NULL));
    CHECK(said("null"));
    other.bits = mesh.bits;
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_sender_spawn(other, NULL));
    CHECK(said("mesh") && said("sender"));
    for (i = 0; i < 20000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        wrong.bits = i % 2 ? bits : (bits & 0x00ffffff0000ffffu) | ((uint64_t)1 << 56);
        if (wrong.bits != mesh.bits)
            GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_tick(wrong, 0, 0, NULL));
    }
    OK(xrmesh_mesh_destroy(mesh));
}

static void ids_of_agents_are_of_one_mesh_and_one_life(void)
{
    static const char CONFIG[] = "{\"mesh\":{\"id\":\"other\"}}";
    xrmesh_mesh_options options;
    xrmesh_mesh mesh = new_mesh(), other;
    xrmesh_agent_id first = new_agent(mesh), second;
    xrmesh_send send = to_agent(0, first);
    uint32_t alive = 9;

    xrmesh_mesh_options_default(&options);
    options.config = CONFIG;
    options.config_len = sizeof CONFIG - 1;
    options.worker_threads = 0;
    OK(xrmesh_mesh_create(&options, &other));
    GIVES(XRMESH_ERROR_UNKNOWN_AGENT, xrmesh_mesh_despawn(other, first));

    OK(xrmesh_mesh_despawn(mesh, first));
    second = new_agent(mesh);
    CHECK((uint32_t)first == (uint32_t)second && first != second);
    GIVES(XRMESH_ERROR_UNKNOWN_AGENT, xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    GIVES(XRMESH_ERROR_UNKNOWN_AGENT, xrmesh_mesh_despawn(mesh, first));
    GIVES(XRMESH_ERROR_UNKNOWN_AGENT, xrmesh_mesh_despawn(mesh, 0));
    OK(xrmesh_mesh_is_alive(mesh, first, &alive));
    CHECK(alive == 0);
    OK(xrmesh_mesh_is_alive(mesh, second, &alive));
    CHECK(alive == 1);
    OK(xrmesh_mesh_destroy(mesh));
    OK(xrmesh_mesh_destroy(other));
}

static void what_outlives_its_mesh(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_send send = to_agent(0, agent);
    xrmesh_sender sender;
    xrmesh_lane lane;
    xrmesh_frame frame;
    xrmesh_frame_view view;
    static const uint8_t payload[] = {1, 2, 3};
    send.payload_len = 3;
    OK(xrmesh_mesh_sender(mesh, &sender));
    OK(xrmesh_mesh_lane(mesh, &lane));
    OK(xrmesh_mesh_submit(mesh, &send, 1, payload, 3, NULL, NULL));
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_lease(mesh, &frame, &view));
    OK(xrmesh_mesh_destroy(mesh));

    CHECK(view.message_count == 1 && view.messages[0].to == agent);
    CHECK(memcmp(view.payload + view.messages[0].payload_offset, payload, 3) == 0);
    OK(xrmesh_frame_release(frame));
    GIVES(XRMESH_ERROR_CLOSED, xrmesh_sender_submit(sender, &send, 1, payload, 3, NULL));
    GIVES(XRMESH_ERROR_CLOSED, xrmesh_lane_submit(lane, &send, 1, payload, 3, NULL));
    OK(xrmesh_sender_destroy(sender));
    OK(xrmesh_lane_destroy(lane));
}

void test_lives(void)
{
    each_kind_lives_and_dies_once();
    a_slot_is_used_again_but_no_handle();
    what_is_no_handle_is_refused();
    ids_of_agents_are_of_one_mesh_and_one_life();
    what_outlives_its_mesh();
}
