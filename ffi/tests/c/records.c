/* A session that is recorded, and done again. */
#include "check.h"

static const char PATH[] = "session.xrmrec";

static void session(uint64_t *hash, uint32_t ticks)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id a, b;
    xrmesh_recording recording;
    uint64_t bytes = 0;
    uint32_t i;
    GIVES(XRMESH_ERROR_NOT_RECORDING, xrmesh_mesh_recording(mesh, &recording));
    GIVES(XRMESH_ERROR_IO, xrmesh_mesh_record(mesh, "no/such/folder/x", 16, 1));
    OK(xrmesh_mesh_record(mesh, PATH, sizeof PATH - 1, 1));
    GIVES(XRMESH_ERROR_RECORDED, xrmesh_mesh_record(mesh, PATH, sizeof PATH - 1, 1));
    a = new_agent(mesh);
    b = new_agent(mesh);
    {
        xrmesh_callbacks calls;
        xrmesh_agent_id id;
        xrmesh_callbacks_default(&calls);
        GIVES(XRMESH_ERROR_RECORDED, xrmesh_mesh_spawn_callbacks(mesh, &calls, NULL, &id));
    }
    for (i = 0; i < ticks; i++) {
        xrmesh_send send = to_agent(a, b);
        send.payload_len = 4;
        send.flags = XRMESH_SEND_ASK;
        send.ask = i;
        send.time_ns = 100000000;
        OK(xrmesh_mesh_submit(mesh, &send, 1, (const uint8_t *)&i, 4, NULL, NULL));
        tick_ms(mesh, 11 * i);
    }
    OK(xrmesh_mesh_recording(mesh, &recording));
    CHECK(recording.ticks == ticks && recording.status == XRMESH_OK);
    OK(xrmesh_mesh_state_hash(mesh, hash));
    OK(xrmesh_mesh_finish_recording(mesh, &bytes));
    CHECK(bytes >= recording.bytes);
    GIVES(XRMESH_ERROR_NOT_RECORDING, xrmesh_mesh_finish_recording(mesh, NULL));
    OK(xrmesh_mesh_destroy(mesh));
}

static void replayed(uint64_t hash, uint32_t ticks, uint32_t workers)
{
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_replay_tick tick;
    xrmesh_tick_report report;
    xrmesh_counters counters;
    uint32_t i;
    uint64_t left = 9;
    xrmesh_replay_options_default(&options);
    xrmesh_tick_report_default(&report);
    options.worker_threads = workers;
    OK(xrmesh_replay_open(PATH, sizeof PATH - 1, &options, &replay));
    for (i = 0; i < ticks; i++) {
        OK(xrmesh_replay_step(replay, &tick, &report));
        CHECK(tick.tick == i + 1 && tick.has_recorded_hash && tick.hash == tick.recorded_hash);
    }
    CHECK(tick.hash == hash);
    GIVES(XRMESH_END, xrmesh_replay_step(replay, &tick, NULL));
    OK(xrmesh_replay_run(replay, &left));
    CHECK(left == 0);
    xrmesh_counters_default(&counters);
    OK(xrmesh_replay_counters(replay, &counters));
    CHECK(counters.delivered >= 2 * (uint64_t)ticks);
    OK(xrmesh_replay_destroy(replay));
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_replay_destroy(replay));
}

static uint32_t dropped;

static void drop(void *user_data)
{
    (void)user_data;
    dropped++;
}

static xrmesh_status create(void *user_data, const uint8_t *bytes, uint32_t bytes_len, xrmesh_callbacks *callbacks)
{
    (void)user_data, (void)bytes, (void)bytes_len, (void)callbacks;
    return XRMESH_OK;
}

static void what_is_no_recording(void)
{
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_agent_type type;
    xrmesh_named_type named[2];
    FILE *file = fopen("broken.xrmrec", "wb");
    CHECK(file != NULL);
    fputs("this is no recording at all", file);
    fclose(file);
    xrmesh_replay_options_default(&options);
    GIVES(XRMESH_ERROR_CORRUPT, xrmesh_replay_open("broken.xrmrec", 13, &options, &replay));
    GIVES(XRMESH_ERROR_IO, xrmesh_replay_open("none.xrmrec", 11, &options, &replay));
    /* Types are dropped once, whatever it was. */
    xrmesh_agent_type_default(&type);
    type.create = create;
    type.drop = drop;
    memset(named, 0, sizeof named);
    named[0].name = "one";
    named[1].name = "two";
    named[0].name_len = named[1].name_len = 3;
    named[0].agent_type = named[1].agent_type = &type;
    options.types = named;
    options.type_count = 2;
    GIVES(XRMESH_ERROR_IO, xrmesh_replay_open("none.xrmrec", 11, &options, &replay));
    CHECK(dropped == 2);
    named[1].name = "one";
    GIVES(XRMESH_ERROR_NAME_TAKEN, xrmesh_replay_open(PATH, sizeof PATH - 1, &options, &replay));
    CHECK(dropped == 4);
    named[1].name = "two";
    OK(xrmesh_replay_open(PATH, sizeof PATH - 1, &options, &replay));
    CHECK(dropped == 4);
    OK(xrmesh_replay_destroy(replay));
    CHECK(dropped == 6);
}

void test_records(void)
{
    uint64_t hash = 0;
    session(&hash, 20);
    replayed(hash, 20, XRMESH_WORKERS_AS_RECORDED);
    replayed(hash, 20, 2);
    what_is_no_recording();
    remove(PATH);
    remove("broken.xrmrec");
}
