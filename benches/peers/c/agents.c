/* The cases through xrmesh.h: agents whose handlers are these functions, and hosts that call it. Handlers do the
 * same work as those in Rust (src/message.rs), on the same 28 bytes. */
#define _POSIX_C_SOURCE 200809L
#include "xrmesh.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum { BYTES = 28, ALIGNED = 32, MOST_BATCH = 64, FINISH = 2 };

static const uint64_t MIX = 0x9E3779B97F4A7C15u;

/* As in Rust. */
typedef struct bench_agent {
    uint64_t count, checksum, random;
    uint64_t first_agent; /* the others' ids follow it */
    uint32_t agents;
    uint32_t kind;
} bench_agent;

enum { FORWARD, FORWARD_BY_PRIORITY, DELIVER };

static inline void take(bench_agent *self, const uint8_t *payload)
{
    uint64_t words[3], folded;
    uint32_t rest;
    memcpy(words, payload, sizeof words);
    memcpy(&rest, payload + sizeof words, sizeof rest);
    self->count += 1;
    folded = words[0] ^ words[1] ^ words[2] ^ rest ^ self->checksum;
    self->checksum = (folded << 5 | folded >> 59) * MIX;
}

static inline uint32_t pick(bench_agent *self)
{
    uint64_t random = self->random;
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    self->random = random;
    return (uint32_t)((random >> 32) * self->agents >> 32);
}

static inline void next_body(const bench_agent *self, uint64_t body[4])
{
    body[0] = self->checksum;
    body[1] = self->count;
    body[2] = self->random;
    body[3] = self->checksum ^ self->random; /* its lower half is sent */
}

/* Message number `stamp`. */
static inline void numbered(uint64_t stamp, uint64_t body[4])
{
    body[0] = stamp;
    body[1] = stamp ^ MIX;
    body[2] = ~stamp;
    body[3] = stamp << 17 | stamp >> 47;
}

/* What every send begins as: made once. */
static xrmesh_send PLAIN;

static xrmesh_status on_forward(void *user_data, xrmesh_context context, const xrmesh_message *message,
                                const uint8_t *payload)
{
    bench_agent *self = (bench_agent *)user_data;
    uint64_t body[4];
    xrmesh_send send = PLAIN;
    (void)message;
    take(self, payload);
    send.target = self->first_agent + pick(self);
    if (self->kind == FORWARD_BY_PRIORITY)
        send.priority = (uint8_t)(((self->random & 0xFFFFFFFF) * 10 >> 32) + 1);
    next_body(self, body);
    return xrmesh_context_submit(context, &send, 1, (const uint8_t *)body, BYTES, NULL, NULL);
}

static xrmesh_status on_deliver(void *user_data, xrmesh_context context, const xrmesh_message *message,
                                const uint8_t *payload)
{
    (void)context, (void)message;
    take((bench_agent *)user_data, payload);
    return XRMESH_OK;
}

/* Spawns an agent for each. */
xrmesh_status bench_spawn(xrmesh_mesh mesh, bench_agent *agents, uint32_t count, uint64_t *ids)
{
    uint32_t i;
    xrmesh_callbacks calls;
    xrmesh_send_default(&PLAIN);
    PLAIN.kind = XRMESH_KIND_USER + 1;
    PLAIN.payload_len = BYTES;
    xrmesh_callbacks_default(&calls);
    for (i = 0; i < count; i++) {
        xrmesh_status status;
        calls.user_data = &agents[i];
        calls.on_message = agents[i].kind == DELIVER ? on_deliver : on_forward;
        status = xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &ids[i]);
        if (status < 0)
            return status;
    }
    return XRMESH_OK;
}

/* Sends messages first, first + 1, … to `to`, or to everyone for 0. */
static void fill(xrmesh_send *sends, uint8_t *payload, uint64_t first, uint32_t count, uint64_t to)
{
    uint32_t i;
    for (i = 0; i < count; i++) {
        uint64_t body[4];
        sends[i] = PLAIN;
        sends[i].payload_offset = i * ALIGNED;
        sends[i].target = to;
        sends[i].to = to == 0 ? XRMESH_TO_EVERYONE : XRMESH_TO_AGENT;
        numbered(first + i, body);
        memcpy(payload + (size_t)i * ALIGNED, body, BYTES);
    }
}

xrmesh_status bench_send(xrmesh_mesh mesh, uint64_t stamp, uint32_t count, uint64_t to)
{
    xrmesh_send sends[MOST_BATCH];
    uint8_t payload[MOST_BATCH * ALIGNED];
    fill(sends, payload, stamp, count, to);
    return xrmesh_mesh_submit(mesh, sends, count, payload, count * ALIGNED, NULL, NULL);
}

xrmesh_status bench_tick(xrmesh_mesh mesh, int64_t now_ns, uint64_t *delivered)
{
    xrmesh_tick_report report;
    xrmesh_status status;
    report.struct_size = sizeof report;
    status = xrmesh_mesh_tick(mesh, now_ns, XRMESH_UNLIMITED, &report);
    *delivered = report.delivered;
    return status;
}

/* Spins, longer and longer, then yields: as the producers in Rust do. */
static void snooze(uint32_t *step)
{
    if (*step <= 6) {
        uint32_t i;
        for (i = 0; i < 1u << *step; i++)
            __builtin_ia32_pause();
    } else {
        sched_yield();
    }
    *step += *step <= 10;
}

/* Sends numbered messages until the phase says to finish; gives how many. */
xrmesh_status bench_produce(xrmesh_lane lane, uint64_t to, uint32_t batch, const _Atomic uint8_t *phase, uint64_t *sent)
{
    xrmesh_send sends[MOST_BATCH];
    uint8_t payload[MOST_BATCH * ALIGNED];
    *sent = 0;
    while (atomic_load_explicit(phase, memory_order_relaxed) != FINISH) {
        uint32_t step = 0, done = 0;
        fill(sends, payload, *sent + 1, batch, to);
        while (done < batch) {
            xrmesh_submit_result result;
            const xrmesh_status status =
                xrmesh_lane_submit(lane, sends + done, batch - done, payload, batch * ALIGNED, &result);
            if (status < 0 && status != XRMESH_ERROR_FULL)
                return status;
            done += result.accepted;
            if (result.accepted == 0)
                snooze(&step);
        }
        *sent += batch;
    }
    return XRMESH_OK;
}
