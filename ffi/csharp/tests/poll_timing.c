/* How long a poll of 1,000 messages of 80 bytes takes from C: the median of 2,000, in nanoseconds. Its twin is
 * PollTiming.cs; ffi/csharp/tests/timing.sh compares them. */
#include "xrmesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 1000, BYTES = 80, AGENTS = 40, POLLS = 2000 };

static int64_t now_ns(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static xrmesh_send sends[MESSAGES];
    static xrmesh_message messages[MESSAGES];
    static uint8_t payload[MESSAGES * BYTES];
    static uint64_t received[MESSAGES * BYTES / 8];
    static int64_t took[POLLS];
    xrmesh_agent_id agents[AGENTS];
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_poll_result got;
    int i, poll;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0;
    if (xrmesh_mesh_create(&options, &mesh) != XRMESH_OK)
        return 1;
    for (i = 0; i < AGENTS; i++)
        xrmesh_mesh_spawn(mesh, NULL, &agents[i]);
    for (i = 0; i < MESSAGES; i++) {
        xrmesh_send_default(&sends[i]);
        sends[i].kind = XRMESH_KIND_USER;
        sends[i].target = agents[i % AGENTS];
        sends[i].payload_offset = (uint32_t)(i * BYTES);
        sends[i].payload_len = BYTES;
    }
    for (poll = 0; poll < POLLS; poll++) {
        int64_t begun;
        xrmesh_mesh_submit(mesh, sends, MESSAGES, payload, sizeof payload, NULL, NULL);
        xrmesh_mesh_tick(mesh, poll, XRMESH_UNLIMITED, NULL);
        begun = now_ns();
        xrmesh_mesh_poll(mesh, messages, MESSAGES, (uint8_t *)received, sizeof received, &got);
        took[poll] = now_ns() - begun;
        if (got.message_count != MESSAGES)
            return 2;
    }
    xrmesh_mesh_destroy(mesh);
    qsort(took, POLLS, sizeof took[0], ascending);
    printf("%lld\n", (long long)took[POLLS / 2]);
    return 0;
}
