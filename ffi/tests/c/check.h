/* The few words that the tests are written in. They are C99 and C++11. */
#ifndef CHECK_H
#define CHECK_H

#include "xrmesh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program where a condition does not hold. */
#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                       \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* Ends the program where a call gives another status, with the text of the last error. */
#define GIVES(status, call)                                                                                  \
    do {                                                                                                     \
        const xrmesh_status given_ = (call);                                                                 \
        if (given_ != (status)) {                                                                            \
            char text_[1024];                                                                                \
            uint32_t length_ = 0;                                                                            \
            xrmesh_last_error(text_, sizeof text_, &length_);                                                \
            fprintf(stderr, "%s:%d: %s\n  gave %s, expected %s\n  last error: %.*s\n", __FILE__, __LINE__, #call,  \
                    xrmesh_status_name(given_), xrmesh_status_name(status), (int)length_, text_);            \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

#define OK(call) GIVES(XRMESH_OK, call)

/* A mesh without threads. */
static inline xrmesh_mesh new_mesh(void)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0;
    OK(xrmesh_mesh_create(&options, &mesh));
    return mesh;
}

static inline xrmesh_agent_id new_agent(xrmesh_mesh mesh)
{
    xrmesh_agent_id agent = 0;
    OK(xrmesh_mesh_spawn(mesh, NULL, &agent));
    CHECK(agent != 0);
    return agent;
}

/* A message of three bytes from `from` to an agent. */
static inline xrmesh_send to_agent(xrmesh_agent_id from, xrmesh_agent_id to)
{
    xrmesh_send send;
    xrmesh_send_default(&send);
    send.from = from;
    send.target = to;
    return send;
}

/* Ticks at that millisecond. */
static inline void tick_ms(xrmesh_mesh mesh, int64_t milliseconds)
{
    OK(xrmesh_mesh_tick(mesh, milliseconds * 1000000, XRMESH_UNLIMITED, NULL));
}

/* Whether the last error's text holds a word. */
static inline int said(const char *word)
{
    char text[1025];
    uint32_t length = 0;
    xrmesh_last_error(text, 1024, &length);
    text[length] = 0;
    return strstr(text, word) != NULL;
}

void test_lives(void);
void test_arguments(void);
void test_structs(void);
void test_errors(void);
void test_messages(void);
void test_frames(void);
void test_callbacks(void);
void test_topics_and_links(void);
void test_records(void);
void test_streams(void);
void test_photonic(void);
void test_threads(void);
void test_memory(void);
void test_memory_queries(void);
void test_memory_snapshots(void);
void test_memory_stores(void);
void test_memory_anchors(void);
void test_memory_in_mesh(void);
void test_shutdown(void);

#endif
