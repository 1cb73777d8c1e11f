/* The smallest program: two agents of the host, one message. See docs/c-abi.md. */
#include "xrmesh.h"

#include <stdio.h>
#include <string.h>

/* Prints what went wrong and ends the program. */
static int failed(const char *what)
{
    char text[1024];
    uint32_t length = 0;
    xrmesh_last_error(text, sizeof text, &length);
    fprintf(stderr, "%s: %s: %.*s\n", what, xrmesh_status_name(xrmesh_last_status()), (int)length, text);
    return 1;
}

int main(void)
{
    xrmesh_mesh_options options;
    xrmesh_mesh mesh;
    xrmesh_agent_id ears = 0, mouth = 0;
    xrmesh_send send;
    xrmesh_message messages[16];
    uint64_t payload[128]; /* aligned, so that payloads can be read as what they are */
    xrmesh_poll_result got;
    static const char hello[] = "hello, world";
    uint32_t i;

    xrmesh_mesh_options_default(&options);
    options.worker_threads = 0; /* no thread of its own */
    if (xrmesh_mesh_create(&options, &mesh) < 0)
        return failed("create");
    if (xrmesh_mesh_spawn(mesh, NULL, &ears) < 0 || xrmesh_mesh_spawn(mesh, NULL, &mouth) < 0)
        return failed("spawn");

    xrmesh_send_default(&send);
    send.from = mouth; /* 0 would be the host itself */
    send.target = ears;
    send.payload_len = sizeof hello - 1;
    if (xrmesh_mesh_submit(mesh, &send, 1, (const uint8_t *)hello, sizeof hello - 1, NULL, NULL) < 0)
        return failed("submit");

    if (xrmesh_mesh_tick(mesh, 0, XRMESH_UNLIMITED, NULL) < 0)
        return failed("tick");

    if (xrmesh_mesh_poll(mesh, messages, 16, (uint8_t *)payload, sizeof payload, &got) < 0)
        return failed("poll");
    for (i = 0; i < got.message_count; i++)
        printf("%.*s\n", (int)messages[i].payload_len, (const char *)payload + messages[i].payload_offset);

    if (xrmesh_mesh_destroy(mesh) < 0)
        return failed("destroy");
    return got.message_count == 1 ? 0 : 1;
}
