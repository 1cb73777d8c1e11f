/* The time of polling 1,000 messages of 80 bytes against that of a C loop that copies as many scattered
 * records into the same arrays. Prints both medians and least times in nanoseconds, interleaved. */
#define _POSIX_C_SOURCE 199309L
#include "xrmesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MESSAGES = 1000, BYTES = 80, ROUNDS = 400 };

struct record {
    xrmesh_message message;
    uint8_t payload[BYTES];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void check(xrmesh_status status)
{
    if (status < 0) {
        fprintf(stderr, "%s\n", xrmesh_status_name(status));
        exit(1);
    }
}

int main(void)
{
    static xrmesh_send sends[MESSAGES];
    static xrmesh_message messages[MESSAGES];
    static uint8_t payload[MESSAGES * BYTES + 8], sent[BYTES];
    static struct record *records[MESSAGES];
    static int64_t polls[ROUNDS], loops[ROUNDS], leases[ROUNDS];
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id agents[100];
    xrmesh_poll_result got;
    xrmesh_frame frame;
    xrmesh_frame_view view;
    int round, i;
    uint32_t chance = 1;

    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0;
    check(xrmesh_mesh_create(&options, &mesh));
    for (i = 0; i < 100; i++)
        check(xrmesh_mesh_spawn(mesh, NULL, &agents[i]));
    for (i = 0; i < MESSAGES; i++) {
        xrmesh_send_default(&sends[i]);
        sends[i].target = agents[i % 100];
        sends[i].payload_len = BYTES;
        records[i] = malloc(sizeof *records[i] + (size_t)(i * 37 % 200));
        memset(records[i], i, sizeof *records[i]);
    }
    for (i = MESSAGES - 1; i > 0; i--) { /* scattered */
        struct record *held = records[i];
        chance = chance * 1664525 + 1013904223;
        records[i] = records[chance % (uint32_t)(i + 1)];
        records[chance % (uint32_t)(i + 1)] = held;
    }
    for (round = 0; round < ROUNDS; round++) {
        int64_t begin;
        uint32_t at = 0;
        check(xrmesh_mesh_submit(mesh, sends, MESSAGES, sent, BYTES, NULL, NULL));
        check(xrmesh_mesh_tick(mesh, 2 * round, XRMESH_UNLIMITED, NULL));
        begin = now_ns();
        check(xrmesh_mesh_poll(mesh, messages, MESSAGES, payload, sizeof payload, &got));
        polls[round] = now_ns() - begin;
        if (got.message_count != MESSAGES)
            return 1;
        begin = now_ns();
        for (i = 0; i < MESSAGES; i++) {
            messages[i] = records[i]->message;
            messages[i].payload_offset = at;
            memcpy(payload + at, records[i]->payload, BYTES);
            at += BYTES;
        }
        loops[round] = now_ns() - begin;
        check(xrmesh_mesh_submit(mesh, sends, MESSAGES, sent, BYTES, NULL, NULL));
        check(xrmesh_mesh_tick(mesh, 2 * round + 1, XRMESH_UNLIMITED, NULL));
        begin = now_ns();
        check(xrmesh_mesh_lease(mesh, &frame, &view));
        check(xrmesh_frame_release(frame));
        leases[round] = now_ns() - begin;
        if (view.message_count != MESSAGES || messages[MESSAGES - 1].payload_offset != at - BYTES)
            return 1;
    }
    qsort(polls, ROUNDS, sizeof *polls, compare);
    qsort(loops, ROUNDS, sizeof *loops, compare);
    qsort(leases, ROUNDS, sizeof *leases, compare);
    printf("poll %lld %lld loop %lld %lld lease %lld %lld\n", (long long)polls[ROUNDS / 2], (long long)polls[0],
           (long long)loops[ROUNDS / 2], (long long)loops[0], (long long)leases[ROUNDS / 2], (long long)leases[0]);
    check(xrmesh_mesh_destroy(mesh));
    return 0;
}
