/* What a host may give wrongly, and what it is told. */
#include "check.h"

static void texts(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_topic_id topic = 0, same = 0;
    char name[64];
    uint32_t length = 0;
    GIVES(XRMESH_ERROR_UTF8, xrmesh_mesh_subscribe(mesh, agent, "w\xff", 2, NULL, &topic));
    CHECK(said("byte 1"));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_subscribe(mesh, agent, NULL, 5, NULL, &topic));
    CHECK(said("name is NULL"));
    GIVES(XRMESH_ERROR_NAME, xrmesh_mesh_subscribe(mesh, agent, NULL, 0, NULL, &topic));
    OK(xrmesh_mesh_subscribe(mesh, agent, "waves and more", 5, NULL, &topic));
    OK(xrmesh_topic("waves", 5, &same));
    CHECK(topic == same);
    OK(xrmesh_mesh_topic_name(mesh, topic, name, sizeof name, &length));
    CHECK(length == 5 && memcmp(name, "waves", 5) == 0);
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_mesh_topic_name(mesh, topic, name, 4, &length));
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_mesh_topic_name(mesh, topic, NULL, 0, &length));
    CHECK(length == 5);
    GIVES(XRMESH_NONE, xrmesh_mesh_topic_name(mesh, topic + 1, name, sizeof name, &length));
    OK(xrmesh_mesh_destroy(mesh));
}

static void arrays(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agents[4], first = new_agent(mesh), second = new_agent(mesh);
    uint32_t count = 0;
    GIVES(XRMESH_ERROR_ZERO_CAPACITY, xrmesh_mesh_agents(mesh, NULL, 0, &count));
    CHECK(count == 2);
    count = 0;
    agents[0] = 7;
    GIVES(XRMESH_ERROR_BUFFER_TOO_SMALL, xrmesh_mesh_agents(mesh, agents, 1, &count));
    CHECK(count == 2 && agents[0] == 7); /* nothing was written but what is needed */
    OK(xrmesh_mesh_agents(mesh, agents, 4, &count));
    CHECK(count == 2 && agents[0] == first && agents[1] == second);
    GIVES(XRMESH_ERROR_MISALIGNED,
          xrmesh_mesh_agents(mesh, (xrmesh_agent_id *)(void *)((char *)agents + 1), 2, &count));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_agents(mesh, NULL, 2, &count));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_agents(mesh, agents, 4, NULL));
    OK(xrmesh_mesh_destroy(mesh));
}

/* One field of a message after the other that is none. */
static void sends(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_send good = to_agent(0, agent), bad;
    xrmesh_submit_result result;
    static const uint8_t payload[8] = {0};
    static const uint16_t no_kinds[] = {0, 9, 10, 11, 12, 13, 15, 65535};
    size_t i;

#define BAD(expected, change)                                                                                  \
    bad = good;                                                                                              \
    change;                                                                                                  \
    GIVES(expected, xrmesh_mesh_submit(mesh, &bad, 1, payload, 8, NULL, &result));                           \
    CHECK(result.accepted == 0 && result.status == (expected))

    OK(xrmesh_mesh_submit(mesh, &good, 1, payload, 8, NULL, &result));
    CHECK(result.accepted == 1 && result.status == XRMESH_OK);
    for (i = 0; i < sizeof no_kinds / sizeof no_kinds[0]; i++) {
        BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.kind = no_kinds[i]);
    }
    BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.to = 6);
    BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.flags = 256);
    BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.flags = XRMESH_SEND_ASK);
    BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.flags = XRMESH_SEND_ANSWER);
    BAD(XRMESH_ERROR_UNKNOWN_VALUE, bad.flags = XRMESH_SEND_AT);
    BAD(XRMESH_ERROR_OUT_OF_RANGE, bad.priority = 11);
    BAD(XRMESH_ERROR_RESERVED, bad.reserved[4] = 1);
    BAD(XRMESH_ERROR_OUT_OF_RANGE, bad.payload_len = 9);
    BAD(XRMESH_ERROR_OUT_OF_RANGE, (bad.payload_offset = 4, bad.payload_len = 5));
    BAD(XRMESH_ERROR_OUT_OF_RANGE, (bad.payload_offset = UINT32_MAX, bad.payload_len = UINT32_MAX));
    BAD(XRMESH_ERROR_GEOMETRY, bad.flags = XRMESH_SEND_POSE); /* a quaternion of zeros */
    BAD(XRMESH_ERROR_UNKNOWN_AGENT, bad.target = 0);
    BAD(XRMESH_ERROR_OUT_OF_RANGE, (bad.to = XRMESH_TO_NEAR, bad.radius = -1.0f));
    BAD(XRMESH_ERROR_OUT_OF_RANGE, (bad.to = XRMESH_TO_LINKED, bad.count = 256));
    BAD(XRMESH_ERROR_UNKNOWN_AGENT, bad.from = 77);
#undef BAD
    OK(xrmesh_mesh_submit(mesh, NULL, 0, NULL, 0, NULL, NULL));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_submit(mesh, NULL, 1, NULL, 0, NULL, NULL));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_submit(mesh, &good, 1, NULL, 8, NULL, NULL));
    OK(xrmesh_mesh_destroy(mesh));
}

static void regions(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_region region;
    static const float triangle[] = {0, 0, 4, 0, 0, 4};
    uint32_t kind;

#define SUBSCRIBES(status) GIVES(status, xrmesh_mesh_subscribe(mesh, agent, "t", 1, &region, NULL))
    xrmesh_region_default(&region);
    SUBSCRIBES(XRMESH_OK);
    region.radius = -1;
    SUBSCRIBES(XRMESH_ERROR_GEOMETRY);
    for (kind = 0; kind < 8; kind++) {
        xrmesh_region_default(&region);
        region.kind = kind;
        region.near_m = 0.1f;
        region.far_m = 5.0f;
        region.left_rad = region.down_rad = -0.5f;
        region.right_rad = region.up_rad = 0.5f;
        region.ceiling_m = 2.5f;
        region.corners = triangle;
        region.corner_count = 3;
        SUBSCRIBES(kind >= 1 && kind <= 5 ? XRMESH_OK : XRMESH_ERROR_UNKNOWN_VALUE);
    }
    region.kind = XRMESH_REGION_PRISM;
    region.up_axis = 3;
    SUBSCRIBES(XRMESH_ERROR_UNKNOWN_VALUE);
    region.up_axis = 1;
    region.corner_count = 2;
    SUBSCRIBES(XRMESH_ERROR_GEOMETRY);
    region.corners = NULL;
    SUBSCRIBES(XRMESH_ERROR_NULL_POINTER);
    region.reserved = 1;
    SUBSCRIBES(XRMESH_ERROR_RESERVED);
#undef SUBSCRIBES
    OK(xrmesh_mesh_destroy(mesh));
}

static void poses(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agent = new_agent(mesh);
    xrmesh_pose pose = {{1, 2, 3}, {0, 0, 0, 2}}, seen;
    static const float point[3] = {1, 2, 3};
    xrmesh_agent_id near[2];
    uint32_t count = 0;
    GIVES(XRMESH_NONE, xrmesh_mesh_pose_of(mesh, agent, &seen));
    OK(xrmesh_mesh_move(mesh, agent, &pose));
    OK(xrmesh_mesh_pose_of(mesh, agent, &seen));
    CHECK(seen.position[2] == 3 && seen.orientation[3] == 1); /* normalised */
    OK(xrmesh_mesh_near(mesh, point, 0.5f, near, 2, &count));
    CHECK(count == 1 && near[0] == agent);
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_near(mesh, point, -0.5f, near, 2, &count));
    pose.orientation[3] = 0;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_mesh_move(mesh, agent, &pose));
    OK(xrmesh_mesh_destroy(mesh));
}

void test_arguments(void)
{
    texts();
    arrays();
    sends();
    regions();
    poses();
}
