/* Messages of the host and of its agents: to whom, questions and answers, later. */
#include "check.h"

typedef struct inbox {
    xrmesh_message messages[64];
    uint64_t payload[512];
    xrmesh_poll_result got;
} inbox;

static void poll(xrmesh_mesh mesh, inbox *in)
{
    OK(xrmesh_mesh_poll(mesh, in->messages, 64, (uint8_t *)in->payload, sizeof in->payload, &in->got));
}

static const uint8_t *payload_of(const inbox *in, uint32_t index)
{
    return (const uint8_t *)in->payload + in->messages[index].payload_offset;
}

static void every_field_arrives(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id to = new_agent(mesh), from = new_agent(mesh);
    xrmesh_send send = to_agent(from, to);
    static inbox in;
    const xrmesh_message *got = in.messages;
    static const uint8_t bytes[40] = {9, 8, 7};

    send.kind = XRMESH_KIND_HAPTIC_FEEDBACK;
    send.priority = 3;
    send.payload_offset = 1;
    send.payload_len = 39;
    send.flags = XRMESH_SEND_POSE | XRMESH_SEND_DEADLINE | XRMESH_SEND_HOPS;
    send.deadline_ns = 5000000000;
    send.hops = 7;
    send.pose.position[1] = 2.5f;
    send.pose.orientation[3] = 1;
    OK(xrmesh_mesh_submit(mesh, &send, 1, bytes, sizeof bytes, NULL, NULL));
    tick_ms(mesh, 10);
    poll(mesh, &in);
    CHECK(in.got.message_count == 1 && in.got.payload_len == 39 && in.got.waiting == 0);
    CHECK(got->to == to && got->from == from && got->id != 0 && got->sent_at_ns == 10000000);
    CHECK(got->kind == XRMESH_KIND_HAPTIC_FEEDBACK && got->priority == 3 && got->hops == 7);
    CHECK(got->flags == (XRMESH_MESSAGE_POSE | XRMESH_MESSAGE_DEADLINE) && got->ask == 0);
    CHECK(got->deadline_ns == 5000000000 && got->pose.position[1] == 2.5f && got->pose.orientation[3] == 1);
    CHECK(got->payload_len == 39 && memcmp(payload_of(&in, 0), bytes + 1, 39) == 0);
    poll(mesh, &in);
    CHECK(in.got.message_count == 0);
    OK(xrmesh_mesh_destroy(mesh));
}

static void the_groups(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agents[5];
    xrmesh_send sends[6];
    uint64_t ids[6];
    static inbox in;
    uint32_t i, heard[6] = {0}, at;
    for (i = 0; i < 5; i++) {
        xrmesh_pose pose = {{0, 0, 0}, {0, 0, 0, 1}};
        pose.position[0] = (float)i;
        agents[i] = new_agent(mesh);
        OK(xrmesh_mesh_move(mesh, agents[i], &pose));
    }
    OK(xrmesh_mesh_subscribe(mesh, agents[3], "topic", 5, NULL, &sends[2].target));
    for (i = 0; i < 6; i++) {
        const xrmesh_topic_id topic = sends[2].target;
        xrmesh_send_default(&sends[i]);
        sends[i].kind = (uint16_t)(XRMESH_KIND_USER + i);
        sends[i].to = (uint8_t)i;
        sends[i].target = i == XRMESH_TO_TOPIC ? topic : agents[4];
        sends[i].radius = 1.5f;
        sends[i].count = i == XRMESH_TO_NEAREST ? 3 : 1;
    }
    OK(xrmesh_mesh_connect(mesh, agents[0], agents[1]));
    sends[XRMESH_TO_LINKED].from = agents[0];
    OK(xrmesh_mesh_submit(mesh, sends, 6, NULL, 0, ids, NULL));
    for (i = 0; i < 5; i++)
        CHECK(ids[i] != 0);
    CHECK(ids[5] == 0); /* an agent's message has its number when it is sent */
    tick_ms(mesh, 0);
    poll(mesh, &in);
    for (at = 0; at < in.got.message_count; at++)
        heard[in.messages[at].kind - XRMESH_KIND_USER]++;
    CHECK(heard[XRMESH_TO_AGENT] == 1 && heard[XRMESH_TO_EVERYONE] == 5 && heard[XRMESH_TO_TOPIC] == 1);
    CHECK(heard[XRMESH_TO_NEAR] == 2 && heard[XRMESH_TO_NEAREST] == 3 && heard[XRMESH_TO_LINKED] == 1);
    OK(xrmesh_mesh_destroy(mesh));
}

static void questions_and_answers(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id asker = new_agent(mesh), other = new_agent(mesh);
    xrmesh_send send = to_agent(asker, other);
    static inbox in;
    send.flags = XRMESH_SEND_ASK;
    send.ask = 42;
    send.time_ns = 1000000000;
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 0);
    poll(mesh, &in);
    CHECK(in.got.message_count == 1 && in.messages[0].to == other && in.messages[0].from == asker);
    CHECK(in.messages[0].flags == XRMESH_MESSAGE_QUESTION);

    send = to_agent(other, in.messages[0].from);
    send.flags = XRMESH_SEND_ANSWER;
    send.ask = in.messages[0].ask;
    send.payload_len = 2;
    OK(xrmesh_mesh_submit(mesh, &send, 1, (const uint8_t *)"ok", 2, NULL, NULL));
    OK(xrmesh_mesh_submit(mesh, &send, 1, (const uint8_t *)"no", 2, NULL, NULL)); /* late: the first closes it */
    tick_ms(mesh, 100);
    poll(mesh, &in);
    CHECK(in.got.message_count == 1 && in.messages[0].to == asker && in.messages[0].ask == 42);
    CHECK(in.messages[0].flags == XRMESH_MESSAGE_ANSWER && memcmp(payload_of(&in, 0), "ok", 2) == 0);

    /* One that nobody answers. */
    send = to_agent(asker, other);
    send.flags = XRMESH_SEND_ASK;
    send.ask = 43;
    send.time_ns = 1000000000;
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 200);
    poll(mesh, &in);
    tick_ms(mesh, 5000);
    poll(mesh, &in);
    CHECK(in.got.message_count == 1 && in.messages[0].kind == XRMESH_KIND_TIMED_OUT);
    CHECK(in.messages[0].ask == 43 && in.messages[0].flags == XRMESH_MESSAGE_ANSWER);
    OK(xrmesh_mesh_destroy(mesh));
}

static void later_and_refused(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id a = new_agent(mesh), b = new_agent(mesh);
    xrmesh_send send = to_agent(a, b);
    static inbox in;
    send.flags = XRMESH_SEND_AT;
    send.time_ns = 3000000000;
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 0);
    tick_ms(mesh, 2999);
    poll(mesh, &in);
    CHECK(in.got.message_count == 0);
    tick_ms(mesh, 3000);
    poll(mesh, &in);
    CHECK(in.got.message_count == 1 && in.messages[0].from == a);

    /* What an agent of the host cannot send comes back as a notice: no processor was added. */
    {
        const float value = 1;
        uint64_t what[2];
        OK(xrmesh_mesh_infer(mesh, a, 5, &value, 1, 1000000, 77));
        tick_ms(mesh, 3001);
        poll(mesh, &in);
        CHECK(in.got.message_count == 1 && in.messages[0].kind == XRMESH_KIND_REFUSED && in.messages[0].to == a);
        CHECK(in.messages[0].ask == 77 && in.messages[0].payload_len == sizeof what);
        memcpy(what, payload_of(&in, 0), sizeof what);
        CHECK(what[0] == 4 && (int64_t)what[1] == XRMESH_ERROR_UNKNOWN_PROCESSOR);
    }
    GIVES(XRMESH_ERROR_UNKNOWN_AGENT, xrmesh_mesh_infer(mesh, 99, 0, NULL, 0, 0, 0));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_infer(mesh, a, 0, NULL, 0, -1, 0));
    OK(xrmesh_mesh_destroy(mesh));
}

static void the_account(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_send send = to_agent(0, agent);
    xrmesh_counters counters;
    xrmesh_tick_report report;
    uint64_t dropped = 0;
    uint32_t i;
    int64_t due = 0;
    xrmesh_counters_default(&counters);
    xrmesh_tick_report_default(&report);
    OK(xrmesh_mesh_next_due(mesh, &due));
    for (i = 0; i < 10; i++)
        OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    send.to = XRMESH_TO_TOPIC;
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL)); /* nobody subscribed */
    OK(xrmesh_mesh_tick(mesh, 0, 4, &report));
    CHECK(report.delivered == 4 && report.pending == 6 && report.tick == 1 && report.waiting[4] == 6);
    OK(xrmesh_mesh_counters(mesh, &counters));
    for (i = 0; i < XRMESH_DROP_REASONS; i++)
        dropped += counters.dropped[i];
    CHECK(counters.sent == counters.delivered + counters.pending + dropped);
    CHECK(counters.dropped[XRMESH_DROP_NO_RECEIVER] == 1 && counters.agents == 1 && counters.workers == 1);
    GIVES(XRMESH_ERROR_TIME_WENT_BACK, xrmesh_mesh_tick(mesh, -1, 0, NULL));
    OK(xrmesh_mesh_tick_timed(mesh, 1, 1000000000, &report));
    CHECK(report.pending == 0);
    OK(xrmesh_mesh_destroy(mesh));
}

static void why(void)
{
    static const char CONFIG[] = "{\"limits\":{\"explain_capacity\":100}}";
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id a, b;
    xrmesh_send send;
    uint64_t id = 0;
    uint32_t because = 0, reason = 99;
    xrmesh_mesh_options_default(&options);
    options.config = CONFIG;
    options.config_len = sizeof CONFIG - 1;
    OK(xrmesh_mesh_create(&options, &mesh));
    a = new_agent(mesh);
    b = new_agent(mesh);
    send = to_agent(0, a);
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, &id, NULL));
    OK(xrmesh_mesh_explain(mesh, id, a, &because, NULL));
    CHECK(because == XRMESH_EXPLAIN_PENDING);
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_explain(mesh, id, a, &because, &reason));
    CHECK(because == XRMESH_EXPLAIN_DELIVERED && reason == 0);
    OK(xrmesh_mesh_explain(mesh, id, b, &because, &reason));
    CHECK(because == XRMESH_EXPLAIN_NOT_ADDRESSED);
    OK(xrmesh_mesh_quarantine(mesh, a, 1));
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, &id, NULL));
    tick_ms(mesh, 1);
    OK(xrmesh_mesh_explain(mesh, id, a, &because, &reason));
    CHECK(because == XRMESH_EXPLAIN_DROPPED && reason == XRMESH_DROP_QUARANTINED);
    {
        uint8_t health = 99;
        xrmesh_health_event events[4];
        uint32_t count = 99;
        OK(xrmesh_mesh_health(mesh, b, &health));
        CHECK(health == XRMESH_HEALTH_HEALTHY);
        OK(xrmesh_mesh_quarantine(mesh, a, 0));
        OK(xrmesh_mesh_health_events(mesh, events, 4, &count));
        CHECK(count == 1 && events[0].agent == a && events[0].cause == XRMESH_CAUSE_RESTARTED);
        GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_mesh_health_events(mesh, NULL, 0, &count));
    }
    OK(xrmesh_mesh_destroy(mesh));
}

void test_messages(void)
{
    every_field_arrives();
    the_groups();
    questions_and_answers();
    later_and_refused();
    the_account();
    why();
}
