/* Polling and leasing: what fits, what does not, what is lost. */
#include "check.h"

/* Sends `count` messages whose payloads have lengths 0, 1, 2… */
static void send_lengths(xrmesh_mesh mesh, xrmesh_agent_id agent, uint32_t count)
{
    static const uint8_t payload[256] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    uint32_t i;
    for (i = 0; i < count; i++) {
        xrmesh_send send = to_agent(0, agent);
        send.payload_len = i;
        OK(xrmesh_mesh_submit(mesh, &send, 1, payload, sizeof payload, NULL, NULL));
    }
}

static void a_frame_in_pieces(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_message messages[16];
    uint64_t payload[64];
    xrmesh_poll_result got;
    uint32_t seen = 0, i, capacity;
    static const uint8_t expected[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    for (capacity = 1; capacity <= 16; capacity++) {
        send_lengths(mesh, agent, 12);
        tick_ms(mesh, capacity);
        for (seen = 0; seen < 12;) {
            const xrmesh_status status =
                xrmesh_mesh_poll(mesh, messages, capacity, (uint8_t *)payload, sizeof payload, &got);
            CHECK(status == (got.waiting ? XRMESH_MORE : XRMESH_OK));
            CHECK(got.message_count > 0 && got.needed == 0);
            for (i = 0; i < got.message_count; i++, seen++) {
                CHECK(messages[i].payload_len == seen && messages[i].payload_offset % 8 == 0);
                CHECK(messages[i].payload_offset + messages[i].payload_len <= got.payload_len);
                CHECK(memcmp((uint8_t *)payload + messages[i].payload_offset, expected, seen < 9 ? seen : 9) == 0);
            }
        }
        CHECK(seen == 12);
    }
    OK(xrmesh_mesh_destroy(mesh));
}

static void a_payload_that_does_not_fit(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_message messages[4];
    uint64_t payload[64];
    xrmesh_poll_result got;
    uint32_t room;
    send_lengths(mesh, agent, 101);
    tick_ms(mesh, 0);
    GIVES(XRMESH_MORE, xrmesh_mesh_poll(mesh, messages, 1, NULL, 0, &got)); /* the first has no payload */
    CHECK(got.message_count == 1 && got.waiting == 100);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_mesh_poll(mesh, messages, 4, NULL, 0, &got));
    CHECK(got.message_count == 0 && got.needed == 1 && got.waiting == 100);
    /* Nothing was consumed: the same again, then with room for two and not the third. */
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_mesh_poll(mesh, messages, 4, NULL, 0, &got));
    GIVES(XRMESH_MORE, xrmesh_mesh_poll(mesh, messages, 4, (uint8_t *)payload, 10, &got));
    CHECK(got.message_count == 2 && got.needed == 3 && got.payload_len == 10);
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_mesh_poll(mesh, NULL, 0, (uint8_t *)payload, 10, &got));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_poll(mesh, NULL, 4, (uint8_t *)payload, 10, &got));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_poll(mesh, messages, 4, NULL, 10, &got));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_poll(mesh, messages, 4, (uint8_t *)payload, 10, NULL));
    for (room = 3; room <= 100; room++) {
        GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_mesh_poll(mesh, messages, 4, (uint8_t *)payload, room - 1, &got));
        CHECK(got.needed == room);
        CHECK(xrmesh_mesh_poll(mesh, messages, 4, (uint8_t *)payload, room, &got) >= 0);
        CHECK(got.message_count == 1 && messages[0].payload_len == room);
    }
    CHECK(got.waiting == 0);
    OK(xrmesh_mesh_destroy(mesh));
}

static void a_full_frame_counts_what_is_lost(void)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id agent;
    xrmesh_message messages[16];
    xrmesh_poll_result got;
    uint32_t i;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0;
    options.frame_messages = 5;
    OK(xrmesh_mesh_create(&options, &mesh));
    agent = new_agent(mesh);
    for (i = 0; i < 12; i++) {
        xrmesh_send send = to_agent(0, agent);
        OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    }
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_poll(mesh, messages, 16, NULL, 0, &got));
    CHECK(got.message_count == 5 && got.lost == 7);
    OK(xrmesh_mesh_poll(mesh, messages, 16, NULL, 0, &got));
    CHECK(got.message_count == 0 && got.lost == 0);
    OK(xrmesh_mesh_destroy(mesh));
}

static void leases(uint32_t workers)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id agents[40];
    xrmesh_frame open[8], frame;
    xrmesh_frame_view views[8], view;
    const xrmesh_message *places[2] = {NULL, NULL};
    uint32_t i, j;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = workers;
    OK(xrmesh_mesh_create(&options, &mesh));
    for (i = 0; i < 40; i++)
        agents[i] = new_agent(mesh);
    for (i = 0; i < 8; i++) {
        for (j = 0; j < 40; j++)
            send_lengths(mesh, agents[j], 3);
        tick_ms(mesh, i);
        OK(xrmesh_mesh_lease(mesh, &open[i], &views[i]));
        CHECK(views[i].message_count == 120 && views[i].lost == 0);
    }
    GIVES(XRMESH_ERROR_LEASED, xrmesh_mesh_lease(mesh, &frame, &view));
    for (i = 0; i < 8; i++) {
        uint32_t lengths = 0;
        for (j = 0; j < views[i].message_count; j++) {
            const xrmesh_message *message = &views[i].messages[j];
            CHECK(message->payload_offset + message->payload_len <= views[i].payload_len);
            CHECK(message->payload_len == 0 || views[i].payload[message->payload_offset] == 1);
            lengths += message->payload_len;
        }
        CHECK(lengths == 40 * 3);
        OK(xrmesh_frame_release(open[i]));
    }
    /* Released frames are used again: no memory is taken any more. */
    for (i = 0; i < 40; i++) {
        send_lengths(mesh, agents[0], 3);
        tick_ms(mesh, 100 + i);
        OK(xrmesh_mesh_lease(mesh, &frame, &view));
        CHECK(view.message_count == 3 && view.messages[2].payload_len == 2);
        if (i >= 38)
            places[i - 38] = view.messages;
        OK(xrmesh_frame_release(frame));
    }
    CHECK(places[0] != NULL && places[1] != NULL);
    /* A lease and a poll share what waits: part by poll, the rest by lease. */
    {
        xrmesh_message one;
        xrmesh_poll_result got;
        send_lengths(mesh, agents[0], 3);
        tick_ms(mesh, 1000);
        GIVES(XRMESH_MORE, xrmesh_mesh_poll(mesh, &one, 1, NULL, 0, &got));
        OK(xrmesh_mesh_lease(mesh, &frame, &view));
        CHECK(view.message_count == 2 && view.messages[0].payload_len == 1 && view.messages[1].payload_len == 2);
        CHECK(view.payload[view.messages[1].payload_offset + 1] == 2);
        OK(xrmesh_frame_release(frame));
    }
    OK(xrmesh_mesh_destroy(mesh));
}

/* The same frames with any number of workers, message for message. */
static void order(uint32_t workers, uint64_t *hash)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    static xrmesh_agent_id agents[3000];
    static xrmesh_message messages[20000];
    static uint64_t payload[20000];
    xrmesh_poll_result got;
    uint32_t i, tick;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = workers;
    OK(xrmesh_mesh_create(&options, &mesh));
    for (i = 0; i < 3000; i++)
        agents[i] = new_agent(mesh);
    *hash = 1;
    for (tick = 0; tick < 3; tick++) {
        for (i = 0; i < 3000; i++) {
            xrmesh_send send = to_agent(i % 3 ? agents[i * 7 % 3000] : 0, agents[i * 31 % 3000]);
            send.priority = (uint8_t)(1 + i % 10);
            send.payload_len = 4;
            OK(xrmesh_mesh_submit(mesh, &send, 1, (const uint8_t *)&i, 4, NULL, NULL));
        }
        tick_ms(mesh, tick);
        OK(xrmesh_mesh_poll(mesh, messages, 20000, (uint8_t *)payload, sizeof payload, &got));
        CHECK(got.message_count == 3000 && got.lost == 0);
        for (i = 0; i < got.message_count; i++) {
            uint32_t value;
            memcpy(&value, (uint8_t *)payload + messages[i].payload_offset, 4);
            *hash = (*hash ^ messages[i].to ^ messages[i].id ^ value) * 1099511628211u;
        }
    }
    OK(xrmesh_mesh_destroy(mesh));
}

void test_frames(void)
{
    uint64_t one = 0, four = 0;
    order(0, &one);
    order(4, &four);
    CHECK(one == four);
    a_frame_in_pieces();
    a_payload_that_does_not_fit();
    a_full_frame_counts_what_is_lost();
    leases(0);
    leases(2);
}
