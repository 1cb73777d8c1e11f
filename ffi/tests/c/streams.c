/* Recordings that go to functions of the host and come from them. */
#include "check.h"

/* The host's end: a block of bytes. */
typedef struct stream {
    uint8_t bytes[1 << 16];
    uint32_t length;      /* bytes written, or there to be read */
    uint32_t at;          /* of the next to be read */
    uint32_t step;        /* at most so many at once; 0 for all */
    uint32_t fails_after; /* calls; 0 never */
    uint32_t lies;        /* the count that is said instead of the real one; 0 none */
    uint32_t calls, flushes, dropped;
    xrmesh_status flush_gives;
    xrmesh_mesh mesh; /* for calls that are not allowed */
} stream;

static int counts(stream *self, uint32_t *many, uint32_t most)
{
    *many = self->step != 0 && self->step < most ? self->step : most;
    return self->fails_after == 0 || self->calls < self->fails_after;
}

static xrmesh_status host_write(void *user_data, const uint8_t *bytes, uint32_t bytes_len, uint32_t *taken)
{
    stream *self = (stream *)user_data;
    uint32_t many;
    CHECK(*taken == bytes_len);
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_tick(self->mesh, 0, XRMESH_UNLIMITED, NULL));
    if (!counts(self, &many, bytes_len))
        return XRMESH_ERROR_OUT_OF_MEMORY;
    self->calls++;
    CHECK(self->length + many <= sizeof self->bytes);
    memcpy(self->bytes + self->length, bytes, many);
    self->length += many;
    *taken = self->lies == 1 ? 0 : self->lies != 0 ? bytes_len + self->lies : many;
    return XRMESH_OK;
}

static xrmesh_status host_flush(void *user_data)
{
    stream *self = (stream *)user_data;
    self->flushes++;
    return self->flush_gives;
}

static xrmesh_status host_read(void *user_data, uint8_t *bytes, uint32_t capacity, uint32_t *given)
{
    stream *self = (stream *)user_data;
    uint32_t many;
    CHECK(*given == 0);
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_shutdown_all(NULL));
    if (!counts(self, &many, capacity))
        return -7; /* a status of no name */
    self->calls++;
    if (many > self->length - self->at)
        many = self->length - self->at;
    memcpy(bytes, self->bytes + self->at, many);
    self->at += many;
    *given = self->lies != 0 ? capacity + self->lies : many;
    return XRMESH_OK;
}

static void drop(void *user_data)
{
    stream *self = (stream *)user_data;
    self->dropped++;
    GIVES(XRMESH_ERROR_REENTRANT, xrmesh_mesh_destroy(self->mesh));
}

static xrmesh_writer writer_of(stream *self)
{
    xrmesh_writer writer;
    xrmesh_writer_default(&writer);
    writer.user_data = self;
    writer.write = host_write;
    writer.flush = host_flush;
    writer.drop = drop;
    return writer;
}

static xrmesh_reader reader_of(stream *self)
{
    xrmesh_reader reader;
    xrmesh_reader_default(&reader);
    reader.user_data = self;
    reader.read = host_read;
    reader.drop = drop;
    return reader;
}

/* What came of a session: for comparison. */
typedef struct outcome {
    uint64_t hash;
    xrmesh_message messages[256];
    uint32_t message_count;
    uint8_t payload[1 << 12];
    uint32_t payload_len;
} outcome;

enum { TICKS = 24 };

static void keep(outcome *into, const xrmesh_poll_result *result)
{
    into->message_count += result->message_count;
    into->payload_len += result->payload_len;
}

/* A session that is recorded to `to`, or to a file if it is NULL. Two agents of the host write to a third. */
static xrmesh_mesh session(stream *to, uint32_t buffer_bytes, outcome *came)
{
    xrmesh_mesh mesh = new_mesh();
    xrmesh_agent_id a, b, ears;
    uint32_t i;
    memset(came, 0, sizeof *came);
    if (to != NULL) {
        xrmesh_writer writer = writer_of(to);
        to->mesh = mesh;
        writer.buffer_bytes = buffer_bytes;
        OK(xrmesh_mesh_record_to(mesh, &writer, 1));
    } else {
        OK(xrmesh_mesh_record(mesh, "stream.xrmrec", 13, 1));
    }
    a = new_agent(mesh);
    b = new_agent(mesh);
    ears = new_agent(mesh);
    for (i = 0; i < TICKS; i++) {
        xrmesh_send sends[2];
        xrmesh_poll_result result;
        uint64_t words[2];
        words[0] = i;
        words[1] = 1000 + i;
        sends[0] = to_agent(a, ears);
        sends[1] = to_agent(b, ears);
        sends[1].payload_offset = 8;
        sends[0].payload_len = sends[1].payload_len = 8;
        OK(xrmesh_mesh_submit(mesh, sends, 2, (const uint8_t *)words, 16, NULL, NULL));
        tick_ms(mesh, 11 * (int64_t)i);
        OK(xrmesh_mesh_poll(mesh, came->messages + came->message_count, 256 - came->message_count,
                            came->payload + came->payload_len, sizeof came->payload - came->payload_len, &result));
        keep(came, &result);
    }
    OK(xrmesh_mesh_state_hash(mesh, &came->hash));
    CHECK(came->message_count == 2 * TICKS);
    return mesh;
}

static stream whole, other;
static outcome lived, replayed;

static void reset(stream *self)
{
    memset(self, 0, sizeof *self);
}

/* Byte for byte what a file gets, in pieces of any size. */
static void the_bytes(void)
{
    static const uint32_t STEPS[] = {0, 1, 7, 1000};
    static uint8_t file_bytes[1 << 16];
    uint64_t bytes = 0;
    size_t length, i;
    FILE *file;
    xrmesh_mesh mesh = session(NULL, 0, &lived);
    OK(xrmesh_mesh_finish_recording(mesh, &bytes));
    OK(xrmesh_mesh_destroy(mesh));
    file = fopen("stream.xrmrec", "rb");
    CHECK(file != NULL);
    length = fread(file_bytes, 1, sizeof file_bytes, file);
    fclose(file);
    remove("stream.xrmrec");
    CHECK(length == bytes);
    for (i = 0; i < 2 * sizeof STEPS / sizeof STEPS[0]; i++) {
        reset(&whole);
        whole.step = STEPS[i / 2];
        mesh = session(&whole, i % 2 == 0 ? 1 << 18 : 0, &lived);
        CHECK((whole.length == 0) == (i % 2 == 0));
        OK(xrmesh_mesh_finish_recording(mesh, &bytes));
        CHECK(bytes == length && whole.flushes == 1 && whole.dropped == 1);
        CHECK(whole.length == length && memcmp(whole.bytes, file_bytes, length) == 0);
        OK(xrmesh_mesh_destroy(mesh));
        CHECK(whole.dropped == 1);
    }
}

/* A function that fails ends the recording, not the session, and what was written is a beginning of the whole. */
static void failures_of_write(void)
{
    xrmesh_recording recording;
    uint32_t kind;
    for (kind = 0; kind < 4; kind++) {
        const uint64_t hash = lived.hash;
        static outcome here;
        xrmesh_mesh mesh;
        reset(&other);
        switch (kind) {
        case 0: other.fails_after = 9; break;
        case 1: other.lies = 1; break;
        case 2: other.lies = 5; break;
        default: other.flush_gives = XRMESH_ERROR_CALLBACK; break;
        }
        mesh = session(&other, 0, &here);
        CHECK(here.hash == hash);
        OK(xrmesh_mesh_recording(mesh, &recording));
        CHECK(recording.status == (kind == 3 ? XRMESH_OK : XRMESH_ERROR_CALLBACK));
        CHECK(memcmp(other.bytes, whole.bytes, other.length) == 0);
        CHECK(kind == 3 || (other.calls == (kind == 0 ? 9 : 1) && other.length < whole.length / 2));
        GIVES(XRMESH_ERROR_CALLBACK, xrmesh_mesh_finish_recording(mesh, NULL));
        CHECK(said(kind == 0   ? "write returned -401 (XRMESH_ERROR_OUT_OF_MEMORY)"
                   : kind == 1 ? "says 0 bytes"
                   : kind == 2 ? "bytes, expected 1 to"
                               : "flush returned -801"));
        CHECK(other.dropped == 1 && other.flushes == (kind == 3));
        GIVES(XRMESH_ERROR_NOT_RECORDING, xrmesh_mesh_finish_recording(mesh, NULL));
        tick_ms(mesh, 1000);
        OK(xrmesh_mesh_destroy(mesh));
        CHECK(other.dropped == 1);
    }
}

/* Whatever refuses a writer or a reader, its drop runs once. */
static void drops_after_failures(void)
{
    xrmesh_mesh mesh = new_mesh(), past = new_mesh(), none;
    xrmesh_writer writer;
    xrmesh_reader reader;
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_driver_options driver;
    memset(&none, 0, sizeof none);
    reset(&other);
    other.mesh = mesh;
    writer = writer_of(&other);
    GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_mesh_record_to(none, &writer, 1));
    CHECK(other.dropped == 1);
    tick_ms(past, 0);
    GIVES(XRMESH_ERROR_RECORDED, xrmesh_mesh_record_to(past, &writer, 1));
    CHECK(other.dropped == 2);
    writer.buffer_bytes = (1 << 26) + 1;
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_mesh_record_to(mesh, &writer, 1));
    CHECK(other.dropped == 3);
    writer.buffer_bytes = 1 << 10;
    writer.write = NULL;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_record_to(mesh, &writer, 1));
    CHECK(other.dropped == 4);
    writer.struct_size--;
    GIVES(XRMESH_ERROR_STRUCT_SIZE, xrmesh_mesh_record_to(mesh, &writer, 1));
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_mesh_record_to(mesh, NULL, 1));
    CHECK(other.dropped == 4);
    writer = writer_of(&other);
    writer.flush = NULL;
    OK(xrmesh_mesh_record_to(mesh, &writer, 1));
    GIVES(XRMESH_ERROR_RECORDED, xrmesh_mesh_record_to(mesh, &writer, 1));
    CHECK(other.dropped == 5);
    /* A driver would call it on its own thread. */
    xrmesh_driver_options_default(&driver);
    GIVES(XRMESH_ERROR_CALLBACK_THREADS, xrmesh_mesh_drive(mesh, &driver));
    /* The mesh goes: what has gathered is written, without an end. */
    tick_ms(mesh, 0);
    CHECK(other.length == 0);
    OK(xrmesh_mesh_destroy(mesh));
    CHECK(other.dropped == 6 && other.length > 0 && other.flushes == 0);
    OK(xrmesh_mesh_destroy(past));

    xrmesh_replay_options_default(&options);
    reader = reader_of(&whole);
    whole.dropped = 0;
    reader.read = NULL;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_replay_open_from(&reader, &options, &replay));
    CHECK(whole.dropped == 1);
    reader = reader_of(&whole);
    reader.reserved = 1;
    GIVES(XRMESH_ERROR_RESERVED, xrmesh_replay_open_from(&reader, &options, &replay));
    CHECK(whole.dropped == 2);
    reader.reserved = 0;
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_replay_open_from(&reader, NULL, &replay));
    CHECK(whole.dropped == 3);
    options.flags = 2;
    GIVES(XRMESH_ERROR_UNKNOWN_VALUE, xrmesh_replay_open_from(&reader, &options, &replay));
    CHECK(whole.dropped == 4);
    GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_replay_open_from(NULL, &options, &replay));
    options.flags = 0;
    /* That which ended early replays up to its end, and says so there. */
    other.dropped = 0;
    reader = reader_of(&other);
    OK(xrmesh_replay_open_from(&reader, &options, &replay));
    OK(xrmesh_replay_step(replay, NULL, NULL));
    GIVES(XRMESH_ERROR_CORRUPT, xrmesh_replay_step(replay, NULL, NULL));
    OK(xrmesh_replay_destroy(replay));
    CHECK(other.dropped == 1);
}

static void read_again(uint32_t step)
{
    whole.at = whole.calls = whole.dropped = whole.fails_after = whole.lies = 0;
    whole.step = step;
}

/* The replay gives what the session gave, also the messages for the host; it can then go on. */
static void the_same_again(uint32_t workers, uint32_t step, int goes_on)
{
    xrmesh_reader reader = reader_of(&whole);
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_replay_tick tick;
    uint32_t i;
    memset(&replayed, 0, sizeof replayed);
    read_again(step);
    xrmesh_replay_options_default(&options);
    options.worker_threads = workers;
    OK(xrmesh_replay_open_from(&reader, &options, &replay));
    GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_replay_keep(replay, 0, 0));
    OK(xrmesh_replay_keep(replay, 1000, 1 << 16));
    for (i = 0; i < TICKS; i++) {
        xrmesh_poll_result result;
        OK(xrmesh_replay_step(replay, &tick, NULL));
        if (goes_on && i + 1 == TICKS)
            break; /* the last is polled of the mesh */
        OK(xrmesh_replay_poll(replay, replayed.messages + replayed.message_count, 256 - replayed.message_count,
                              replayed.payload + replayed.payload_len,
                              sizeof replayed.payload - replayed.payload_len, &result));
        CHECK(result.lost == 0);
        keep(&replayed, &result);
    }
    replayed.hash = tick.hash;
    if (goes_on) {
        xrmesh_mesh mesh;
        xrmesh_poll_result result;
        xrmesh_agent_id fourth;
        uint64_t hash;
        GIVES(XRMESH_ERROR_NULL_POINTER, xrmesh_replay_into_mesh(replay, 16, 1024, NULL));
        GIVES(XRMESH_ERROR_OUT_OF_RANGE, xrmesh_replay_into_mesh(replay, 0, 1024, &mesh));
        OK(xrmesh_replay_into_mesh(replay, 16, 1024, &mesh));
        CHECK(whole.dropped == 1);
        GIVES(XRMESH_ERROR_INVALID_HANDLE, xrmesh_replay_step(replay, NULL, NULL));
        OK(xrmesh_mesh_poll(mesh, replayed.messages + replayed.message_count, 256 - replayed.message_count,
                            replayed.payload + replayed.payload_len,
                            sizeof replayed.payload - replayed.payload_len, &result));
        CHECK(result.message_count == 2 && result.lost == 0);
        keep(&replayed, &result);
        OK(xrmesh_mesh_state_hash(mesh, &hash));
        CHECK(hash == lived.hash);
        fourth = new_agent(mesh);
        {
            xrmesh_send send = to_agent(fourth, lived.messages[0].to);
            xrmesh_message message;
            OK(xrmesh_mesh_submit(mesh, &send, 1, NULL, 0, NULL, NULL));
            GIVES(XRMESH_ERROR_TIME_WENT_BACK, xrmesh_mesh_tick(mesh, 0, XRMESH_UNLIMITED, NULL));
            tick_ms(mesh, 5000);
            OK(xrmesh_mesh_poll(mesh, &message, 1, NULL, 0, &result));
            CHECK(result.message_count == 1 && message.from == fourth);
        }
        OK(xrmesh_mesh_destroy(mesh));
    } else {
        GIVES(XRMESH_END, xrmesh_replay_step(replay, &tick, NULL));
        OK(xrmesh_replay_destroy(replay));
    }
    CHECK(whole.dropped == 1);
    CHECK(replayed.hash == lived.hash && replayed.message_count == lived.message_count);
    CHECK(memcmp(replayed.messages, lived.messages, lived.message_count * sizeof(xrmesh_message)) == 0);
    CHECK(replayed.payload_len == lived.payload_len);
    CHECK(memcmp(replayed.payload, lived.payload, lived.payload_len) == 0);
}

/* Without xrmesh_replay_keep nothing waits and nothing counts as lost. */
static void nothing_is_kept_unasked(void)
{
    xrmesh_reader reader = reader_of(&whole);
    xrmesh_replay_options options;
    xrmesh_replay replay;
    xrmesh_mesh mesh;
    xrmesh_message message;
    xrmesh_poll_result result;
    read_again(0);
    xrmesh_replay_options_default(&options);
    OK(xrmesh_replay_open_from(&reader, &options, &replay));
    OK(xrmesh_replay_run(replay, NULL));
    OK(xrmesh_replay_into_mesh(replay, 16, 1024, &mesh));
    OK(xrmesh_mesh_poll(mesh, &message, 1, NULL, 0, &result));
    CHECK(result.message_count == 0 && result.waiting == 0 && result.lost == 0);
    OK(xrmesh_mesh_destroy(mesh));
}

static void failures_of_read(void)
{
    xrmesh_reader reader = reader_of(&whole);
    xrmesh_replay_options options;
    xrmesh_replay replay;
    uint64_t ticks;
    xrmesh_replay_options_default(&options);
    read_again(0);
    whole.lies = 1;
    GIVES(XRMESH_ERROR_CALLBACK, xrmesh_replay_open_from(&reader, &options, &replay));
    CHECK(said("the host's read says") && whole.dropped == 1);
    read_again(64);
    whole.fails_after = 40;
    OK(xrmesh_replay_open_from(&reader, &options, &replay));
    GIVES(XRMESH_ERROR_CALLBACK, xrmesh_replay_run(replay, &ticks));
    CHECK(said("the host's read returned -7"));
    GIVES(XRMESH_ERROR_CORRUPT, xrmesh_replay_step(replay, NULL, NULL));
    OK(xrmesh_replay_destroy(replay));
    CHECK(whole.dropped == 1);
}

void test_streams(void)
{
    the_bytes();
    failures_of_write();
    drops_after_failures();
    the_same_again(XRMESH_WORKERS_AS_RECORDED, 0, 0);
    the_same_again(2, 3, 0);
    the_same_again(0, 100, 1);
    the_same_again(3, 0, 1);
    nothing_is_kept_unasked();
    failures_of_read();
}
