/* Frames of a mesh without threads: submit, tick, poll, for the counting of instructions.
 *
 *   frame MESSAGES FRAMES
 *
 * 100 agents, messages of 80 bytes each. The frames that are not counted are the same in every run, so the
 * difference of two lengths is the cost of the frames alone. */
#include "xrmesh.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST = 1000, BYTES = 80, AGENTS = 100, WARM = 70 };

static void check(xrmesh_status status)
{
    if (status < 0) {
        fprintf(stderr, "%s\n", xrmesh_status_name(status));
        exit(1);
    }
}

int main(int count, char **words)
{
    static xrmesh_send sends[MOST];
    static xrmesh_message messages[MOST];
    static uint8_t payload[MOST * BYTES + 8], sent[BYTES];
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id agents[AGENTS];
    xrmesh_poll_result got;
    int number, frames, i;

    if (count != 3)
        return 2;
    number = atoi(words[1]);
    frames = WARM + atoi(words[2]);
    if (number < 0 || number > MOST)
        return 2;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0;
    check(xrmesh_mesh_create(&options, &mesh));
    for (i = 0; i < AGENTS; i++)
        check(xrmesh_mesh_spawn(mesh, NULL, &agents[i]));
    for (i = 0; i < number; i++) {
        xrmesh_send_default(&sends[i]);
        sends[i].target = agents[i % AGENTS];
        sends[i].payload_len = BYTES;
    }
    for (i = 0; i < frames; i++) {
        check(xrmesh_mesh_submit(mesh, sends, (uint32_t)number, sent, BYTES, NULL, NULL));
        check(xrmesh_mesh_tick(mesh, i, XRMESH_UNLIMITED, NULL));
        check(xrmesh_mesh_poll(mesh, messages, MOST, payload, sizeof payload, &got));
        if (got.message_count != (uint32_t)number)
            return 1;
    }
    check(xrmesh_mesh_destroy(mesh));
    return 0;
}
