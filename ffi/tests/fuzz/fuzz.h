/* What the generated calls are made of: chance, handles that are or were there, memory of exact sizes.
 *
 * 1. Every buffer is an allocation of its own of exactly the bytes that the call is told of, so that a sanitizer
 *    sees one byte too far. No size is ever above it.
 * 2. A handle is one that lives, one that lived, one of another kind, zero, or made of chance.
 * 3. What a seed gives is the same in every run, except where a mesh has threads or two threads call. */
#ifndef FUZZ_H
#define FUZZ_H

#define _GNU_SOURCE
#include "xrmesh.h"

#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 8, AGENTS = 32, BUFFERS = 256 };

static __thread uint64_t chance_state;
static __thread void *buffers[BUFFERS];
static __thread int buffers_held;
static __thread int depth; /* of callbacks */
static uint64_t handles[KINDS][SLOTS];
static uint64_t ids[AGENTS];
static uint64_t objects[AGENTS]; /* of memories */
static int64_t mesh_ns;
static uint64_t calls_done, callbacks_run;
static uint64_t round_seed;
static const char *volatile last_call = "none";

static uint64_t chance(void) /* SplitMix64 */
{
    uint64_t z = (chance_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t limit) { return (uint32_t)(chance() % limit); }
static int one_in(uint32_t many) { return below(many) == 0; }

/* Memory of exactly that size, with bytes of chance, until the call is over. */
static void *take(size_t bytes)
{
    uint8_t *memory;
    size_t at;
    if (buffers_held == BUFFERS)
        return NULL;
    memory = (uint8_t *)malloc(bytes);
    if (memory == NULL)
        abort();
    for (at = 0; at < bytes && at < 4096; at++)
        memory[at] = 0xA5;
    return buffers[buffers_held++] = memory;
}

static void give_back(int held)
{
    while (buffers_held > held)
        free(buffers[--buffers_held]);
}

static uint64_t any_bits(void)
{
    switch (below(4)) {
    case 0: return 0;
    case 1: return chance() & 0xff000000ffffffffu;
    case 2: return chance() % 64;
    default: return chance();
    }
}

static uint64_t any_handle(int kind)
{
    const uint64_t bits = __atomic_load_n(&handles[kind][below(SLOTS)], __ATOMIC_RELAXED);
    switch (below(16)) {
    case 0: return any_bits();
    case 1: return __atomic_load_n(&handles[below(KINDS)][below(SLOTS)], __ATOMIC_RELAXED);
    case 2: return bits ^ ((uint64_t)1 << below(64));
    default: return bits;
    }
}

static void keep_handle(int kind, uint64_t bits)
{
    __atomic_store_n(&handles[kind][below(SLOTS)], bits, __ATOMIC_RELAXED);
}

/* Agents, topics and messages are numbers without a kind: any goes anywhere. */
static uint64_t any_id(void)
{
    const uint64_t id = __atomic_load_n(&ids[below(AGENTS)], __ATOMIC_RELAXED);
    return one_in(12) ? any_bits() : one_in(24) ? id + 1 : id;
}

static void keep_id(uint64_t id) { __atomic_store_n(&ids[below(AGENTS)], id, __ATOMIC_RELAXED); }

static uint64_t any_object(void)
{
    const uint64_t id = __atomic_load_n(&objects[below(AGENTS)], __ATOMIC_RELAXED);
    return one_in(12) ? any_bits() : one_in(24) ? id + 1 : id;
}

/* What was not written to is a buffer's first bytes. */
static void keep_object(uint64_t id)
{
    if (id != 0xA5A5A5A5A5A5A5A5u)
        __atomic_store_n(&objects[below(AGENTS)], id, __ATOMIC_RELAXED);
}

static uint32_t any_u32(void)
{
    switch (below(12)) {
    case 0: return (uint32_t)chance();
    case 1: return UINT32_MAX - below(2);
    case 2: return below(1000);
    case 3: return 1u << below(32);
    case 4: return 16 + below(8);
    default: return below(6);
    }
}

static uint64_t any_u64(void)
{
    switch (below(8)) {
    case 0: return chance();
    case 1: return UINT64_MAX - below(2);
    case 2: return any_id();
    case 3: return (uint64_t)1 << below(64);
    default: return below(2000000);
    }
}

static int64_t any_i64(void) { return one_in(2) ? mesh_ns + (int64_t)below(3000000) : (int64_t)any_u64(); }

static double any_double(void)
{
    static const double VALUES[] = {0, -0.0, 1, -1, 0.5, 0.25, 2.5, 10, 1e-3, 1e-300, 1e30, 1e300};
    switch (below(16)) {
    case 0: return NAN;
    case 1: return INFINITY;
    case 2: return -INFINITY;
    case 3:
    case 4: return VALUES[below(sizeof VALUES / sizeof VALUES[0])];
    default: return (double)below(2000) / 1000 - (one_in(2) ? 1 : 0);
    }
}

/* How many elements there are. */
static uint32_t any_count(void)
{
    switch (below(16)) {
    case 0: return 0;
    case 1: return below(300);
    case 2: return below(40);
    default: return 1 + below(5);
    }
}

/* A count that is told: mostly all that there are, sometimes fewer. */
static uint32_t told(uint32_t count) { return one_in(8) ? below(count + 1) : count; }

/* A text that is not terminated, and its bytes. */
static char *any_text(uint32_t *length)
{
    static const char *const TEXTS[] = {
        "", "a", "room", "net", "kind", "gaze/left", "\xc3\xa9", "\xff\xfe", "a\xc3", "{}", "{", "[]", "null", "{\"limits\":{\"mailbox_capacity\":4}}",
        "{\"processing\":{\"max_workers\":2}}", "{\"limits\":{\"mailbox_capacity\":-1}}", "{\"no\":1}",
    };
    const char *from = TEXTS[below(sizeof TEXTS / sizeof TEXTS[0])];
    char *text;
    uint32_t at;
    *length = (uint32_t)strlen(from);
    if (one_in(16))
        *length = below(600);
    else
        *length = told(*length);
    text = (char *)take(*length);
    if (text == NULL)
        *length = 0;
    for (at = 0; at < *length; at++)
        text[at] = at < strlen(from) ? from[at] : (char)chance();
    return text;
}

/* A folder for a store, in the folder of this run only. */
static char *any_folder(uint32_t *length)
{
    static const char *const FOLDERS[] = {"store_a", "store_b", "store_c", "", "a", "store_a/b", "\xff"};
    const char *from = FOLDERS[below(one_in(4) ? 7 : 3)];
    char *text;
    *length = (uint32_t)strlen(from);
    text = (char *)take(*length);
    if (text == NULL)
        *length = 0;
    else
        memcpy(text, from, *length);
    return text;
}

/* A file in the folder of this run only. */
static char *any_path(uint32_t *length)
{
    static const char *const PATHS[] = {"a", "b", "c", "", ".", "missing/a", "a/b", "\xff"};
    const char *from = PATHS[below(one_in(4) ? 8 : 3)];
    char *text;
    *length = (uint32_t)strlen(from);
    text = (char *)take(*length);
    if (text == NULL)
        *length = 0;
    else
        memcpy(text, from, *length);
    return text;
}

/* Another byte in one of the files. */
static void spoil(void)
{
    const char name[2] = {(char)('a' + below(3)), 0};
    FILE *file = fopen(name, "r+b");
    long end;
    if (file == NULL)
        return;
    if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) > 0) {
        if (one_in(3) && ftruncate(fileno(file), (off_t)below((uint32_t)end)) != 0)
            perror("ftruncate");
        fseek(file, (long)below((uint32_t)end), SEEK_SET);
        fputc((int)below(256), file);
    }
    fclose(file);
}

static void any_call(void);

/* The host's functions: each may call anything, which is refused where it is not meant for callbacks. */
static xrmesh_status called_back(struct xrmesh_context context)
{
    static __thread uint64_t times;
    __atomic_fetch_add(&callbacks_run, 1, __ATOMIC_RELAXED);
    if (chance_state == 0)
        chance_state = round_seed + ++times; /* a worker's first */
    keep_handle(KIND_xrmesh_context, context.bits);
    if (depth < 2) {
        uint32_t calls = below(4);
        depth++;
        while (calls-- > 0) {
            handles[KIND_xrmesh_context][below(SLOTS)] = context.bits;
            any_call();
        }
        depth--;
    }
    return one_in(16) ? (xrmesh_status)any_u32() : XRMESH_OK;
}

static xrmesh_status fuzz_on_start(void *user_data, struct xrmesh_context context)
{
    (void)user_data;
    return called_back(context);
}

static xrmesh_status fuzz_on_message(void *user_data, struct xrmesh_context context,
                                     const struct xrmesh_message *message, const uint8_t *payload)
{
    volatile uint8_t sum = 0;
    uint32_t at;
    (void)user_data;
    for (at = 0; at < message->payload_len; at++)
        sum = (uint8_t)(sum + payload[at]);
    keep_id(message->from);
    return called_back(context);
}

static xrmesh_status fuzz_on_tick(void *user_data, struct xrmesh_context context)
{
    (void)user_data;
    return called_back(context);
}

static void fuzz_on_stop(void *user_data, struct xrmesh_context context)
{
    (void)user_data;
    called_back(context);
}

static uint64_t fuzz_hash_state(void *user_data)
{
    (void)user_data;
    return 7;
}

static void fuzz_drop(void *user_data) { (void)user_data; }

/* Takes any part of the bytes, mostly; the rest comes again. */
static xrmesh_status fuzz_write(void *user_data, const uint8_t *bytes, uint32_t bytes_len, uint32_t *taken)
{
    volatile uint8_t sum = 0;
    uint32_t at;
    (void)user_data;
    for (at = 0; at < bytes_len; at++)
        sum = (uint8_t)(sum + bytes[at]);
    if (one_in(4))
        *taken = one_in(16) ? any_u32() : 1 + below(bytes_len);
    return one_in(64) ? (xrmesh_status)any_u32() : XRMESH_OK;
}

static xrmesh_status fuzz_flush(void *user_data)
{
    (void)user_data;
    return one_in(16) ? (xrmesh_status)any_u32() : XRMESH_OK;
}

/* Goes on in one of the files, which are recordings now and then; the next reader in another. */
static xrmesh_status fuzz_read(void *user_data, uint8_t *bytes, uint32_t capacity, uint32_t *given)
{
    static __thread char name[2];
    static __thread long offset;
    FILE *file;
    (void)user_data;
    if (name[0] == 0)
        name[0] = (char)('a' + below(3));
    file = fopen(name, "rb");
    if (file != NULL && fseek(file, offset, SEEK_SET) == 0)
        *given = (uint32_t)fread(bytes, 1, one_in(4) ? 1 + below(capacity) : capacity, file);
    if (file != NULL)
        fclose(file);
    offset += *given;
    if (*given == 0)
        name[0] = 0, offset = 0;
    if (one_in(64))
        *given = any_u32();
    return one_in(64) ? (xrmesh_status)any_u32() : XRMESH_OK;
}

static xrmesh_status fuzz_create(void *user_data, const uint8_t *bytes, uint32_t bytes_len,
                                 struct xrmesh_callbacks *callbacks)
{
    volatile uint8_t sum = 0;
    uint32_t at;
    (void)user_data;
    for (at = 0; at < bytes_len; at++)
        sum = (uint8_t)(sum + bytes[at]);
    callbacks->on_message = fuzz_on_message;
    return sum % 16 == 3 ? XRMESH_ERROR_CALLBACK : XRMESH_OK;
}

#endif
