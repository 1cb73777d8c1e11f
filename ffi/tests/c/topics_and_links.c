/* Interests, links and what follows from them. */
#include "check.h"

void test_topics_and_links(void)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id agents[4], found[8];
    xrmesh_topic_id topic = 0;
    xrmesh_region region;
    xrmesh_send send;
    xrmesh_message messages[8];
    xrmesh_poll_result got;
    uint32_t count = 0, i, moved = 0;
    xrmesh_pose poses[4];
    for (i = 0; i < 4; i++) {
        memset(&poses[i], 0, sizeof poses[i]);
        poses[i].position[0] = (float)i;
        poses[i].orientation[3] = 1;
        agents[i] = new_agent(mesh);
    }
    OK(xrmesh_mesh_move_many(mesh, agents, poses, 4, &moved));
    CHECK(moved == 4);
    poses[2].orientation[3] = 0;
    GIVES(XRMESH_ERROR_GEOMETRY, xrmesh_mesh_move_many(mesh, agents, poses, 4, &moved));
    CHECK(moved == 2);

    /* A topic everywhere, and within a metre of the origin. */
    xrmesh_region_default(&region);
    region.radius = 1;
    OK(xrmesh_mesh_subscribe(mesh, agents[0], "waves", 5, &region, &topic));
    OK(xrmesh_mesh_subscribe(mesh, agents[1], "waves", 5, NULL, NULL));
    xrmesh_send_default(&send);
    send.to = XRMESH_TO_TOPIC;
    send.target = topic;
    send.flags = XRMESH_SEND_POSE;
    send.pose = poses[3];
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 0);
    OK(xrmesh_mesh_poll(mesh, messages, 8, NULL, 0, &got));
    CHECK(got.message_count == 1 && messages[0].to == agents[1]);
    send.pose = poses[0];
    OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
    tick_ms(mesh, 1);
    OK(xrmesh_mesh_poll(mesh, messages, 8, NULL, 0, &got));
    CHECK(got.message_count == 2);
    OK(xrmesh_mesh_unsubscribe(mesh, agents[1], topic));
    GIVES(XRMESH_UNCHANGED, xrmesh_mesh_unsubscribe(mesh, agents[1], topic));

    /* A chain of links, by hand and by distance. */
    OK(xrmesh_mesh_connect(mesh, agents[0], agents[1]));
    GIVES(XRMESH_UNCHANGED, xrmesh_mesh_connect(mesh, agents[1], agents[0]));
    GIVES(XRMESH_ERROR_SELF_LINK, xrmesh_mesh_connect(mesh, agents[1], agents[1]));
    GIVES(XRMESH_NONE, xrmesh_mesh_path(mesh, agents[0], agents[3], found, 8, &count));
    OK(xrmesh_mesh_auto_connect(mesh, 1.1f, 0.1f));
    OK(xrmesh_mesh_path(mesh, agents[0], agents[3], found, 8, &count));
    CHECK(count == 4 && found[0] == agents[0] && found[3] == agents[3]);
    OK(xrmesh_mesh_neighbours(mesh, agents[1], found, 8, &count));
    CHECK(count == 2 && found[0] == agents[0] && found[1] == agents[2]);
    OK(xrmesh_mesh_stop_auto_connect(mesh));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_auto_connect(mesh, -1, 0));
    OK(xrmesh_mesh_disconnect(mesh, agents[0], agents[1]));
    GIVES(XRMESH_UNCHANGED, xrmesh_mesh_disconnect(mesh, agents[0], agents[1]));
    OK(xrmesh_mesh_destroy(mesh));
}
